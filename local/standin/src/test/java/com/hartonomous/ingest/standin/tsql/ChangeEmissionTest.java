package com.hartonomous.ingest.standin.tsql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.sql.Connection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Emitted changes run on H2 and leave what T-SQL leaves. */
class ChangeEmissionTest {

  private EmissionFixture database;

  @BeforeEach
  void open() throws Exception {
    database = new EmissionFixture();
    database.run(
        """
        CREATE TABLE dbo.Atoms (
          AtomId bigint IDENTITY(1,1) NOT NULL, Hash binary(4) NOT NULL, Name nvarchar(20) NULL,
          Count bigint NOT NULL CONSTRAINT DF_Atoms_Count DEFAULT 0, Flag bit NULL, Size int NULL,
          CONSTRAINT PK_Atoms PRIMARY KEY CLUSTERED (AtomId),
          CONSTRAINT UQ_Atoms UNIQUE NONCLUSTERED (Hash))
        CREATE TABLE #d (Hash binary(4) NOT NULL, Delta int NOT NULL, Name nvarchar(20) NULL)
        INSERT INTO dbo.Atoms (Hash, Name, Count) VALUES
          (0x00000001, N'a', 1), (0x00000002, N'b', 2), (0x00000003, N'c', 3)
        INSERT #d VALUES (0x00000001, 10, N'A'), (0x00000003, 30, NULL), (0x00000009, 90, N'n')
        """);
  }

  @AfterEach
  void close() throws Exception {
    database.close();
  }

  private List<List<Object>> counts() throws Exception {
    return database.run("SELECT Count FROM dbo.Atoms ORDER BY AtomId");
  }

  @Test
  void insertsWhatIsNotThere() throws Exception {
    assertThat(
            database.run(
                "INSERT INTO dbo.Atoms (Hash, Name) SELECT d.Hash, d.Name FROM #d AS d WITH"
                    + " (NOLOCK) WHERE NOT EXISTS (SELECT 1 FROM dbo.Atoms AS a WITH (UPDLOCK,"
                    + " HOLDLOCK) WHERE a.Hash = d.Hash)"))
        .containsExactly(List.of(1));
    assertThat(database.run("SELECT AtomId, Name, Count FROM Atoms WHERE Hash = 0x00000009"))
        .containsExactly(List.of(4L, "n", 0L));
  }

  @Test
  void convertsWhatItInserts() throws Exception {
    database.variable("@n", SqlType.decimal(Kind.DECIMAL, 10, 2), new java.math.BigDecimal("2.90"));
    database.run("INSERT INTO dbo.Atoms (Hash, Size, Flag) VALUES (0x0A, @n, 1)");
    database.run("INSERT INTO dbo.Atoms (Hash, Size, Flag) SELECT 0x0B, 3.9, 0");
    database.run("UPDATE dbo.Atoms SET Name = Size WHERE Hash = 0x0B000000");
    assertThat(database.run("SELECT Hash, Size, Flag, Name FROM Atoms WHERE AtomId > 3"))
        .containsExactly(
            List.of("0x0A000000", 2, true, "NULL"), List.of("0x0B000000", 3, false, "3"));
  }

  @Test
  void refusesTextForBinary() {
    assertThatExceptionOfType(SqlServerError.class)
        .isThrownBy(() -> database.run("INSERT INTO dbo.Atoms (Hash) VALUES ('ab')"))
        .satisfies(e -> assertThat(e.number()).isEqualTo(257));
  }

  @Test
  void outputsWhatItInserted() throws Exception {
    assertThat(
            database.run(
                "INSERT INTO dbo.Atoms (Hash, Count) OUTPUT inserted.AtomId, INSERTED.Count * 2"
                    + " VALUES (0x0A, 5), (0x0B, 6)"))
        .containsExactly(List.of(4L, 10L), List.of(5L, 12L));
    database.run("CREATE TABLE #ids (Id bigint, H varbinary(8))");
    assertThat(
            database.run(
                "INSERT INTO dbo.Atoms (Hash) OUTPUT inserted.AtomId, inserted.Hash INTO #ids (Id,"
                    + " H) SELECT 0x0C"))
        .containsExactly(List.of(1));
    assertThat(database.run("SELECT * FROM #ids")).containsExactly(List.of(6L, "0x0C000000"));
  }

