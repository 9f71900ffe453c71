package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.Difference;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What statements mean where H2 by itself would mean something else. */
class StatementSemanticsTest {

  private H2Engine engine;
  private Client client;

  @BeforeEach
  void open() throws Exception {
    engine = H2Engine.open(Client.database().build());
    client = new Client(engine);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void aStatementReadsTheClockOnce() throws IOException {
    client.ok("CREATE TABLE dbo.Many (id int NOT NULL PRIMARY KEY, at datetime2(7) NULL)");
    client.ok("INSERT INTO dbo.Many (id) VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)");
    client.ok("INSERT INTO dbo.Many (id) SELECT a.id * 10 + b.id + 10 FROM dbo.Many a, dbo.Many b");
    client.ok("INSERT INTO dbo.Many (id) SELECT id + 1000 FROM dbo.Many");
    for (String clock :
        new String[] {
          "SYSUTCDATETIME()", "SYSDATETIME()", "SYSDATETIMEOFFSET()", "GETDATE()", "GETUTCDATE()"
        }) {
      assertThat(client.query("SELECT DISTINCT " + clock + " FROM dbo.Many")).as(clock).hasSize(1);
    }
    client.ok("UPDATE dbo.Many SET at = SYSUTCDATETIME()");
    assertThat(client.query("SELECT COUNT(DISTINCT at) FROM dbo.Many")).containsExactly("1");
    client.ok("UPDATE m SET at = SYSUTCDATETIME() FROM dbo.Many m WHERE m.at < SYSUTCDATETIME()");
    assertThat(client.query("SELECT COUNT(DISTINCT at) FROM dbo.Many")).containsExactly("1");
  }

  @Test
  void eachStatementReadsTheClockAnew() throws IOException, InterruptedException {
    String read = "SELECT SYSUTCDATETIME(), SYSDATETIMEOFFSET()";
    String first = client.query(read).get(0);
    Thread.sleep(2);
    String second = client.query(read).get(0);
    assertThat(second).isGreaterThan(first);
    client.ok(
        "DECLARE @from datetime2(7) = SYSUTCDATETIME(); WAITFOR DELAY '00:00:00.010';"
            + " IF SYSUTCDATETIME() <= @from THROW 50001, 'the clock stands', 1");
  }

  @Test
  void deletingTheFirstRowsRecordsThemEachTime() throws IOException {
    client.ok("CREATE TABLE dbo.Rows (f int NOT NULL, id int NOT NULL, PRIMARY KEY (f, id))");
    client.ok("INSERT INTO dbo.Rows VALUES (1, 1), (1, 2), (1, 3), (2, 4), (2, 5)");
    client.ok("CREATE TABLE #wanted (id int NOT NULL); CREATE TABLE #gone (id int NOT NULL)");
    client.ok("INSERT INTO #wanted VALUES (1), (2)");
    String delete =
        "DELETE TOP (2) FROM dbo.Rows OUTPUT deleted.id INTO #gone (id)"
            + " WHERE f IN (SELECT id FROM #wanted)";
    assertThat(client.ok(delete).counts).containsExactly(2L);
    assertThat(client.query("SELECT COUNT(*) FROM #gone")).containsExactly("2");
    assertThat(client.ok(delete).counts).containsExactly(2L);
    assertThat(client.query("SELECT COUNT(*) FROM #gone")).containsExactly("4");
    assertThat(client.ok(delete).counts).containsExactly(1L);
    assertThat(client.query("SELECT COUNT(*) FROM #gone")).containsExactly("5");
    assertThat(client.query("SELECT COUNT(*) FROM dbo.Rows")).containsExactly("0");
  }

  @Test
  void derivedTablesOverTablesOfAnyName() throws IOException {
    client.ok("CREATE TABLE dbo.[Größe] (id int NOT NULL PRIMARY KEY, [Maß] nvarchar(10) NULL)");
    client.ok("INSERT INTO dbo.[Größe] VALUES (1, N'a'), (2, N'b')");
    assertThat(client.query("SELECT d.id, d.[Maß] FROM (SELECT id, [Maß] FROM dbo.[Größe]) AS d"))
        .containsExactlyInAnyOrder("1|a", "2|b");
    assertThat(client.query("SELECT COUNT(*) FROM (SELECT [Größe].id FROM dbo.[Größe]) AS d"))
        .containsExactly("2");
    assertThat(client.query("SELECT d.[Größe] FROM (SELECT id AS [Größe] FROM dbo.[Größe]) AS d"))
        .containsExactlyInAnyOrder("1", "2");
    assertThat(client.query("SELECT COUNT(*) FROM (SELECT * FROM dbo.[Größe]) AS d"))
        .containsExactly("2");
    client.ok("CREATE TABLE dbo.[Таблица] (id int NOT NULL PRIMARY KEY, [Имя] nvarchar(10) NULL)");
    client.ok("INSERT INTO dbo.[Таблица] VALUES (1, N'a'), (2, N'b')");
    assertThat(client.query("SELECT d.id, d.[имя] FROM (SELECT id, [Имя] FROM dbo.[таблица]) AS d"))
        .containsExactlyInAnyOrder("1|a", "2|b");
    assertThat(
            client.query(
                "SELECT d.id FROM (SELECT TOP (1) t.id FROM dbo.[Таблица] AS t WHERE t.[Имя] = N'b'"
                    + " ORDER BY t.id) AS d"))
        .containsExactly("2");
  }

  @Test
  void havingInADerivedTable() throws IOException {
    client.ok("CREATE TABLE dbo.Counts (AtomId int NOT NULL, d int NOT NULL)");
    client.ok("INSERT INTO dbo.Counts VALUES (1, 1), (1, -1), (2, 1), (2, 1), (3, 5)");
    assertThat(
            client.query(
                "SELECT COUNT(*) FROM (SELECT AtomId FROM dbo.Counts GROUP BY AtomId"
                    + " HAVING SUM(d) <> 0) AS d"))
        .containsExactly("2");
    assertThat(
            client.query(
                "SELECT d.AtomId FROM (SELECT AtomId FROM dbo.Counts GROUP BY AtomId"
                    + " HAVING SUM(d) > 2 OR COUNT(*) > 1) AS d ORDER BY d.AtomId"))
        .containsExactly("1", "2", "3");
  }

  @Test
  void aDerivedTableOfGroupsMayNameItsColumns() throws IOException {
    client.ok("CREATE TABLE dbo.Counts (AtomId int NOT NULL, d int NOT NULL)");
    client.ok("INSERT INTO dbo.Counts VALUES (1, 1), (1, -1), (2, 1), (2, 1), (3, 5)");
    String groups = "SELECT AtomId, SUM(d) FROM dbo.Counts GROUP BY AtomId HAVING SUM(d) <> 0";
    assertThat(client.query("SELECT d.a, d.s FROM (" + groups + ") AS d (a, s) ORDER BY d.a"))
        .containsExactly("2|2", "3|5");
    assertThat(client.query("WITH d (a, s) AS (" + groups + ") SELECT a, s FROM d ORDER BY a"))
        .containsExactly("2|2", "3|5");
  }

  @Test
  void theFirstRowsOfAListAreFoundAnewEachTime() throws IOException {
    client.ok(
        "CREATE TABLE dbo.T (f int NOT NULL, i int NOT NULL, v int NOT NULL,"
            + " CONSTRAINT PK_T PRIMARY KEY (f, i))");
    client.ok("INSERT INTO dbo.T VALUES (1, 0, 0), (1, 1, 0), (1, 2, 0), (2, 0, 0), (2, 1, 0)");
    String update = "UPDATE TOP (2) dbo.T SET v = v + 1 WHERE f IN (1, 2) AND v < 9";
    String select = "SELECT TOP (2) i FROM dbo.T WHERE f IN (1, 2) ORDER BY f, i";
    for (int total = 2; total <= 8; total += 2) {
      assertThat(client.ok(update).counts).containsExactly(2L);
      assertThat(client.query("SELECT SUM(v) FROM dbo.T")).containsExactly("" + total);
      assertThat(client.query("SELECT TOP (2) i FROM dbo.T WHERE f IN (1, 2) AND v > -1"))
          .doesNotHaveDuplicates();
      assertThat(client.query(select)).containsExactly("0", "1");
    }
  }

  /** SQL Server ignores them; H2 has no type that ignores them and case in keys, too. */
  @Test
  @Difference("spaces-at-the-end-count")
  void spacesAtTheEndOfTextsTellThemApart() throws IOException {
    client.ok("CREATE TABLE dbo.Names (n nvarchar(20) NOT NULL PRIMARY KEY)");
    client.ok("INSERT INTO dbo.Names VALUES (N'a')");
    client.ok("INSERT INTO dbo.Names VALUES (N'a ')");
    assertThat(client.query("SELECT COUNT(*) FROM dbo.Names WHERE n = N'A'")).containsExactly("1");
    assertThat(client.query("SELECT COUNT(*) FROM dbo.Names WHERE n IN (N'a  ')"))
        .containsExactly("0");
    assertThat(client.query("SELECT COUNT(DISTINCT n) FROM dbo.Names")).containsExactly("2");
  }
}
