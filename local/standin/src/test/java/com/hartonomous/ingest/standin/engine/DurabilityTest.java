package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DurabilityTest {

  @TempDir Path directory;

  private H2Engine open() throws Exception {
    return H2Engine.open(Client.database().dataDirectory(directory).build());
  }

  private static String maximum(Client client) throws Exception {
    return client.query("SELECT sys.fn_cdc_get_max_lsn()").get(0);
  }

  @Test
  void aReopenedDatabaseGoesOn() throws Exception {
    String lsn;
    try (H2Engine engine = open();
        Client client = new Client(engine)) {
      prepare(client);
      client.ok("INSERT INTO dbo.T (v) VALUES (N'a'), (N'b')");
      client.ok("CREATE TABLE #temporary (a int NOT NULL)");
      lsn = maximum(client);
      new Client(engine).ok("BEGIN TRAN; INSERT INTO dbo.T (v) VALUES (N'lost')");
    }
    try (H2Engine engine = open();
        Client client = new Client(engine)) {
      assertThat(client.query("SELECT id, v FROM dbo.T ORDER BY id")).containsExactly("1|a", "2|b");
      client.ok("UPDATE dbo.T SET v = N'c' WHERE id = 2");
      assertThat(maximum(client)).isGreaterThan(lsn);
      assertThat(
              client.query(
                  "SELECT [__$operation], id, v FROM cdc.dbo_T_CT ORDER BY [__$seqval], [__$operation]"))
          .containsExactly("2|1|a", "2|2|b", "3|2|b", "4|2|c");
      assertThat(client.error("INSERT INTO dbo.T (id, v) VALUES (1, N'x')").number())
          .isEqualTo(544);
      assertThat(client.query("EXEC dbo.Count2")).containsExactly("2");
      assertThat(client.query("SELECT COUNT(*) FROM sys.columns WHERE object_id < 0"))
          .containsExactly("0");
      assertThat(client.query("SELECT snapshot_isolation_state_desc FROM sys.databases"))
          .containsExactly("ON");
      client.ok("CREATE TABLE #temporary (a int NOT NULL)");
    }
  }

  private static void prepare(Client client) throws Exception {
    client.ok(
        "CREATE TABLE dbo.T (id int IDENTITY(1,1) NOT NULL PRIMARY KEY, v nvarchar(10) NULL)");
    client.ok("CREATE PROCEDURE dbo.Count2 AS SELECT COUNT(*) AS n FROM dbo.T");
    client.ok("ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON");
    client.ok("EXEC sys.sp_cdc_enable_db");
    client.ok(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'T', @role_name ="
            + " NULL");
  }

  @Test
  void whatWasCommittedSurvivesTheDeathOfTheProcess() throws Exception {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    Victim.class.getName(),
                    directory.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long committed = 0;
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      while (committed < 50) {
        String line = output.readLine();
        assertThat(line).as("the process ended early").isNotNull();
        if (line.startsWith("committed ")) {
          committed = Long.parseLong(line.substring("committed ".length()));
        }
      }
    } finally {
      process.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
    }
    try (H2Engine engine = open();
        Client client = new Client(engine)) {
      long rows = Long.parseLong(client.query("SELECT COUNT(*) FROM dbo.T").get(0));
      assertThat(rows).isGreaterThanOrEqualTo(committed);
      assertThat(client.query("SELECT COUNT(*) FROM cdc.dbo_T_CT"))
          .containsExactly(String.valueOf(rows));
    }
  }

  /** Commits and says so until it is killed. */
  static final class Victim {
    private Victim() {}

    public static void main(String[] arguments) throws Exception {
      H2Engine engine =
          H2Engine.open(Client.database().dataDirectory(Path.of(arguments[0])).build());
      Client client = new Client(engine);
      prepare(client);
      for (int i = 1; i <= 100_000; i++) {
        client.ok("INSERT INTO dbo.T (v) VALUES (N'x')");
        System.out.println("committed " + i);
      }
    }
  }
}