  @Test
  void updatesByJoin() throws Exception {
    assertThat(
            database.run(
                "UPDATE a SET a.Count = a.Count + d.Delta, Name = UPPER(d.Name) FROM dbo.Atoms AS a"
                    + " INNER JOIN #d AS d ON d.Hash = a.Hash WHERE d.Delta < 50"))
        .containsExactly(List.of(2));
    assertThat(database.run("SELECT Count, Name FROM dbo.Atoms ORDER BY AtomId"))
        .containsExactly(List.of(11L, "A"), List.of(2L, "b"), List.of(33L, "NULL"));
  }

  @Test
  void updatesEachRowOnceHoweverManyRowsMatchIt() throws Exception {
    database.run("INSERT #d VALUES (0x00000001, 10, NULL)");
    assertThat(
            database.run(
                "UPDATE dbo.Atoms SET Count += #d.Delta FROM #d WHERE #d.Hash = Atoms.Hash"))
        .containsExactly(List.of(2));
    assertThat(counts()).containsExactly(List.of(11L), List.of(2L), List.of(33L));
  }

  @Test
  void updatesWithAggregatesOuterJoinsAndVariables() throws Exception {
    database.variable("@x", SqlType.of(Kind.INT), 100);
    assertThat(
            database.run(
                "UPDATE a SET Count = COALESCE(s.Total, 0) + @x FROM dbo.Atoms a LEFT JOIN (SELECT"
                    + " Hash, SUM(Delta) AS Total FROM #d GROUP BY Hash) s ON s.Hash = a.Hash WHERE"
                    + " a.AtomId <= 2 AND (s.Total IS NULL OR s.Total < @x)"))
        .containsExactly(List.of(2));
    assertThat(counts()).containsExactly(List.of(110L), List.of(100L), List.of(3L));
  }

  @Test
  void updatesThroughCommonTableExpressionsAndSubqueries() throws Exception {
    assertThat(
            database.run(
                "WITH s AS (SELECT Hash, Delta FROM #d WHERE Delta > 20) UPDATE a SET Count ="
                    + " s.Delta FROM dbo.Atoms a JOIN s ON s.Hash = a.Hash"))
        .containsExactly(List.of(1));
    database.run(
        "UPDATE dbo.Atoms SET Count = Count + (SELECT COUNT(*) FROM #d WHERE #d.Hash ="
            + " dbo.Atoms.Hash) WHERE AtomId IN (SELECT 1 UNION SELECT 2)");
    assertThat(counts()).containsExactly(List.of(2L), List.of(2L), List.of(30L));
  }

  @Test
  void updatesAtMostTopRows() throws Exception {
    assertThat(database.run("UPDATE TOP (2) dbo.Atoms SET Flag = 1 WHERE Flag IS NULL"))
        .containsExactly(List.of(2));
    assertThat(
            database.run(
                "UPDATE TOP (1) a SET Flag = 0 FROM dbo.Atoms a JOIN #d d ON d.Hash = a.Hash"))
        .containsExactly(List.of(1));
  }

  @Test
  void outputsOldOrNewValuesOfAnUpdate() throws Exception {
    assertThat(
            database.run(
                "UPDATE dbo.Atoms SET Count = 50 OUTPUT inserted.AtomId, inserted.Count, deleted.Name"
                    + " WHERE AtomId = 1"))
        .containsExactly(List.of(1L, 50L, "a"));
    assertThat(
            database.run(
                "UPDATE a SET Count = d.Delta OUTPUT deleted.Count, inserted.Name FROM dbo.Atoms a"
                    + " JOIN #d d ON d.Hash = a.Hash WHERE a.AtomId = 1"))
        .containsExactly(List.of(50L, "a"));
    assertThat(
            database.run(
                "UPDATE dbo.Atoms SET Count = Count + 1 OUTPUT deleted.Count, inserted.Count,"
                    + " inserted.AtomId WHERE AtomId <= 2"))
        .containsExactly(List.of(10L, 11L, 1L), List.of(2L, 3L, 2L));
  }

