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

  private LocalDatabaseServer(SqlServerStandIn standIn, SqlServerOptions options) {
    this.standIn = standIn;
    this.options = options;
  }

  /**
   * Starts it.
   *
   * @param home takes its files
   */
  static LocalDatabaseServer start(Path home) throws IOException {
    Path passwordFile = Files.writeString(home.resolve("password"), PASSWORD);
    Path data = home.resolve("database");
    SqlServerStandIn standIn =
        SqlServerStandIn.builder()
            .port(0)
            .dataDirectory(data)
            .engine(
                H2Engine.open(
                    LocalDatabase.builder()
                        .login(LocalDatabase.DEFAULT_USER, PASSWORD)
                        .dataDirectory(data)
                        .build()))
            .start();
    SqlServerOptions options =
        new SqlServerOptions(
            standIn.host(),
            standIn.port(),
            LocalDatabase.DEFAULT_NAME,
            LocalDatabase.DEFAULT_USER,
            Secret.fromFile(passwordFile.toString()),
            true,
            true,
            TIMEOUT);
    new SchemaMigrations(options.dataSource("benchmark")).migrate();
    return new LocalDatabaseServer(standIn, options);
  }

  SqlServerOptions options() {
    return options;
  }

  @Override
  public void close() throws IOException {
    standIn.close();
  }
}
