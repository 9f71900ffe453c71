package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.engine.FaultInjector.Point;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Rows that change between two readings of the same snapshot chunk. No event tells of the change:
 * only the sweep removes what the first reading wrote.
 */
class RepeatedSnapshotFaultToleranceITCase {

  private static final int ROWS = 120;
  private static final int BATCH_ROWS = 10;

  @RegisterExtension
  static final MiniClusterExtension FLINK =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setNumberTaskManagers(1)
              .setNumberSlotsPerTaskManager(2)
              .build());

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  @Test
  void theJobRestartsBeforeItsFirstCheckpoint() throws Exception {
    try (Sql sql = server.connect()) {
      IngestOptions options = prepare(sql);
      CountDownLatch changed = failWriterWithReferences(3 * BATCH_ROWS);
      try (RunningIngest job = RunningIngest.start(options)) {
        assertThat(changed.await(60, TimeUnit.SECONDS)).as("the job failed").isTrue();
        awaitStaleReferencesGone(sql);
        // Nothing but the savepoint flushes the last batch here.
        job.stopWithSavepoint(directory.resolve("savepoints"));
      }
      assertComplete(sql);
    }
  }

  @Test
  void theJobIsStartedAgainWithoutEverHavingCompletedACheckpoint() throws Exception {
    try (Sql sql = server.connect()) {
      IngestOptions options = prepare(sql);
      try (RunningIngest job = RunningIngest.start(options)) {
        Awaitility.await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> references(sql) >= 5 * BATCH_ROWS);
      }
      changeEverything(sql);
      try (RunningIngest job = RunningIngest.start(options)) {
        awaitStaleReferencesGone(sql);
        job.stopWithSavepoint(directory.resolve("savepoints"));
      }
      assertComplete(sql);
    }
  }

  /** Fails the job once, behind a commit and after all rows were changed. */
  private CountDownLatch failWriterWithReferences(int references) {
    CountDownLatch changed = new CountDownLatch(1);
    FaultInjector failure =
        (point, application, kind, batch) -> {
          boolean isWriter = application.startsWith("hartonomous-writer-");
          if (isWriter && point == Point.AFTER_COMMIT && changed.getCount() == 1) {
            try (Sql sql = server.connect()) {
              if (references(sql) < references) {
                return;
              }
              changeEverything(sql);
            } catch (Exception e) {
              throw new AssertionError("the rows could not be changed", e);
            }
            changed.countDown();
            throw new SqlServerError(50_999, 16, 1, "injected failure at " + kind);
          }
        };
    server.injectFaults(failure);
    return changed;
  }

  private static void changeEverything(Sql sql) throws Exception {
    assertThat(sql.number("SELECT COUNT(*) FROM dbo.CdcCheckpoints")).isZero();
    sql.update("UPDATE dbo.Documents SET Title = N'later ' + Title WHERE Id % 3 <> 0");
    sql.update("DELETE FROM dbo.Documents WHERE Id % 3 = 0");
  }

  private static long references(Sql sql) throws Exception {
    return sql.number("SELECT COUNT_BIG(*) FROM dbo.RowAtoms");
  }

  /** All but those whose removal still waits in the writer: nothing flushes its last batch here. */
  private static void awaitStaleReferencesGone(Sql sql) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () -> {
              List<String> stale =
                  new ArrayList<>(CapturedRows.found(sql, "dbo", "Documents", "Id"));
              stale.removeAll(CapturedRows.expected(sql, "dbo.Documents", "Id", "Title", "Body"));
              assertThat(stale).hasSizeLessThan(BATCH_ROWS);
            });
  }

  private static void assertComplete(Sql sql) throws Exception {
    DocumentsTable.assertReferences(sql);
    assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
  }

  /** One reader, small batches, and no checkpoint in the time of the test. */
  private IngestOptions prepare(Sql sql) throws Exception {
    DocumentsTable.create(sql);
    for (int id = 0; id < ROWS; id++) {
      DocumentsTable.insert(sql, id, "title " + id, "body " + id % 7);
    }
    IngestOptions options =
        RunningIngest.options(
            server.options(),
            List.of(DocumentsTable.CONFIGURATION),
            List.of(),
            directory.resolve("checkpoints"));
    return new IngestOptions(
        options.sqlServer(),
        options.capture(),
        options.models(),
        new IngestOptions.Writer(BATCH_ROWS, 1 << 20, 10, Duration.ofMinutes(1)),
        new CheckpointOptions(
            Duration.ofHours(6), options.checkpoint().directory(), Duration.ofMinutes(1)),
        new JobOptions(options.job().name(), 1),
        options.web());
  }
}
