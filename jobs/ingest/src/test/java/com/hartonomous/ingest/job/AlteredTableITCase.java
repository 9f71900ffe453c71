package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Columns come and go while their table is captured. */
class AlteredTableITCase {

  private static final String TABLE = "Pages";

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(2);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  private IngestOptions options() {
    return options("Title", "Body");
  }

  private IngestOptions options(String... columns) {
    return options(
        Arrays.stream(columns)
            .map(column -> new IngestOptions.Column(column, "text/plain"))
            .toList());
  }

  private IngestOptions options(List<IngestOptions.Column> columns) {
    return RunningIngest.options(
        server.options(),
        List.of(new IngestOptions.Table("dbo", TABLE, columns)),
        List.of(),
        directory.resolve("checkpoints"));
  }

  private static void create(Sql sql) throws SQLException {
    sql.update(
        "CREATE TABLE dbo.Pages (Id INT NOT NULL PRIMARY KEY, Extra NVARCHAR(40) NULL,"
            + " Title NVARCHAR(40) NULL, Body NVARCHAR(MAX) NULL)");
    enable(sql, "dbo_Pages");
    sql.update("INSERT INTO dbo.Pages VALUES (1, N'extra', N'title 1', N'body 1')");
    sql.update("INSERT INTO dbo.Pages VALUES (2, N'extra', N'title 2', N'body 2')");
  }

