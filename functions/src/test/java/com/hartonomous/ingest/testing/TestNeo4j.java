package com.hartonomous.ingest.testing;

import com.hartonomous.ingest.runtime.Neo4jOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;
import org.neo4j.driver.Driver;
import org.neo4j.driver.Record;
import org.neo4j.driver.Session;
import org.neo4j.graphdb.event.TransactionEventListener;
import org.neo4j.internal.kernel.api.security.LoginContext;
import org.neo4j.io.fs.FileUtils;
import org.neo4j.kernel.api.KernelTransaction;
import org.neo4j.kernel.impl.coreapi.InternalTransaction;
import org.neo4j.kernel.internal.GraphDatabaseAPI;

/** A real Neo4j server in this process, on a loopback port, which can be stopped and started. */
public final class TestNeo4j implements AutoCloseable {

  private static TestNeo4j shared;

  private final Path home;
  private final int port;
  private DatabaseManagementService service;

  /** Chooses a directory and a port; starts nothing yet. */
  public TestNeo4j() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
      home = Files.createTempDirectory("test-neo4j-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The server that all tests of this JVM share, started and empty. */
  public static synchronized TestNeo4j sharedAndEmpty() {
    if (shared == null) {
      shared = new TestNeo4j();
      shared.start();
      Runtime.getRuntime().addShutdownHook(new Thread(shared::close));
    }
    shared.query("MATCH (n) DETACH DELETE n", Map.of());
    return shared;
  }

  /** Starts the server on its port, with the data it had when it was stopped. */
  public void start() {
    service =
        new DatabaseManagementServiceBuilder(home)
            .setConfig(BoltConnector.enabled, true)
            .setConfig(BoltConnector.listen_address, new SocketAddress("127.0.0.1", port))
            .setConfig(GraphDatabaseSettings.auth_enabled, false)
            .setConfig(GraphDatabaseSettings.udc_enabled, false)
            .setConfig(GraphDatabaseSettings.pagecache_memory, 64L << 20)
            .build();
  }

  /** Stops the server; its data stay. */
  public void stop() {
    service.shutdown();
    service = null;
  }

  /** Calls the listener around every transaction on the graph, until the server is stopped. */
  public void listen(TransactionEventListener<?> listener) {
    service.registerTransactionEventListener(GraphDatabaseSettings.DEFAULT_DATABASE_NAME, listener);
  }

  /** Ends {@link #listen}. */
  public void stopListening(TransactionEventListener<?> listener) {
    service.unregisterTransactionEventListener(
        GraphDatabaseSettings.DEFAULT_DATABASE_NAME, listener);
  }

  /** Runs the action in a transaction of the server's own and commits it. */
  public void inKernel(KernelAction action) throws Exception {
    GraphDatabaseAPI database =
        (GraphDatabaseAPI) service.database(GraphDatabaseSettings.DEFAULT_DATABASE_NAME);
    try (InternalTransaction transaction =
        database.beginTransaction(KernelTransaction.Type.IMPLICIT, LoginContext.AUTH_DISABLED)) {
      action.run(transaction.kernelTransaction());
      transaction.commit();
    }
  }

  /** Changes that no statement makes. */
  @FunctionalInterface
  public interface KernelAction {
    /** Runs once, in a transaction of its own. */
    void run(KernelTransaction transaction) throws Exception;
  }

  /** How to reach the server, started or not. */
  public Neo4jOptions options() {
    return new Neo4jOptions(
        "bolt://127.0.0.1:" + port, null, null, "neo4j", Duration.ofSeconds(10));
  }

  /** Runs one statement in a transaction of its own. */
  public List<Record> query(String cypher, Map<String, Object> parameters) {
    try (Driver driver = options().open();
        Session session = driver.session()) {
      return session.run(cypher, parameters).list();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    if (service != null) {
      stop();
    }
    try {
      FileUtils.deleteDirectory(home);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
