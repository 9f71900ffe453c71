package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.Difference;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pins the entries of {@code DIFFERENCES.md}, and that each of them is pinned here or elsewhere.
 */
class DifferencesTest {

  private static final int NOT_SUPPORTED = 40_000;
  private static final int LOCK_NOT_GRANTED = 1222;

  private H2Engine engine;
  private Client one;
  private Client two;

  @BeforeEach
  void open() throws Exception {
    engine = H2Engine.open(Client.database().build());
    one = new Client(engine);
    two = new Client(engine);
    two.ok("SET LOCK_TIMEOUT 0");
    one.ok("CREATE TABLE dbo.T (id int NOT NULL PRIMARY KEY, v nvarchar(10) NULL)");
    one.ok("INSERT INTO dbo.T VALUES (1, N'a'), (2, N'b'), (3, N'c')");
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void everyEntryHasATestAndEveryTestAnEntry() throws IOException {
    Set<String> entries =
        Files.readAllLines(Path.of("DIFFERENCES.md")).stream()
            .filter(line -> line.startsWith("### "))
            .map(line -> line.substring("### ".length()))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> tested =
        new ClassFileImporter()
            .importPath(Path.of("target", "test-classes")).stream()
                .flatMap(type -> type.getMethods().stream())
                .filter(method -> method.isAnnotatedWith(Difference.class))
                .map(DifferencesTest::entry)
                .collect(Collectors.toCollection(TreeSet::new));
    assertThat(entries).isNotEmpty().isEqualTo(tested);
  }

  private static String entry(JavaMethod method) {
    return method.getAnnotationOfType(Difference.class).value();
  }

  @Test
  @Difference("definitions-are-visible-at-once")
  void aTableIsSeenBeforeItsTransactionCommits() throws IOException {
    one.ok("BEGIN TRAN; CREATE TABLE dbo.N (id int NOT NULL PRIMARY KEY)");
    assertThat(two.query("SELECT COUNT(*) FROM dbo.N")).containsExactly("0");
  }

  @Test
  @Difference("dropped-stays-dropped")
  void aDroppedTableIsNotBackAfterRollback() throws IOException {
    one.ok("BEGIN TRAN; DROP TABLE dbo.T");
    assertThat(one.error("ROLLBACK"))
        .satisfies(error -> assertThat(error.number()).isEqualTo(NOT_SUPPORTED))
        .hasMessageContaining("could not undo: DROP TABLE dbo.T");
    assertThat(one.error("SELECT 1 FROM dbo.T").number()).isEqualTo(208);
  }

  @Test
  @Difference("definition-commits-rows")
  void rowsOfATableThatIsAlteredMeanwhileAreNotRolledBack() throws IOException {
    one.ok("BEGIN TRAN; INSERT INTO dbo.T VALUES (4, N'd')");
    one.ok("ALTER TABLE dbo.T ADD w int NULL");
    assertThat(two.query("SELECT COUNT(*) FROM dbo.T")).containsExactly("4");
    assertThat(one.error("ROLLBACK"))
        .satisfies(error -> assertThat(error.number()).isEqualTo(NOT_SUPPORTED))
        .hasMessageContaining("could not undo the rows that it had written to dbo.T");
    assertThat(two.query("SELECT COUNT(*) FROM dbo.T")).containsExactly("4");
  }

  @Test
  @Difference("truncate-keeps-identity-inside-a-transaction")
  void theIdentityBeginsAnewOnlyOutsideATransaction() throws IOException {
    one.ok("CREATE TABLE dbo.I (i int IDENTITY NOT NULL PRIMARY KEY, v int)");
    one.ok("INSERT INTO dbo.I (v) VALUES (1), (2)");
    one.ok("BEGIN TRAN; TRUNCATE TABLE dbo.I; INSERT INTO dbo.I (v) VALUES (3); COMMIT");
    assertThat(one.query("SELECT i FROM dbo.I")).containsExactly("3");
    one.ok("TRUNCATE TABLE dbo.I; INSERT INTO dbo.I (v) VALUES (3)");
    assertThat(one.query("SELECT i FROM dbo.I")).containsExactly("1");
  }

  @Test
  @Difference("readers-do-not-wait")
  void aReaderGetsTheLastCommittedRow() throws IOException {
    one.ok("ALTER DATABASE Hartonomous SET READ_COMMITTED_SNAPSHOT OFF");
    one.ok("BEGIN TRAN; UPDATE dbo.T SET v = N'x' WHERE id = 1");
    assertThat(two.query("SELECT v FROM dbo.T WHERE id = 1")).containsExactly("a");
    assertThat(two.error("SELECT v FROM dbo.T WITH (UPDLOCK) WHERE id = 1").number())
        .as("who wants to write it waits, as there")
        .isEqualTo(LOCK_NOT_GRANTED);
  }

  @Test
  @Difference("nolock-reads-committed-rows")
  void theHintDoesNotReadWhatIsNotCommitted() throws IOException {
    one.ok("BEGIN TRAN; UPDATE dbo.T SET v = N'x' WHERE id = 1");
    assertThat(two.query("SELECT v FROM dbo.T WITH (NOLOCK) WHERE id = 1")).containsExactly("a");
    two.ok("SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED");
    assertThat(two.query("SELECT v FROM dbo.T WHERE id = 1")).as("as there").containsExactly("x");
  }

  @ParameterizedTest
  @ValueSource(strings = {"SERIALIZABLE", "REPEATABLE READ"})
  @Difference("no-range-locks")
  void rowsCanBeInsertedWhereAnotherHasRead(String level) throws IOException {
    one.ok("SET TRANSACTION ISOLATION LEVEL " + level);
    String count = "SELECT COUNT(*) FROM dbo.T WHERE id > 0";
    one.ok("BEGIN TRAN");
    assertThat(one.query(count)).containsExactly("3");
    two.ok("INSERT INTO dbo.T VALUES (4, N'd')");
    assertThat(one.query(count)).as("and are not seen by who has read").containsExactly("3");
  }

  @Test
  @Difference("uncommitted-references-are-not-seen")
  void aRowIsDeletedUnderAReferenceThatIsNotCommitted() throws IOException {
    one.ok("CREATE TABLE dbo.C (c int PRIMARY KEY, t int NOT NULL REFERENCES dbo.T (id))");
    one.ok("BEGIN TRAN; INSERT INTO dbo.C VALUES (1, 1)");
    two.ok("DELETE FROM dbo.T WHERE id = 1");
    one.ok("COMMIT");
    assertThat(one.query("SELECT t FROM dbo.C WHERE t NOT IN (SELECT id FROM dbo.T)"))
        .containsExactly("1");
  }

  /** Of the wait itself only its length is checked, and that sessions begin without another. */
  @Test
  @Difference("a-minute-is-a-deadlock")
  void withoutLockTimeoutAWaitEndsAfterAMinute() throws IOException {
    assertThat(one.query("SELECT @@LOCK_TIMEOUT")).containsExactly("-1");
    assertThat(H2Engine.LOCK_WAIT_MAX_MILLIS).isEqualTo(60_000);
  }

  @Test
  @Difference("spaces-at-the-end-count")
  void aUniqueKeyTakesBoth() throws IOException {
    one.ok("CREATE TABLE dbo.S (k nvarchar(10) NOT NULL PRIMARY KEY)");
    one.ok("INSERT INTO dbo.S VALUES (N'a'), (N'a ')");
    assertThat(one.error("INSERT INTO dbo.S VALUES (N'A')").number())
        .as("letter case does not count, as there")
        .isEqualTo(2627);
  }

  @Test
  @Difference("texts-sort-by-code")
  void accentsAndBracesStandBehindLetters() throws IOException {
    one.ok("CREATE TABLE dbo.O (k nvarchar(10) NOT NULL PRIMARY KEY)");
    one.ok("INSERT INTO dbo.O VALUES (N'Z'), (N'é'), (N'f'), (N'{'), (N'E'), (N'1'), (N'_')");
    assertThat(one.query("SELECT k FROM dbo.O ORDER BY k"))
        .containsExactly("1", "_", "E", "f", "Z", "{", "é");
    assertThat(one.query("SELECT COUNT(*) FROM dbo.O WHERE k > N'z'")).containsExactly("2");
  }

  @Test
  @Difference("results-are-complete-before-they-are-sent")
  void aFailureAtTheLastRowLeavesNone() throws IOException {
    Client.Results results = one.run("SELECT 1 / (3 - id) FROM dbo.T ORDER BY id");
    assertThat(results.errorNumbers()).containsExactly(8134);
    assertThat(results.rows).isEmpty();
  }

  @Test
  @Difference("captured-at-once")
  void aChangeIsCapturedWhenItIsCommitted() throws IOException {
    capture();
    one.ok("INSERT INTO dbo.T VALUES (4, N'd')");
    assertThat(
            one.query("SELECT id FROM cdc.dbo_T_CT WHERE __$start_lsn = sys.fn_cdc_get_max_lsn()"))
        .containsExactly("4");
  }

  @Test
  @Difference("change-tables-are-views")
  void aChangeTableIsNoTable() throws IOException {
    capture();
    assertThat(one.query("SELECT name FROM sys.tables WHERE name LIKE N'%CT'")).isEmpty();
    assertThat(one.query("SELECT COUNT(*) FROM cdc.dbo_T_CT")).containsExactly("0");
  }

  @Test
  @Difference("no-agent")
  void jobsAreShownAndThereIsNoAgent() throws IOException {
    capture();
    assertThat(one.ok("EXEC sys.sp_cdc_help_jobs").rows)
        .hasSize(2)
        .allSatisfy(job -> assertThat(job.get(0)).as("job_id").isNull());
    assertThat(one.error("SELECT 1 FROM msdb.dbo.cdc_jobs").number()).isEqualTo(208);
  }

  @Test
  @Difference("updates-of-keys")
  void anUpdateOfAKeyIsADeleteAndAnInsert() throws IOException {
    one.ok("CREATE UNIQUE INDEX UX_T ON dbo.T (v)");
    capture();
    String operations = "SELECT __$operation FROM cdc.dbo_T_CT ORDER BY __$start_lsn, __$seqval";
    one.ok("UPDATE dbo.T SET v = N'x' WHERE id = 1");
    assertThat(one.query(operations)).containsExactly("3", "4");
    one.ok("UPDATE dbo.T SET id = 9 WHERE id = 1");
    assertThat(one.query(operations)).containsExactly("3", "4", "1", "2");
  }

  @Test
  @Difference("clean-up-outside-transactions")
  void aCleanUpIsNoPartOfATransaction() throws IOException {
    capture();
    one.ok("INSERT INTO dbo.T VALUES (4, N'd')");
    String cleanUp =
        "DECLARE @mark binary(10) = sys.fn_cdc_get_max_lsn(); EXEC sys.sp_cdc_cleanup_change_table"
            + " @capture_instance = N'dbo_T', @low_water_mark = @mark";
    assertThat(one.error("BEGIN TRAN; " + cleanUp).number()).isEqualTo(NOT_SUPPORTED);
    one.ok("IF @@TRANCOUNT > 0 ROLLBACK");
    one.ok(cleanUp);
  }

  private void capture() throws IOException {
    one.ok("EXEC sys.sp_cdc_enable_db");
    one.ok(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'T', @role_name ="
            + " NULL");
  }

  @Test
  @Difference("one-database")
  void anotherDatabaseIsNotCreated() throws IOException {
    assertThat(one.error("CREATE DATABASE Other").number()).isEqualTo(NOT_SUPPORTED);
    assertThat(one.query("SELECT SERVERPROPERTY('ProductVersion'), SERVERPROPERTY('Edition')"))
        .containsExactly("15.0.2000.5|Developer Edition (stand-in)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CREATE LOGIN x WITH PASSWORD = 'y'",
        "CREATE USER x WITHOUT LOGIN",
        "GRANT SELECT ON dbo.T TO public",
        "DENY SELECT ON dbo.T TO public"
      })
  @Difference("one-login")
  void permissionsAreNotModelled(String statement) throws IOException {
    assertThat(one.error(statement).number()).isEqualTo(NOT_SUPPORTED);
    assertThat(one.query("SELECT IS_SRVROLEMEMBER('sysadmin'), IS_MEMBER('db_owner')"))
        .containsExactly("1|1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CREATE TRIGGER tr ON dbo.T AFTER INSERT AS SELECT 1",
        "CREATE FUNCTION dbo.F() RETURNS int AS BEGIN RETURN 1 END",
        "CREATE SEQUENCE dbo.Q AS int",
        "CREATE TYPE dbo.TT AS TABLE (i int)",
        "DECLARE c CURSOR FOR SELECT 1",
        "CREATE TABLE dbo.X (x xml)",
        "CREATE TABLE dbo.X (x sql_variant)",
        "CREATE TABLE dbo.X (x text)",
        "SELECT v FROM dbo.T FOR JSON AUTO",
        "SELECT * FROM OPENJSON('[1]')",
        "KILL 99",
        "BACKUP DATABASE Hartonomous TO DISK = 'x'"
      })
  @Difference("not-supported")
  void whatIsNotKnownIsNamed(String statement) throws IOException {
    assertThat(one.error(statement))
        .satisfies(error -> assertThat(error.number()).isEqualTo(NOT_SUPPORTED))
        .hasMessageStartingWith("The stand-in does not support");
  }
}
