package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Capture by the statements that people and the CDC connector send. */
class CaptureStatementsTest {

  private static final SqlType LSN = SqlType.ofLength(Kind.VARBINARY, 8000);
  private static final String MAXIMUM =
      "SELECT MAX(start_lsn) FROM [Hartonomous].cdc.lsn_time_mapping WHERE tran_id <> 0x00";

  private H2Engine engine;
  private Client writer;
  private Client reader;

  @BeforeEach
  void open() throws Exception {
    engine = H2Engine.open(Client.database().build());
    writer = new Client(engine);
    reader = new Client(engine);
    writer.ok(
        "CREATE TABLE dbo.Documents (Id int NOT NULL CONSTRAINT PK_D PRIMARY KEY, Title"
            + " nvarchar(200) NULL, Body nvarchar(max) NULL, Price decimal(9,2) NULL)");
    writer.ok("EXEC sys.sp_cdc_enable_db");
    writer.ok(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Documents',"
            + " @role_name = NULL, @supports_net_changes = 0");
    reader.ok("set implicit_transactions on ");
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private Parameter lsn(String name, String hex) {
    return new Parameter(name, LSN, HexFormat.of().parseHex(hex));
  }

  private List<String> changes(String from, String to) throws IOException {
    return reader.query(
        "SELECT *, TODATETIMEOFFSET([Hartonomous].sys.fn_cdc_map_lsn_to_time([__$start_lsn]),"
            + " DATEPART(TZOFFSET, SYSDATETIMEOFFSET())) FROM"
            + " [Hartonomous].cdc.[fn_cdc_get_all_changes_dbo_Documents](@P0, @P1, N'all update"
            + " old') order by [__$start_lsn] ASC, [__$seqval] ASC, [__$operation] ASC",
        lsn("@P0", from),
        lsn("@P1", to));
  }

  @Test
  void theConnectorsRoundOfStatements() throws IOException {
    String before = reader.query(MAXIMUM).get(0);
    writer.ok("INSERT INTO Documents VALUES (1, N'one', N'body', 1.5)");
    writer.ok(
        "BEGIN TRAN; UPDATE Documents SET Title = N'two' WHERE Id = 1; DELETE FROM Documents");
    assertThat(reader.query(MAXIMUM).get(0)).isGreaterThan(before);
    writer.ok("COMMIT");
    String to = reader.query(MAXIMUM).get(0);
    String from =
        reader
            .query("SELECT [Hartonomous].sys.fn_cdc_increment_lsn(@P0)", lsn("@P0", before))
            .get(0);
    assertThat(
            reader.query(
                "SELECT * FROM [Hartonomous].cdc.change_tables WHERE start_lsn BETWEEN @P0 AND @P1",
                lsn("@P0", from),
                lsn("@P1", to)))
        .isEmpty();
    assertThat(
            reader.query(
                "WITH ordered_change_tables AS (SELECT ROW_NUMBER() OVER (PARTITION BY"
                    + " ct.source_object_id, ct.start_lsn ORDER BY ct.create_date DESC) AS"
                    + " ct_sequence, ct.* FROM [Hartonomous].cdc.change_tables AS ct WHERE"
                    + " ct.start_lsn <= @P0) SELECT OBJECT_SCHEMA_NAME(source_object_id,"
                    + " DB_ID(@P1)), OBJECT_NAME(source_object_id, DB_ID(@P2)), capture_instance"
                    + " FROM ordered_change_tables WHERE ct_sequence = 1",
                lsn("@P0", to),
                new Parameter("@P1", SqlType.ofLength(Kind.NVARCHAR, 4000), "Hartonomous"),
                new Parameter("@P2", SqlType.ofLength(Kind.NVARCHAR, 4000), "Hartonomous")))
        .containsExactly("dbo|Documents|dbo_Documents");
    assertThat(
            reader.query(
                "SELECT column_name FROM [Hartonomous].cdc.captured_columns ORDER BY object_id,"
                    + " column_id"))
        .containsExactly("Id", "Title", "Body", "Price");
    List<String> changes = changes(from, to);
    assertThat(changes.stream().map(CaptureStatementsTest::shape))
        .containsExactly(
            "2|0f|1|one|body|1.50",
            "3|02|1|one|null|1.50",
            "4|02|1|two|body|1.50",
            "1|0f|1|two|body|1.50");
    assertThat(reader.ok("IF @@TRANCOUNT > 0 ROLLBACK TRAN").events).containsExactly("rolled back");
  }

  /** Operation, mask and values; without LSNs and time. */
  private static String shape(String line) {
    String[] parts = line.split("\\|");
    assertThat(parts[0]).hasSize(20);
    assertThat(parts[1]).hasSize(20).isLessThan(parts[0]);
    assertThat(parts[parts.length - 1]).startsWith("20");
    return String.join("|", List.of(parts).subList(2, parts.length - 1));
  }

  @Test
  void theTypesOfAChangeAreThoseOfTheTable() throws IOException {
    String maximum = reader.query(MAXIMUM).get(0);
    Client.Results results =
        reader.ok(
            "SELECT * FROM cdc.[fn_cdc_get_all_changes_dbo_Documents](@P0, @P1, N'all')",
            lsn("@P0", maximum),
            lsn("@P1", maximum));
    assertThat(results.columns.stream().map(ResultColumn::name))
        .containsExactly(
            "__$start_lsn",
            "__$seqval",
            "__$operation",
            "__$update_mask",
            "Id",
            "Title",
            "Body",
            "Price");
    assertThat(results.columns.get(0).type()).isEqualTo(SqlType.ofLength(Kind.BINARY, 10));
    assertThat(results.columns.get(3).type()).isEqualTo(SqlType.ofLength(Kind.VARBINARY, 128));
    assertThat(results.columns.get(7).type()).isEqualTo(SqlType.decimal(Kind.DECIMAL, 9, 2));
  }

  @Test
  void anIntervalBelowTheMinimumAndADroppedInstanceAreErrors() throws IOException {
    String maximum = reader.query(MAXIMUM).get(0);
    assertThat(
            reader
                .error(
                    "SELECT * FROM cdc.[fn_cdc_get_all_changes_dbo_Documents](@P0, @P1, N'all')",
                    lsn("@P0", "00000000000000000001"),
                    lsn("@P1", maximum))
                .number())
        .isEqualTo(313);
    reader.ok("IF @@TRANCOUNT > 0 ROLLBACK TRAN");
    writer.ok(
        "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'Documents',"
            + " @capture_instance = N'all'");
    assertThat(
            reader.error(
                "SELECT * FROM [Hartonomous].cdc.[fn_cdc_get_all_changes_dbo_Documents](@P0, @P1,"
                    + " N'all')",
                lsn("@P0", maximum),
                lsn("@P1", maximum)))
        .hasMessage("Invalid object name 'Hartonomous.cdc.fn_cdc_get_all_changes_dbo_Documents'.");
    writer.ok("INSERT INTO Documents (Id) VALUES (1)");
  }

  @Test
  void savepointsAndFailedStatementsLeaveNoChanges() throws IOException {
    String before = reader.query(MAXIMUM).get(0);
    writer.ok("BEGIN TRAN; INSERT INTO Documents (Id) VALUES (1); SAVE TRAN s");
    writer.ok("INSERT INTO Documents (Id) VALUES (2); ROLLBACK TRAN s");
    assertThat(writer.error("INSERT INTO Documents (Id) VALUES (3), (1)").number()).isEqualTo(2627);
    writer.ok("COMMIT");
    writer.ok("BEGIN TRAN; INSERT INTO Documents (Id) VALUES (4); ROLLBACK");
    String to = reader.query(MAXIMUM).get(0);
    assertThat(changes(before, to).stream().map(CaptureStatementsTest::shape))
        .containsExactly("2|0f|1|null|null|null");
  }

  @Test
  void functionsAndViewsOfCapture() throws IOException {
    writer.ok("INSERT INTO Documents (Id) VALUES (1)");
    assertThat(
            reader.query(
                "SELECT CASE WHEN sys.fn_cdc_get_max_lsn() >"
                    + " sys.fn_cdc_get_min_lsn('dbo_Documents') THEN 1 ELSE 0 END"))
        .containsExactly("1");
    assertThat(reader.query("SELECT is_cdc_enabled FROM sys.databases")).containsExactly("true");
    assertThat(reader.query("SELECT name FROM sys.tables WHERE is_tracked_by_cdc = 1"))
        .containsExactly("Documents");
    assertThat(reader.query("SELECT [__$operation], Id FROM cdc.dbo_Documents_CT"))
        .containsExactly("2|1");
    assertThat(writer.ok("EXEC sys.sp_cdc_help_change_data_capture").rows.get(0).subList(0, 3))
        .isEqualTo(List.of("dbo", "Documents", "dbo_Documents"));
    writer.ok("EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = 10");
    assertThat(writer.ok("EXEC sys.sp_cdc_help_jobs").rows.get(1).get(7)).isEqualTo(10L);
  }

  @Test
  void whatCaptureForbids() throws IOException {
    assertThat(writer.error("TRUNCATE TABLE Documents").number()).isEqualTo(4711);
    String enable =
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Documents',"
            + " @role_name = NULL";
    assertThat(writer.error(enable).number()).isEqualTo(22926);
    writer.ok(enable + ", @capture_instance = N'second', @captured_column_list = N'[Id], Title'");
    assertThat(writer.error(enable + ", @capture_instance = N'third'").number()).isEqualTo(22962);
    assertThat(writer.error("BEGIN TRAN; " + enable).number()).isEqualTo(226);
    writer.ok("ROLLBACK");
    assertThat(
            writer
                .error(
                    "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'No',"
                        + " @role_name = NULL")
                .number())
        .isEqualTo(22931);
    writer.ok("UPDATE Documents SET Title = N'x'");
    writer.ok("EXEC sys.sp_cdc_disable_db");
    assertThat(reader.error("SELECT * FROM cdc.change_tables").number()).isEqualTo(208);
  }
}
