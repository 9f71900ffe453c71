package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What {@code ingest} says when changes are lost. */
@StandInOnly("changes that are captured as they are committed")
class IngestGapITCase {

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @TempDir private Path directory;

  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void aTableThatIsCapturedNoMoreEndsTheJobWithOneLine() throws Exception {
    Path file = directory.resolve("ingest.yaml");
    Files.writeString(
        file,
        server.configuration()
            + """
            capture:
              poll-interval: 100 ms
              heartbeat-interval: 300 ms
              tables:
                - {table: dbo.Documents, columns: {Body: text/plain}}
            checkpoint: {directory: checkpoints, interval: 500 ms}
            web: {port: 0}
            """);
    try (Sql sql = server.connect()) {
      sql.update(
          "CREATE TABLE dbo.Documents (Id INT NOT NULL PRIMARY KEY, Body NVARCHAR(MAX) NULL)");
      sql.update(
          "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Documents',"
              + " @role_name = NULL, @supports_net_changes = 0");
      sql.update("INSERT INTO dbo.Documents (Id, Body) VALUES (1, N'read')");
      CompletableFuture<CommandRunner.Result> ingest =
          CompletableFuture.supplyAsync(
              () -> CommandRunner.run("ingest", "--config", file.toString()));
      awaitReferences(sql, 1);
      sql.update("INSERT INTO dbo.Documents (Id, Body) VALUES (2, N'streamed')");
      awaitReferences(sql, 2);
      sql.update(
          "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'Documents',"
              + " @capture_instance = N'all'");

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

  private static void awaitReferences(Sql sql, int references) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> sql.number("SELECT COUNT(*) FROM dbo.RowAtoms") == references);
  }
}
