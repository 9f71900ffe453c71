package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.runtime.ApplicationLock;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Transactions of many rows: 10,000, or as many as {@code -Drows=100000} says, at most 100,000.
 * Limits are those that the job is delivered with: a checkpoint takes as long as the rows that are
 * under way between two stages.
 */
class IngestLargeTransactionITCase {

  private static final int ROWS = Integer.getInteger("rows", 10_000);
  private static final int TITLES = 97;

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(2);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path checkpoints;

  private IngestOptions options() {
    IngestOptions quick =
        RunningIngest.options(
            server.options(), List.of(DocumentsTable.CONFIGURATION), List.of(), checkpoints);
    return new IngestOptions(
        quick.sqlServer(),
        quick.capture(),
        quick.models(),
        new IngestOptions.Writer(2_000, 32L << 20, 10, Duration.ofSeconds(15)),
        new CheckpointOptions(
            Duration.ofSeconds(5), checkpoints.toUri().toString(), Duration.ofMinutes(10)),
        quick.job(),
        quick.web());
  }

  @Test
  void everyRowOfALargeTransactionIsExact() throws Exception {
    try (Sql sql = server.connect()) {
      DocumentsTable.create(sql);
      DocumentsTable.insert(sql, -1, "snapshot", null);
      createDigits(sql);
      try (RunningIngest job = RunningIngest.start(options())) {
        // What is written before the snapshot has ended may come as part of it.
        await("SELECT COALESCE(SUM(SnapshotRows), 0) FROM dbo.CaptureProgress", sql, 1);

        Instant start = Instant.now();
        sql.inTransaction(() -> insertRows(sql, "N''"));
        Instant inserted = Instant.now();
        await("SELECT COALESCE(SUM(InsertedRows), 0) FROM dbo.CaptureProgress", sql, ROWS);
        Instant captured = Instant.now();
        await("SELECT COUNT(*) FROM dbo.RowAtoms", sql, 1 + 2L * ROWS);
        report("insert", start, inserted, captured);
        assertExact(sql);

        start = Instant.now();
        sql.inTransaction(
            () ->
                sql.update(
                    "UPDATE dbo.Documents SET Body = CONCAT(Body, N' again') WHERE Id >= 0"));
        Instant updated = Instant.now();
        await("SELECT COALESCE(SUM(UpdatedRows), 0) FROM dbo.CaptureProgress", sql, ROWS);
        captured = Instant.now();
        await("SELECT COUNT(*) FROM dbo.Atoms WHERE ReferenceCount = 0", sql, ROWS);
        report("update", start, updated, captured);
        assertExact(sql);
      }
    }
  }

  @Test
  void aJobThatEndsInTheMiddleLeavesNoThreadBehind() throws Exception {
    try (Sql sql = server.connect();
        Connection purge = server.options().open("test")) {
      DocumentsTable.create(sql);
      DocumentsTable.insert(sql, -1, "snapshot", null);
      createDigits(sql);
      RunningIngest job = RunningIngest.start(options());
      await("SELECT COALESCE(SUM(SnapshotRows), 0) FROM dbo.CaptureProgress", sql, 1);
      purge.setAutoCommit(false);
      ApplicationLock.acquireExclusive(purge, ApplicationLock.ATOMS, Duration.ofMinutes(1));
      // More than everything between the change tables and the writer holds.
      sql.inTransaction(() -> insertRows(sql, "REPLICATE(N'.', 1000)"));
      Awaitility.await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> readers().anyMatch(IngestLargeTransactionITCase::waitsForRoom));
      purge.rollback();
      job.cancel();
      Balance.waive(server.options(), "the job was ended in the middle");
      Awaitility.await()
          .atMost(Duration.ofSeconds(25))
          .untilAsserted(() -> assertThat(readers()).isEmpty());
    }
  }

  private static boolean waitsForRoom(Thread reader) {
    return reader.getState() == Thread.State.TIMED_WAITING
        && Arrays.stream(reader.getStackTrace())
            .anyMatch(frame -> frame.getMethodName().equals("doEnqueue"));
  }

  /** Threads of the connector that read changes. */
  private static Stream<Thread> readers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("debezium-reader-"));
  }

  private static void createDigits(Sql sql) throws SQLException {
    sql.update("CREATE TABLE dbo.Digits (N INT NOT NULL PRIMARY KEY)");
    for (int digit = 0; digit < 10; digit++) {
      sql.update("INSERT INTO dbo.Digits (N) VALUES (?)", digit);
    }
  }

  private static void report(String what, Instant start, Instant written, Instant captured) {
    System.out.printf(
        "%s of %d rows: written in %d ms, captured after %d ms more, stored after %d ms more%n",
        what,
        ROWS,
        Duration.between(start, written).toMillis(),
        Duration.between(written, captured).toMillis(),
        Duration.between(captured, Instant.now()).toMillis());
  }

  private static void insertRows(Sql sql, String more) throws SQLException {
    sql.update(
        "INSERT INTO dbo.Documents (Id, Title, Body)"
            + " SELECT n.Id, CONCAT(N'title ', n.Id % ?), CONCAT(N'body ', n.Id, "
            + more
            + ") FROM (SELECT a.N + 10 * b.N + 100 * c.N + 1000 * d.N + 10000 * e.N AS Id"
            + " FROM dbo.Digits AS a CROSS JOIN dbo.Digits AS b CROSS JOIN dbo.Digits AS c"
            + " CROSS JOIN dbo.Digits AS d CROSS JOIN dbo.Digits AS e) AS n WHERE n.Id < ?",
        TITLES,
        ROWS);
  }

  private static void await(String query, Sql sql, long expected) {
    Awaitility.await(query)
        .atMost(Duration.ofMinutes(10))
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(() -> assertThat(sql.number(query)).isEqualTo(expected));
  }

  /** A row's references become visible one by one: as many as expected may not be all yet. */
  private static void assertExact(Sql sql) throws SQLException {
    List<String> expected = CapturedRows.expected(sql, "dbo.Documents", "Id", "Title", "Body");
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .pollInterval(Duration.ofSeconds(2))
        .pollDelay(Duration.ZERO)
        .untilAsserted(
            () ->
                assertThat(
                        CapturedRows.differences(
                            CapturedRows.found(sql, "dbo", "Documents", "Id"), expected))
                    .isEmpty());
    assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
  }
}