  @Test
  void deletesByJoinWithOutput() throws Exception {
    database.run("CREATE TABLE #gone (Id bigint)");
    assertThat(
            database.run(
                "DELETE a OUTPUT deleted.AtomId INTO #gone FROM dbo.Atoms a INNER JOIN #d d ON"
                    + " d.Hash = a.Hash WHERE d.Delta > 20"))
        .containsExactly(List.of(1));
    assertThat(database.run("SELECT Id FROM #gone")).containsExactly(List.of(3L));
    assertThat(database.run("DELETE TOP (1) FROM dbo.Atoms OUTPUT deleted.Name"))
        .containsExactly(List.of("a"));
    assertThat(
            database.run(
                "DELETE FROM dbo.Atoms WHERE NOT EXISTS (SELECT 1 FROM #d WHERE #d.Hash ="
                    + " Atoms.Hash)"))
        .containsExactly(List.of(1));
    assertThat(counts()).isEmpty();
  }

  @Test
  void selectsIntoANewTable() throws Exception {
    assertThat(
            database.run(
                "SELECT a.AtomId AS Id, a.Name, CAST(NULL AS decimal(9,3)) AS Price INTO #copy FROM"
                    + " dbo.Atoms a WHERE a.AtomId > 1"))
        .containsExactly(List.of(2));
    assertThat(database.run("SELECT Id, Name FROM #copy WHERE Name = 'B'"))
        .containsExactly(List.of(2L, "b"));
  }

  @Test
  void declaresTableVariables() throws Exception {
    assertThat(
            database.run(
                "DECLARE @t TABLE (a int PRIMARY KEY, b sysname NULL); INSERT INTO @t (a) VALUES"
                    + " (7); SELECT t.a FROM @t t"))
        .containsExactly(List.of(7));
  }

  @Test
  void adds1ToTheRowAsItIsAfterTheOtherTransaction() throws Exception {
    Statement update =
        TsqlParser.parse(
                "UPDATE a SET Count = a.Count + d.Delta FROM dbo.Atoms a JOIN #d d ON d.Hash ="
                    + " a.Hash WHERE a.Count < 1000 AND d.Delta = 10")
            .get(0);
    EmittedSql sql = database.emit(update).get(0);
    database.connection().setAutoCommit(false);
    database.execute(sql);
    CountDownLatch started = new CountDownLatch(1);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection second = database.secondConnection()) {
      second.createStatement().execute("SET LOCK_TIMEOUT 20000");
      Future<List<List<Object>>> blocked =
          executor.submit(
              () -> {
                started.countDown();
                return database.execute(second, sql);
              });
      assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
      // Not a timing assertion: if the second one has not begun to wait yet, it sees the same.
      assertThat(blocked.isDone()).isFalse();
      database.connection().commit();
      assertThat(blocked.get(30, TimeUnit.SECONDS)).containsExactly(List.of(1));
    } finally {
      executor.shutdownNow();
    }
    assertThat(database.single("SELECT Count FROM dbo.Atoms WHERE AtomId = 1")).isEqualTo(21L);
  }

  @Test
  void doesNotTakeARowThatTheOtherTransactionTook() throws Exception {
    Statement claim =
        TsqlParser.parse(
                "UPDATE a SET Name = N'taken' FROM dbo.Atoms a JOIN #d d ON d.Hash = a.Hash WHERE"
                    + " a.Name = 'a'")
            .get(0);
    EmittedSql sql = database.emit(claim).get(0);
    database.connection().setAutoCommit(false);
    assertThat(database.execute(sql)).containsExactly(List.of(1));
    CountDownLatch started = new CountDownLatch(1);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection second = database.secondConnection()) {
      second.createStatement().execute("SET LOCK_TIMEOUT 20000");
      Future<List<List<Object>>> blocked =
          executor.submit(
              () -> {
                started.countDown();
                return database.execute(second, sql);
              });
      assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
      database.connection().commit();
      assertThat(blocked.get(30, TimeUnit.SECONDS)).containsExactly(List.of(0));
    } finally {
      executor.shutdownNow();
    }
  }
}
