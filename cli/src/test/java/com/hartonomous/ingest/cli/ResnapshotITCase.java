package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.SampleTables;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What {@code resnapshot} marks and refuses, and what {@code status} says of it. */
class ResnapshotITCase {

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @TempDir private Path directory;
  private String configuration;

  @BeforeEach
  void capture() throws Exception {
    Path file = directory.resolve("ingest.yaml");
    Files.writeString(file, server.configuration() + "checkpoint: {directory: checkpoints}\n");
    configuration = file.toString();
    try (Sql sql = server.connect()) {
      SampleTables tables = new SampleTables(sql);
      tables.captureTable("Documents", "Body");
      tables.captureTable("Pages", "Body");
    }
  }

  private CommandRunner.Result run(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--config", configuration));
    return CommandRunner.run(all.toArray(String[]::new));
  }

  private long marked() throws Exception {
    try (Sql sql = server.connect()) {
      return sql.number(
          "SELECT COUNT(*) FROM dbo.CapturedTables WHERE ResnapshotRequestedAt IS NOT NULL");
    }
  }

  @Test
  void tablesAreMarkedOnce() throws Exception {
    CommandRunner.Result dry = run("resnapshot", "--dry-run", "dbo.Documents");
    assertThat(dry.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(dry.out())
        .contains(
            "dbo.Documents: generation 1, in group 'main': the job's next start reads it anew")
        .contains("Nothing was done");
    assertThat(marked()).isZero();

    CommandRunner.Result both = run("resnapshot", "DBO.documents", "[dbo].[Pages]", "dbo.Pages");
    assertThat(both.err()).isEmpty();
    assertThat(both.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(both.out().lines())
        .hasSize(2)
        .allMatch(line -> line.endsWith("reads it anew, as generation 2 in a new group."));
    assertThat(marked()).isEqualTo(2);
    assertThat(run("resnapshot", "dbo.Pages").out())
        .isEqualToIgnoringNewLines("dbo.Pages: is to be read anew already.");
    assertThat(run("status").out())
        .contains("dbo.Pages: to be read anew by the job's next start, since")
        .contains("asked for with ./hartonomous resnapshot");
  }

  @Test
  void whatIsNotCapturedIsRefusedAndNothingMarked() throws Exception {
    CommandRunner.Result unknown = run("resnapshot", "dbo.Pages", "dbo.Documets");
    assertThat(unknown.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(unknown.err())
        .contains("dbo.Documets is not captured. Did you mean dbo.Documents?")
        .hasLineCount(1);
    assertThat(run("resnapshot", "Pages").err())
        .contains("expected schema and table such as dbo.Documents, found 'Pages'");
    assertThat(run("resnapshot").exitCode()).isEqualTo(ExitCode.USAGE);
    try (Sql sql = server.connect()) {
      sql.update(
          "UPDATE dbo.CapturedTables SET RemovedAt = '2026-01-02T03:04:05'"
              + " WHERE TableName = N'Pages'");
    }
    assertThat(run("resnapshot", "dbo.Pages").err())
        .contains("dbo.Pages is not captured any more since 2026-01-02T03:04:05")
        .contains("name it in capture.tables again");
    assertThat(run("status").out())
        .contains("dbo.Pages: not captured any more since 2026-01-02T03:04:05");
    assertThat(marked()).isZero();
  }
}
