package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.sink.graph.StaleGraphWriterException;
import com.hartonomous.ingest.standin.engine.ConnectionLostException;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.GraphPicture;
import com.hartonomous.ingest.testing.SampleTables;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import com.hartonomous.ingest.testing.TestNeo4j;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.neo4j.graphdb.GraphDatabaseService;
import org.neo4j.graphdb.Transaction;
import org.neo4j.graphdb.event.TransactionData;
import org.neo4j.graphdb.event.TransactionEventListenerAdapter;

/** Every test ends with a graph that is equal to the tables, whatever broke on the way. */
class GraphSyncFaultToleranceITCase {

  private static final int CHANGES = 60;

  @RegisterExtension static final MiniClusterExtension CLUSTER = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path checkpoints;

  private final long seed = Long.getLong("test.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private Sql sql;
  private SampleTables tables;
  private int table;

  @BeforeEach
  void connect() throws Exception {
    sql = server.connect();
    tables = new SampleTables(sql);
    table = tables.captureTable("Documents", "Title", "Body");
  }

  @AfterEach
  void close() throws Exception {
    sql.close();
  }

  private void changeSomething() throws Exception {
    int id = random.nextInt(15);
    switch (random.nextInt(8)) {
      case 0 -> tables.deleteRow(table, id);
      case 1 -> tables.addModel("model " + random.nextInt(1000), 8, 4, 6);
      default ->
          tables.putRow(table, id, "title " + random.nextInt(5), "body " + random.nextInt(9));
    }
  }

  private void assertEqualInTheEnd(TestNeo4j neo4j) throws Exception {
    RunningGraphSync.awaitDrained(sql);
    assertThat(GraphPicture.found(neo4j)).as("seed %d", seed).isEqualTo(GraphPicture.wanted(sql));
  }

  /** Refuses the commit of some transactions, which are rolled back then. */
  private final class RefusedCommits extends TransactionEventListenerAdapter<Void> {
    private final Random choice = new Random(seed);
    private final AtomicInteger refused = new AtomicInteger();

    @Override
    public synchronized Void beforeCommit(
        TransactionData data, Transaction transaction, GraphDatabaseService database)
        throws Exception {
      if (choice.nextInt(10) == 0) {
        refused.incrementAndGet();
        throw new IllegalStateException("seeded failure of a graph transaction");
      }
      return null;
    }
  }

  @Test
  void graphTransactionsThatAreRolledBackAtSeededPlaces() throws Exception {
    TestNeo4j neo4j = TestNeo4j.sharedAndEmpty();
    RefusedCommits commits = new RefusedCommits();
    neo4j.listen(commits);
    try (RunningGraphSync job =
        RunningGraphSync.start(server.options(), neo4j.options(), checkpoints)) {
      for (int change = 0; change < CHANGES; change++) {
        changeSomething();
      }
      assertEqualInTheEnd(neo4j);
      assertThat(commits.refused).as("seed %d", seed).hasPositiveValue();
      assertThat(job.status().isGloballyTerminalState()).isFalse();
    } finally {
      neo4j.stopListening(commits);
    }
  }

  @Test
  void neo4jThatGoesAwayAndComesBack() throws Exception {
    try (TestNeo4j neo4j = new TestNeo4j()) {
      neo4j.start();
      try (RunningGraphSync job =
          RunningGraphSync.start(server.options(), neo4j.options(), checkpoints)) {
        for (int change = 0; change < CHANGES; change++) {
          changeSomething();
          if (change == CHANGES / 2) {
            neo4j.stop();
          }
        }
        neo4j.start();
        assertEqualInTheEnd(neo4j);
        assertThat(job.status().isGloballyTerminalState()).isFalse();
      }
    }
  }

  /** Breaks some statements of graph-sync, in the three ways in which a server can. */
  private final class BrokenStatements implements FaultInjector {
    private final Random choice = new Random(seed);
    private final AtomicInteger broken = new AtomicInteger();

    @Override
    public synchronized void reached(Point point, String application, String kind, String batch)
        throws SqlServerError, ConnectionLostException {
      if (!application.startsWith("hartonomous-graph") || choice.nextInt(25) != 0) {
        return;
      }
      broken.incrementAndGet();
      if (point == Point.BEFORE_STATEMENT && choice.nextBoolean()) {
        throw new SqlServerError(1205, 13, 51, "seeded deadlock");
      }
      throw new ConnectionLostException("seeded loss of a connection");
    }
  }

  @Test
  @StandInOnly("injected faults")
  void sqlServerThatBreaksStatementsAndConnections() throws Exception {
    TestNeo4j neo4j = TestNeo4j.sharedAndEmpty();
    BrokenStatements faults = new BrokenStatements();
    server.injectFaults(faults);
    try (RunningGraphSync job =
        RunningGraphSync.start(server.options(), neo4j.options(), checkpoints)) {
      for (int change = 0; change < CHANGES; change++) {
        changeSomething();
      }
      RunningGraphSync.awaitDrained(sql);
      server.injectFaults(FaultInjector.NONE);
      assertEqualInTheEnd(neo4j);
      assertThat(faults.broken).as("seed %d", seed).hasPositiveValue();
      assertThat(job.status().isGloballyTerminalState()).isFalse();
    }
  }

  @Test
  void anInstanceThatWasReplacedStopsByName() throws Exception {
    TestNeo4j neo4j = TestNeo4j.sharedAndEmpty();
    tables.putRow(table, 1, "first", "first");
    try (RunningGraphSync stale =
        RunningGraphSync.start(server.options(), neo4j.options(), checkpoints.resolve("a"), 0)) {
      RunningGraphSync.awaitDrained(sql);
      try (RunningGraphSync successor =
          RunningGraphSync.start(server.options(), neo4j.options(), checkpoints.resolve("b"))) {
        while (!stale.status().isGloballyTerminalState()) {
          changeSomething();
          RunningGraphSync.awaitDrained(sql);
        }
        assertThat(stale.failure())
            .as("seed %d", seed)
            .hasStackTraceContaining(StaleGraphWriterException.class.getName())
            .hasStackTraceContaining("later instance of graph-sync");
        changeSomething();
        assertEqualInTheEnd(neo4j);
        assertThat(successor.status().isGloballyTerminalState()).isFalse();
      }
    }
  }
}
