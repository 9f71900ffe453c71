package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TemporaryTablesTest {

  private H2Engine engine;
  private Client one;
  private Client two;

  @BeforeEach
  void open() throws Exception {
    engine = H2Engine.open(Client.database().build());
    one = new Client(engine);
    two = new Client(engine);
    one.ok(
        "CREATE TABLE dbo.T (id bigint IDENTITY(1,1) NOT NULL PRIMARY KEY, h binary(4) NOT NULL"
            + " UNIQUE, n int NOT NULL CONSTRAINT DF_T_n DEFAULT 7, at datetime2(7) NULL)");
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void makingOneInATransactionDoesNotCommitIt() throws IOException {
    one.ok("BEGIN TRAN; INSERT INTO T (h) VALUES (0x01)");
    one.ok("CREATE TABLE #t (id int NOT NULL PRIMARY KEY, v nvarchar(10) NULL)");
    one.ok("INSERT INTO #t VALUES (1, 'a'), (2, 'b')");
    assertThat(two.query("SELECT COUNT(*) FROM T")).containsExactly("0");
    one.ok("ROLLBACK");
    assertThat(one.error("SELECT * FROM #t").number()).isEqualTo(208);
    assertThat(two.query("SELECT COUNT(*) FROM T")).containsExactly("0");
  }

  @Test
  void oneNameMeansADifferentTableInEachSession() throws IOException {
    one.ok("CREATE TABLE #t (a int NOT NULL PRIMARY KEY)");
    two.ok("CREATE TABLE #t (b nvarchar(5) NULL)");
    one.ok("INSERT INTO #t VALUES (1)");
    assertThat(two.query("SELECT b FROM tempdb..#t")).isEmpty();
    assertThat(one.query("SELECT a FROM #t")).containsExactly("1");
    assertThat(one.error("CREATE TABLE #t (a int)").number()).isEqualTo(2714);
    assertThat(one.query("SELECT name FROM sys.tables WHERE name LIKE '#%'")).isEmpty();
  }

  @Test
  void aDroppedTableIsBackAfterRollback() throws IOException {
    one.ok("CREATE TABLE #t (a int NOT NULL)");
    one.ok("INSERT INTO #t VALUES (1)");
    one.ok("BEGIN TRAN; DROP TABLE #t; CREATE TABLE #t (b int NOT NULL, c int NULL)");
    assertThat(one.query("SELECT * FROM #t")).isEmpty();
    one.ok("ROLLBACK");
    assertThat(one.query("SELECT a FROM #t")).containsExactly("1");
    one.ok("BEGIN TRAN; INSERT INTO #t VALUES (2); DROP TABLE #t; COMMIT");
    assertThat(one.error("SELECT * FROM #t").number()).isEqualTo(208);
  }

  @Test
  void aNameAndItsKeysAreFreeAgainWhileTheTransactionHoldsTheOldTable() throws IOException {
    String make =
        "CREATE TABLE #t (a int NOT NULL, CONSTRAINT PK_t PRIMARY KEY (a)); INSERT INTO #t VALUES (1)";
    one.ok("BEGIN TRAN; " + make + "; DROP TABLE #t; " + make);
    assertThat(one.error("INSERT INTO #t VALUES (1)"))
        .hasMessageStartingWith("Violation of PRIMARY KEY constraint 'PK_t'.");
    one.ok("COMMIT");
  }

  @Test
  void anIndexOnATableThatTheTransactionFilled() throws IOException {
    one.ok("BEGIN TRAN; CREATE TABLE #t (a int NOT NULL); INSERT INTO #t VALUES (1), (2)");
    one.ok("CREATE INDEX IX ON #t (a)");
    assertThat(one.query("SELECT COUNT(*) FROM #t WHERE a = 2")).containsExactly("1");
    one.ok("COMMIT");
    assertThat(one.query("SELECT COUNT(*) FROM #t WHERE a = 2")).containsExactly("1");
  }

  @Test
  void selectIntoMakesATable() throws IOException {
    one.ok("INSERT INTO T (h) VALUES (0x01), (0x02)");
    one.ok("BEGIN TRAN; SELECT id, h, n + 1 AS m INTO #copy FROM T WHERE id > 1");
    assertThat(one.query("SELECT m FROM #copy")).containsExactly("8");
    assertThat(two.query("SELECT COUNT(*) FROM T")).containsExactly("2");
    one.ok("COMMIT; SELECT h INTO dbo.Copy FROM #copy");
    assertThat(two.query("SELECT COUNT(*) FROM dbo.Copy WHERE h = 0x02000000"))
        .containsExactly("1");
    assertThat(one.error("SELECT 1 / (id - 1) AS x INTO dbo.Failed FROM T").number())
        .isEqualTo(8134);
    assertThat(one.error("SELECT * FROM dbo.Failed").number()).isEqualTo(208);
    assertThat(one.error("SELECT id INTO dbo.Copy FROM T").number()).isEqualTo(2714);
  }

  @Test
  void resettingAndClosingDropThem() throws Exception {
    one.ok("CREATE TABLE #t (a int NOT NULL)");
    one.session().reset(false);
    assertThat(one.error("SELECT * FROM #t").number()).isEqualTo(208);
    one.ok("CREATE TABLE #t (a int NOT NULL)");
    one.close();
    two.ok("CREATE TABLE #t (a int NOT NULL)");
  }

  @Test
  void tableVariablesEndWithTheBatch() throws IOException {
    assertThat(
            one.query(
                "DECLARE @t TABLE (a int NOT NULL PRIMARY KEY, b nvarchar(5) NULL); INSERT INTO @t"
                    + " VALUES (1, N'x'), (2, N'y'); SELECT a, b FROM @t ORDER BY a DESC"))
        .containsExactly("2|y", "1|x");
    assertThat(one.error("SELECT * FROM @t").number()).isEqualTo(1087);
  }

  @Test
  void bulkRowsAreConvertedDefaultedAndNumbered() throws IOException {
    List<ResultColumn> columns =
        List.of(
            new ResultColumn("h", SqlType.ofLength(Kind.BINARY, 4), true, false),
            new ResultColumn("n", SqlType.of(Kind.INT), true, false),
            new ResultColumn("at", SqlType.ofLength(Kind.VARCHAR, 27), true, false));
    one.ok(
        "INSERT BULK dbo.T ([h] BINARY(4), [n] INT, [at] VARCHAR(27)) with (ROWS_PER_BATCH = 2)");
    assertThat(one.session().awaitsBulkData()).isTrue();
    Client.Results results = new Client.Results();
    one.session()
        .bulkInsert(
            new Rows(
                columns,
                new Object[] {new byte[] {1, 2, 3, 4}, 5, "2026-01-02 03:04:05.1234567"},
                new Object[] {new byte[] {9, 9, 9, 9}, null, null}),
            results);
    assertThat(results.errors).isEmpty();
    assertThat(results.counts).containsExactly(2L);
    assertThat(one.query("SELECT id, h, n, at FROM T ORDER BY id"))
        .containsExactly("1|01020304|5|2026-01-02T03:04:05.123456700", "2|09090909|7|null");
  }

  @Test
  void aFailedBulkMessageLeavesNoRow() throws IOException {
    one.ok("INSERT INTO T (h) VALUES (0x01020304)");
    one.ok("BEGIN TRAN; CREATE TABLE #t (h binary(4) NOT NULL PRIMARY KEY)");
    one.ok("INSERT BULK #t ([h] BINARY(4))");
    Client.Results results = new Client.Results();
    List<ResultColumn> columns =
        List.of(new ResultColumn("h", SqlType.ofLength(Kind.BINARY, 4), true, false));
    Rows rows =
        new Rows(
            columns,
            new Object[] {new byte[] {1, 1, 1, 1}},
            new Object[] {new byte[] {1, 1, 1, 1}},
            new Object[] {new byte[] {2, 1, 1, 1}});
    one.session().bulkInsert(rows, results);
    assertThat(results.errorNumbers()).containsExactly(2627);
    assertThat(rows.next()).isNull();
    assertThat(one.query("SELECT COUNT(*) FROM #t")).containsExactly("0");
    assertThat(one.query("SELECT @@TRANCOUNT")).containsExactly("1");
    assertThat(one.error("INSERT BULK dbo.T ([nope] INT)").number()).isEqualTo(207);
  }

  @Test
  void theWritersPatternOfBulkRowsAndSetBasedStatements() throws IOException {
    one.ok("INSERT INTO T (h, n) VALUES (0x00000001, 1), (0x00000002, 1)");
    one.ok("CREATE TABLE #in (h binary(4) NOT NULL PRIMARY KEY, n int NOT NULL)");
    one.ok("INSERT INTO #in VALUES (0x00000002, 5), (0x00000003, 6)");
    one.ok("BEGIN TRAN");
    assertThat(
            one.ok(
                    "INSERT INTO dbo.T (h, n) SELECT i.h, i.n FROM #in AS i WHERE NOT EXISTS (SELECT"
                        + " 1 FROM dbo.T AS t WHERE t.h = i.h)")
                .counts)
        .containsExactly(1L);
    assertThat(
            one.ok("UPDATE t SET n = t.n + i.n FROM dbo.T AS t INNER JOIN #in AS i ON i.h = t.h")
                .counts)
        .containsExactly(2L);
    one.ok("CREATE TABLE #gone (h binary(4) NOT NULL)");
    assertThat(
            one.ok(
                    "DELETE t OUTPUT deleted.h INTO #gone (h) FROM dbo.T AS t INNER JOIN #in AS i ON"
                        + " i.h = t.h WHERE i.n = 6")
                .counts)
        .containsExactly(1L);
    assertThat(one.query("SELECT h FROM #gone")).containsExactly("00000003");
    one.ok("COMMIT");
    assertThat(two.query("SELECT h, n FROM T ORDER BY h"))
        .containsExactly("00000001|1", "00000002|6");
  }

  /** Rows from memory. */
  static final class Rows implements EngineSession.BulkRows {
    private final List<ResultColumn> columns;
    private final Object[][] rows;
    private int next;

    Rows(List<ResultColumn> columns, Object[]... rows) {
      this.columns = columns;
      this.rows = rows;
    }

    @Override
    public List<ResultColumn> columns() {
      return columns;
    }

    @Override
    public Object[] next() {
      return next < rows.length ? rows[next++] : null;
    }
  }
}
