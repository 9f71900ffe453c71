package com.hartonomous.ingest.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.neo4j.configuration.GraphDatabaseInternalSettings;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.connectors.HttpConnector;
import org.neo4j.configuration.connectors.HttpsConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;
import org.neo4j.graphdb.event.TransactionEventListener;

/**
 * The real Neo4j server (community edition) in this process: Bolt on a loopback port, no login, no
 * web connectors. For one machine: whoever can reach its loopback interface can read and write the
 * graph.
 */
public final class EmbeddedNeo4j implements AutoCloseable {

  private static final String LOOPBACK = "127.0.0.1";
  private static final long PAGE_CACHE_BYTES = 128L << 20;
  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  private final DatabaseManagementService service;
  private final int boltPort;
  private final Path home;
  private final boolean temporary;

  private EmbeddedNeo4j(
      DatabaseManagementService service, int boltPort, Path home, boolean temporary) {
    this.service = service;
    this.boltPort = boltPort;
    this.home = home;
    this.temporary = temporary;
  }

  /**
   * Starts a server whose data are gone when it is closed.
   *
   * @param boltPort 0 takes a free one
   * @throws IOException when the port is taken or there is no place for the data
   */
  public static EmbeddedNeo4j start(int boltPort) throws IOException {
    return start(boltPort, Files.createTempDirectory("hartonomous-neo4j-"), true);
  }

  /**
   * Starts a server that keeps its data.
   *
   * @param boltPort 0 takes a free one
   * @param home directory of the data, made when it is missing; one server at a time
   * @throws IOException when the port is taken, or the directory cannot be used or is in use
   */
  public static EmbeddedNeo4j start(int boltPort, Path home) throws IOException {
    return start(boltPort, Files.createDirectories(home), false);
  }

  private static EmbeddedNeo4j start(int boltPort, Path home, boolean temporary)
      throws IOException {
    int port = usablePort(boltPort);
    DatabaseManagementService service;
    try {
      service =
          new DatabaseManagementServiceBuilder(home)
              .setConfig(BoltConnector.enabled, true)
              .setConfig(BoltConnector.listen_address, new SocketAddress(LOOPBACK, port))
              .setConfig(BoltConnector.advertised_address, new SocketAddress(LOOPBACK, port))
              .setConfig(HttpConnector.enabled, false)
              .setConfig(HttpsConnector.enabled, false)
              .setConfig(GraphDatabaseSettings.auth_enabled, false)
              .setConfig(GraphDatabaseSettings.pagecache_memory, PAGE_CACHE_BYTES)
              .setConfig(GraphDatabaseSettings.udc_enabled, false)
              .setConfig(GraphDatabaseSettings.preallocate_logical_logs, false)
              .setConfig(GraphDatabaseInternalSettings.dump_diagnostics, false)
              .build();
    } catch (RuntimeException e) {
      throw new IOException("Neo4j cannot be started in " + home + ": " + rootMessage(e), e);
    }
    EmbeddedNeo4j started = new EmbeddedNeo4j(service, port, home, temporary);
    if (!service
        .database(GraphDatabaseSettings.DEFAULT_DATABASE_NAME)
        .isAvailable(START_LIMIT.toMillis())) {
      started.close();
      throw new IOException(
          "Neo4j in " + home + " was not available within " + START_LIMIT.toSeconds() + " s.");
    }
    return started;
  }

  private static int usablePort(int port) throws IOException {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName(LOOPBACK))) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IOException(
          "Port "
              + port
              + " for Neo4j is in use: stop what uses it, or choose another one (--bolt-port).",
          e);
    }
  }

  private static String rootMessage(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage();
  }

  public int boltPort() {
    return boltPort;
  }

  /** {@code bolt://127.0.0.1:port}. */
  public String boltUri() {
    return "bolt://" + LOOPBACK + ":" + boltPort;
  }

  /** Calls the listener around every transaction on the graph. */
  void listen(TransactionEventListener<?> listener) {
    service.registerTransactionEventListener(GraphDatabaseSettings.DEFAULT_DATABASE_NAME, listener);
  }

  /** Stops the server, and removes its data when they are temporary. */
  @Override
  public void close() throws IOException {
    service.shutdown();
    if (temporary) {
      List<Path> deepestFirst;
      try (Stream<Path> paths = Files.walk(home)) {
        deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
      }
      for (Path path : deepestFirst) {
        Files.deleteIfExists(path);
      }
    }
  }
}
