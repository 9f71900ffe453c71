package com.hartonomous.ingest.capture.sqlserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.RowChange;
import com.hartonomous.ingest.record.RowEvent;
import com.hartonomous.ingest.runtime.Secret;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is captured by a process whose heap is far smaller: one transaction that changes two tables,
 * 20,000 rows of 1,000 characters in each, or as many as {@code -Dtransaction.rows=500000} says;
 * and chunks of a snapshot. The heap is {@code -Dcapture.heap=96m}.
 */
class CaptureMemoryITCase {

  private static final int ROWS = Integer.getInteger("transaction.rows", 20_000);
  private static final int BATCH = 10_000;
  private static final int CHUNK_ROWS = 600;
  private static final String HEAP = System.getProperty("capture.heap", "96m");
  private static final List<String> TABLES = List.of("First", "Second");

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  @Test
  @Timeout(value = 60, unit = TimeUnit.MINUTES)
  void memoryDoesNotGrowWithTheTransaction() throws Exception {
    try (Sql sql = server.connect()) {
      createTables(sql, "N'snapshot'", 1);
      Process capture = start(TABLES.size(), TABLES.size() * (long) ROWS);
      try (BufferedReader output =
          new BufferedReader(
              new InputStreamReader(capture.getInputStream(), StandardCharsets.UTF_8))) {
        assertThat(output.readLine()).isEqualTo("snapshot read");
        sql.inTransaction(
            () -> {
              for (int begin = 0; begin < ROWS; begin += BATCH) {
                for (String table : TABLES) {
                  sql.update(
                      "INSERT INTO dbo."
                          + table
                          + " (Id, Body) SELECT N + ?, CONCAT(N + ?, REPLICATE(N'.', 1000))"
                          + " FROM dbo.Numbers WHERE N + ? < ?",
                      begin,
                      begin,
                      begin,
                      ROWS);
                }
              }
            });
        long begin = System.nanoTime();
        String result = output.readLine();
        System.out.printf(
            "2 x %d rows in a heap of %s: %s, %d ms after their commit%n",
            ROWS, HEAP, result, Duration.ofNanos(System.nanoTime() - begin).toMillis());
        assertThat(result).startsWith("captured " + TABLES.size() * (long) ROWS);
      } finally {
        capture.destroyForcibly().waitFor();
      }
    }
  }

  /** One chunk for each table, larger than the heap. */
  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void memoryDoesNotGrowWithAChunkOfASnapshot() throws Exception {
    try (Sql sql = server.connect()) {
      createTables(sql, "CONCAT(N, REPLICATE(CAST(N'.' AS NVARCHAR(MAX)), 200000))", CHUNK_ROWS);
      Process capture = start(TABLES.size() * (long) CHUNK_ROWS, 1);
      try (BufferedReader output =
          new BufferedReader(
              new InputStreamReader(capture.getInputStream(), StandardCharsets.UTF_8))) {
        assertThat(output.readLine()).isEqualTo("snapshot read");
        sql.update("UPDATE dbo.Second SET Body = N'changed' WHERE Id = -1");
        String result = output.readLine();
        System.out.printf(
            "Snapshot of 2 x %d rows in a heap of %s: %s%n", CHUNK_ROWS, HEAP, result);
        assertThat(result).startsWith("captured 1,");
      } finally {
        capture.destroyForcibly().waitFor();
      }
    }
  }

  private static void createTables(Sql sql, String body, int rows) throws SQLException {
    sql.update("CREATE TABLE dbo.Numbers (N INT NOT NULL PRIMARY KEY)");
    insertNumbers(sql);
    for (String table : TABLES) {
      sql.update(
          "CREATE TABLE dbo." + table + " (Id INT NOT NULL PRIMARY KEY, Body NVARCHAR(MAX))");
      sql.update(
          "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = ?,"
              + " @role_name = NULL, @supports_net_changes = 0",
          table);
      sql.update(
          "INSERT INTO dbo."
              + table
              + " (Id, Body) SELECT -1 - N, "
              + body
              + " FROM dbo.Numbers"
              + " WHERE N < ?",
          rows);
    }
  }

