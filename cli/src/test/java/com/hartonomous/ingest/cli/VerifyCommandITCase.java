package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.testing.SampleTables;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.TestNeo4j;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandITCase {

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  @Test
  void endsWithZeroUnlessThereIsADifference() throws Exception {
    String config = config(TestNeo4j.sharedAndEmpty().options().uri()).toString();
    try (Sql sql = server.connect()) {
      SampleTables tables = new SampleTables(sql);
      tables.putRow(tables.captureTable("Documents", "Title"), 1, "hello");
      CommandRunner.Result behind = CommandRunner.run("verify", "--config", config);
      assertThat(behind.exitCode()).as(behind.toString()).isEqualTo(ExitCode.DONE);
      assertThat(behind.out())
          .contains("1 differences are pending", "outbox        1 unsynced", "verification passed");

      sql.update(
          "UPDATE dbo.Atoms SET Content = ? WHERE AtomHash = ?",
          "hallo".getBytes(StandardCharsets.UTF_16LE),
          Sha256.ofText("hello").toBytes());
      CommandRunner.Result read =
          CommandRunner.run("verify", "--config", config, "--read-data", "--json");
      assertThat(read.exitCode()).as(read.toString()).isEqualTo(ExitCode.PROBLEM_FOUND);
      JsonNode report = new JsonMapper().readTree(read.out());
      assertThat(report.get("passed").asBoolean()).isFalse();
      assertThat(report.get("differences").asInt()).isEqualTo(1);
      assertThat(report.get("shown").get(0).get("key").asText())
          .isEqualTo("atom " + Sha256.ofText("hello"));

      CommandRunner.Result text =
          CommandRunner.run("verify", "--config", config, "--read-data=100");
      assertThat(text.exitCode()).isEqualTo(ExitCode.PROBLEM_FOUND);
      assertThat(text.out())
          .contains("DIFFERENCE  content hashes", "verification FAILED: 1 differences");
    }
  }

  @Test
  void saysWhenNeo4jIsAbsentAndWhenThePercentageIsNone() throws Exception {
    String config = config("bolt://127.0.0.1:1").toString();
    CommandRunner.Result absent = CommandRunner.run("verify", "--config", config);
    assertThat(absent.exitCode()).isEqualTo(ExitCode.INFRASTRUCTURE);
    assertThat(absent.err()).contains("neo4j: bolt://127.0.0.1:1 cannot be read");
    CommandRunner.Result percent =
        CommandRunner.run("verify", "--config", config, "--read-data=101");
    assertThat(percent.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(percent.err()).contains("from 0 to 100");
  }

  private Path config(String neo4jUri) throws IOException {
    SqlServerOptions options = server.options();
    return Files.writeString(
        directory.resolve("graph-sync.yaml"),
        String.join(
            "\n",
            "sqlserver:",
            "  host: " + options.host(),
            "  port: " + options.port(),
            "  database: " + options.database(),
            "  user: " + options.user(),
            "  password-file: " + options.password().file(),
            "  encrypt: " + options.encrypt(),
            "  trust-server-certificate: true",
            "neo4j:",
            "  uri: " + neo4jUri,
            "checkpoint:",
            "  directory: " + directory.resolve("checkpoints"),
            ""));
  }
}
