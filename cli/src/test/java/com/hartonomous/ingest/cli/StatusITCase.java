package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.testing.SampleTables;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The commands that read and make tables. */
class StatusITCase {

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @TempDir private Path directory;
  private String configuration;

  @BeforeEach
  void writeConfiguration() throws Exception {
    Path file = directory.resolve("ingest.yaml");
    Files.writeString(file, server.configuration() + "checkpoint: {directory: checkpoints}\n");
    configuration = file.toString();
  }

  private void fill() throws Exception {
    try (Sql sql = server.connect()) {
      sql.update(
          "INSERT INTO dbo.Models (TenantId, ModelName, ModelNameHash, State, ExpectedChunks,"
              + " ExpectedTensors, ExpectedNodes, ExpectedBytes) VALUES (7, N'half',"
              + " HASHBYTES('SHA2_256', N'half'), 'INGESTING', 10, 3, 0, 4000)");
      sql.update(
          "INSERT INTO dbo.ModelProgress (ModelId, Writer, StoredChunks, StoredNodes, StoredBytes,"
              + " NewAtoms, NewBytes, FirstAt, LastAt)"
              + " SELECT ModelId, 0, 3, 0, 1500, 3, 1000, '2026-01-01T00:00:00',"
              + " '2026-01-01T00:00:02' FROM dbo.Models");
      sql.update(
          "INSERT INTO dbo.ModelProgress (ModelId, Writer, StoredChunks, StoredNodes, StoredBytes,"
              + " NewAtoms, NewBytes, FirstAt, LastAt)"
              + " SELECT ModelId, 1, 2, 0, 500, 1, 500, '2026-01-01T00:00:00',"
              + " '2026-01-01T00:00:02' FROM dbo.Models");
      sql.update(
          "INSERT INTO dbo.Neo4jSyncQueue (EntityType, EntityId, Operation) VALUES ('Model', 1,"
              + " 'SYNC')");
      sql.update(
          "INSERT INTO dbo.AtomizationErrors (DeadLetterHash, SourceName, Position, Reason,"
              + " ErrorMessage) VALUES (HASHBYTES('SHA2_256', N'x'), N'bad.onnx', N'offset 12',"
              + " 'MALFORMED_FILE', N'expected a field, found the end')");
      sql.update("UPDATE dbo.Heartbeat SET Beat = Beat + 1");
      sql.awaitCaptured("dbo_Heartbeat", 2);
      sql.update(
          "INSERT INTO dbo.CdcCheckpoints (SourceName, LastLsn, CheckpointId)"
              + " SELECT N'main', MAX(start_lsn), 5 FROM cdc.lsn_time_mapping");
      sql.update(
          "INSERT INTO dbo.CaptureProgress (SourceName, Reader, SnapshotRows, InsertedRows,"
              + " UpdatedRows, DeletedRows) VALUES (N'main', 0, 4, 3, 2, 1)");
      int table = new SampleTables(sql).captureTable("Documents", "Title");
      sql.update(
          "INSERT INTO dbo.TableProgress (CapturedTableId, Writer, StoredReferences, NewAtoms,"
              + " KnownAtoms, LastAt) VALUES (?, 1, 5, 4, 2, SYSUTCDATETIME()),"
              + " (?, 2, 2, 2, 0, SYSUTCDATETIME())",
          table,
          table);
      sql.update(
          "INSERT INTO dbo.AtomizationErrors (DeadLetterHash, SourceName, Position, Reason,"
              + " ErrorMessage, CapturedTableId) VALUES (HASHBYTES('SHA2_256', N'y'),"
              + " N'dbo.Documents', N'row', 'VALUE_TOO_LARGE', N'too large', ?)",
          table);
      sql.update(
          "INSERT INTO dbo.Models (TenantId, ModelName, ModelNameHash, State)"
              + " VALUES (7, N'bad', HASHBYTES('SHA2_256', N'bad'), 'FAILED')");
      sql.update(
          "INSERT INTO dbo.AtomizationErrors (DeadLetterHash, SourceName, Position, Reason,"
              + " ErrorMessage, ModelId) VALUES (HASHBYTES('SHA2_256', N'z'), N'/bad', N'file',"
              + " 'FILE_EMPTY', N'empty', 2)");
      sql.update(
          "INSERT INTO dbo.ModelSubmissions (SourceName, TenantId, ModelName, Path, State, ModelId)"
              + " VALUES (N'test', 7, N'half', N'/half', 'CLAIMED', 1),"
              + " (N'test', 7, N'bad', N'/bad', 'DONE', 2)");
    }
  }

