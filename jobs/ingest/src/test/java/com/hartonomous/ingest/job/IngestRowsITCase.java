package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.TextHashVectors;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class IngestRowsITCase {

  /** Eight chunks of the snapshot. */
  private static final int ROWS = 400;

  private static final int TRANSACTIONS = 1_000;

  /** Rows whose key is a multiple of this are only updated. */
  private static final int NEVER_DELETED = 10;

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path checkpoints;

  private IngestOptions options() {
    return RunningIngest.options(
        server.options(), List.of(DocumentsTable.CONFIGURATION), List.of(), checkpoints);
  }

  @Test
  void everyKindOfChangeLeavesExactReferencesAndCounts() throws Exception {
    try (Sql sql = server.connect()) {
      DocumentsTable.create(sql);
      DocumentsTable.insert(sql, 1, "before the start", "snapshot");
      DocumentsTable.insert(sql, 2, null, "");
      try (RunningIngest job = RunningIngest.start(options())) {
        DocumentsTable.awaitCaughtUp(sql);

        DocumentsTable.insert(sql, 3, "same", "same");
        DocumentsTable.insert(sql, 4, "same", null);
        DocumentsTable.insert(sql, 5, "emoji \uD83D\uDE00", "flags \uD83C\uDDE9\uD83C\uDDEA");
        DocumentsTable.awaitCaughtUp(sql);
        assertThat(count(sql, "same")).isEqualTo(3);

        sql.update("UPDATE dbo.Documents SET Title = N'other' WHERE Id = 3");
        sql.update("UPDATE dbo.Documents SET Body = NULL WHERE Id = 5");
        sql.update("UPDATE dbo.Documents SET Title = N'', Pages = 7 WHERE Id = 2");
        DocumentsTable.awaitCaughtUp(sql);
        assertThat(count(sql, "same")).isEqualTo(2);
        assertThat(count(sql, "")).isEqualTo(2);

        sql.update("UPDATE dbo.Documents SET Id = 40 WHERE Id = 4");
        sql.update("DELETE FROM dbo.Documents WHERE Id = 1");
        DocumentsTable.awaitCaughtUp(sql);
        assertThat(count(sql, "snapshot")).isZero();
        assertThat(Balance.awaitEven(server.options()).sums("dbo.Documents"))
            .containsExactly(6L, 6L, 0L, 0L);
      }
    }
  }

  @Test
  void aValueThatComesBackIsCountedAsOften() throws Exception {
    try (Sql sql = server.connect()) {
      DocumentsTable.create(sql);
      try (RunningIngest job = RunningIngest.start(options())) {
        DocumentsTable.insert(sql, 1, "A", null);
        DocumentsTable.awaitCaughtUp(sql);
        sql.update("UPDATE dbo.Documents SET Title = N'B' WHERE Id = 1");
        DocumentsTable.awaitCaughtUp(sql);
        sql.update("UPDATE dbo.Documents SET Title = N'A' WHERE Id = 1");
        DocumentsTable.awaitCaughtUp(sql);
        assertThat(count(sql, "A")).isEqualTo(1);
        assertThat(count(sql, "B")).isZero();
        sql.inTransaction(
            () -> {
              for (String value : List.of("B", "C", "A", "B", "A")) {
                sql.update("UPDATE dbo.Documents SET Title = ? WHERE Id = 1", value);
              }
              sql.update("INSERT INTO dbo.Documents (Id, Title) VALUES (2, N'end')");
            });
        DocumentsTable.awaitCaughtUp(sql);
        assertThat(count(sql, "A")).isEqualTo(1);
        Balance.awaitEven(server.options());
      }
    }
  }

  @Test
  void atomsAreNamedAsPythonAndTheServerNameThem() throws Exception {
    Map<String, String> vectors = TextHashVectors.load();
    try (Sql sql = server.connect()) {
      DocumentsTable.create(sql);
      int id = 0;
      for (String text : vectors.keySet()) {
        DocumentsTable.insert(sql, ++id, null, text);
      }
      try (RunningIngest job = RunningIngest.start(options())) {
        DocumentsTable.awaitCaughtUp(sql);
        for (Map.Entry<String, String> vector : vectors.entrySet()) {
          assertThat(
                  sql.rows(
                      "SELECT CanonicalText, ByteLength FROM dbo.Atoms"
                          + " WHERE AtomHash = CONVERT(BINARY(32), ?, 2)",
                      vector.getValue()))
              .containsExactly(vector.getKey() + "|" + 2 * vector.getKey().length());
        }
        Balance.awaitEven(server.options());
      }
    }
  }

  @Test
  void writesDuringTheSnapshotAreExact() throws Exception {
    long seed = Long.getLong("seed", 20261122L);
    try (Sql sql = server.connect()) {
      DocumentsTable.create(sql);
      for (int id = 0; id < ROWS; id++) {
        DocumentsTable.insert(sql, id, "title " + id % 17, "body " + id);
      }
      AtomicBoolean enough = new AtomicBoolean();
      ExecutorService writer = Executors.newSingleThreadExecutor();
      Future<?> writes = writer.submit(() -> write(seed, enough));
      try (RunningIngest job = RunningIngest.start(options())) {
        // The writer is at work from before the snapshot until changes are streamed.
        Awaitility.await()
            .atMost(Duration.ofMinutes(2))
            .untilAsserted(
                () -> {
                  assertThat(
                          sql.number(
                              "SELECT COALESCE(SUM(SnapshotRows), 0) FROM dbo.CaptureProgress"))
                      .as("seed %d: snapshot rows", seed)
                      .isGreaterThan(ROWS / 2);
                  assertThat(
                          sql.number(
                              "SELECT COALESCE(SUM(UpdatedRows), 0) FROM dbo.CaptureProgress"))
                      .as("seed %d: streamed updates", seed)
                      .isPositive();
                });
        enough.set(true);
        writes.get(2, TimeUnit.MINUTES);
        // Rows that are never deleted are in the snapshot for certain, and now in the stream too.
        long updated = sql.number("SELECT SUM(UpdatedRows) FROM dbo.CaptureProgress");
        sql.update("UPDATE dbo.Documents SET Title = N'in both' WHERE Id % ? = 0", NEVER_DELETED);
        DocumentsTable.awaitCaughtUp(sql);
        Awaitility.await()
            .atMost(Duration.ofSeconds(30))
            .untilAsserted(
                () ->
                    assertThat(sql.number("SELECT SUM(UpdatedRows) FROM dbo.CaptureProgress"))
                        .as("seed %d: rows in both snapshot and stream", seed)
                        .isGreaterThanOrEqualTo(updated + ROWS / NEVER_DELETED));
        assertThat(count(sql, "in both")).isEqualTo(ROWS / NEVER_DELETED);
        Balance.awaitEven(server.options());
      } finally {
        enough.set(true);
        writer.shutdownNow();
      }
    }
  }

  /** At least {@link #TRANSACTIONS}, and until it is enough. */
  private Void write(long seed, AtomicBoolean enough) throws Exception {
    Random random = new Random(seed);
    try (Sql sql = server.connect()) {
      for (int i = 0; i < TRANSACTIONS || !enough.get(); i++) {
        int id = random.nextInt(ROWS);
        int choice = id % NEVER_DELETED == 0 ? 2 : random.nextInt(4);
        int change = i;
        sql.inTransaction(() -> change(sql, choice, id, change));
      }
    }
    return null;
  }

  private static void change(Sql sql, int choice, int id, int change) throws SQLException {
    switch (choice) {
      case 0 -> sql.update("DELETE FROM dbo.Documents WHERE Id = ?", id);
      case 1 ->
          sql.update(
              "INSERT INTO dbo.Documents (Id, Title, Body) SELECT ?, ?, ?"
                  + " WHERE NOT EXISTS (SELECT 1 FROM dbo.Documents WHERE Id = ?)",
              id,
              "again " + id,
              "change " + change,
              id);
      default ->
          sql.update(
              "UPDATE dbo.Documents SET Title = ?, Body = ? WHERE Id IN (?, ?)",
              "title " + change % 23,
              "change " + change,
              id,
              (id + 7) % ROWS);
    }
  }

  private static long count(Sql sql, String text) throws Exception {
    List<String> counts = new ArrayList<>();
    counts.addAll(
        sql.rows(
            "SELECT ReferenceCount FROM dbo.Atoms WHERE AtomHash = HASHBYTES('SHA2_256', ?)",
            text));
    assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    return counts.isEmpty() ? 0 : Long.parseLong(counts.get(0));
  }
}
