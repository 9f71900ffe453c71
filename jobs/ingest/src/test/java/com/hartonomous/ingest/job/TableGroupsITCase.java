package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.capture.sqlserver.ResnapshotRequests;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CanonicalDigest;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.test.junit5.InjectMiniCluster;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Tables that are added to a job that has state, taken out and in again, and read anew. */
@Timeout(value = 6, unit = TimeUnit.MINUTES)
class TableGroupsITCase {

  private static final int ROWS = 120;
  private static final int CHANGES = 60;
  private static final long SEED = Long.getLong("seed", 20261201L);

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @RegisterExtension final SqlServerExtension fresh = new SqlServerExtension();

  @TempDir Path directory;

  private final Random random = new Random(SEED);

  @Test
  void aTableIsAddedWhileItAndTheOthersChange() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql, "First");
      fill(sql, "First");
      String state = stopBehindAChange(sql, RunningIngest.start(options(2, "First")), "First");
      create(sql, "Second");
      fill(sql, "Second");
      change(sql, "First");
      change(sql, "Second");
      try (RunningIngest job = RunningIngest.start(options(2, "First", "Second"), state)) {
        change(sql, "First");
        change(sql, "Second");
        awaitCaughtUp(sql, "First", "Second");
        assertThat(groups(sql)).containsExactly("First|main|1", "Second|main-2|1");
        state = stopBehindAChange(sql, job, "First", "Second");
      }
      long read = snapshotRows(sql);
      change(sql, "First");
      change(sql, "Second");
      // Neither group is read anew, whatever the parallelism.
      try (RunningIngest job = RunningIngest.start(options(3, "First", "Second"), state)) {
        change(sql, "Second");
        awaitCaughtUp(sql, "First", "Second");
        assertThat(groups(sql)).containsExactly("First|main|1", "Second|main-2|1");
        assertThat(snapshotRows(sql)).as("rows read by snapshots").isEqualTo(read);
        Balance.awaitEven(server.options());
      }
    }
  }

  @Test
  void aTableThatIsTakenInAgainIsReadAnew() throws Exception {
    try (Sql sql = server.connect()) {
      for (String table : List.of("First", "Second")) {
        create(sql, table);
        fill(sql, table);
      }
      IngestOptions both = options(2, "First", "Second");
      String state = stopBehindAChange(sql, RunningIngest.start(both), "First", "Second");
      List<String> before = CapturedRows.found(sql, "dbo", "Second", "Id");
      try (RunningIngest job = RunningIngest.start(options(2, "First"), state)) {
        change(sql, "Second");
        change(sql, "First");
        awaitCaughtUp(sql, "First");
        assertThat(CapturedRows.found(sql, "dbo", "Second", "Id"))
            .as("references of a table that is not captured any more")
            .isEqualTo(before);
        assertThat(sql.number("SELECT COUNT(*) FROM dbo.CapturedTables WHERE RemovedAt IS NULL"))
            .isEqualTo(1);
        state = stopBehindAChange(sql, job, "First");
      }
      change(sql, "Second");
      try (RunningIngest job = RunningIngest.start(both, state)) {
        change(sql, "Second");
        awaitCaughtUp(sql, "First", "Second");
        assertThat(groups(sql)).containsExactly("First|main|1", "Second|main-2|2");
        Balance.awaitEven(server.options());
      }
    }
  }

  @Test
  void aTableIsReadAnewTwiceAndEqualsAFreshIngest() throws Exception {
    try (Sql sql = server.connect()) {
      for (String table : List.of("First", "Second")) {
        create(sql, table);
        fill(sql, table);
      }
      IngestOptions options = options(2, "First", "Second");
      RunningIngest first = RunningIngest.start(options);
      awaitCaughtUp(sql, "First", "Second");
      spoil(sql, "Second");
      resnapshot(sql, "Second");
      // The job runs on, and captures as before.
      String state = stopBehindAChange(sql, first, "First");
      changeBehindCapture(sql, "Second");
      try (RunningIngest job = RunningIngest.start(options, state)) {
        change(sql, "Second");
        change(sql, "First");
        awaitCaughtUp(sql, "First", "Second");
        assertThat(groups(sql)).containsExactly("First|main|1", "Second|main-2|2");
        Balance.awaitEven(server.options());
        state = stopBehindAChange(sql, job, "First", "Second");
      }
      resnapshot(sql, "Second");
      spoil(sql, "Second");
      // The state of main-2 is of no use any more.
      try (RunningIngest job = RunningIngest.start(options, state)) {
        change(sql, "Second");
        awaitCaughtUp(sql, "First", "Second");
        assertThat(groups(sql)).containsExactly("First|main|1", "Second|main-3|3");
        Balance.awaitEven(server.options());
        state = stopBehindAChange(sql, job, "First", "Second");
      }
      try (RunningIngest job = RunningIngest.start(options, state)) {
        change(sql, "Second");
        awaitCaughtUp(sql, "First", "Second");
        Balance.awaitEven(server.options());
      }
      assertThat(CanonicalDigest.lines(sql)).as("seed %d", SEED).isEqualTo(freshDigest(sql));
    }
  }

  /** A TaskManager is lost in the new snapshot, then a writer fails in the sweep behind it. */
  @Test
  @StandInOnly("it injects failures")
  void aTableIsReadAnewThroughFailures(@InjectMiniCluster MiniCluster flink) throws Exception {
    try (Sql sql = server.connect()) {
      for (String table : List.of("First", "Second")) {
        create(sql, table);
        fill(sql, table);
      }
      IngestOptions options = options(2, "First", "Second");
      RunningIngest first = RunningIngest.start(options);
      awaitCaughtUp(sql, "First", "Second");
      spoil(sql, "Second");
      resnapshot(sql, "Second");
      String state = stopBehindAChange(sql, first, "First");
      changeBehindCapture(sql, "Second");
      sql.update("DELETE FROM dbo.Second WHERE Id % 5 = 0");
      AtomicBoolean sweeping = new AtomicBoolean();
      CountDownLatch snapshot = new CountDownLatch(1 + random.nextInt(3));
      InjectedFailure failure =
          new InjectedFailure(
              FaultInjector.Point.BEFORE_STATEMENT,
              application -> sweeping.get() && application.startsWith("hartonomous-writer-"),
              "dbo.RowAtoms",
              1);
      server.injectFaults(
          (point, application, kind, batch) -> {
            boolean references = batch.contains("dbo.RowAtoms");
            if (references && application.startsWith("hartonomous-writer-")) {
              snapshot.countDown();
            }
            sweeping.compareAndSet(false, references && application.equals("hartonomous-sweep"));
            failure.reached(point, application, kind, batch);
          });
      try (RunningIngest job = RunningIngest.start(options, state)) {
        assertThat(snapshot.await(2, TimeUnit.MINUTES)).as("the snapshot is written").isTrue();
        flink.terminateTaskManager(0).get(1, TimeUnit.MINUTES);
        flink.startTaskManager();
        change(sql, "Second");
        change(sql, "First");
        awaitCaughtUp(sql, "First", "Second");
        awaitSwept(sql, "Second");
        Balance.awaitEven(server.options());
        assertThat(failure.happened()).as("the failure in the sweep").isTrue();
        state = stopBehindAChange(sql, job, "First", "Second");
      }
      try (RunningIngest job = RunningIngest.start(options(1, "First", "Second"), state)) {
        change(sql, "Second");
        awaitCaughtUp(sql, "First", "Second");
        Balance.awaitEven(server.options());
      }
      assertThat(CanonicalDigest.lines(sql)).as("seed %d", SEED).isEqualTo(freshDigest(sql));
    }
  }

  @Test
  void aStartWithoutStateIsRefusedUnlessAllIsReadAnew() throws Exception {
    try (Sql sql = server.connect()) {
      for (String table : List.of("First", "Second")) {
        create(sql, table);
        fill(sql, table);
      }
      IngestOptions options = options(2, "First", "Second");
      stopBehindAChange(sql, RunningIngest.start(options), "First", "Second");
      resnapshot(sql, "First");
      assertThatThrownBy(() -> RunningIngest.start(options))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("dbo.Second has references from an earlier run")
          .hasMessageContaining("./hartonomous resnapshot dbo.Second");
      resnapshot(sql, "Second");
      sql.update("DELETE FROM dbo.First WHERE Id % 3 = 0");
      spoil(sql, "Second");
      try (RunningIngest job = RunningIngest.start(options)) {
        change(sql, "First");
        awaitCaughtUp(sql, "First", "Second");
        assertThat(groups(sql)).containsExactly("First|main-2|2", "Second|main-2|2");
        Balance.awaitEven(server.options());
      }
    }
  }

  private void create(Sql sql, String table) throws Exception {
    sql.update(
        String.format(
            "CREATE TABLE dbo.%s (Id INT NOT NULL CONSTRAINT PK_%s PRIMARY KEY, Body NVARCHAR(MAX)"
                + " NULL)",
            table, table));
    enable(sql, table);
  }

  private static void enable(Sql sql, String table) throws Exception {
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'"
            + table
            + "', @role_name = NULL, @supports_net_changes = 0");
  }

  private void fill(Sql sql, String table) throws Exception {
    for (int id = 0; id < ROWS; id++) {
      sql.update(
          "INSERT INTO dbo." + table + " (Id, Body) VALUES (?, ?)",
          id,
          "body " + random.nextInt(50));
    }
  }

  private void change(Sql sql, String table) throws Exception {
    for (int i = 0; i < CHANGES; i++) {
      int id = random.nextInt(2 * ROWS);
      String body = "change " + random.nextInt(80);
      switch (random.nextInt(4)) {
        case 0 -> sql.update("DELETE FROM dbo." + table + " WHERE Id = ?", id);
        case 1 ->
            sql.update(
                "INSERT INTO dbo."
                    + table
                    + " (Id, Body) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM dbo."
                    + table
                    + " WHERE Id = ?)",
                id,
                body,
                id);
        default -> sql.update("UPDATE dbo." + table + " SET Body = ? WHERE Id = ?", body, id);
      }
    }
  }

  /** Changes that no change table ever shows, and a new capture instance behind them. */
  private void changeBehindCapture(Sql sql, String table) throws Exception {
    sql.update(
        "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'"
            + table
            + "', @capture_instance = N'all'");
    change(sql, table);
    sql.update("DELETE FROM dbo." + table + " WHERE Id % 7 = 0");
    enable(sql, table);
  }

  /** Makes references wrong behind ingestion's back: some too few, some too many; counts follow. */
  private static void spoil(Sql sql, String table) throws Exception {
    int tableId = tableId(sql, table);
    sql.inTransaction(
        () -> {
          sql.update(
              "DELETE FROM dbo.RowAtoms WHERE CapturedTableId = ? AND RowKeyHash < ?",
              tableId,
              new byte[] {0x20});
          sql.update(
              "INSERT INTO dbo.RowAtoms (CapturedTableId, RowKeyHash, ColumnId, Segment, AtomId,"
                  + " RowKey) SELECT CapturedTableId, RowKeyHash, ColumnId, Segment + 1, AtomId,"
                  + " RowKey FROM dbo.RowAtoms WHERE CapturedTableId = ? AND RowKeyHash > ?"
                  + " AND Segment = 0",
              tableId,
              new byte[] {(byte) 0xC0});
          sql.update(
              "UPDATE a SET ReferenceCount = (SELECT COUNT_BIG(*) FROM dbo.RowAtoms AS r"
                  + " WHERE r.AtomId = a.AtomId) FROM dbo.Atoms AS a");
          sql.update("DELETE FROM dbo.TableProgress WHERE CapturedTableId = ?", tableId);
          sql.update(
              "INSERT INTO dbo.TableProgress (CapturedTableId, Writer, StoredReferences, NewAtoms,"
                  + " KnownAtoms, LastAt) SELECT CapturedTableId, 0, COUNT_BIG(*), 0, COUNT_BIG(*),"
                  + " SYSUTCDATETIME() FROM dbo.RowAtoms WHERE CapturedTableId = ?"
                  + " GROUP BY CapturedTableId",
              tableId);
        });
  }

  private static void resnapshot(Sql sql, String table) throws Exception {
    assertThat(ResnapshotRequests.request(sql.connection(), tableId(sql, table), "test")).isTrue();
    assertThat(ResnapshotRequests.request(sql.connection(), tableId(sql, table), "again"))
        .isFalse();
  }

  private static int tableId(Sql sql, String table) throws Exception {
    return (int)
        sql.number("SELECT CapturedTableId FROM dbo.CapturedTables WHERE TableName = ?", table);
  }

  /** While it assigns splits, a job cannot be stopped: Flink misses the one that did not arrive. */
  private String stopBehindAChange(Sql sql, RunningIngest job, String... tables) throws Exception {
    awaitCaughtUp(sql, tables);
    sql.update(
        "INSERT INTO dbo."
            + tables[0]
            + " (Id, Body) SELECT MAX(Id) + 1000, N'last' FROM dbo."
            + tables[0]);
    awaitCaughtUp(sql, tables);
    awaitSwept(sql, tables);
    return job.stopWithSavepoint(directory.resolve("savepoints"));
  }

  private static void awaitSwept(Sql sql, String... tables) {
    for (String table : tables) {
      Awaitility.await()
          .atMost(Duration.ofMinutes(2))
          .until(
              () ->
                  sql.number(
                          "SELECT Generation - SweptGeneration FROM dbo.CapturedTables"
                              + " WHERE TableName = ?",
                          table)
                      == 0);
    }
  }

  private static void awaitCaughtUp(Sql sql, String... tables) {
    for (String table : tables) {
      Awaitility.await()
          .atMost(Duration.ofMinutes(2))
          .pollInterval(Duration.ofMillis(300))
          .untilAsserted(
              () ->
                  assertThat(CapturedRows.found(sql, "dbo", table, "Id"))
                      .as("seed %d: %s", SEED, table)
                      .isEqualTo(CapturedRows.expected(sql, "dbo." + table, "Id", "Body")));
    }
  }

  /** The same rows in another database, by a job that never was disturbed. */
  private List<String> freshDigest(Sql sql) throws Exception {
    try (Sql other = fresh.connect()) {
      for (String table : List.of("First", "Second")) {
        create(other, table);
        for (String row : sql.rows("SELECT Id, Body FROM dbo." + table)) {
          int bar = row.indexOf('|');
          other.update(
              "INSERT INTO dbo." + table + " (Id, Body) VALUES (?, ?)",
              Integer.parseInt(row.substring(0, bar)),
              row.substring(bar + 1));
        }
      }
      IngestOptions options =
          RunningIngest.options(
              fresh.options(),
              tables("First", "Second"),
              List.of(),
              directory.resolve("fresh-checkpoints"));
      try (RunningIngest job = RunningIngest.start(options)) {
        awaitCaughtUp(other, "First", "Second");
      }
      return CanonicalDigest.lines(other);
    }
  }

  private static long snapshotRows(Sql sql) throws Exception {
    return sql.number("SELECT SUM(SnapshotRows) FROM dbo.CaptureProgress");
  }

  /** Table, group and generation of what is captured. */
  private static List<String> groups(Sql sql) throws Exception {
    return sql.rows(
        "SELECT TableName, GroupName, Generation FROM dbo.CapturedTables ORDER BY TableName");
  }

  private static List<IngestOptions.Table> tables(String... tables) {
    return List.of(tables).stream()
        .map(
            table ->
                new IngestOptions.Table(
                    "dbo", table, List.of(new IngestOptions.Column("Body", "text/plain"))))
        .toList();
  }

  private IngestOptions options(int parallelism, String... tables) {
    IngestOptions options =
        RunningIngest.options(
            server.options(), tables(tables), List.of(), directory.resolve("checkpoints"));
    return new IngestOptions(
        options.sqlServer(),
        options.capture(),
        options.models(),
        options.writer(),
        options.checkpoint(),
        new JobOptions(options.job().name(), parallelism),
        options.web());
  }
}
