package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.testing.SampleTables;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What {@code dead-letters replay} asks for, and what {@code list} says of it. */
class DeadLettersITCase {

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @TempDir private Path directory;
  private Path configuration;
  private Sql sql;

  @BeforeEach
  void fill() throws Exception {
    configuration =
        Files.writeString(
            directory.resolve("ingest.yaml"),
            server.configuration() + "checkpoint: {directory: checkpoints}\n");
    sql = server.connect();
    int table = new SampleTables(sql).captureTable("Documents", "Title");
    sql.update(
        "INSERT INTO dbo.Models (TenantId, ModelName, ModelNameHash, State)"
            + " VALUES (3, N'bad', HASHBYTES('SHA2_256', N'bad'), 'FAILED')");
    sql.update(
        "INSERT INTO dbo.ModelSubmissions (SourceName, TenantId, ModelName, Path, State, ModelId,"
            + " ByteLength) VALUES (N'test', 3, N'bad', N'/models/bad.onnx', 'DONE', 1, 17)");
    letter("/models/bad.onnx", "offset 1", "FILE_CHANGED", 1, null, null);
    letter("/models/bad.onnx", "offset 2", "FILE_CHANGED", 1, null, null);
    letter("dbo.Documents", "{\"Id\":7} column Title", "REFUSED_BY_DATABASE", null, table, 7);
    letter("somewhere", "else", "MALFORMED_FILE", null, null, null);
  }

  private void letter(
      String source, String position, String reason, Integer model, Integer table, Integer id)
      throws SQLException {
    sql.update(
        "INSERT INTO dbo.AtomizationErrors (DeadLetterHash, SourceName, Position, Reason,"
            + " ErrorMessage, PayloadReference, ModelId, CapturedTableId, RowKeyHash, ColumnId)"
            + " VALUES (?, ?, ?, ?, N'message', ?, ?, ?, HASHBYTES('SHA2_256', ?), 1)",
        Sha256.ofText(source + position).toBytes(),
        source,
        position,
        reason,
        id == null ? source : SampleTables.keyText(id),
        model,
        table,
        id == null ? null : SampleTables.keyText(id));
  }

  @AfterEach
  void close() throws Exception {
    sql.close();
  }

  private CommandRunner.Result run(String... arguments) {
    List<String> all = new ArrayList<>(List.of("dead-letters"));
    all.addAll(List.of(arguments));
    all.addAll(List.of("--config", configuration.toString()));
    return CommandRunner.run(all.toArray(String[]::new));
  }

  private long submissions() throws SQLException {
    return sql.number("SELECT COUNT_BIG(*) FROM dbo.ModelSubmissions WHERE State = 'NEW'");
  }

  @Test
  void aDryRunAsksForNothing() throws Exception {
    CommandRunner.Result result = run("replay", "--dry-run");

    assertThat(result.out()).contains("dry run: 2 of models, 1 of rows; 1 cannot be replayed");
    assertThat(result.exitCode()).isEqualTo(ExitCode.PROBLEM_FOUND);
    assertThat(submissions()).isZero();
    assertThat(sql.rows("SELECT ErrorId FROM dbo.ReplayRequests")).isEmpty();
    assertThat(sql.rows("SELECT ErrorId FROM dbo.AtomizationErrors WHERE ReplayedAt IS NOT NULL"))
        .isEmpty();
  }

