package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.ApplicationLock;
import com.hartonomous.ingest.standin.engine.ConnectionLostException;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.engine.FaultInjector.Point;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.test.junit5.InjectMiniCluster;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Rows that change between two readings of the same snapshot chunk. The state does not know what
 * the first reading wrote: only the sweep removes it.
 */
class RepeatedSnapshotFaultToleranceITCase {

  private static final int ROWS = 120;
  private static final int BATCH_ROWS = 10;

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(2);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  @Test
  @StandInOnly("injected faults")
  void theJobRestartsBeforeItsFirstCheckpoint(@InjectMiniCluster MiniCluster flink)
      throws Exception {
    try (Sql sql = server.connect()) {
      IngestOptions options = prepare(sql);
      CountDownLatch changed = failWriterWithReferences(3 * BATCH_ROWS);
      try (RunningIngest job = RunningIngest.start(options)) {
        assertThat(changed.await(60, TimeUnit.SECONDS)).as("the job failed").isTrue();
        awaitComplete(sql, flink, job);
      }
    }
  }

  /** Where the reader of one that begins a snapshot, or ends it, loses its connection. */
  enum Line {
    SNAPSHOT_POSITION_NOT_COMMITTED("SET SnapshotLsn", Point.BEFORE_COMMIT),
    SNAPSHOT_POSITION_COMMITTED("SET SnapshotLsn", Point.AFTER_COMMIT),
    ALL_CHUNKS_READ("fn_cdc_get_all_changes_", Point.BEFORE_STATEMENT);

    private final String statement;
    private final Point point;

    Line(String statement, Point point) {
      this.statement = statement;
      this.point = point;
    }
  }

  @ParameterizedTest
  @EnumSource(Line.class)
  @StandInOnly("injected faults")
  void theReaderLosesItsConnectionAtTheBeginOrTheEndOfTheSnapshot(
      Line line, @InjectMiniCluster MiniCluster flink) throws Exception {
    try (Sql sql = server.connect()) {
      IngestOptions options = prepare(sql);
      CountDownLatch changed = disconnectReaderAt(line);
      try (RunningIngest job = RunningIngest.start(options)) {
        assertThat(changed.await(60, TimeUnit.SECONDS)).as("the job failed").isTrue();
        awaitComplete(sql, flink, job);
      }
    }
  }

  @Test
  void theJobIsStartedAgainWithoutEverHavingCompletedACheckpoint(
      @InjectMiniCluster MiniCluster flink) throws Exception {
    try (Sql sql = server.connect()) {
      IngestOptions options = prepare(sql);
      try (RunningIngest job = RunningIngest.start(options)) {
        Awaitility.await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> references(sql) >= 5 * BATCH_ROWS);
        job.cancel();
      }
      changeEverything(sql);
      try (RunningIngest job = RunningIngest.start(options)) {
        awaitComplete(sql, flink, job);
      }
    }
  }

  /**
   * With one reader streaming does not wait for a checkpoint: the sweep must not run before what a
   * cut-off writer still commits.
   */
  @Test
  void aWriterOfAnEarlierAttemptCommitsWhileTheNextOneWaitsForIt(
      @InjectMiniCluster MiniCluster flink) throws Exception {
    try (Sql sql = server.connect();
        Connection cutOff = server.options().open("hartonomous-writer-0")) {
      IngestOptions options = prepare(sql);
      try (RunningIngest job = RunningIngest.start(options)) {
        Awaitility.await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> references(sql) >= BATCH_ROWS);
        job.cancel();
      }
      String lock = ApplicationLock.rowWriter("main", 0);
      assertThat(ApplicationLock.tryExclusiveForSession(cutOff, lock, Duration.ofSeconds(20)))
          .isTrue();
      changeEverything(sql);
      try (RunningIngest job = RunningIngest.start(options)) {
        // Long enough for the snapshot to end and the heartbeat to be streamed several times.
        Thread.sleep(6_000);
        addStaleReference(sql);
        cutOff.close();
        awaitComplete(sql, flink, job);
      }
    }
  }

  private static void addStaleReference(Sql sql) throws Exception {
    sql.update(
        "INSERT INTO dbo.RowAtoms (CapturedTableId, RowKeyHash, ColumnId, Segment, AtomId, RowKey)"
            + " SELECT TOP (1) CapturedTableId, ?, 1, 0, AtomId, N'{\"Id\":777}' FROM dbo.RowAtoms",
        (Object) Sha256.ofText("{\"Id\":777}").toBytes());
    sql.update(
        "UPDATE a SET ReferenceCount = ReferenceCount + 1 FROM dbo.Atoms AS a"
            + " INNER JOIN dbo.RowAtoms AS r ON r.AtomId = a.AtomId WHERE r.RowKeyHash = ?",
        (Object) Sha256.ofText("{\"Id\":777}").toBytes());
    sql.update(
        "UPDATE dbo.TableProgress SET StoredReferences = StoredReferences + 1 WHERE Writer = 0");
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

  /** Once, and after all rows were changed. */
  private CountDownLatch disconnectReaderAt(Line line) {
    CountDownLatch changed = new CountDownLatch(1);
    AtomicBoolean reached = new AtomicBoolean();
    server.injectFaults(
        (point, application, kind, batch) -> {
          if (!application.equals("hartonomous-capture")) {
            return;
          }
          if (point == Point.BEFORE_STATEMENT && batch.contains(line.statement)) {
            reached.set(true);
          }
          if (point == line.point && reached.get() && changed.getCount() == 1) {
            try (Sql sql = server.connect()) {
              changeEverything(sql);
            } catch (Exception e) {
              throw new AssertionError("the rows could not be changed", e);
            }
            changed.countDown();
            throw new ConnectionLostException(line.name());
          }
        });
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

  /** Takes the checkpoints that the job would otherwise take every few seconds. */
  private void awaitComplete(Sql sql, MiniCluster flink, RunningIngest job) throws Exception {
    Awaitility.await()
        .atMost(Duration.ofSeconds(90))
        .pollInterval(Duration.ofMillis(500))
        .ignoreExceptionsMatching(
            failure -> failure instanceof ExecutionException || failure instanceof TimeoutException)
        .untilAsserted(
            () -> {
              flink.triggerCheckpoint(job.id()).get(20, TimeUnit.SECONDS);
              DocumentsTable.assertReferences(sql);
            });
    assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    Balance.awaitEven(server.options());
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
