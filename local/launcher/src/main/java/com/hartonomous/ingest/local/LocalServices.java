package com.hartonomous.ingest.local;

import com.hartonomous.ingest.runtime.Neo4jOptions;
import com.hartonomous.ingest.runtime.Secret;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.standin.SqlServerStandIn;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.engine.H2Engine;
import com.hartonomous.ingest.standin.engine.LocalDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.neo4j.graphdb.event.TransactionEventListener;

/**
 * The SQL Server stand-in and Neo4j in this process, on loopback ports. Thread-safe to close, any
 * number of times.
 */
final class LocalServices implements AutoCloseable {

  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  private final SqlServerStandIn standIn;
  private final EmbeddedNeo4j neo4j;
  private final Path passwordFile;
  private boolean closed;

  private LocalServices(SqlServerStandIn standIn, EmbeddedNeo4j neo4j, Path passwordFile) {
    this.standIn = standIn;
    this.neo4j = neo4j;
    this.passwordFile = passwordFile;
  }

  /** Where ./hartonomous keeps what belongs to this machine: password, logs, checkpoints. */
  static Path home() {
    return Path.of(System.getProperty("hartonomous.home", ".")).toAbsolutePath().normalize();
  }

  /**
   * Starts both.
   *
   * @param port of the stand-in; 0 takes a free one
   * @param boltPort of Neo4j; 0 takes a free one
   * @param data directory that keeps the data; null keeps nothing
   * @throws IOException when a port is in use, or the directory cannot be used
   */
  static LocalServices start(int port, int boltPort, Path data) throws IOException {
    return start(port, boltPort, data, FaultInjector.NONE);
  }

  /** Starts both, the stand-in with faults. */
  static LocalServices start(int port, int boltPort, Path data, FaultInjector faults)
      throws IOException {
    Path passwordFile = home().resolve(".local").resolve("sqlserver.password");
    LocalDatabase.Builder database =
        LocalDatabase.builder()
            .login(LocalDatabase.DEFAULT_USER, LocalPassword.readOrCreate(passwordFile))
            .faultInjector(faults);
    SqlServerStandIn.Builder server = SqlServerStandIn.builder().port(port);
    if (data != null) {
      Path directory = data.resolve("sqlserver");
      database.dataDirectory(directory);
      server.dataDirectory(directory);
    }
    SqlServerStandIn standIn = server.engine(H2Engine.open(database.build())).start();
    try {
      EmbeddedNeo4j neo4j =
          data == null
              ? EmbeddedNeo4j.start(boltPort)
              : EmbeddedNeo4j.start(boltPort, data.resolve("neo4j"));
      return new LocalServices(standIn, neo4j, passwordFile);
    } catch (IOException | RuntimeException e) {
      standIn.close();
      throw e;
    }
  }

  SqlServerOptions sqlServer() {
    return new SqlServerOptions(
        standIn.host(),
        standIn.port(),
        LocalDatabase.DEFAULT_NAME,
        LocalDatabase.DEFAULT_USER,
        Secret.fromFile(passwordFile.toString()),
        true,
        true,
        TIMEOUT);
  }

  Neo4jOptions neo4j() {
    return new Neo4jOptions(neo4j.boltUri(), null, null, "neo4j", TIMEOUT);
  }

  /** Calls the listener around every transaction on the graph. */
  void listen(TransactionEventListener<?> listener) {
    neo4j.listen(listener);
  }

  Path passwordFile() {
    return passwordFile;
  }

  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      neo4j.close();
    } finally {
      standIn.close();
    }
  }
}
