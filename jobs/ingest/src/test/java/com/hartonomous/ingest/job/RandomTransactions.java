package com.hartonomous.ingest.job;

import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.Sql;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * Random transactions of several connections on three captured tables: rows come, change, go, move
 * to other keys, alone and many at once, in one table and in several, committed, rolled back, and
 * rolled back in part. What they do depends on the seed alone, their order does not.
 */
final class RandomTransactions {

  private static final int WRITERS = 3;
  private static final int KEYS = 150;
  private static final int STATEMENTS_MAX = 8;
  private static final long LIMIT_MINUTES = 5;

  /** What another writer may cause: a deadlock, a lock time-out, a key that is taken. */
  private static final Set<Integer> EXPECTED_ERRORS = Set.of(1205, 1222, 2627);

  /**
   * A table with a text and a binary content column.
   *
   * @param key gives the n-th row's key; not in the order of n
   */
  private record CapturedTable(
      String name, String definition, List<String> keyColumns, IntFunction<Object[]> key) {

    String where() {
      return String.join(" AND ", keyColumns.stream().map(column -> column + " = ?").toList());
    }
  }

  private static final List<CapturedTable> TABLES =
      List.of(
          new CapturedTable(
              "Orders",
              "Id INT NOT NULL PRIMARY KEY",
              List.of("Id"),
              n -> new Object[] {n * 37 % KEYS}),
          new CapturedTable(
              "Parts",
              "Region NVARCHAR(10) NOT NULL, Nr INT NOT NULL, PRIMARY KEY (Region, Nr)",
              List.of("Region", "Nr"),
              n -> new Object[] {List.of("north", "South", "EAST").get(n % 3), n / 3}),
          new CapturedTable(
              "Tokens",
              "Code UNIQUEIDENTIFIER NOT NULL PRIMARY KEY",
              List.of("Code"),
              n ->
                  new Object[] {
                    new UUID(n * 0x9E3779B97F4A7C15L, n * 0xC2B2AE3D27D4EB4FL).toString()
                  }));

  /** How many transactions ended in which way. */
  record Counts(int committed, int rolledBack, int failed) {}

  private final SqlServerOptions server;
  private final AtomicInteger committed = new AtomicInteger();
  private final AtomicInteger rolledBack = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();

  RandomTransactions(SqlServerOptions server) {
    this.server = server;
  }

  /** For the job's configuration. */
  static List<IngestOptions.Table> configuration() {
    return TABLES.stream()
        .map(
            table ->
                new IngestOptions.Table(
                    "dbo",
                    table.name(),
                    List.of(
                        new IngestOptions.Column("Body", "text/plain"),
                        new IngestOptions.Column("Scan", "application/octet-stream"))))
        .toList();
  }

  /** Creates the tables, half of their rows in them, and captures them. */
  static void create(Sql sql) throws Exception {
    for (CapturedTable table : TABLES) {
      sql.update(
          String.format(
              "CREATE TABLE dbo.%s (Body NVARCHAR(MAX) NULL, Scan VARBINARY(MAX) NULL, %s)",
              table.name(), table.definition()));
      sql.update(
          "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'"
              + table.name()
              + "', @role_name = NULL, @supports_net_changes = 0");
      sql.inTransaction(
          () -> {
            for (int n = 0; n < KEYS; n += 2) {
              insert(sql, table, n, "first " + n % 40, null);
            }
          });
    }
  }

  /** Committed since the beginning; grows while writers run. */
  int committed() {
    return committed.get();
  }

  Counts counts() {
    return new Counts(committed.get(), rolledBack.get(), failed.get());
  }

  /**
   * Starts the writers.
   *
   * @param transactions of each of them
   * @return what to call to wait for their end, which throws what they did not expect
   */
  Callable<Void> start(long seed, int transactions) {
    ExecutorService executor = Executors.newFixedThreadPool(WRITERS);
    List<Future<?>> writers = new ArrayList<>();
    for (int writer = 0; writer < WRITERS; writer++) {
      Random random = new Random(seed * WRITERS + writer);
      writers.add(executor.submit(() -> write(random, transactions)));
    }
    executor.shutdown();
    return () -> {
      try {
        for (Future<?> writer : writers) {
          writer.get(LIMIT_MINUTES, TimeUnit.MINUTES);
        }
      } finally {
        executor.shutdownNow();
      }
      return null;
    };
  }

  private Void write(Random random, int transactions) throws Exception {
    try (Sql sql = new Sql(server)) {
      sql.connection().setAutoCommit(false);
      for (int i = 0; i < transactions; i++) {
        try {
          transaction(sql, random);
        } catch (SQLException e) {
          if (!EXPECTED_ERRORS.contains(e.getErrorCode())) {
            throw e;
          }
          failed.incrementAndGet();
          sql.connection().rollback();
        }
      }
    }
    return null;
  }

