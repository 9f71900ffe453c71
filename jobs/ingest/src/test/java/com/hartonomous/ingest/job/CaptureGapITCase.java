package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.capture.sqlserver.OnGap;
import com.hartonomous.ingest.standin.engine.ConnectionLostException;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.engine.FaultInjector.Point;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Changes that SQL Server cleaned up before they were read: the connector leaves them out without a
 * word. Restarts are on, and do not help. And what looks like it, but loses nothing.
 */
@StandInOnly("changes that are captured as they are committed, and injected faults")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class CaptureGapITCase {

  private static final int ROWS = 5;

  /** In chunks of 50. */
  private static final int SNAPSHOT_ROWS = 500;

  private static final String CHUNK_OF_DOCUMENTS = "SELECT * FROM [dbo].[Documents] WHERE";

  /** More than the step of commit times, which is that of DATETIME. */
  private static final int COMMIT_TIME_STEP_MILLIS = 10;

  private static final String MARKED =
      "SELECT TableName, ResnapshotReason FROM dbo.CapturedTables"
          + " WHERE ResnapshotRequestedAt IS NOT NULL";

  private static final String WHY_NO_BALANCE = "changes of the table are lost on purpose";

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(2);

  /** Began earlier than the other one, so that its log sequence numbers are lower. */
  @RegisterExtension final SqlServerExtension earlier = new SqlServerExtension();

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  @BeforeEach
  void fill() throws Exception {
    try (Sql sql = server.connect()) {
      DocumentsTable.create(sql);
      for (int id = 0; id < ROWS; id++) {
        DocumentsTable.insert(sql, id, "title " + id, "body " + id);
      }
    }
  }

  @Test
  void cleanedUpWhileTheJobStoodStill() throws Exception {
    try (Sql sql = server.connect()) {
      String savepoint = runUntilStreaming(sql, null);
      insertLostAndKept(sql);
      String minimum = newestCommit(sql);
      cleanUp(sql, "dbo_Documents", minimum);

      requireGap(
          savepoint,
          "Changes may be lost that were not read yet: dbo.Documents is needed from LSN",
          "its capture instance dbo_Documents begins at LSN " + text(minimum),
          "./hartonomous resnapshot dbo.Documents",
          "@retention");
    }
  }

  /**
   * Also when the connection is lost once they are marked: the restored job finds the same gap, and
   * its marks. The start after that takes them up.
   */
  @Test
  void tablesAreMarkedWhenThatIsAskedForAndReadAnewByTheNextStart() throws Exception {
    IngestOptions options = options(server, OnGap.RESNAPSHOT);
    try (Sql sql = server.connect()) {
      String savepoint = runUntilStreaming(sql, null);
      insertLostAndKept(sql);
      cleanUp(sql, "dbo_Documents", newestCommit(sql));
      Balance.waive(server.options(), WHY_NO_BALANCE);

      AtomicInteger commits = new AtomicInteger();
      server.injectFaults(
          (point, application, kind, batch) -> {
            if (point == Point.AFTER_COMMIT
                && application.equals("hartonomous-on-gap")
                && commits.incrementAndGet() == 1) {
              throw new ConnectionLostException("marked");
            }
          });
      try (RunningIngest job = RunningIngest.start(options, savepoint)) {
        assertThat(job.failure())
            .hasStackTraceContaining("dbo.Documents is needed from LSN")
            .hasStackTraceContaining("dbo.Documents will be read anew then");
      }
      assertThat(sql.rows(MARKED))
          .singleElement()
          .asString()
          .startsWith("Documents|capture.on-gap: ");

      try (RunningIngest job = RunningIngest.start(options, savepoint)) {
        DocumentsTable.awaitCaughtUp(sql);
        assertThat(sql.rows("SELECT GroupName, Generation FROM dbo.CapturedTables"))
            .containsExactly("main-2|2");
        DocumentsTable.insert(sql, 102, "after", "the gap");
        DocumentsTable.awaitCaughtUp(sql);
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
      }
      assertThat(sql.rows(MARKED)).isEmpty();
    }
  }

  @Test
  void cleanedUpBetweenTwoPolls() throws Exception {
    requireGapWhileRunning("MAX(start_lsn) FROM [", true);
  }

  @Test
  void cleanedUpWhileARoundIsRead() throws Exception {
    requireGapWhileRunning("fn_cdc_get_all_changes_dbo_Documents", false);
  }

  @Test
  void capturedAnewWhileTheJobStoodStill() throws Exception {
    try (Sql sql = server.connect()) {
      String savepoint = runUntilStreaming(sql, null);
      disable(sql);
      DocumentsTable.insert(sql, 100, "never captured", "never captured");
      enable(sql);
      DocumentsTable.insert(sql, 101, "captured", "captured");

      requireGap(savepoint, "dbo.Documents is needed from LSN", "dbo_Documents begins at LSN");
    }
  }

  @Test
  void capturedNoMoreWhileTheJobRuns() throws Exception {
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options())) {
      awaitStreaming(sql);
      disable(sql);
      assertThat(job.failure()).hasStackTraceContaining("dbo.Documents is not captured any more");
      Balance.waive(server.options(), WHY_NO_BALANCE);
    }
  }

  @Test
  void theDatabaseIsNotTheOneThatWasRead() throws Exception {
    try (Sql sql = server.connect();
        Sql other = earlier.connect()) {
      String savepoint = runUntilStreaming(sql, null);
      Balance.waive(server.options(), "the job goes on with another database");
      DocumentsTable.create(other);
      DocumentsTable.insert(other, 1, "title", "body");

      // Not even then: it may be the wrong one.
      IngestOptions options = options(earlier, OnGap.RESNAPSHOT);
      try (RunningIngest job = RunningIngest.start(options, savepoint)) {
        assertThat(job.failure())
            .hasStackTraceContaining("which the database does not know; its newest captured change")
            .hasStackTraceContaining("it was restored to an earlier time");
      }
      assertThat(other.rows(MARKED)).isEmpty();
      Balance.waive(earlier.options(), WHY_NO_BALANCE);
    }
  }

  /**
   * A table that nobody changes: the heartbeat moves the position, also in the state, and clean-up
   * may follow it up to there.
   */
  @Test
  void cleanedUpBehindThePosition() throws Exception {
    try (Sql sql = server.connect()) {
      String first = runUntilStreaming(sql, null);
      long changes = changesOfDocuments(sql);
      assertThat(changes).isPositive();
      String second;
      try (RunningIngest job = RunningIngest.start(options(), first)) {
        String idle = position(sql);
        Awaitility.await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> position(sql).compareTo(idle) > 0);
        // All that was captured of the table, and what an old position of it would need.
        cleanUp(sql, "dbo_Documents", position(sql));
        cleanUp(sql, "dbo_Heartbeat", position(sql));
        assertThat(changesOfDocuments(sql)).isZero();
        DocumentsTable.insert(sql, 200, "after", "the clean-up");
        DocumentsTable.awaitCaughtUp(sql);
        second = job.stopWithSavepoint(directory.resolve("savepoints"));
      }
      DocumentsTable.insert(sql, 201, "while", "it stood still");
      try (RunningIngest job = RunningIngest.start(options(), second)) {
        DocumentsTable.awaitCaughtUp(sql);
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
      }
    }
  }

  /** Up to the newest commit, which the job has read, or is about to read. */
  @Test
  void cleanedUpWhileTheJobIsCaughtUp() throws Exception {
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options())) {
      awaitStreaming(sql);
      for (int i = 0; i < 20; i++) {
        DocumentsTable.insert(sql, 300 + i, "title " + i, "body");
        DocumentsTable.awaitCaughtUp(sql);
        cleanUp(sql, "dbo_Documents", newestCommit(sql));
      }
      assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
    }
  }

  /** The rest of the chunks, hours of them perhaps, would be read in vain. */
  @Test
  void cleanedUpWhileTheSnapshotIsRead() throws Exception {
    AtomicInteger chunks = new AtomicInteger();
    try (Sql sql = server.connect()) {
      sql.inTransaction(
          () -> {
            for (int id = 1_000; id < 1_000 + SNAPSHOT_ROWS; id++) {
              DocumentsTable.insert(sql, id, "title " + id, "body");
            }
          });
      server.injectFaults(
          (point, application, kind, batch) -> {
            if (point == Point.BEFORE_STATEMENT
                && application.equals("hartonomous-capture")
                && batch.contains(CHUNK_OF_DOCUMENTS)
                && chunks.incrementAndGet() == 2) {
              loseChanges();
            }
          });
      try (RunningIngest job = RunningIngest.start(options(server, OnGap.RESNAPSHOT))) {
        assertThat(job.failure())
            .hasStackTraceContaining("Changes may be lost that were not read yet: dbo.Documents")
            .hasStackTraceContaining("dbo.Documents will be read anew then");
        // One more may have been begun by the other reader.
        assertThat(chunks.get()).isBetween(2, 3);
      }
      server.injectFaults(FaultInjector.NONE);
      try (RunningIngest job = RunningIngest.start(options(server, OnGap.RESNAPSHOT))) {
        DocumentsTable.awaitCaughtUp(sql);
        assertThat(sql.rows("SELECT GroupName, Generation FROM dbo.CapturedTables"))
            .containsExactly("main-2|2");
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
      }
    }
  }

  private void requireGap(String savepoint, String... parts) throws Exception {
    try (RunningIngest job = RunningIngest.start(options(), savepoint)) {
      Throwable failure = job.failure();
      for (String part : parts) {
        assertThat(failure).hasStackTraceContaining(part);
      }
    }
    Balance.waive(server.options(), WHY_NO_BALANCE);
  }

  /** Changes and cleans up right before a statement of the capture connection. */
  private void requireGapWhileRunning(String statement, boolean changes) throws Exception {
    CountDownLatch cleaned = new CountDownLatch(1);
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options())) {
      awaitStreaming(sql);
      server.injectFaults(
          (point, application, kind, batch) -> {
            if (point == Point.BEFORE_STATEMENT
                && application.equals("hartonomous-capture")
                && batch.contains(statement)
                && cleaned.getCount() > 0) {
              cleaned.countDown();
              loseChanges();
            }
          });
      if (!changes) {
        DocumentsTable.insert(sql, 99, "makes it read", "makes it read");
      }
      assertThat(job.failure())
          .hasStackTraceContaining("Changes may be lost that were not read yet: dbo.Documents");
      Balance.waive(server.options(), WHY_NO_BALANCE);
    }
  }

  private void loseChanges() {
    try (Sql sql = server.connect()) {
      insertLostAndKept(sql);
      cleanUp(sql, "dbo_Documents", newestCommit(sql));
    } catch (Exception e) {
      throw new AssertionError("the changes could not be cleaned up", e);
    }
  }

  /** At different times: clean-up keeps all commits of the time of the one that it is given. */
  private static void insertLostAndKept(Sql sql) throws Exception {
    DocumentsTable.insert(sql, 100, "lost", "lost");
    Thread.sleep(COMMIT_TIME_STEP_MILLIS);
    DocumentsTable.insert(sql, 101, "kept", "kept");
  }

  private String runUntilStreaming(Sql sql, String savepoint) throws Exception {
    try (RunningIngest job = RunningIngest.start(options(), savepoint)) {
      awaitStreaming(sql);
      return job.stopWithSavepoint(directory.resolve("savepoints"));
    }
  }

  /** A change that was streamed is stored, and reported as a position. */
  private static void awaitStreaming(Sql sql) throws Exception {
    DocumentsTable.awaitCaughtUp(sql);
    DocumentsTable.insert(sql, 50, "streamed", "streamed");
    DocumentsTable.awaitCaughtUp(sql);
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> sql.number("SELECT COUNT(*) FROM dbo.CdcCheckpoints WHERE LastLsn > 0x00") == 1);
  }

  private static String position(Sql sql) throws Exception {
    return sql.rows("SELECT LastLsn FROM dbo.CdcCheckpoints").get(0);
  }

  private static String newestCommit(Sql sql) throws Exception {
    return sql.rows("SELECT MAX(start_lsn) FROM cdc.lsn_time_mapping").get(0);
  }

  private static long changesOfDocuments(Sql sql) throws Exception {
    return sql.number("SELECT COUNT(*) FROM cdc.dbo_Documents_CT");
  }

  private static void cleanUp(Sql sql, String instance, String lsn) throws Exception {
    sql.update(
        "EXEC sys.sp_cdc_cleanup_change_table @capture_instance = ?, @low_water_mark = ?",
        instance,
        HexFormat.of().parseHex(lsn));
  }

  private static void disable(Sql sql) throws Exception {
    sql.update(
        "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'Documents',"
            + " @capture_instance = N'all'");
  }

  private static void enable(Sql sql) throws Exception {
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Documents',"
            + " @role_name = NULL, @supports_net_changes = 0");
  }

  /** As the connector writes an LSN. */
  private static String text(String hex) {
    return hex.substring(0, 8) + ':' + hex.substring(8, 16) + ':' + hex.substring(16);
  }

  private IngestOptions options() {
    return options(server, OnGap.FAIL);
  }

  private IngestOptions options(SqlServerExtension database, OnGap onGap) {
    return RunningIngest.options(
        database.options(),
        List.of(DocumentsTable.CONFIGURATION),
        List.of(),
        directory.resolve("checkpoints"),
        onGap);
  }
}