  @Test
  void statusTellsTheFiguresOfTheTables() throws Exception {
    fill();

    CommandRunner.Result result = CommandRunner.run("status", "--json", "--config", configuration);

    assertThat(result.err()).isEmpty();
    assertThat(result.exitCode()).isEqualTo(ExitCode.DONE);
    JsonNode status = new JsonMapper().readTree(result.out());
    assertThat(status.fieldNames())
        .toIterable()
        .containsExactly("models", "capture", "broker", "outbox", "deadLetters", "throughput");
    JsonNode model = status.get("models").get(0);
    assertThat(model.get("name").asText()).isEqualTo("half");
    assertThat(model.get("tenantId").asInt()).isEqualTo(7);
    assertThat(model.get("percent").asDouble()).isEqualTo(50.0);
    assertThat(model.get("storedChunks").asLong()).isEqualTo(5);
    assertThat(model.get("newBytes").asLong()).isEqualTo(1500);
    assertThat(model.get("sharedBytes").asLong()).isEqualTo(500);
    assertThat(model.get("bytesPerSecond").asDouble()).isEqualTo(1000.0);
    JsonNode capture = status.get("capture").get(0);
    assertThat(capture.get("checkpointId").asLong()).isEqualTo(5);
    assertThat(capture.get("lastLsn").asText()).hasSize(20);
    assertThat(capture.get("lagSeconds").asDouble()).isZero();
    assertThat(capture.get("phase").asText()).isEqualTo("STREAM");
    assertThat(capture.get("snapshotRowsExpected").isNull()).isTrue();
    assertThat(capture.get("pendingTransactions").asLong()).isZero();
    assertThat(status.get("broker").isNull()).isTrue();
    assertThat(status.get("outbox").get("unsynced").asLong()).isEqualTo(1);
    assertThat(status.get("deadLetters").get("total").asLong()).isEqualTo(3);
    assertThat(status.get("throughput").get("rowEvents").asLong()).isEqualTo(10);
    assertThat(status.get("models").get(1).get("deadLetters").asLong()).isEqualTo(1);
    assertThat(capture.get("tables").toString())
        .isEqualTo(
            "[{\"table\":\"dbo.Documents\",\"stored\":7,\"newAtoms\":6,\"knownAtoms\":2,"
                + "\"deadLetters\":1,\"generation\":1,\"state\":\"CAPTURED\",\"since\":null,"
                + "\"reason\":null}]");
    // Of three submissions one could not be made a model; of the models one has no header.
    assertThat(status.get("throughput").get("balance").toString())
        .isEqualTo(
            "[{\"source\":\"submissions\",\"unit\":\"files\",\"in\":3,\"stored\":0,"
                + "\"known\":0,\"dead\":2,\"underWay\":1},{\"source\":\"models\","
                + "\"unit\":\"chunks and nodes\",\"in\":11,\"stored\":4,\"known\":1,"
                + "\"dead\":1,\"underWay\":5}]");
  }

