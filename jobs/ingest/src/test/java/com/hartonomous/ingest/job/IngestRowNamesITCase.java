package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Schemas, tables, columns and capture instances of names that need quoting somewhere. */
class IngestRowNamesITCase {

  private static final int ROWS = 120;

  private static final String SCHEMA = "S\u00F6me. [Schema]";

  /** Each a trap for a pattern, a list, a quotation, a parser of names, or an alias of them. */
  private static final List<String> TABLES =
      List.of(
          "MixedCase",
          "Gr\u00F6\u00DFe",
          "x#y@z",
          "x@y#z",
          "a&b",
          "50%off",
          "semi;colon:--",
          "Order Lines",
          "Order_x0020_Lines",
          " a.b",
          "[a]",
          "a]b",
          "it's",
          "say \"so\"",
          "a`b",
          "a_b",
          "a(b|c)*+?$^{1}",
          "back\\slash",
          "one,two",
          "\u8868\u4E00",
          "\u8868\u4E8C",
          "\uD83D\uDCC4");

  private static final List<String> KEY = List.of("Row No., [x]", "order");

  private static final List<String> CONTENT = List.of("it's \"Gr\u00F6\u00DFe\"", "a]b, [c].d");

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(2);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path checkpoints;

  private static String quote(String name) {
    return "[" + name.replace("]", "]]") + "]";
  }

  private static String qualified(String table) {
    return quote(SCHEMA) + "." + quote(table);
  }

  /** Every second table has a capture instance of a name of its own. */
  private static void create(Sql sql, String table) throws SQLException {
    sql.update(
        String.format(
            "CREATE TABLE %s (%s INT NOT NULL, %s INT NOT NULL, %s NVARCHAR(MAX) NULL,"
                + " %s NVARCHAR(40) NULL, PRIMARY KEY (%s, %s))",
            qualified(table),
            quote(KEY.get(0)),
            quote(KEY.get(1)),
            quote(CONTENT.get(0)),
            quote(CONTENT.get(1)),
            quote(KEY.get(0)),
            quote(KEY.get(1))));
    String instance = TABLES.indexOf(table) % 2 == 0 ? null : "my instance, " + table;
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = ?, @source_name = ?, @role_name = NULL,"
            + " @capture_instance = ?, @supports_net_changes = 0",
        SCHEMA,
        table,
        instance);
  }

  private static void insert(Sql sql, String table, int id) throws SQLException {
    sql.update(
        "INSERT INTO " + qualified(table) + " VALUES (?, ?, ?, ?)", id, -id, table + id, "b" + id);
  }

  private static void awaitCaughtUp(Sql sql) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () -> {
              for (String table : TABLES) {
                assertThat(
                        CapturedRows.differences(
                            CapturedRows.foundRows(sql, SCHEMA, table),
                            CapturedRows.expectedRows(sql, SCHEMA, table, KEY, CONTENT, Map.of())))
                    .as(table)
                    .isEmpty();
              }
            });
  }

  @Test
  void namesOfEveryFormAreCaptured() throws Exception {
    try (Sql sql = server.connect()) {
      sql.update("CREATE SCHEMA " + quote(SCHEMA));
      for (String table : TABLES) {
        create(sql, table);
        sql.inTransaction(
            () -> {
              for (int id = 0; id < ROWS; id++) {
                insert(sql, table, id);
              }
            });
      }
      List<IngestOptions.Table> tables =
          TABLES.stream()
              .map(
                  table ->
                      new IngestOptions.Table(
                          SCHEMA,
                          table,
                          CONTENT.stream()
                              .map(column -> new IngestOptions.Column(column, "text/plain"))
                              .toList()))
              .toList();
      IngestOptions options =
          RunningIngest.options(server.options(), tables, List.of(), checkpoints);
      String savepoint;
      try (RunningIngest job = RunningIngest.start(options)) {
        // While the snapshot runs, and after it.
        change(sql, 60);
        awaitCaughtUp(sql);
        change(sql, 0);
        awaitCaughtUp(sql);
        savepoint = job.stopWithSavepoint(checkpoints);
      }
      for (String table : TABLES) {
        insert(sql, table, ROWS);
      }
      // Names are part of the source's state, where they are parsed again.
      try (RunningIngest job = RunningIngest.start(options, savepoint)) {
        awaitCaughtUp(sql);
        Balance.awaitEven(server.options());
        requireThatADroppedColumnIsNamed(sql, job);
      }
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      assertThat(sql.rows("SELECT * FROM dbo.AtomizationErrors")).isEmpty();
    }
  }

  private static void requireThatADroppedColumnIsNamed(Sql sql, RunningIngest job)
      throws Exception {
    String table = "a]b";
    List<String> before = CapturedRows.foundRows(sql, SCHEMA, table);
    String drop = "ALTER TABLE " + qualified(table) + " DROP COLUMN " + quote(CONTENT.get(1));
    sql.update(drop);
    sql.update("ALTER TABLE " + qualified(table) + " ADD Note INT NULL");
    sql.update("UPDATE " + qualified(table) + " SET Note = 1");
    assertThat(job.failure())
        .rootCause()
        .hasMessageContainingAll(
            "The content column " + CONTENT.get(1) + " of " + SCHEMA + "." + table,
            "by \"" + drop + "\"");
    assertThat(CapturedRows.foundRows(sql, SCHEMA, table)).isEqualTo(before);
  }

  private static void change(Sql sql, int first) throws SQLException {
    for (String table : TABLES) {
      sql.update(
          String.format(
              "UPDATE %s SET %s = N'changed', %s = NULL WHERE %s BETWEEN ? AND ?",
              qualified(table), quote(CONTENT.get(0)), quote(CONTENT.get(1)), quote(KEY.get(0))),
          first,
          first + 9);
      sql.update(
          String.format(
              "UPDATE %s SET %s = 1000 + %s WHERE %s = ?",
              qualified(table), quote(KEY.get(1)), quote(KEY.get(0)), quote(KEY.get(0))),
          first + 20);
      sql.update(
          String.format("DELETE FROM %s WHERE %s = ?", qualified(table), quote(KEY.get(0))),
          first + 30);
    }
  }
}
