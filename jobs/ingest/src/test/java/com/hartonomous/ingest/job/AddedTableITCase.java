package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A table that is left out for one start and taken in again: its changes of meanwhile would be lost
 * without a word.
 */
class AddedTableITCase {

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(2);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  @Test
  @Timeout(value = 3, unit = TimeUnit.MINUTES)
  void isRefusedByTheJobThatIsRestored() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql, "First");
      create(sql, "Second");
      String both = runUntil(sql, options("First", "Second"), null, 2);
      sql.update("INSERT INTO dbo.First (Id, Body) VALUES (2, N'another body')");
      String first = runUntil(sql, options("First"), both, 4);

      try (RunningIngest refused = RunningIngest.start(options("First", "Second"), first)) {
        assertThat(refused.failure())
            .hasStackTraceContaining("dbo.Second was not captured in group 'main' when the state");
      }
      Balance.awaitEven(server.options());
    }
  }

  /**
   * Stops once so many references are stored and a change was streamed: while it assigns splits, a
   * job cannot be stopped, since Flink then misses the one that did not arrive.
   */
  private String runUntil(Sql sql, IngestOptions options, String savepoint, int references)
      throws Exception {
    try (RunningIngest job = RunningIngest.start(options, savepoint)) {
      awaitReferences(sql, references);
      sql.update("INSERT INTO dbo.First (Id, Body) VALUES (?, N'streamed')", 100 + references);
      awaitReferences(sql, references + 1);
      return job.stopWithSavepoint(directory.resolve("savepoints"));
    }
  }

  private static void awaitReferences(Sql sql, int references) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> sql.number("SELECT COUNT(*) FROM dbo.RowAtoms") == references);
  }

  private static void create(Sql sql, String table) throws Exception {
    sql.update(
        "CREATE TABLE dbo."
            + table
            + " (Id INT NOT NULL CONSTRAINT PK_"
            + table
            + " PRIMARY KEY, Body NVARCHAR(MAX) NULL)");
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'"
            + table
            + "', @role_name = NULL, @supports_net_changes = 0");
    sql.update("INSERT INTO dbo." + table + " (Id, Body) VALUES (1, N'body of " + table + "')");
  }

  private IngestOptions options(String... tables) {
    return RunningIngest.options(
        server.options(),
        List.of(tables).stream()
            .map(
                table ->
                    new IngestOptions.Table(
                        "dbo", table, List.of(new IngestOptions.Column("Body", "text/plain"))))
            .toList(),
        List.of(),
        directory.resolve("checkpoints"));
  }
}
