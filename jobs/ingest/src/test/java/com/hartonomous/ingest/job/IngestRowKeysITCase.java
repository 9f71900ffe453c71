package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Rows known by keys of every type that a snapshot can be cut by. */
class IngestRowKeysITCase {

  /** Three or more snapshot chunks of each table. */
  private static final int ROWS = 160;

  private static final int CHANGES_MIN = 600;

  private static final LocalDate DAY = LocalDate.of(1969, 11, 1);

  /**
   * A table that is known by its key.
   *
   * @param definition of the key columns and the primary key
   * @param keyColumns in the key's order
   * @param key gives the n-th row's key; not in the order of n
   */
  private record KeyedTable(
      String name, String definition, List<String> keyColumns, IntFunction<Object[]> key) {

    IngestOptions.Table configuration() {
      return new IngestOptions.Table(
          "dbo", name, List.of(new IngestOptions.Column("Body", "text/plain")));
    }

    String where() {
      return String.join(" AND ", keyColumns.stream().map(column -> column + " = ?").toList());
    }
  }

  private static KeyedTable table(String name, String type, IntFunction<Object> key) {
    return new KeyedTable(
        name,
        "Code " + type + " NOT NULL PRIMARY KEY",
        List.of("Code"),
        n -> new Object[] {key.apply(n)});
  }

  /** Letters in both cases, so that a collation and Java order them differently. */
  private static String mixedCase(int n) {
    String text = Integer.toString(n * 7919 % 46_656 + 46_656, 36);
    return n % 2 == 0 ? text : text.toUpperCase();
  }

  private static final List<KeyedTable> TABLES =
      List.of(
          table("ByVarchar", "VARCHAR(20)", IngestRowKeysITCase::mixedCase),
          table("ByNvarchar", "NVARCHAR(40)", n -> mixedCase(n) + " \"\\'{}\u00E9\t" + n % 3),
          table("ByChar", "CHAR(6)", IngestRowKeysITCase::mixedCase),
          table(
              "ByBinaryCollation",
              "NVARCHAR(40) COLLATE Latin1_General_BIN2",
              n -> n % 2 == 0 ? "Key " + n / 2 : "key " + n / 2),
          table(
              "ByGuid",
              "UNIQUEIDENTIFIER",
              n -> new UUID(n * 0x9E3779B97F4A7C15L, n * 0xC2B2AE3D27D4EB4FL).toString()),
          table("ByDate", "DATE", n -> DAY.plusDays(n * 37 % 997)),
          table("ByDatetime", "DATETIME", n -> DAY.atTime(1, 2, 3).plusSeconds(n * 999_983L)),
          table("ByDatetime2", "DATETIME2(7)", n -> at(n)),
          table("ByDecimal", "DECIMAL(18,4)", n -> BigDecimal.valueOf(n * 7_919L - 500_000, 4)),
          table("ByBigint", "BIGINT", n -> (n % 2 == 0 ? 1L : -1L) * n * 4_000_000_000L),
          table("BySmallint", "SMALLINT", n -> (short) (n * 331 - 20_000)),
          new KeyedTable(
              "ByMany",
              "Region NVARCHAR(10) NOT NULL, Digest BINARY(4) NOT NULL, Flag BIT NOT NULL,"
                  + " Nr INT NOT NULL, PRIMARY KEY (Region, Nr, Digest, Flag)",
              List.of("Region", "Nr", "Digest", "Flag"),
              n ->
                  new Object[] {
                    List.of("north", "South", "EAST", "west").get(n % 4),
                    n / 8,
                    ByteBuffer.allocate(4).putInt(n / 4 % 2).array(),
                    n % 2 == 0
                  }));

  private static LocalDateTime at(int n) {
    return DAY.atStartOfDay().plusNanos(n * 1_234_567_890_123_400L);
  }

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(2);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path checkpoints;

  private IngestOptions options(List<KeyedTable> tables) {
    return RunningIngest.options(
        server.options(),
        tables.stream().map(KeyedTable::configuration).toList(),
        List.of(),
        checkpoints);
  }

