package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.engine.FaultInjector.Point;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What {@code ingest} says and does when changes are lost. */
@StandInOnly("changes that are captured as they are committed")
class IngestGapITCase {

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @TempDir private Path directory;

  @BeforeEach
  void configure() throws Exception {
    Files.writeString(
        directory.resolve("ingest.yaml"),
        server.configuration()
            + """
            capture:
              poll-interval: 100 ms
              heartbeat-interval: 300 ms
              tables:
                - {table: dbo.Documents, columns: {Body: text/plain}}
                - {table: dbo.Pages, columns: {Body: text/plain}}
            checkpoint: {directory: checkpoints, interval: 500 ms}
            """);
    try (Sql sql = server.connect()) {
      for (String table : List.of("Documents", "Pages")) {
        sql.update(
            "CREATE TABLE dbo."
                + table
                + " (Id INT NOT NULL PRIMARY KEY, Body NVARCHAR(MAX) NULL)");
        sql.update(
            "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'"
                + table
                + "', @role_name = NULL, @supports_net_changes = 0");
        insert(sql, table, 1);
      }
    }
  }

  private CompletableFuture<CommandRunner.Result> ingest(String... more) {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("ingest", "--config", directory.resolve("ingest.yaml").toString()));
    arguments.addAll(List.of(more));
    return CompletableFuture.supplyAsync(() -> CommandRunner.run(arguments.toArray(String[]::new)));
  }

  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void aTableThatIsCapturedNoMoreEndsTheJobWithOneLine() throws Exception {
    try (Sql sql = server.connect()) {
      CompletableFuture<CommandRunner.Result> ingest = ingest("--set", "web.port=0");
      awaitReferences(sql, 2);
      insert(sql, "Documents", 2);
      awaitReferences(sql, 3);
      captureNoMore(sql, "Documents");

      CommandRunner.Result result = ingest.get();
      Balance.waive(server.options(), "the job ended by a gap");
      assertThat(result.exitCode()).isEqualTo(ExitCode.PROBLEM_FOUND);
      assertThat(result.err())
          .hasLineCount(1)
          .contains(
              "Changes may be lost that were not read yet: dbo.Documents is not captured any more",
              "./hartonomous resnapshot dbo.Documents");
    }
  }

  /** On one port of the web UI, which the ended job may hold a while. */
  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void tablesAreReadAnewWithoutPeopleWhenThatIsAskedFor() throws Exception {
    CountDownLatch lost = new CountDownLatch(1);
    try (Sql sql = server.connect()) {
      CompletableFuture<CommandRunner.Result> ingest =
          ingest("--on-gap=resnapshot", "--set", "web.port=" + freePort());
      awaitReferences(sql, 2);
      insert(sql, "Documents", 2);
      awaitReferences(sql, 3);
      Awaitility.await()
          .until(
              () ->
                  sql.number("SELECT COUNT(*) FROM dbo.CdcCheckpoints WHERE LastLsn > 0x00") == 1);
      server.injectFaults(
          (point, application, kind, batch) -> {
            if (point == Point.BEFORE_STATEMENT
                && application.equals("hartonomous-capture")
                && batch.contains("MAX(start_lsn) FROM [")
                && lost.getCount() > 0) {
              lost.countDown();
              loseChanges();
            }
          });
      awaitReferences(sql, 5);
      Balance.waive(server.options(), "changes are lost on purpose");
      insert(sql, "Documents", 5);
      insert(sql, "Pages", 5);
      awaitReferences(sql, 7);
      assertThat(sql.rows("SELECT TableName, GroupName FROM dbo.CapturedTables ORDER BY TableName"))
          .containsExactly("Documents|main-2", "Pages|main");
      // So that it ends.
      captureNoMore(sql, "Documents");

      CommandRunner.Result result = ingest.get();
      assertThat(result.out())
          .contains("dbo.Documents will be read anew then")
          .containsPattern("Starting again from .*/chk-\\d+\\.")
          .contains("dbo.Documents is read anew in group 'main-2' as generation 2.");
      assertThat(result.exitCode()).isEqualTo(ExitCode.USAGE);
      assertThat(result.err()).hasLineCount(1).contains("dbo.Documents", "sp_cdc_enable_table");
    }
  }

  private void loseChanges() {
    try (Sql sql = server.connect()) {
      insert(sql, "Documents", 3);
      // Commits of one time are kept together.
      Thread.sleep(10);
      insert(sql, "Documents", 4);
      sql.update(
          "DECLARE @newest BINARY(10) = (SELECT MAX(start_lsn) FROM cdc.lsn_time_mapping);"
              + " EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_Documents',"
              + " @low_water_mark = @newest");
    } catch (Exception e) {
      throw new AssertionError("the changes could not be cleaned up", e);
    }
  }

  private static void insert(Sql sql, String table, int id) throws Exception {
    sql.update("INSERT INTO dbo." + table + " (Id, Body) VALUES (?, ?)", id, table + id);
  }

  private static void captureNoMore(Sql sql, String table) throws Exception {
    sql.update(
        "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'"
            + table
            + "', @capture_instance = N'all'");
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void awaitReferences(Sql sql, int references) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> sql.number("SELECT COUNT(*) FROM dbo.RowAtoms") == references);
  }
}
