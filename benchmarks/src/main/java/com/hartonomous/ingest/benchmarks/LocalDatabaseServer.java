package com.hartonomous.ingest.benchmarks;

import com.hartonomous.ingest.runtime.Secret;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.sql.SchemaMigrations;
import com.hartonomous.ingest.standin.SqlServerStandIn;
import com.hartonomous.ingest.standin.engine.H2Engine;
import com.hartonomous.ingest.standin.engine.LocalDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** The stand-in in this process, its database in files, with the product's tables. */
final class LocalDatabaseServer implements AutoCloseable {

  private static final String PASSWORD = "Benchmark-1";
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final SqlServerStandIn standIn;
  private final SqlServerOptions options;

  /** Goes with the server; null when the caller keeps its files. */
  private Path temporary;

  private LocalDatabaseServer(SqlServerStandIn standIn, Path home, boolean encrypt)
      throws IOException {
    Path passwordFile = Files.writeString(home.resolve("password"), PASSWORD);
    this.standIn = standIn;
    this.options =
        new SqlServerOptions(
            standIn.host(),
            standIn.port(),
            LocalDatabase.DEFAULT_NAME,
            LocalDatabase.DEFAULT_USER,
            Secret.fromFile(passwordFile.toString()),
            encrypt,
            true,
            TIMEOUT);
  }

  /**
   * Starts it.
   *
   * @param home takes its files
   */
  static LocalDatabaseServer start(Path home) throws IOException {
    Path data = home.resolve("database");
    LocalDatabaseServer server =
        new LocalDatabaseServer(
            SqlServerStandIn.builder()
                .port(0)
                .dataDirectory(data)
                .engine(
                    H2Engine.open(
                        LocalDatabase.builder()
                            .login(LocalDatabase.DEFAULT_USER, PASSWORD)
                            .dataDirectory(data)
                            .build()))
                .start(),
            home,
            true);
    new SchemaMigrations(server.options.dataSource("benchmark")).migrate();
    return server;
  }

  /** Starts it in memory, without the product's tables, for clients that do not encrypt. */
  static LocalDatabaseServer startInMemory() throws IOException {
    Path home = Files.createTempDirectory("in-memory-");
    LocalDatabaseServer server =
        new LocalDatabaseServer(
            SqlServerStandIn.builder().port(0).login(LocalDatabase.DEFAULT_USER, PASSWORD).start(),
            home,
            false);
    server.temporary = home;
    return server;
  }

  SqlServerOptions options() {
    return options;
  }

  @Override
  public void close() throws IOException {
    standIn.close();
    if (temporary != null) {
      Directories.remove(temporary);
    }
  }
}