  private static void create(Sql sql, KeyedTable table) throws SQLException {
    sql.update(
        String.format(
            "CREATE TABLE dbo.%s (Body NVARCHAR(MAX) NULL, %s)", table.name(), table.definition()));
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'"
            + table.name()
            + "', @role_name = NULL, @supports_net_changes = 0");
  }

  private static void insert(Sql sql, KeyedTable table, int n, String body) throws SQLException {
    Object[] key = table.key().apply(n);
    Object[] values = new Object[key.length + 1];
    System.arraycopy(key, 0, values, 0, key.length);
    values[key.length] = body;
    sql.update(
        String.format(
            "INSERT INTO dbo.%s (%s, Body) VALUES (?%s)",
            table.name(), String.join(", ", table.keyColumns()), ", ?".repeat(key.length)),
        values);
  }

  private static void update(Sql sql, KeyedTable table, int n, String body) throws SQLException {
    Object[] key = table.key().apply(n);
    Object[] values = new Object[key.length + 1];
    values[0] = body;
    System.arraycopy(key, 0, values, 1, key.length);
    sql.update(
        String.format("UPDATE dbo.%s SET Body = ? WHERE %s", table.name(), table.where()), values);
  }

  private static void delete(Sql sql, KeyedTable table, int n) throws SQLException {
    sql.update(
        String.format("DELETE FROM dbo.%s WHERE %s", table.name(), table.where()),
        table.key().apply(n));
  }

  private static void awaitCaughtUp(Sql sql, List<KeyedTable> tables) throws SQLException {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () -> {
              for (KeyedTable table : tables) {
                assertThat(
                        CapturedRows.differences(
                            CapturedRows.foundRows(sql, "dbo", table.name()),
                            CapturedRows.expectedRows(
                                sql,
                                "dbo",
                                table.name(),
                                table.keyColumns(),
                                List.of("Body"),
                                Map.of())))
                    .as(table.name())
                    .isEmpty();
              }
            });
    assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    assertThat(sql.rows("SELECT * FROM dbo.AtomizationErrors")).isEmpty();
  }

  @Test
  void everyTypeOfKeyIsExactAfterASnapshotInChunksWithChangesMeanwhile() throws Exception {
    long seed = Long.getLong("seed", 20261122L);
    try (Sql sql = server.connect()) {
      for (KeyedTable table : TABLES) {
        create(sql, table);
        sql.inTransaction(
            () -> {
              for (int n = 0; n < ROWS; n++) {
                insert(sql, table, n, "first " + n);
              }
            });
      }
      AtomicBoolean enough = new AtomicBoolean();
      ExecutorService writer = Executors.newSingleThreadExecutor();
      Future<?> writes = writer.submit(() -> write(seed, enough));
      try (RunningIngest job = RunningIngest.start(options(TABLES))) {
        // The writer is at work from before the snapshot until its changes are streamed.
        Awaitility.await()
            .atMost(Duration.ofMinutes(2))
            .untilAsserted(
                () ->
                    assertThat(
                            sql.number(
                                "SELECT COALESCE(SUM(UpdatedRows), 0) FROM dbo.CaptureProgress"))
                        .isPositive());
        enough.set(true);
        writes.get(2, TimeUnit.MINUTES);
        awaitCaughtUp(sql, TABLES);
        Balance.awaitEven(server.options());
      } finally {
        enough.set(true);
        writer.shutdownNow();
      }
    }
  }

  /** What the database takes for the same key is another key text, and so another row here. */
  @Test
  void keysThatChangeByCaseOrByATrailingSpaceOnlyAreExact() throws Exception {
    KeyedTable table = table("BySpelling", "NVARCHAR(20)", n -> "key " + n);
    List<KeyedTable> tables = List.of(table);
    try (Sql sql = server.connect()) {
      create(sql, table);
      for (int n = 0; n < 6; n++) {
        insert(sql, table, n, "body " + n % 2);
      }
      try (RunningIngest job = RunningIngest.start(options(tables))) {
        awaitCaughtUp(sql, tables);
        respell(sql, "KEY 0", "key 0");
        respell(sql, "key 1 ", "key 1");
        sql.update(
            "UPDATE dbo.BySpelling SET Code = N'Key 2', Body = N'new' WHERE Code = N'key 2'");
        sql.update("UPDATE dbo.BySpelling SET Code = UPPER(Code) WHERE Code = N'key 3'");
        awaitCaughtUp(sql, tables);
        assertThat(sql.rows("SELECT RowKey FROM dbo.RowAtoms"))
            .containsExactlyInAnyOrder(
                "{\"Code\":\"KEY 0\"}",
                "{\"Code\":\"key 1 \"}",
                "{\"Code\":\"Key 2\"}",
                "{\"Code\":\"KEY 3\"}",
                "{\"Code\":\"key 4\"}",
                "{\"Code\":\"key 5\"}");

        // There and back, the last one deleted, in one transaction: every version has the same LSN.
        sql.inTransaction(
            () -> {
              respell(sql, "key 0", "KEY 0");
              respell(sql, "Key 0", "key 0");
              respell(sql, "KEY 0", "Key 0");
              respell(sql, "key 1", "key 1 ");
              respell(sql, "KEY 4", "key 4");
              sql.update("DELETE FROM dbo.BySpelling WHERE Code = N'KEY 4'");
              respell(sql, "key 5 ", "key 5");
              respell(sql, "key 5", "key 5 ");
              sql.update("UPDATE dbo.BySpelling SET Body = N'last' WHERE Code = N'key 5'");
            });
        awaitCaughtUp(sql, tables);
        assertThat(sql.number("SELECT COUNT(*) FROM dbo.RowAtoms")).isEqualTo(5);
      }
    }
  }

  private static void respell(Sql sql, String to, String from) throws SQLException {
    assertThat(sql.update("UPDATE dbo.BySpelling SET Code = ? WHERE Code = ?", to, from))
        .isEqualTo(1);
  }

  private Void write(long seed, AtomicBoolean enough) throws Exception {
    Random random = new Random(seed);
    try (Sql sql = server.connect()) {
      for (int change = 0; change < CHANGES_MIN || !enough.get(); change++) {
        KeyedTable table = TABLES.get(random.nextInt(TABLES.size()));
        int n = random.nextInt(ROWS);
        delete(sql, table, n);
        if (random.nextInt(4) != 0) {
          insert(sql, table, n, "again " + change);
          update(sql, table, n, "change " + change);
        }
      }
    }
    return null;
  }
}