  private static void enable(Sql sql, String instance) throws SQLException {
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Pages',"
            + " @role_name = NULL, @capture_instance = ?, @supports_net_changes = 0",
        instance);
  }

  /** Waits until what the table's columns hold is what its rows refer to. */
  private static void awaitExact(Sql sql, String... columns) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(
                        CapturedRows.differences(
                            CapturedRows.foundRows(sql, "dbo", TABLE).stream()
                                .filter(
                                    line ->
                                        List.of(columns).stream()
                                            .anyMatch(column -> line.contains("|" + column + "|")))
                                .toList(),
                            CapturedRows.expectedRows(
                                sql, "dbo", TABLE, List.of("Id"), List.of(columns), Map.of())))
                    .isEmpty());
  }

  /** Of a job that captures these columns, when it has read all rows. */
  private String savepointBehindSnapshot(Sql sql, String... columns) throws Exception {
    try (RunningIngest job = RunningIngest.startBeside(options(columns))) {
      awaitExact(sql, columns);
      return job.stopWithSavepoint(directory.resolve("savepoints"));
    }
  }

  /** What no event takes back goes with the sweep. */
  private static void awaitNoReferences(Sql sql, String column) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(references(sql, column)).isEmpty());
  }

  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void otherColumnsMayBeAddedAndDropped() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      String savepoint;
      try (RunningIngest job = RunningIngest.startBeside(options())) {
        awaitExact(sql, "Title", "Body");
        sql.update("ALTER TABLE dbo.Pages ADD Note NVARCHAR(40) NULL");
        sql.update(
            "INSERT INTO dbo.Pages (Id, Title, Body, Note) VALUES (3, N'title', N'body', N'note')");
        sql.update("UPDATE dbo.Pages SET Note = N'noted', Body = N'new body' WHERE Id = 1");
        awaitExact(sql, "Title", "Body");
        sql.update("ALTER TABLE dbo.Pages DROP COLUMN Extra");
        sql.update("ALTER TABLE dbo.Pages ALTER COLUMN Title NVARCHAR(400) NULL");
        sql.update("INSERT INTO dbo.Pages (Id, Title, Body) VALUES (4, N'title 4', N'body 4')");
        sql.update("DELETE FROM dbo.Pages WHERE Id = 2");
        awaitExact(sql, "Title", "Body");
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
        savepoint = job.stopWithSavepoint(directory.resolve("savepoints"));
      }
      sql.update("UPDATE dbo.Pages SET Title = N'title again', Note = NULL WHERE Id = 4");
      try (RunningIngest job = RunningIngest.start(options(), savepoint)) {
        awaitExact(sql, "Title", "Body");
      }
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  /** The source has the columns of the snapshot's beginning, whatever attempt it is. */
  @Test
  @StandInOnly("changes at a statement")
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void otherColumnsAreAddedAndDroppedWhileTheTableIsRead() throws Exception {
    try (Sql sql = server.connect()) {
      createOfChunks(sql);
      CountDownLatch altered =
          alterBeforeChunk(
              3,
              "ALTER TABLE dbo.Pages ADD Note NVARCHAR(40) NULL",
              "ALTER TABLE dbo.Pages DROP COLUMN Extra, Last",
              "UPDATE dbo.Pages SET Note = N'noted', Body = CONCAT(Body, N' again') WHERE Id % 3 = 0");
      try (RunningIngest job = RunningIngest.start(options())) {
        assertThat(altered.await(1, TimeUnit.MINUTES)).as("the table is altered").isTrue();
        awaitExact(sql, "Title", "Body");
        sql.update("UPDATE dbo.Pages SET Note = N'noted', Title = N'title' WHERE Id % 5 = 0");
        awaitExact(sql, "Title", "Body");
      }
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  @Test
  @StandInOnly("changes at a statement")
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void aContentColumnIsDroppedWhileTheTableIsReadAnew() throws Exception {
    try (Sql sql = server.connect()) {
      createOfChunks(sql);
      String savepoint = savepointBehindSnapshot(sql, "Title", "Body");
      List<String> titles = references(sql, "Title");
      requestResnapshot(sql);
      alterBeforeChunk(2, "ALTER TABLE dbo.Pages DROP COLUMN Title");
      try (RunningIngest job = RunningIngest.start(options(), savepoint)) {
        assertThat(job.failure())
            .rootCause()
            .hasMessageContainingAll(
                "The content column Title of dbo.Pages was dropped, at LSN ",
                "by \"ALTER TABLE dbo.Pages DROP COLUMN Title\"");
      }
      assertThat(references(sql, "Title")).isEqualTo(titles);
      Balance.waive(server.options(), "the job ended while it read the table");
    }
  }

  private static void createOfChunks(Sql sql) throws SQLException {
    create(sql);
    sql.update("ALTER TABLE dbo.Pages ADD Last NVARCHAR(40) NULL");
    disable(sql, "dbo_Pages");
    enable(sql, "dbo_Pages");
    for (int rows = 2; rows < 256; rows *= 2) {
      sql.update(
          "INSERT INTO dbo.Pages SELECT Id + ?, Extra, CONCAT(N'title ', Id + ?),"
              + " CONCAT(N'body ', Id + ?), N'last' FROM dbo.Pages",
          rows,
          rows,
          rows);
    }
  }

  /**
   * Once, right before the table's chunk of that number is read. Returns what tells that it has
   * happened: until then the stand-in may not find the table.
   */
  private CountDownLatch alterBeforeChunk(int number, String... statements) {
    CountDownLatch altered = new CountDownLatch(1);
    AtomicInteger chunks = new AtomicInteger();
    server.injectFaults(
        (point, application, kind, batch) -> {
          if (point == FaultInjector.Point.BEFORE_STATEMENT
              && application.equals("hartonomous-capture")
              && batch.contains("SELECT * FROM [dbo].[Pages] WHERE")
              && chunks.incrementAndGet() == number) {
            try (Sql other = server.connect()) {
              for (String statement : statements) {
                other.update(statement);
              }
              altered.countDown();
            } catch (Exception e) {
              throw new AssertionError("the table could not be altered", e);
            }
          }
        });
    return altered;
  }

  /** Its values are kept until somebody says that they are to go. */
  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void aContentColumnIsDropped() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      String savepoint = savepointBehindSnapshot(sql, "Title", "Body");
      try (RunningIngest job = RunningIngest.startBeside(options(), savepoint)) {
        sql.update("UPDATE dbo.Pages SET Body = N'before' WHERE Id = 1");
        awaitExact(sql, "Title", "Body");
        List<String> titles = references(sql, "Title");
        assertThat(titles).hasSize(2);
        sql.update("ALTER TABLE dbo.Pages DROP COLUMN Title");
        sql.update("UPDATE dbo.Pages SET Body = N'behind' WHERE Id = 2");
        assertThat(job.failure())
            .rootCause()
            .hasMessageContainingAll(
                "The content column Title of dbo.Pages was dropped, at LSN ",
                "by \"ALTER TABLE dbo.Pages DROP COLUMN Title\"",
                "./hartonomous resnapshot dbo.Pages");
        assertThat(references(sql, "Title")).isEqualTo(titles);
      }
      assertThatThrownBy(() -> RunningIngest.start(options(), savepoint))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("Title");
      assertThatThrownBy(() -> RunningIngest.start(options("Body"), savepoint))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContainingAll("{Body", "./hartonomous resnapshot dbo.Pages");
      requestResnapshot(sql);
      try (RunningIngest job = RunningIngest.start(options("Body"), savepoint)) {
        awaitExact(sql, "Body");
        awaitNoReferences(sql, "Title");
        sql.update("INSERT INTO dbo.Pages (Id, Body) VALUES (3, N'three')");
        awaitExact(sql, "Body");
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
      }
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  /** The old instance knows another column of this name: it has NULL for the new one. */
  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void aContentColumnIsDroppedAndMadeAgain() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      String savepoint = savepointBehindSnapshot(sql, "Title", "Body");
      sql.update("ALTER TABLE dbo.Pages DROP COLUMN Body");
      sql.update("ALTER TABLE dbo.Pages ADD Body NVARCHAR(500) NULL");
      sql.update("UPDATE dbo.Pages SET Body = CONCAT(N'new body ', Id)");
      try (RunningIngest job = RunningIngest.startBeside(options(), savepoint)) {
        assertThat(job.failure())
            .rootCause()
            .hasMessageContaining("The content column Body of dbo.Pages was dropped");
      }
      enable(sql, "dbo_Pages_2");
      requestResnapshot(sql);
      try (RunningIngest job = RunningIngest.startBeside(options(), savepoint)) {
        awaitExact(sql, "Title", "Body");
        sql.update("UPDATE dbo.Pages SET Body = N'newer' WHERE Id = 2");
        awaitExact(sql, "Title", "Body");
        disable(sql, "dbo_Pages");
        sql.update("UPDATE dbo.Pages SET Body = N'newest' WHERE Id = 2");
        awaitExact(sql, "Title", "Body");
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
      }
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  /** The two names are equal to the database. */
  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void aContentColumnIsMadeAgainInAnotherCase() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      String savepoint = savepointBehindSnapshot(sql, "Title", "Body");
      sql.update("ALTER TABLE dbo.Pages DROP COLUMN Body");
      sql.update("ALTER TABLE dbo.Pages ADD BODY NVARCHAR(500) NULL");
      enable(sql, "dbo_Pages_2");
      disable(sql, "dbo_Pages");
      sql.update("UPDATE dbo.Pages SET BODY = CONCAT(N'new body ', Id)");
      requestResnapshot(sql);
      try (RunningIngest job = RunningIngest.startBeside(options("Title", "body"), savepoint)) {
        awaitExact(sql, "Title", "BODY");
        sql.update("UPDATE dbo.Pages SET BODY = N'newer' WHERE Id = 2");
        awaitExact(sql, "Title", "BODY");
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
      }
      assertThat(sql.rows("SELECT ColumnId, ColumnName FROM dbo.CapturedColumns ORDER BY ColumnId"))
          .containsExactly("1|Title", "2|BODY");
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  /** A start that dies before its first checkpoint in between. */
  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void contentColumnsChangeWhenTheTableIsReadAnew() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      String savepoint = savepointBehindSnapshot(sql, "Title");
      sql.update("UPDATE dbo.Pages SET Title = N'title 1 again' WHERE Id = 1");
      requestResnapshot(sql);
      RunningIngest.startBeside(options("Body", "Extra"), savepoint).cancel();
      Balance.waive(server.options(), "the job was ended at its start");
      try (RunningIngest job = RunningIngest.startBeside(options("Body", "Extra"), savepoint)) {
        awaitExact(sql, "Body", "Extra");
        awaitNoReferences(sql, "Title");
        sql.update("DELETE FROM dbo.Pages WHERE Id = 2");
        sql.update("INSERT INTO dbo.Pages VALUES (3, N'extra 3', N'title 3', N'body 3')");
        awaitExact(sql, "Body", "Extra");
        savepoint = job.stopWithSavepoint(directory.resolve("savepoints"));
      }
      requestResnapshot(sql);
      try (RunningIngest job = RunningIngest.startBeside(options("Title", "Body"), savepoint)) {
        awaitExact(sql, "Title", "Body");
        awaitNoReferences(sql, "Extra");
      }
      assertThat(
              sql.rows(
                  "SELECT ColumnId, ColumnName, CASE WHEN RemovedAt IS NULL THEN 0 ELSE 1 END"
                      + " FROM dbo.CapturedColumns ORDER BY ColumnId"))
          .containsExactly("1|Title|0", "2|Body|0", "3|Extra|1");
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  private static List<String> references(Sql sql, String column) throws SQLException {
    return CapturedRows.foundRows(sql, "dbo", TABLE).stream()
        .filter(line -> line.contains("|" + column + "|"))
        .toList();
  }

  private static void requestResnapshot(Sql sql) throws SQLException {
    sql.update(
        "UPDATE dbo.CapturedTables SET ResnapshotRequestedAt = SYSUTCDATETIME(),"
            + " ResnapshotReason = N'test' WHERE TableName = ?",
        TABLE);
  }

  /** Text becomes dates, bytes become text: other content, which preflight would refuse. */
  @ParameterizedTest
  @CsvSource({"Title, DATE, '2026-12-01'", "Scan, NVARCHAR(40), 'some text'"})
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void aContentColumnGetsATypeOfAnotherKind(String column, String type, String value)
      throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      sql.update("UPDATE dbo.Pages SET Title = N'2026-11-30'");
      sql.update("ALTER TABLE dbo.Pages ADD Scan VARBINARY(40) NULL");
      disable(sql, "dbo_Pages");
      enable(sql, "dbo_Pages");
      try (RunningIngest job =
          RunningIngest.startBeside(
              options(
                  List.of(
                      new IngestOptions.Column("Title", "text/plain"),
                      new IngestOptions.Column("Scan", "application/octet-stream"))))) {
        awaitExact(sql, "Title");
        sql.update("UPDATE dbo.Pages SET Scan = 0x0102, Body = N'b' WHERE Id = 1");
        awaitExact(sql, "Title", "Scan");
        sql.update("UPDATE dbo.Pages SET Scan = NULL WHERE Id = 1");
        awaitExact(sql, "Title", "Scan");
        Balance.awaitEven(server.options());
        List<String> before = CapturedRows.foundRows(sql, "dbo", TABLE);
        String alter = "ALTER TABLE dbo.Pages ALTER COLUMN " + column + " " + type + " NULL";
        sql.update(alter);
        sql.update("UPDATE dbo.Pages SET " + column + " = '" + value + "' WHERE Id = 2");
        assertThat(job.failure())
            .rootCause()
            .hasMessageContainingAll(
                "The content column " + column + " of dbo.Pages was captured as ",
                "by \"" + alter + "\"");
        assertThat(CapturedRows.foundRows(sql, "dbo", TABLE)).isEqualTo(before);
      }
    }
  }

  /** It goes on with the first one when the second one is no more. */
  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void aSecondCaptureInstanceIsMadeWithoutAContentColumn() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      String savepoint = savepointBehindSnapshot(sql, "Title", "Body");
      sql.update(
          "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Pages',"
              + " @role_name = NULL, @capture_instance = N'dbo_Pages_2',"
              + " @supports_net_changes = 0, @captured_column_list = N'Id, Body'");
      sql.update("UPDATE dbo.Pages SET Body = N'behind' WHERE Id = 1");
      List<String> titles = references(sql, "Title");
      try (RunningIngest job = RunningIngest.startBeside(options(), savepoint)) {
        assertThat(job.failure())
            .rootCause()
            .hasMessageContainingAll(
                "A row of dbo.Pages came without the content column Title",
                "sys.sp_cdc_disable_table");
      }
      assertThat(references(sql, "Title")).isEqualTo(titles);
      disable(sql, "dbo_Pages_2");
      try (RunningIngest job = RunningIngest.startBeside(options(), savepoint)) {
        awaitExact(sql, "Title", "Body");
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
      }
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  /** The job fails when it reads the second instance for the first time, and goes on. */
  @Test
  @StandInOnly("injected faults")
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void aSecondCaptureInstanceTakesOverWithoutLoss() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      String savepoint;
      try (RunningIngest job = RunningIngest.start(options())) {
        awaitExact(sql, "Title", "Body");
        InjectedFailure atFirstRead =
            new InjectedFailure(
                FaultInjector.Point.BEFORE_STATEMENT,
                "hartonomous-capture"::equals,
                "fn_cdc_get_all_changes_dbo_Pages_2",
                1);
        server.injectFaults(atFirstRead);
        sql.update("ALTER TABLE dbo.Pages ADD Note NVARCHAR(40) NULL");
        sql.update(
            "INSERT INTO dbo.Pages (Id, Title, Body, Note) VALUES (3, N'title', N'body', N'note')");
        sql.update("UPDATE dbo.Pages SET Body = N'before' WHERE Id = 1");
        enable(sql, "dbo_Pages_2");
        sql.update(
            "INSERT INTO dbo.Pages (Id, Title, Body, Note) VALUES (4, N'four', N'4', N'note')");
        sql.update("UPDATE dbo.Pages SET Body = N'between' WHERE Id IN (1, 3)");
        awaitExact(sql, "Title", "Body");
        assertThat(atFirstRead.happened()).isTrue();
        disable(sql, "dbo_Pages");
        sql.update("INSERT INTO dbo.Pages (Id, Title, Body) VALUES (5, N'five', N'5')");
        sql.update("UPDATE dbo.Pages SET Body = N'after' WHERE Id = 3");
        sql.update("DELETE FROM dbo.Pages WHERE Id = 2");
        awaitExact(sql, "Title", "Body");
        savepoint = job.stopWithSavepoint(directory.resolve("savepoints"));
      }
      sql.update("UPDATE dbo.Pages SET Title = N'stopped', Note = N'noted' WHERE Id IN (1, 4)");
      try (RunningIngest job = RunningIngest.startBeside(options(), savepoint)) {
        awaitExact(sql, "Title", "Body");
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
      }
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void aSecondCaptureInstanceIsMadeWhileTheJobIsStopped() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      String savepoint = savepointBehindSnapshot(sql, "Title", "Body");
      sql.update("UPDATE dbo.Pages SET Body = N'stopped' WHERE Id = 1");
      sql.update("ALTER TABLE dbo.Pages ADD Note NVARCHAR(40) NULL");
      sql.update("INSERT INTO dbo.Pages (Id, Title, Body) VALUES (3, N'three', N'3')");
      enable(sql, "dbo_Pages_2");
      sql.update("UPDATE dbo.Pages SET Body = N'second', Note = N'noted' WHERE Id IN (1, 3)");
      sql.update("DELETE FROM dbo.Pages WHERE Id = 2");
      try (RunningIngest job = RunningIngest.startBeside(options(), savepoint)) {
        awaitExact(sql, "Title", "Body");
        savepoint = job.stopWithSavepoint(directory.resolve("savepoints"));
      }
      disable(sql, "dbo_Pages");
      sql.update("INSERT INTO dbo.Pages (Id, Title, Body) VALUES (4, N'four', N'4')");
      sql.update("UPDATE dbo.Pages SET Title = N'third' WHERE Id = 3");
      try (RunningIngest job = RunningIngest.startBeside(options(), savepoint)) {
        awaitExact(sql, "Title", "Body");
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
      }
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  private static void disable(Sql sql, String instance) throws SQLException {
    sql.update(
        "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'Pages',"
            + " @capture_instance = ?",
        instance);
  }
}
