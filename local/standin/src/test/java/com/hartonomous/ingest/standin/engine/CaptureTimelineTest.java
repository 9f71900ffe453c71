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

/**
 * What moves the timeline of a capture instance: clean-up, definitions, a second instance, updates
 * of keys and of large values.
 */
class CaptureTimelineTest {

  private static final String ENABLE =
      "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Documents',"
          + " @role_name = NULL";

  private H2Engine engine;
  private Client client;

  @BeforeEach
  void open() throws Exception {
    engine = H2Engine.open(Client.database().build());
    client = new Client(engine);
    client.ok(
        "CREATE TABLE dbo.Documents (Id int NOT NULL CONSTRAINT PK_D PRIMARY KEY, Title"
            + " nvarchar(200) NULL, Body nvarchar(max) NULL, Price decimal(9,2) NULL, Twice AS"
            + " (Id * 2))");
    client.ok("EXEC sys.sp_cdc_enable_db");
    client.ok(ENABLE);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private static Parameter lsn(String name, String hex) {
    return new Parameter(
        name,
        SqlType.ofLength(Kind.VARBINARY, 8000),
        hex == null ? null : HexFormat.of().parseHex(hex));
  }

  /** Commits a row of its own and returns its LSN. */
  private String insert(int id) throws IOException {
    client.ok("INSERT INTO Documents (Id, Title, Body) VALUES (" + id + ", N't', N'b')");
    return maximum();
  }

  private String maximum() throws IOException {
    return client.query("SELECT sys.fn_cdc_get_max_lsn()").get(0);
  }

  private String minimum(String instance) throws IOException {
    return client.query("SELECT sys.fn_cdc_get_min_lsn(N'" + instance + "')").get(0);
  }

  private List<String> changes(String instance, String columns) throws IOException {
    return client.query(
        "SELECT [__$operation], [__$update_mask], "
            + columns
            + " FROM cdc.fn_cdc_get_all_changes_"
            + instance
            + "(sys.fn_cdc_get_min_lsn(N'"
            + instance
            + "'), sys.fn_cdc_get_max_lsn(), N'all update old') ORDER BY [__$start_lsn],"
            + " [__$seqval], [__$operation]");
  }

  private int cleanUp(String instance, String lsn) throws IOException {
    return client
        .error(
            "EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'"
                + instance
                + "', @low_water_mark = "
                + (lsn == null ? "NULL" : "0x" + lsn))
        .number();
  }

  private int range(String from, String to) throws IOException {
    return client
        .error(
            "SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_Documents(@P0, @P1, N'all')",
            lsn("@P0", from),
            lsn("@P1", to))
        .number();
  }

  private static String moved(String lsn, int by) {
    return String.format(
        "%020x", new java.math.BigInteger(lsn, 16).add(java.math.BigInteger.valueOf(by)));
  }

  @Test
  void cleanUpDeletesBelowTheMarkAndRaisesTheLowEndOfOneInstance() throws Exception {
    client.ok(ENABLE + ", @capture_instance = N'second'");
    String first = insert(1);
    Thread.sleep(2);
    String second = insert(2);
    Thread.sleep(2);
    String third = insert(3);
    String before = minimum("second");
    assertThat(before).isNotEqualTo(minimum("dbo_Documents"));
    assertThat(
            client.query(
                "DECLARE @failed bit, @status int; EXEC @status ="
                    + " sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_Documents',"
                    + " @low_water_mark = 0x"
                    + second
                    + ", @threshold = 1, @fCleanupFailed = @failed OUTPUT; SELECT @status,"
                    + " @failed"))
        .containsExactly("0|false");
    assertThat(minimum("dbo_Documents")).isEqualTo(second);
    assertThat(
            client.query(
                "SELECT start_lsn FROM cdc.change_tables WHERE capture_instance ="
                    + " N'dbo_Documents'"))
        .containsExactly(second);
    assertThat(client.query("SELECT Id FROM cdc.dbo_Documents_CT ORDER BY Id"))
        .containsExactly("2", "3");
    assertThat(minimum("second")).isEqualTo(before);
    assertThat(client.query("SELECT Id FROM cdc.second_CT ORDER BY Id"))
        .containsExactly("1", "2", "3");
    assertThat(range(first, third)).isEqualTo(313);
    assertThat(changes("dbo_Documents", "Id")).containsExactly("2|1f|2", "2|1f|3");
    // The times of the first commit stay while an instance needs them.
    String times = "SELECT COUNT(*) FROM cdc.lsn_time_mapping WHERE start_lsn < 0x" + second;
    assertThat(client.query(times)).doesNotContain("0");
    client.ok("EXEC sys.sp_cdc_cleanup_change_table N'second', 0x" + third);
    assertThat(client.query(times)).containsExactly("0");
    assertThat(client.query("SELECT Id FROM cdc.second_CT")).containsExactly("3");
  }

  @Test
  void theMarkMustBeACommitNotBelowTheLowEnd() throws IOException {
    String before = minimum("dbo_Documents");
    String first = insert(1);
    assertThat(cleanUp("dbo_Documents", moved(first, 1))).isEqualTo(22964);
    assertThat(cleanUp("no_such", first)).isEqualTo(22920);
    assertThat(
            client
                .error("EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_Documents'")
                .number())
        .isEqualTo(201);
    client.ok(ENABLE + ", @capture_instance = N'second'");
    assertThat(cleanUp("second", first)).isEqualTo(22957);
    // NULL deletes up to the present mark and leaves it.
    client.ok("EXEC sys.sp_cdc_cleanup_change_table N'dbo_Documents', NULL");
    assertThat(minimum("dbo_Documents")).isEqualTo(before);
    assertThat(client.query("SELECT Id FROM cdc.dbo_Documents_CT")).containsExactly("1");
  }

  @Test
  void theCleanUpJobLetsGoWhatIsOlderThanTheRetentionTime() throws IOException {
    insert(1);
    String old = minimum("dbo_Documents");
    client.ok("EXEC sys.sp_cdc_start_job @job_type = N'cleanup'");
    assertThat(minimum("dbo_Documents")).isEqualTo(old);
    assertThat(client.query("SELECT Id FROM cdc.dbo_Documents_CT")).containsExactly("1");
    for (String wrong :
        List.of(
            "N'cleanup', @retention = 0",
            "N'cleanup', @retention = 52594801",
            "N'capture', @retention = 10",
            "N'cleanup', @maxtrans = 10",
            "N'other'",
            "N'capture', @pollinginterval = 86400",
            "N'capture', @maxscans = 0")) {
      assertThat(client.error("EXEC sys.sp_cdc_change_job @job_type = " + wrong).number())
          .describedAs(wrong)
          .isBetween(22970, 22998);
    }
    client.ok("EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = 1");
    assertThat(client.error("EXEC sys.sp_cdc_start_job").number()).isEqualTo(22022);
  }

  @Test
  void anIntervalOutsideTheTimelineIsError313() throws IOException {
    String first = insert(1);
    String low = minimum("dbo_Documents");
    assertThat(range(null, first)).isEqualTo(313);
    assertThat(range(low, null)).isEqualTo(313);
    assertThat(range(moved(low, -1), first)).isEqualTo(313);
    assertThat(range(low, moved(first, 1))).isEqualTo(313);
    assertThat(range(first, low)).isEqualTo(313);
    assertThat(
            client
                .error(
                    "SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_Documents(@P0, @P1, N'some')",
                    lsn("@P0", low),
                    lsn("@P1", first))
                .number())
        .isEqualTo(313);
    assertThat(
            client.query(
                "SELECT Id FROM cdc.fn_cdc_get_all_changes_dbo_Documents(@P0, @P1, N' ALL ')",
                lsn("@P0", low),
                lsn("@P1", first)))
        .containsExactly("1");
  }

  @Test
  void theImageBeforeAnUpdateHasLargeValuesOnlyWhereTheyChanged() throws IOException {
    insert(1);
    client.ok("UPDATE Documents SET Title = N'u' WHERE Id = 1");
    client.ok("UPDATE Documents SET Body = N'c' WHERE Id = 1");
    client.ok("UPDATE Documents SET Body = N'c', Title = N'u' WHERE Id = 1");
    client.ok("DELETE FROM Documents");
    // A computed column is always NULL.
    assertThat(changes("dbo_Documents", "Id, Title, Body, Twice"))
        .containsExactly(
            "2|1f|1|t|b|null",
            "3|02|1|t|null|null",
            "4|02|1|u|b|null",
            "3|04|1|u|b|null",
            "4|04|1|u|c|null",
            "1|1f|1|u|c|null");
    assertThat(client.query("SELECT is_computed FROM cdc.captured_columns ORDER BY column_ordinal"))
        .containsExactly("false", "false", "false", "false", "true");
  }

  @Test
  void anUpdateOfTheKeyIsADeleteAndAnInsert() throws IOException {
    insert(1);
    client.ok("UPDATE Documents SET Id = 7 WHERE Id = 1");
    assertThat(changes("dbo_Documents", "Id, Body"))
        .containsExactly("2|1f|1|b", "1|1f|1|b", "2|1f|7|b");
    assertThat(
            client.query(
                "SELECT [__$operation] FROM cdc.dbo_Documents_CT ORDER BY [__$start_lsn],"
                    + " [__$command_id]"))
        .containsExactly("2", "1", "2");
  }

  @Test
  void aSecondInstanceSeesTheColumnThatTheFirstDoesNot() throws IOException {
    insert(1);
    client.ok("ALTER TABLE dbo.Documents ADD Pages int NULL");
    client.ok("UPDATE Documents SET Pages = 3, Title = N'x'");
    client.ok(ENABLE + ", @capture_instance = N'dbo_Documents_v2'");
    String low = minimum("dbo_Documents_v2");
    client.ok("UPDATE Documents SET Pages = 4");
    client.ok(
        "BEGIN TRAN; UPDATE Documents SET Pages = 5, Title = N'y'; DELETE FROM Documents;"
            + " COMMIT");
    assertThat(changes("dbo_Documents", "Id, Title"))
        .containsExactly("2|1f|1|t", "3|02|1|t", "4|02|1|x", "3|02|1|x", "4|02|1|y", "1|1f|1|y");
    assertThat(changes("dbo_Documents_v2", "Title, Pages"))
        .containsExactly("3|20|x|3", "4|20|x|4", "3|22|x|4", "4|22|y|5", "1|3f|y|5");
    // One change has the same numbers in both.
    String numbers =
        "SELECT [__$start_lsn], [__$seqval], [__$operation] FROM cdc.%s_CT WHERE [__$start_lsn] ="
            + " sys.fn_cdc_get_max_lsn() ORDER BY [__$seqval], [__$operation]";
    assertThat(client.query(numbers.formatted("dbo_Documents_v2")))
        .hasSize(3)
        .isEqualTo(client.query(numbers.formatted("dbo_Documents")));
    assertThat(client.error(ENABLE + ", @capture_instance = N'third'").number()).isEqualTo(22962);
    assertThat(
            client.query(
                "SELECT capture_instance, end_lsn FROM cdc.change_tables ORDER BY start_lsn"))
        .containsExactly("dbo_Documents|null", "dbo_Documents_v2|null");
    assertThat(low).isGreaterThan(minimum("dbo_Documents"));
    client.ok(
        "EXEC sys.sp_cdc_disable_table N'dbo', N'Documents', @capture_instance ="
            + " N'dbo_Documents'");
    client.ok("INSERT INTO Documents (Id, Pages) VALUES (9, 9)");
    assertThat(changes("dbo_Documents_v2", "Id, Pages")).endsWith("2|3f|9|9");
    assertThat(
            client
                .error("EXEC sys.sp_cdc_disable_table N'dbo', N'Documents', N'dbo_Documents'")
                .number())
        .isEqualTo(22960);
  }

  @Test
  void definitionsOfACapturedTableAreHistory() throws IOException {
    insert(1);
    client.ok("DECLARE @x int = 1; ALTER TABLE dbo.Documents ADD Pages int NULL; SELECT @x");
    client.ok("ALTER TABLE dbo.Documents ALTER COLUMN Title nvarchar(300) NULL");
    client.ok("ALTER TABLE dbo.Documents ALTER COLUMN Pages bigint NULL");
    client.ok("BEGIN TRAN; ALTER TABLE dbo.Documents ADD Gone int NULL; ROLLBACK");
    client.ok("ALTER TABLE dbo.Documents DROP COLUMN Price");
    client.ok("UPDATE Documents SET Title = REPLICATE(N'x', 250)");
    List<List<Object>> history = client.ok("EXEC sys.sp_cdc_get_ddl_history N'dbo_Documents'").rows;
    assertThat(history.stream().map(row -> row.get(3) + " " + row.get(4)))
        .containsExactly(
            "false ALTER TABLE dbo.Documents ADD Pages int NULL",
            "true ALTER TABLE dbo.Documents ALTER COLUMN Title nvarchar(300) NULL",
            "false ALTER TABLE dbo.Documents ALTER COLUMN Pages bigint NULL",
            "false ALTER TABLE dbo.Documents DROP COLUMN Price");
    assertThat(history.stream().map(row -> (String) row.get(5))).isSorted();
    assertThat(client.query("SELECT COUNT(*) FROM cdc.ddl_history")).containsExactly("4");
    assertThat(changes("dbo_Documents", "LEN(Title), Price"))
        .containsExactly("2|1f|1|null", "3|02|1|null", "4|02|250|null");
    assertThat(client.ok("EXEC sys.sp_cdc_get_captured_columns N'dbo_Documents'").rows.get(3))
        .endsWith("Price", 4, 4, "decimal", false);
  }

  @Test
  void aColumnThatWasDroppedAndMadeAgainIsAnotherOne() throws IOException {
    client.ok("ALTER TABLE dbo.Documents DROP COLUMN Price");
    client.ok("ALTER TABLE dbo.Documents ADD Price decimal(9, 2) NULL");
    insert(1);
    client.ok("UPDATE Documents SET Price = 7");
    assertThat(client.query("SELECT Price FROM Documents")).containsExactly("7.00");
    assertThat(changes("dbo_Documents", "Price")).allMatch(change -> change.endsWith("|null"));
    assertThat(
            client.query(
                "SELECT k.column_name FROM cdc.captured_columns k JOIN cdc.change_tables c"
                    + " ON c.object_id = k.object_id LEFT JOIN sys.columns s ON s.object_id ="
                    + " c.source_object_id AND s.column_id = k.column_id WHERE s.name IS NULL"))
        .containsExactly("Price");
  }

  @Test
  void theIndexThatIdentifiesRowsStays() throws IOException {
    assertThat(client.error("ALTER TABLE dbo.Documents DROP CONSTRAINT PK_D").number())
        .isEqualTo(22979);
    client.ok("CREATE UNIQUE INDEX UX ON dbo.Documents (Id, Title)");
    client.ok(
        ENABLE
            + ", @capture_instance = N'second', @index_name = N'UX', @captured_column_list ="
            + " N'Id, Title'");
    assertThat(client.error("DROP INDEX UX ON dbo.Documents").number()).isEqualTo(22983);
    client.ok("EXEC sys.sp_cdc_disable_table N'dbo', N'Documents', N'second'");
    client.ok("DROP INDEX UX ON dbo.Documents");
    assertThat(client.error(ENABLE + ", @capture_instance = N's', @index_name = N'no'").number())
        .isEqualTo(22928);
    assertThat(
            client
                .error(ENABLE + ", @capture_instance = N's', @captured_column_list = N'No'")
                .number())
        .isEqualTo(22942);
    assertThat(
            client
                .error(ENABLE + ", @capture_instance = N's', @captured_column_list = N'Title'")
                .number())
        .isEqualTo(22943);
    assertThat(client.error("TRUNCATE TABLE dbo.Documents").number()).isEqualTo(4711);
  }

  @Test
  void netChanges() throws IOException {
    insert(1);
    insert(2);
    insert(3);
    String from = insert(4);
    client.ok("UPDATE Documents SET Title = N'x' WHERE Id IN (1, 4)");
    client.ok("UPDATE Documents SET Body = N'y' WHERE Id IN (1, 4)");
    client.ok("DELETE FROM Documents WHERE Id = 2");
    client.ok("INSERT INTO Documents (Id) VALUES (2)");
    client.ok("UPDATE Documents SET Title = N'z' WHERE Id = 3; DELETE FROM Documents WHERE Id = 3");
    client.ok("INSERT INTO Documents (Id) VALUES (5); DELETE FROM Documents WHERE Id = 5");
    String query =
        "SELECT [__$operation], [__$update_mask], Id, Title, Body FROM"
            + " cdc.fn_cdc_get_net_changes_dbo_Documents(@P0, sys.fn_cdc_get_max_lsn(), N'%s')"
            + " ORDER BY Id";
    assertThat(client.query(query.formatted("all"), lsn("@P0", from)))
        .containsExactly("4|null|1|x|y", "4|null|2|null|null", "1|null|3|z|b", "2|null|4|x|y");
    assertThat(client.query(query.formatted("all with mask"), lsn("@P0", from)))
        .containsExactly("4|06|1|x|y", "4|1f|2|null|null", "1|null|3|z|b", "2|null|4|x|y");
    assertThat(client.query(query.formatted("all with merge"), lsn("@P0", from)))
        .containsExactly("5|null|1|x|y", "5|null|2|null|null", "1|null|3|z|b", "5|null|4|x|y");
    assertThat(client.error(query.formatted("all update old"), lsn("@P0", from)).number())
        .isEqualTo(313);
    client.ok(ENABLE + ", @capture_instance = N'second', @supports_net_changes = 0");
    assertThat(
            client
                .error(query.formatted("all").replace("dbo_Documents", "second"), lsn("@P0", from))
                .number())
        .isEqualTo(208);
  }

  @Test
  void masksAreReadByOrdinal() throws IOException {
    assertThat(
            client.query(
                "SELECT sys.fn_cdc_get_column_ordinal(N'dbo_Documents', N'Body'),"
                    + " sys.fn_cdc_get_column_ordinal(N'dbo_Documents', N'No'),"
                    + " sys.fn_cdc_is_bit_set(3, 0x04), sys.fn_cdc_is_bit_set(9, 0x0100),"
                    + " sys.fn_cdc_is_bit_set(1, 0x04), sys.fn_cdc_is_bit_set(9, 0x04),"
                    + " sys.fn_cdc_has_column_changed(N'dbo_Documents', N'Title', 0x02)"))
        .containsExactly("3|null|true|true|false|false|true");
  }

  @Test
  void withTheLastInstanceTheCommitsAreForgotten() throws IOException {
    insert(1);
    client.ok("EXEC sys.sp_cdc_disable_table N'dbo', N'Documents', N'all'");
    assertThat(client.query("SELECT COUNT(*) FROM cdc.lsn_time_mapping")).containsExactly("0");
    assertThat(client.error("EXEC sys.sp_cdc_disable_table N'dbo', N'Documents', N'all'").number())
        .isEqualTo(22985);
    assertThat(client.ok("EXEC sys.sp_cdc_enable_db").messages).hasSize(1);
    client.ok(ENABLE);
    String low = minimum("dbo_Documents");
    assertThat(insert(2)).isGreaterThan(low);
  }
}
