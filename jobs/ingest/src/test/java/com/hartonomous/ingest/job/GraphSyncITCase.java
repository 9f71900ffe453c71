package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.GraphPicture;
import com.hartonomous.ingest.testing.SampleTables;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.TestNeo4j;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class GraphSyncITCase {

  @RegisterExtension static final MiniClusterExtension CLUSTER = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path checkpoints;

  private Sql sql;
  private SampleTables tables;

  @BeforeEach
  void connect() throws Exception {
    sql = server.connect();
    tables = new SampleTables(sql);
  }

  @AfterEach
  void close() throws Exception {
    sql.close();
  }

  @Test
  void rowsAreInsertedUpdatedAndDeleted() throws Exception {
    TestNeo4j neo4j = TestNeo4j.sharedAndEmpty();
    int table = tables.captureTable("Documents", "Title", "Body");
    for (int id = 0; id < 50; id++) {
      tables.putRow(table, id, "title " + id % 7, "body " + id);
    }
    try (RunningGraphSync job =
        RunningGraphSync.start(server.options(), neo4j.options(), checkpoints)) {
      RunningGraphSync.awaitDrained(sql);
      assertThat(GraphPicture.found(neo4j)).isEqualTo(GraphPicture.wanted(sql));
      tables.putRow(table, 3, "title 3", "a new body");
      tables.putRow(table, 4, null, "only a body");
      tables.putRow(table, 5, null, null);
      tables.putRow(table, 6, "the same", "the same");
      tables.deleteRow(table, 7);
      tables.putRow(table, 1000, "", "\uD83D\uDE00");
      RunningGraphSync.awaitDrained(sql);
      assertThat(GraphPicture.found(neo4j)).isEqualTo(GraphPicture.wanted(sql));
      assertThat(job.status().isTerminalState()).isFalse();
    }
  }

  @Test
  void modelsAppearWithTensorsAndVanishWhenDeleted() throws Exception {
    TestNeo4j neo4j = TestNeo4j.sharedAndEmpty();
    int first = tables.addModel("first", 30, 3, 25);
    int second = tables.addModel("second", 10, 5, 0);
    try (RunningGraphSync job =
        RunningGraphSync.start(server.options(), neo4j.options(), checkpoints)) {
      RunningGraphSync.awaitDrained(sql);
      List<String> picture = GraphPicture.found(neo4j);
      assertThat(picture).isEqualTo(GraphPicture.wanted(sql));
      assertThat(picture).filteredOn(line -> line.startsWith("stored|" + first)).hasSize(90);
      tables.deleteModel(first);
      RunningGraphSync.awaitDrained(sql);
      assertThat(GraphPicture.found(neo4j)).isEqualTo(GraphPicture.wanted(sql));
      assertThat(GraphPicture.found(neo4j))
          .noneMatch(line -> line.startsWith("model|" + first + "|"))
          .anyMatch(line -> line.startsWith("model|" + second + "|"));
      assertThat(job.status().isTerminalState()).isFalse();
    }
  }

  @Test
  void aReplayOfAllMarksChangesNothing() throws Exception {
    TestNeo4j neo4j = TestNeo4j.sharedAndEmpty();
    int table = tables.captureTable("Documents", "Title");
    for (int id = 0; id < 20; id++) {
      tables.putRow(table, id, "title " + id % 7);
    }
    tables.addModel("first", 5, 3, 4);
    try (RunningGraphSync job =
        RunningGraphSync.start(server.options(), neo4j.options(), checkpoints)) {
      RunningGraphSync.awaitDrained(sql);
      List<String> identities = identities(neo4j);
      sql.update("UPDATE dbo.Neo4jSyncQueue SET IsSynced = 0");
      RunningGraphSync.awaitDrained(sql);
      assertThat(identities(neo4j)).isEqualTo(identities);
      assertThat(job.status().isTerminalState()).isFalse();
    }
  }

  @Test
  void completesTheGraphOnceNeo4jIsThere() throws Exception {
    int table = tables.captureTable("Documents", "Title");
    tables.putRow(table, 1, "before");
    try (TestNeo4j neo4j = new TestNeo4j();
        RunningGraphSync job =
            RunningGraphSync.start(server.options(), neo4j.options(), checkpoints)) {
      tables.putRow(table, 2, "meanwhile");
      tables.addModel("first", 5, 3, 4);
      assertThat(RunningGraphSync.unsynced(sql)).isEqualTo(3);
      assertThat(job.status().isGloballyTerminalState()).isFalse();
      neo4j.start();
      RunningGraphSync.awaitDrained(sql);
      assertThat(GraphPicture.found(neo4j)).isEqualTo(GraphPicture.wanted(sql));
    }
  }

  private static List<String> identities(TestNeo4j neo4j) {
    return neo4j
        .query(
            "MATCH (n) RETURN elementId(n) AS id UNION ALL MATCH ()-[r]->() RETURN elementId(r) AS"
                + " id",
            Map.of())
        .stream()
        .map(row -> row.get("id").asString())
        .sorted()
        .toList();
  }
}
