package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A group of many tables: 40, or as many as {@code -Dtables=500} says. Every fourth has a text as
 * key.
 */
class IngestManyTablesITCase {

  private static final int TABLES = Integer.getInteger("tables", 40);
  private static final int ROWS = 3;

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(2);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path checkpoints;

  @Test
  @StandInOnly("injected faults")
  void tablesWithoutChangesAreNotRead() throws Exception {
    try (Sql sql = server.connect()) {
      List<IngestOptions.Table> tables = createTables(sql);
      AtomicInteger changeTablesRead = new AtomicInteger();
      server.injectFaults(
          (point, application, kind, batch) -> {
            if (point == FaultInjector.Point.BEFORE_STATEMENT
                && batch.contains("fn_cdc_get_all_changes_tables_")) {
              changeTablesRead.incrementAndGet();
            }
          });
      IngestOptions options =
          RunningIngest.options(server.options(), tables, List.of(), checkpoints);
      Instant start = Instant.now();
      try (RunningIngest job = RunningIngest.start(options)) {
        Instant submitted = Instant.now();
        awaitRows(sql, TABLES * ROWS);
        Instant read = Instant.now();
        System.out.printf(
            "%d tables: checked and submitted in %d ms, read after %d ms more%n",
            TABLES,
            Duration.between(start, submitted).toMillis(),
            Duration.between(submitted, read).toMillis());

        changeTablesRead.set(0);
        for (int i = 0; i < 2; i++) {
          sql.update("UPDATE tables." + name(i) + " SET Body = N'changed'");
        }
        awaitExact(sql, 0, 1, TABLES - 1);
        // A transaction for each, each of which the heartbeat's changes may be read with.
        assertThat(changeTablesRead.get()).isBetween(1, 2);

        // More than there are connections for.
        sql.inTransaction(
            () -> {
              for (int i = 0; i < TABLES; i++) {
                sql.update("UPDATE tables." + name(i) + " SET Body = CONCAT(Body, N' ', Id)");
              }
            });
        for (int i = 0; i < TABLES; i++) {
          awaitExact(sql, i);
        }
      }
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  private static String name(int table) {
    return String.format("Table%03d", table);
  }

  private static List<IngestOptions.Table> createTables(Sql sql) throws SQLException {
    List<IngestOptions.Table> tables = new ArrayList<>();
    sql.update("CREATE SCHEMA tables");
    for (int i = 0; i < TABLES; i++) {
      boolean text = i % 4 == 3;
      sql.update(
          String.format(
              "CREATE TABLE tables.%s (Id %s NOT NULL PRIMARY KEY, Body NVARCHAR(MAX) NULL)",
              name(i), text ? "NVARCHAR(20)" : "INT"));
      sql.update(
          "EXEC sys.sp_cdc_enable_table @source_schema = N'tables', @source_name = ?,"
              + " @role_name = NULL, @supports_net_changes = 0",
          name(i));
      for (int row = 0; row < ROWS; row++) {
        sql.update(
            String.format("INSERT INTO tables.%s (Id, Body) VALUES (?, ?)", name(i)),
            text ? "key " + row : row,
            "body " + i + "/" + row);
      }
      tables.add(
          new IngestOptions.Table(
              "tables", name(i), List.of(new IngestOptions.Column("Body", "text/plain"))));
    }
    return tables;
  }

  private static void awaitRows(Sql sql, long expected) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(10))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () ->
                assertThat(sql.number("SELECT COUNT(*) FROM dbo.RowAtoms"))
                    .isGreaterThanOrEqualTo(expected));
  }

  private static void awaitExact(Sql sql, int... tables) {
    for (int table : tables) {
      Awaitility.await()
          .atMost(Duration.ofMinutes(2))
          .pollInterval(Duration.ofMillis(200))
          .pollDelay(Duration.ZERO)
          .untilAsserted(
              () ->
                  assertThat(
                          CapturedRows.differences(
                              CapturedRows.foundRows(sql, "tables", name(table)),
                              CapturedRows.expectedRows(
                                  sql,
                                  "tables",
                                  name(table),
                                  List.of("Id"),
                                  List.of("Body"),
                                  Map.of())))
                      .isEmpty());
    }
  }
}
