package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.engine.ConnectionLostException;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.engine.FaultInjector.Point;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes that are killed while they mark a table to be read anew, register it and a new one in a
 * further group, and read both. Each goes on with what the one before left in the database, and
 * from the same checkpoint: none of them comes to another one.
 */
@StandInOnly("changes that are captured as they are committed, and kills at a statement")
class IngestProcessFaultToleranceITCase {

  /** Rows of a table, more than one transaction of a writer takes. */
  private static final int ROWS = 1 << 11;

  private static final int BATCH_ROWS = 1_000;
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String OFTEN = "500 ms";
  private static final String NEVER = "10 min";

  private static final String TABLE = "{table: dbo.%s, columns: {Body: text/plain}}";
  private static final String DOCUMENTS = "[" + TABLE.formatted("Documents") + "]";
  private static final String BOTH =
      "[" + TABLE.formatted("Documents") + ", " + TABLE.formatted("Pages") + "]";

  private static final String REGISTERED =
      "SELECT TableName, GroupName, Generation,"
          + " CASE WHEN ResnapshotRequestedAt IS NULL THEN '' ELSE 'marked' END"
          + " FROM dbo.CapturedTables ORDER BY TableName";

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @TempDir private Path directory;

  /** Where a process is to be killed. */
  private interface KillPoint {
    boolean isReached(Point point, String application) throws Exception;
  }

  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES)
  void tablesAreReadAnewAndAddedThroughKills() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql, "Documents");
      create(sql, "Pages");
      try (CommandProcess process = start(OFTEN, DOCUMENTS)) {
        awaitTrue(process, () -> isStreaming(sql) && isCaughtUp(sql, "Documents"));
      }
      Path checkpoint = newestCheckpoint();
      loseChanges(sql);

      // Once the table is marked.
      killAt(
          DOCUMENTS,
          (point, application) ->
              point == Point.AFTER_COMMIT && application.equals("hartonomous-on-gap"));
      assertThat(sql.rows(REGISTERED)).containsExactly("Documents|main|1|marked");
      change(sql, "Documents", 3);

      // Once the tables are registered, before anything of them is read.
      killAt(
          BOTH,
          (point, application) ->
              point == Point.AFTER_COMMIT
                  && application.equals("hartonomous-preflight")
                  && count("SELECT COUNT(*) FROM dbo.CapturedTables") == 2);
      List<String> registered = List.of("Documents|main-2|2|", "Pages|main-2|1|");
      assertThat(sql.rows(REGISTERED)).isEqualTo(registered);
      change(sql, "Pages", 3);

      // Once some rows of the new one are written, before the first checkpoint.
      killAt(
          BOTH,
          (point, application) ->
              point == Point.AFTER_COMMIT
                  && application.startsWith("hartonomous-writer-")
                  && count(referencesOf("Pages")) > 0);
      assertThat(sql.number(referencesOf("Pages"))).isBetween(1L, ROWS - 1L);
      assertThat(newestCheckpoint()).isEqualTo(checkpoint);
      // Rows that were read before the kill are others, or are no more.
      change(sql, "Documents", 5);
      change(sql, "Pages", 5);

      try (CommandProcess process = start(OFTEN, BOTH, "--from-savepoint", "latest")) {
        awaitTrue(process, () -> isCaughtUp(sql, "Documents") && isCaughtUp(sql, "Pages"));
        change(sql, "Documents", 7);
        change(sql, "Pages", 7);
        awaitTrue(process, () -> isCaughtUp(sql, "Documents") && isCaughtUp(sql, "Pages"));
        Balance.awaitEven(server.options());
        assertThat(sql.rows(REGISTERED)).isEqualTo(registered);
      }
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  /** Starts from the newest checkpoint, and completes no other one. */
  private void killAt(String tables, KillPoint killPoint) throws Exception {
    AtomicReference<CommandProcess> running = new AtomicReference<>();
    AtomicBoolean killed = new AtomicBoolean();
    server.injectFaults(
        (point, application, kind, batch) -> {
          if (isReached(killPoint, point, application) && killed.compareAndSet(false, true)) {
            running.get().kill();
            throw new ConnectionLostException("killed");
          }
        });
    try (CommandProcess process = start(NEVER, tables, "--from-savepoint", "latest")) {
      running.set(process);
      Awaitility.await()
          .atMost(LIMIT)
          .untilAsserted(() -> assertThat(process.isAlive()).as(process.output()).isFalse());
      assertThat(killed).as(process.output()).isTrue();
    } finally {
      server.injectFaults(FaultInjector.NONE);
    }
  }

  private static boolean isReached(KillPoint killPoint, Point point, String application) {
    try {
      return killPoint.isReached(point, application);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private CommandProcess start(String checkpointInterval, String tables, String... more)
      throws IOException {
    Path configuration = directory.resolve("ingest.yaml");
    Files.writeString(
        configuration,
        server.configuration()
            + """
            capture: {poll-interval: 100 ms, heartbeat-interval: 300 ms, tables: %s}
            checkpoint: {directory: checkpoints, interval: %s}
            writer: {batch-rows: %d}
            web: {port: 0}
            """
                .formatted(tables, checkpointInterval, BATCH_ROWS));
    List<String> arguments =
        new ArrayList<>(
            List.of("ingest", "--config", configuration.toString(), "--on-gap=resnapshot"));
    arguments.addAll(List.of(more));
    return CommandProcess.start(directory, arguments.toArray(String[]::new));
  }

  private static void awaitTrue(CommandProcess process, Callable<Boolean> condition) {
    Awaitility.await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              assertThat(process.isAlive()).as(process.output()).isTrue();
              return condition.call();
            });
  }

  private Path newestCheckpoint() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("checkpoints"))) {
      return files
          .filter(file -> file.endsWith("_metadata"))
          .max(Comparator.comparing(IngestProcessFaultToleranceITCase::lastModified))
          .orElseThrow();
    }
  }

  private static FileTime lastModified(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void create(Sql sql, String table) throws Exception {
    sql.update(
        "CREATE TABLE dbo." + table + " (Id INT NOT NULL PRIMARY KEY, Body NVARCHAR(100) NULL)");
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'"
            + table
            + "', @role_name = NULL, @supports_net_changes = 0");
    sql.update("INSERT INTO dbo." + table + " (Id, Body) VALUES (0, N'" + table + "')");
    for (int rows = 1; rows < ROWS; rows *= 2) {
      sql.update(
          "INSERT INTO dbo."
              + table
              + " (Id, Body) SELECT Id + ?, CONCAT(N'"
              + table
              + " ', Id + ?) FROM dbo."
              + table,
          rows,
          rows);
    }
  }

  private static void change(Sql sql, String table, int divisor) throws Exception {
    sql.update("DELETE FROM dbo." + table + " WHERE Id % ? = 0", divisor);
    sql.update(
        "UPDATE dbo." + table + " SET Body = CONCAT(Body, N' changed') WHERE Id % ? = 1", divisor);
  }

  /** Of rows that were read before. */
  private static void loseChanges(Sql sql) throws Exception {
    change(sql, "Documents", 10);
    // Commits of one time are kept together.
    Thread.sleep(10);
    sql.update("UPDATE dbo.Documents SET Body = N'kept' WHERE Id = 1");
    sql.update(
        "DECLARE @newest BINARY(10) = (SELECT MAX(start_lsn) FROM cdc.lsn_time_mapping);"
            + " EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_Documents',"
            + " @low_water_mark = @newest");
  }

  private static boolean isStreaming(Sql sql) throws Exception {
    return sql.number(
            "SELECT COUNT(*) FROM dbo.CdcCheckpoints WHERE LastLsn > 0x00000000000000000000")
        == 1;
  }

  private static boolean isCaughtUp(Sql sql, String table) throws Exception {
    return CapturedRows.found(sql, "dbo", table, "Id")
        .equals(CapturedRows.expected(sql, "dbo." + table, "Id", "Body"));
  }

  private static String referencesOf(String table) {
    return "SELECT COUNT(*) FROM dbo.RowAtoms AS r INNER JOIN dbo.CapturedTables AS t"
        + " ON t.CapturedTableId = r.CapturedTableId WHERE t.TableName = '"
        + table
        + "'";
  }

  /** On the thread of another session. */
  private long count(String query) throws Exception {
    try (Sql sql = server.connect()) {
      return sql.number(query);
    }
  }
}
