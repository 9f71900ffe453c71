package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.ModelFixtures;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Two jobs on one database that bring the same atoms at the same time. */
class TwoIngestJobsITCase {

  private static final int ROWS = 200;
  private static final int CHANGES = 300;
  private static final long SEED = Long.getLong("seed", 20261123L);

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  @Test
  void countsAreExactWhenTwoJobsShareAtoms() throws Exception {
    Path weights = ModelFixtures.safeTensors(directory.resolve("a.safetensors"), SEED, 12, 30_000);
    Path same = ModelFixtures.safeTensors(directory.resolve("b.safetensors"), SEED, 12, 30_000);
    try (Sql sql = server.connect()) {
      for (String table : List.of("First", "Second")) {
        create(sql, table);
        for (int id = 0; id < ROWS; id++) {
          insert(sql, table, id, "body " + id % 31);
        }
      }
      try (RunningIngest first = RunningIngest.start(options("first", "First", weights));
          RunningIngest second = RunningIngest.start(options("second", "Second", same))) {
        Random random = new Random(SEED);
        for (int i = 0; i < CHANGES; i++) {
          change(sql, random.nextBoolean() ? "First" : "Second", random);
        }
        Awaitility.await()
            .atMost(Duration.ofSeconds(90))
            .pollInterval(Duration.ofMillis(200))
            .untilAsserted(() -> assertArrived(sql));
        Balance.awaitEven(server.options());
      }
      assertThat(CapturedRows.wrongCounts(sql)).as("seed %d", SEED).isEmpty();
      assertThat(sql.number("SELECT COUNT(*) FROM dbo.AtomizationErrors")).isZero();
      // Each chunk is stored once, whoever brought it.
      assertThat(
              sql.number(
                  "SELECT COUNT(*) FROM dbo.Atoms WHERE ContentType = N'tensor/float32'"
                      + " AND ReferenceCount <> 2"))
          .isZero();
    }
  }

  @Test
  @Timeout(value = 3, unit = TimeUnit.MINUTES)
  void aSecondJobOnTheSameGroupFailsByName() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql, "First");
      insert(sql, "First", 1, "body");
      IngestOptions options = options("main", "First");
      try (RunningIngest first = RunningIngest.start(options)) {
        Awaitility.await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> sql.number("SELECT COUNT(*) FROM dbo.RowAtoms") == 1);
        try (RunningIngest second = RunningIngest.startBeside(options)) {
          assertThat(second.failure())
              .hasStackTraceContaining(
                  "Capture group 'main': another writer of its rows holds the lock on key group");
        }
        insert(sql, "First", 2, "body");
        Awaitility.await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> sql.number("SELECT COUNT(*) FROM dbo.RowAtoms") == 2);
        Balance.awaitEven(server.options());
      }
    }
  }

  private static void assertArrived(Sql sql) throws Exception {
    for (String table : List.of("First", "Second")) {
      assertThat(CapturedRows.found(sql, "dbo", table, "Id"))
          .isEqualTo(CapturedRows.expected(sql, "dbo." + table, "Id", "Body"));
    }
    assertThat(sql.rows("SELECT DISTINCT State FROM dbo.Models")).containsExactly("COMPLETE");
    assertThat(sql.number("SELECT COUNT(*) FROM dbo.Models")).isEqualTo(2);
  }

  private static void create(Sql sql, String table) throws Exception {
    sql.update(
        "CREATE TABLE dbo."
            + table
            + " (Id INT NOT NULL CONSTRAINT PK_"
            + table
            + " PRIMARY KEY, Body NVARCHAR(MAX) NULL)");
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'"
            + table
            + "', @role_name = NULL, @supports_net_changes = 0");
  }

  private static void insert(Sql sql, String table, int id, String body) throws Exception {
    sql.update("INSERT INTO dbo." + table + " (Id, Body) VALUES (?, ?)", id, body);
  }

  private static void change(Sql sql, String table, Random random) throws Exception {
    int id = random.nextInt(ROWS);
    String body = "body " + random.nextInt(31);
    if (random.nextInt(4) == 0) {
      sql.update("DELETE FROM dbo." + table + " WHERE Id = ?", id);
    } else {
      sql.update("UPDATE dbo." + table + " SET Body = ? WHERE Id = ?", body, id);
    }
  }

  private IngestOptions options(String group, String table, Path... models) {
    IngestOptions options =
        RunningIngest.options(
            server.options(),
            List.of(
                new IngestOptions.Table(
                    "dbo", table, List.of(new IngestOptions.Column("Body", "text/plain")))),
            List.of(models).stream()
                .map(
                    model ->
                        new IngestOptions.ModelPath(
                            model.toUri().toString(), model.getFileName().toString()))
                .toList(),
            directory.resolve("checkpoints-" + group));
    IngestOptions.Capture capture = options.capture();
    return new IngestOptions(
        options.sqlServer(),
        new IngestOptions.Capture(
            group,
            capture.tables(),
            capture.pollInterval(),
            capture.heartbeatInterval(),
            capture.snapshotSplitSize(),
            capture.serverTimeZone(),
            capture.onGap()),
        options.models(),
        options.writer(),
        options.checkpoint(),
        new JobOptions("ingest-" + group, 2),
        options.web());
  }
}