  @Test
  void statusIsReadableForPeopleToo() throws Exception {
    fill();

    CommandRunner.Result result = CommandRunner.run("status", "--config", configuration);

    assertThat(result.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(result.out())
        .contains("7/half", "50.0 %", "5/10", "main", "MALFORMED_FILE 1", "1 unsynced")
        .contains(
            "submissions: 3 files in = 0 stored + 0 known + 2 dead + 1 under way",
            "models: 11 chunks and nodes in = 4 stored + 1 known + 1 dead + 5 under way",
            "dbo.Documents: 7 references stored, 1 dead letters");
  }

  @Test
  void statusTellsHowFarASnapshotIs() throws Exception {
    fill();
    try (Sql sql = server.connect()) {
      sql.update("INSERT INTO dbo.Documents (Id) VALUES (101), (102), (103), (104), (105), (106)");
      sql.update(
          "INSERT INTO dbo.CaptureGroups (GroupName, BaseName, Number, SnapshotLsn)"
              + " SELECT N'main', N'main', 1, LastLsn FROM dbo.CdcCheckpoints");
      sql.update("UPDATE dbo.CdcCheckpoints SET LastLsn = 0x00000000000000000000");
    }
    CommandRunner.Result json = CommandRunner.run("status", "--json", "--config", configuration);
    JsonNode capture = new JsonMapper().readTree(json.out()).get("capture").get(0);
    assertThat(capture.get("phase").asText()).isEqualTo("SNAPSHOT");
    assertThat(capture.get("headroomSeconds").isNumber()).isTrue();
    assertThat(capture.get("lagSeconds").isNumber()).isTrue();
    assertThat(capture.get("pendingTransactions").asLong()).isZero();
    assertThat(capture.get("snapshotRows").asLong()).isEqualTo(4);
    assertThat(capture.get("snapshotRowsExpected").asLong()).isEqualTo(6);
    CommandRunner.Result text = CommandRunner.run("status", "--config", configuration);
    assertThat(text.out()).contains("SNAPSHOT", "4/~6");
  }

  @Test
  void statusSaysWhatDoesNotBalance() throws Exception {
    try (Sql sql = server.connect()) {
      sql.update(
          "INSERT INTO dbo.ModelSubmissions (SourceName, TenantId, ModelName, Path, State)"
              + " VALUES (N'test', 7, N'lost', N'/lost', 'DONE')");
    }
    assertThat(CommandRunner.run("status", "--config", configuration).out())
        .contains("submissions: 1 files in is not 0 stored + 0 known + 0 dead + 0 under way")
        .contains("see ./hartonomous verify");
  }

  @Test
  void deadLettersAreListed() throws Exception {
    assertThat(CommandRunner.run("dead-letters", "list", "--config", configuration).out())
        .isEqualToIgnoringNewLines("No dead letters.");
    fill();

    CommandRunner.Result table =
        CommandRunner.run("dead-letters", "list", "--config", configuration);
    CommandRunner.Result json =
        CommandRunner.run(
            "dead-letters",
            "list",
            "--json",
            "--reason",
            "MALFORMED_FILE",
            "--config",
            configuration);

    assertThat(table.out()).contains("bad.onnx", "offset 12", "MALFORMED_FILE", "found the end");
    JsonNode entry = new JsonMapper().readTree(json.out());
    assertThat(entry.get("source").asText()).isEqualTo("bad.onnx");
    assertThat(entry.get("modelId").isNull()).isTrue();
  }

  @Test
  void migratingAgainChangesNothing() {
    CommandRunner.Result result = CommandRunner.run("migrate", "--config", configuration);

    assertThat(result.err()).isEmpty();
    assertThat(result.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(result.out()).contains("the schema is up to date");
  }

  @Test
  void aDryRunOfIngestShowsWhatIsInEffectAndStartsNothing() throws Exception {
    try (Sql sql = server.connect()) {
      sql.update("CREATE TABLE dbo.A (Id INT NOT NULL PRIMARY KEY, Body NVARCHAR(MAX) NULL)");
      sql.update(
          "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'A',"
              + " @role_name = NULL, @supports_net_changes = 0");
    }

    CommandRunner.Result result =
        CommandRunner.run(
            "ingest",
            "--dry-run",
            "--config",
            configuration,
            "--set",
            "capture.tables=[{table: dbo.A, columns: {Body: text/plain}}]");

    assertThat(result.err()).isEmpty();
    assertThat(result.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(result.out())
        .contains("capture dbo.A by key (Id), content Body: text/plain", "start without state")
        .containsPattern("writer\\.batch-rows += 2000 +# default")
        .doesNotContain(Files.readString(Path.of(server.options().password().file())));
  }
}