  @Test
  void aModelIsSubmittedOnceForAllItsLetters() throws Exception {
    CommandRunner.Result result = run("replay", "--source", "/models/*");

    assertThat(result.err()).isEmpty();
    assertThat(result.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(result.out()).contains("file submitted again, submission 2", "2 of models");
    assertThat(
            sql.rows(
                "SELECT TenantId, ModelName, Path, ByteLength FROM dbo.ModelSubmissions"
                    + " WHERE State = 'NEW'"))
        .as("the file as it is now")
        .containsExactly("3|bad|/models/bad.onnx|∅");
    assertThat(run("list", "--reason", "FILE_CHANGED").out())
        .contains("replaying", "submission 2 waits for the ingest job");

    assertThat(run("replay", "--id", "1").out()).contains("nothing: it is replaying");
    assertThat(run("replay", "--source", "/models/*").out())
        .isEqualToIgnoringNewLines("No dead letters to replay.");
    assertThat(submissions()).isEqualTo(1);
  }

  @Test
  void whatBecameOfAModelsReplayIsListed() throws Exception {
    run("replay", "--reason", "FILE_CHANGED");
    sql.update(
        "INSERT INTO dbo.Models (TenantId, ModelName, ModelNameHash, State)"
            + " VALUES (3, N'bad', HASHBYTES('SHA2_256', N'bad'), 'INGESTING')");
    sql.update(
        "UPDATE dbo.ModelSubmissions SET ModelId = 2, State = 'CLAIMED' WHERE ModelId IS NULL");
    assertThat(states("1")).isEqualTo("replaying: model 2 is being ingested");
    sql.update("UPDATE dbo.Models SET State = 'FAILED' WHERE ModelId = 2");
    assertThat(states("1")).isEqualTo("replayed: model 2 failed again");
    sql.update("UPDATE dbo.Models SET State = 'COMPLETE' WHERE ModelId = 2");
    assertThat(states("1")).isEqualTo("resolved: model 2 is COMPLETE");
    sql.update("UPDATE dbo.Models SET State = 'DELETED', DuplicateOf = 1 WHERE ModelId = 2");
    assertThat(states("1")).isEqualTo("resolved: model 2 is a duplicate of model 1");
  }

  private String states(String id) throws Exception {
    var entry = new JsonMapper().readTree(run("list", "--json", "--id", id).out());
    return entry.get("state").asText() + ": " + entry.get("outcome").asText();
  }

  @Test
  void aRowIsRequestedOnce() throws Exception {
    CommandRunner.Result result = run("replay", "--id", "3", "--json");

    assertThat(result.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(new JsonMapper().readTree(result.out()).get("action").asText())
        .isEqualTo("READ_ROW");
    run("replay", "--id", "3");
    assertThat(sql.rows("SELECT ErrorId, RowKey, State FROM dbo.ReplayRequests"))
        .containsExactly("3|{\"Id\":7}|NEW");
    assertThat(states("3")).isEqualTo("replaying: the ingest job has to read the row again");
  }

  @Test
  void whatCannotBeReplayedSaysWhy() throws Exception {
    sql.update(
        "INSERT INTO dbo.Models (TenantId, ModelName, ModelNameHash, State)"
            + " VALUES (3, N'good', HASHBYTES('SHA2_256', N'good'), 'COMPLETE'),"
            + " (3, N'bare', HASHBYTES('SHA2_256', N'bare'), 'FAILED')");
    letter("/models/good.onnx", "offset 1", "FILE_UNREADABLE", 2, null, null);
    letter("/models/bare.onnx", "offset 1", "FILE_EMPTY", 3, null, null);
    letter("/models/gone.onnx", "offset 1", "FILE_TOO_LARGE", 99, null, null);
    letter("dbo.Gone", "{\"Id\":8} column Title", "VALUE_TOO_LARGE", null, 99, 8);
    letter("/watched", "/watched/deep", "DIRECTORY_TOO_DEEP", null, null, null);

    CommandRunner.Result result = run("replay", "--id", "5,6,7,8,9");

    assertThat(result.exitCode()).isEqualTo(ExitCode.PROBLEM_FOUND);
    assertThat(result.out())
        .contains("nothing: FILE_UNREADABLE: model 2 is COMPLETE, not FAILED")
        .contains("nothing: FILE_EMPTY: model 3 has no submission")
        .contains("nothing: FILE_TOO_LARGE: model 99 is not there any more")
        .contains("nothing: VALUE_TOO_LARGE: its table is not captured any more")
        .contains("nothing: DIRECTORY_TOO_DEEP: it names neither a model nor a row")
        .contains("5 cannot be replayed");
  }

  @Test
  void whatCannotBeReplayedIsAProblem() {
    assertThat(run("replay", "--id", "4"))
        .satisfies(
            result -> {
              assertThat(result.out())
                  .contains("nothing: MALFORMED_FILE: it names neither a model nor a row");
              assertThat(result.exitCode()).isEqualTo(ExitCode.PROBLEM_FOUND);
            });
    assertThat(run("replay", "--id", "3,99"))
        .satisfies(
            result -> {
              assertThat(result.err()).hasLineCount(1).contains("1 of the numbers");
              assertThat(result.exitCode()).isEqualTo(ExitCode.PROBLEM_FOUND);
            });
    assertThat(run("replay", "--source", "no_such%").out()).contains("No dead letters to replay.");
  }
}