  private void transaction(Sql sql, Random random) throws SQLException {
    int statements = 1 + random.nextInt(STATEMENTS_MAX);
    Savepoint savepoint = null;
    for (int i = 0; i < statements; i++) {
      change(sql, random);
      if (savepoint == null && random.nextInt(10) == 0) {
        savepoint = sql.connection().setSavepoint("part");
      }
    }
    if (savepoint != null && random.nextBoolean()) {
      sql.connection().rollback(savepoint);
    }
    if (random.nextInt(7) == 0) {
      sql.connection().rollback();
      rolledBack.incrementAndGet();
    } else {
      sql.connection().commit();
      committed.incrementAndGet();
    }
  }

  private static void change(Sql sql, Random random) throws SQLException {
    CapturedTable table = TABLES.get(random.nextInt(TABLES.size()));
    int n = random.nextInt(KEYS);
    Object[] key = table.key().apply(n);
    // Few different texts, so that rows share atoms, and some that only one row ever had.
    String text =
        random.nextInt(3) == 0 ? "own " + random.nextLong() : "text " + random.nextInt(40);
    switch (random.nextInt(10)) {
      case 0, 1, 2 -> {
        delete(sql, table, key);
        insert(sql, table, n, text, null);
      }
      case 3 -> delete(sql, table, key);
      case 4 -> moveKey(sql, table, key, table.key().apply(random.nextInt(KEYS)));
      case 5 ->
          sql.update(
              String.format("UPDATE dbo.%s SET Body = ? WHERE Body LIKE ?", table.name()),
              text,
              "text 1%");
      case 6 -> update(sql, table, "Body", null, key);
      case 7 -> {
        byte[] scan = new byte[random.nextInt(50)];
        random.nextBytes(scan);
        update(sql, table, "Scan", scan, key);
      }
      default -> update(sql, table, "Body", text, key);
    }
  }

  private static void insert(Sql sql, CapturedTable table, int n, String body, byte[] scan)
      throws SQLException {
    Object[] key = table.key().apply(n);
    Object[] values = new Object[key.length + 2];
    System.arraycopy(key, 0, values, 0, key.length);
    values[key.length] = body;
    values[key.length + 1] = scan == null ? new byte[0] : scan;
    sql.update(
        String.format(
            "INSERT INTO dbo.%s (%s, Body, Scan) VALUES (?, ?%s)",
            table.name(), String.join(", ", table.keyColumns()), ", ?".repeat(key.length)),
        values);
  }

  private static void update(
      Sql sql, CapturedTable table, String column, Object value, Object[] key) throws SQLException {
    Object[] values = new Object[key.length + 1];
    values[0] = value;
    System.arraycopy(key, 0, values, 1, key.length);
    sql.update(
        String.format("UPDATE dbo.%s SET %s = ? WHERE %s", table.name(), column, table.where()),
        values);
  }

  private static void moveKey(Sql sql, CapturedTable table, Object[] from, Object[] to)
      throws SQLException {
    Object[] values = new Object[from.length + to.length];
    System.arraycopy(to, 0, values, 0, to.length);
    System.arraycopy(from, 0, values, to.length, from.length);
    sql.update(
        String.format(
            "UPDATE dbo.%s SET %s WHERE %s",
            table.name(),
            String.join(", ", table.keyColumns().stream().map(column -> column + " = ?").toList()),
            table.where()),
        values);
  }

  private static void delete(Sql sql, CapturedTable table, Object[] key) throws SQLException {
    sql.update(String.format("DELETE FROM dbo.%s WHERE %s", table.name(), table.where()), key);
  }

  /** What the references have and the tables do not, and the other way round; empty when equal. */
  static List<String> differences(Sql sql) throws SQLException {
    List<String> differences = new ArrayList<>();
    for (CapturedTable table : TABLES) {
      CapturedRows.differences(
              CapturedRows.foundRows(sql, "dbo", table.name()),
              CapturedRows.expectedRows(
                  sql,
                  "dbo",
                  table.name(),
                  table.keyColumns(),
                  List.of("Body", "Scan"),
                  Map.of("Body", List::of)))
          .forEach(difference -> differences.add(table.name() + ": " + difference));
    }
    return differences;
  }

  static long rows(Sql sql) throws SQLException {
    long rows = 0;
    for (CapturedTable table : TABLES) {
      rows += sql.number("SELECT COUNT_BIG(*) FROM dbo." + table.name());
    }
    return rows;
  }
}
