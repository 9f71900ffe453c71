package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Transactions of many rows. {@code -Dtransaction.rows=100000} makes them large: server, job and
 * test in one heap of 1 GB.
 */
class IngestLargeTransactionITCase {

  private static final int ROWS = Integer.getInteger("transaction.rows", 10_000);
  private static final int TITLES = 97;

  @RegisterExtension
  static final MiniClusterExtension FLINK =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setNumberTaskManagers(1)
              .setNumberSlotsPerTaskManager(2)
              .build());

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
        new IngestOptions.Writer(2_000, 32L << 20, 10),
        quick.checkpoint(),
        quick.job(),
        quick.web());
  }

  @Test
  void everyRowOfALargeTransactionIsExact() throws Exception {
    try (Sql sql = server.connect()) {
      DocumentsTable.create(sql);
      sql.update("CREATE TABLE dbo.Digits (N INT NOT NULL PRIMARY KEY)");
      for (int digit = 0; digit < 10; digit++) {
        sql.update("INSERT INTO dbo.Digits (N) VALUES (?)", digit);
      }
      try (RunningIngest job = RunningIngest.start(options())) {
        DocumentsTable.insert(sql, -1, "first", null);
        awaitExact(sql, "InsertedRows", 1);
        long start = System.nanoTime();
        sql.inTransaction(() -> insertRows(sql));
        long inserted = System.nanoTime();
        awaitExact(sql, "InsertedRows", 1 + ROWS);
        assertThat(sql.number("SELECT COUNT(*) FROM dbo.RowAtoms")).isEqualTo(1 + 2L * ROWS);
        long ingested = System.nanoTime();
        sql.inTransaction(
            () ->
                sql.update(
                    "UPDATE dbo.Documents SET Body = CONCAT(Body, N' again') WHERE Id >= 0"));
        long updated = System.nanoTime();
        awaitExact(sql, "UpdatedRows", ROWS);
        System.out.printf(
            "%d rows: inserted in %d ms, ingested in %d ms, updated in %d ms, ingested in %d ms%n",
            ROWS,
            (inserted - start) / 1_000_000,
            (ingested - inserted) / 1_000_000,
            (updated - ingested) / 1_000_000,
            (System.nanoTime() - updated) / 1_000_000);
        assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      }
    }
  }

  private static void insertRows(Sql sql) throws SQLException {
    sql.update(
        "INSERT INTO dbo.Documents (Id, Title, Body)"
            + " SELECT n.Id, CONCAT(N'title ', n.Id % ?), CONCAT(N'body ', n.Id)"
            + " FROM (SELECT a.N + 10 * b.N + 100 * c.N + 1000 * d.N + 10000 * e.N AS Id"
            + " FROM dbo.Digits AS a CROSS JOIN dbo.Digits AS b CROSS JOIN dbo.Digits AS c"
            + " CROSS JOIN dbo.Digits AS d CROSS JOIN dbo.Digits AS e) AS n WHERE n.Id < ?",
        TITLES,
        ROWS);
  }

  /** Comparing all rows is dear: only once they have been seen. */
  private static void awaitExact(Sql sql, String counter, long rows) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(5))
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(
            () ->
                assertThat(
                        sql.number(
                            String.format(
                                "SELECT COALESCE(SUM(%s), 0) FROM dbo.CaptureProgress", counter)))
                    .isEqualTo(rows));
    Awaitility.await()
        .atMost(Duration.ofMinutes(5))
        .pollInterval(Duration.ofSeconds(2))
        .untilAsserted(() -> DocumentsTable.assertReferences(sql));
  }
}
