package com.hartonomous.ingest.benchmarks;

import com.hartonomous.ingest.runtime.Secret;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.sql.SchemaMigrations;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The stand-in, its database in files, and Neo4j in a process of their own. */
final class ServerProcess implements AutoCloseable {

  private static final Duration START_LIMIT = Duration.ofMinutes(3);
  private static final Duration TIMEOUT = Duration.ofSeconds(15);
  private static final String LOOPBACK = "127.0.0.1";

  private final ChildProcess process;
  private final SqlServerOptions options;
  private final int boltPort;
  private final Path data;

  private ServerProcess(ChildProcess process, SqlServerOptions options, int boltPort, Path data) {
    this.process = process;
    this.options = options;
    this.boltPort = boltPort;
    this.data = data;
  }

  /**
   * Starts it and creates the product's tables.
   *
   * @param home takes its files
   * @param heap as for -Xmx
   */
  static ServerProcess start(Path home, String heap) throws IOException, InterruptedException {
    int port = freePort();
    int boltPort = freePort();
    Path data = home.resolve("data");
    ChildProcess process =
        ChildProcess.command(
            "local",
            heap,
            home,
            List.of(
                "local", "--port", "" + port, "--bolt-port", "" + boltPort, "--data", "" + data));
    try {
      process.awaitLine("ready", START_LIMIT);
      SqlServerOptions options =
          new SqlServerOptions(
              LOOPBACK,
              port,
              "Hartonomous",
              "hartonomous",
              Secret.fromFile(home.resolve(".local").resolve("sqlserver.password").toString()),
              true,
              true,
              TIMEOUT);
      new SchemaMigrations(options.dataSource("benchmark")).migrate();
      return new ServerProcess(process, options, boltPort, data);
    } catch (IOException | InterruptedException | RuntimeException e) {
      process.close();
      throw e;
    }
  }

  SqlServerOptions options() {
    return options;
  }

  int boltPort() {
    return boltPort;
  }

  /** What every configuration of a job has: the address, a directory for checkpoints. */
  String configuration() {
    return """
        sqlserver:
          host: %s
          port: %d
          database: %s
          user: %s
          password-file: .local/sqlserver.password
          trust-server-certificate: true
        checkpoint:
          directory: checkpoints
        web:
          port: 0
        """
        .formatted(LOOPBACK, options.port(), options.database(), options.user());
  }

  long databaseBytes() throws IOException {
    return Directories.size(data);
  }

  ChildProcess.Memory memory() throws IOException {
    return process.memory();
  }

  /**
   * @throws IOException when it has ended; the message has its output
   */
  void requireRunning() throws IOException {
    process.requireRunning();
  }

  @Override
  public void close() throws InterruptedException {
    process.close();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(LOOPBACK))) {
      return socket.getLocalPort();
    }
  }
}