  private static void insertNumbers(Sql sql) throws SQLException {
    sql.update("INSERT INTO dbo.Numbers (N) VALUES (0)");
    for (int count = 1; count < BATCH; count *= 2) {
      sql.update(
          "INSERT INTO dbo.Numbers (N) SELECT N + ? FROM dbo.Numbers WHERE N + ? < ?",
          count,
          count,
          BATCH);
    }
  }

  private Process start(long snapshotRows, long changes) throws IOException {
    SqlServerOptions options = server.options();
    Path password = Files.writeString(directory.resolve("password"), options.password().resolve());
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(argument -> argument.startsWith("--add-opens"))
            .toList());
    command.addAll(
        List.of(
            "-Xmx" + HEAP,
            "-XX:MaxDirectMemorySize=256m",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "-cp",
            classPath,
            Capture.class.getName(),
            options.host(),
            Integer.toString(options.port()),
            options.database(),
            options.user(),
            password.toString(),
            Boolean.toString(options.encrypt()),
            Long.toString(snapshotRows),
            Long.toString(changes)));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** The capture source alone, in a process of its own. */
  static final class Capture {

    private static final AtomicLong SNAPSHOT = new AtomicLong();
    private static final AtomicLong CHANGES = new AtomicLong();

    private Capture() {}

    public static void main(String[] arguments) throws Exception {
      SqlServerOptions server =
          new SqlServerOptions(
              arguments[0],
              Integer.parseInt(arguments[1]),
              arguments[2],
              arguments[3],
              Secret.fromFile(arguments[4]),
              Boolean.parseBoolean(arguments[5]),
              true,
              Duration.ofSeconds(30));
      Configuration configuration = new Configuration();
      configuration.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
      configuration.set(RestOptions.BIND_PORT, "0");
      configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
      StreamExecutionEnvironment env =
          StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
      env.fromSource(
              SqlServerCapture.source(
                  server, tables(), Duration.ofMillis(100), 1_000, "UTC", OnGap.FAIL),
              WatermarkStrategy.noWatermarks(),
              "capture")
          .map(Capture::count)
          .sinkTo(new DiscardingSink<>());
      env.executeAsync("capture");
      await(SNAPSHOT, Long.parseLong(arguments[6]));
      System.out.println("snapshot read");
      await(CHANGES, Long.parseLong(arguments[7]));
      System.out.printf(
          "captured %d, heap peak %d MiB%n",
          CHANGES.get(),
          ManagementFactory.getMemoryPoolMXBeans().stream()
                  .filter(pool -> pool.getType() == MemoryType.HEAP)
                  .map(MemoryPoolMXBean::getPeakUsage)
                  .mapToLong(usage -> usage.getUsed())
                  .sum()
              >> 20);
      System.out.flush();
      Runtime.getRuntime().halt(0);
    }

    private static List<CapturedTable> tables() {
      List<CapturedTable> tables = new ArrayList<>();
      for (String table : TABLES) {
        tables.add(
            new CapturedTable(
                tables.size() + 1,
                "dbo",
                table,
                "main",
                1,
                List.of("Id"),
                List.of(new CapturedColumn(1, "Body", "text/plain"))));
      }
      return tables;
    }

    private static RowChange count(RowChange change) {
      if (change.event() == RowEvent.CHANGE
          && change.key().tableId() != RowChangeDeserializer.HEARTBEAT_TABLE_ID) {
        (change.version().operation() == 0 ? SNAPSHOT : CHANGES).incrementAndGet();
      }
      return change;
    }

    private static void await(AtomicLong counter, long expected) throws InterruptedException {
      while (counter.get() < expected) {
        Thread.sleep(20);
      }
    }
  }
}
