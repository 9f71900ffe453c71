package com.hartonomous.ingest.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The driver's server cursors: selectMethod=cursor, and scrollable result sets. */
@Timeout(180)
class ServerCursorITCase {

  private static final int ROWS = 3000;

  @TempDir private Path directory;
  private SqlServerStandIn server;
  private Connection connection;

  @BeforeEach
  void open() throws Exception {
    server =
        SqlServerStandIn.builder()
            .login("loader", "Secret-1")
            .database("Library")
            .dataDirectory(directory)
            .start();
    connection = connect("cursor");
    run(
        "CREATE TABLE dbo.Pages (PageId INT PRIMARY KEY, Title NVARCHAR(40) NULL, Body"
            + " VARBINARY(MAX))");
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO dbo.Pages VALUES (?, ?, ?)")) {
      for (int i = 1; i <= ROWS; i++) {
        insert.setInt(1, i);
        insert.setString(2, i % 7 == 0 ? null : "page " + i);
        insert.setBytes(3, body(i));
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  @AfterEach
  void close() throws Exception {
    connection.close();
    server.close();
  }

  private Connection connect(String selectMethod) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:sqlserver://127.0.0.1:"
            + server.port()
            + ";databaseName=Library;user=loader;password=Secret-1;encrypt=false;selectMethod="
            + selectMethod);
  }

  private static byte[] body(int page) {
    byte[] body = new byte[page % 500];
    new Random(page).nextBytes(body);
    return body;
  }

  private void run(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static void assertAllPages(ResultSet rows, int from) throws SQLException {
    int page = from;
    while (rows.next()) {
      assertThat(rows.getInt(1)).isEqualTo(page);
      assertThat(rows.getString("Title")).isEqualTo(page % 7 == 0 ? null : "page " + page);
      assertThat(rows.getBytes("Body")).isEqualTo(body(page));
      page++;
    }
    assertThat(page).isEqualTo(ROWS + 1);
    assertThat(rows.getMetaData().getColumnCount()).isEqualTo(3);
  }

  @Test
  void statementsReadByBlocks() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (int size : new int[] {1000, 1, 128, ROWS, 10_000}) {
        statement.setFetchSize(size);
        try (ResultSet rows =
            statement.executeQuery(
                "SELECT * FROM dbo.Pages WHERE PageId > "
                    + (ROWS - size)
                    + " OR "
                    + size
                    + " > 1 ORDER BY PageId")) {
          assertAllPages(rows, size == 1 ? ROWS : 1);
        }
      }
    }
  }

  @Test
  void preparedStatementsReadByBlocksAndAreExecutedAgain() throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement("SELECT * FROM dbo.Pages WHERE PageId >= ? ORDER BY PageId")) {
      for (int from : new int[] {1, 1500, 2999, 3001}) {
        query.setInt(1, from);
        try (ResultSet rows = query.executeQuery()) {
          assertAllPages(rows, from);
        }
      }
    }
  }

  @Test
  void cursorsOfOneConnectionAreReadTurnByTurnAndOutliveTransactions() throws SQLException {
    connection.setAutoCommit(false);
    List<ResultSet> open = new ArrayList<>();
    List<Statement> statements = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Statement statement = connection.createStatement();
      statement.setFetchSize(100);
      statements.add(statement);
      open.add(statement.executeQuery("SELECT PageId FROM dbo.Pages ORDER BY PageId"));
    }
    for (int page = 1; page <= ROWS; page++) {
      if (page == 1000) {
        // What a cursor has read stays as it was when the cursor was opened.
        run("DELETE FROM dbo.Pages WHERE PageId > 2000");
        connection.commit();
      } else if (page == 2000) {
        connection.rollback();
      }
      for (ResultSet rows : open) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getInt(1)).isEqualTo(page);
      }
    }
    for (int i = 0; i < open.size(); i++) {
      assertThat(open.get(i).next()).isFalse();
      statements.get(i).close();
    }
    connection.setAutoCommit(true);
  }

  @Test
  void aCursorSeesWhatItsOwnTransactionWrote() throws SQLException {
    connection.setAutoCommit(false);
    run("UPDATE dbo.Pages SET Title = N'mine' WHERE PageId = 17");
    run("CREATE TABLE #Own (Id INT)");
    run("INSERT INTO #Own VALUES (17)");
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT p.Title FROM dbo.Pages p JOIN #Own o ON o.Id = p.PageId")) {
      assertThat(rows.next()).isTrue();
      assertThat(rows.getString(1)).isEqualTo("mine");
      assertThat(rows.next()).isFalse();
    }
    connection.rollback();
    connection.setAutoCommit(true);
  }

  @Test
  void scrollableResultSetsMoveAnywhere() throws SQLException {
    for (int type :
        new int[] {ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.TYPE_SCROLL_SENSITIVE}) {
      try (Statement statement = connection.createStatement(type, ResultSet.CONCUR_READ_ONLY)) {
        statement.setFetchSize(7);
        try (ResultSet rows =
            statement.executeQuery("SELECT PageId FROM dbo.Pages ORDER BY PageId")) {
          assertThat(rows.last()).isTrue();
          assertThat(rows.getInt(1)).isEqualTo(ROWS);
          assertThat(rows.getRow()).isEqualTo(ROWS);
          assertThat(rows.first()).isTrue();
          assertThat(rows.getInt(1)).isEqualTo(1);
          assertThat(rows.previous()).isFalse();
          assertThat(rows.isBeforeFirst()).isTrue();
          assertThat(rows.next()).isTrue();
          Random random = new Random(7);
          int at = 1;
          for (int i = 0; i < 400; i++) {
            int target = 1 + random.nextInt(ROWS);
            switch (random.nextInt(4)) {
              case 0 -> assertThat(rows.absolute(target)).isTrue();
              case 1 -> {
                assertThat(rows.absolute(-target)).isTrue();
                target = ROWS + 1 - target;
              }
              case 2 -> assertThat(rows.relative(target - at)).isTrue();
              default -> {
                target = Math.min(ROWS, at + 1);
                if (at < ROWS) {
                  assertThat(rows.next()).isTrue();
                }
              }
            }
            assertThat(rows.getInt(1)).as("step %s", i).isEqualTo(target);
            at = target;
          }
          rows.afterLast();
          for (int page = ROWS; page > ROWS - 30; page--) {
            assertThat(rows.previous()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(page);
          }
          rows.absolute(10);
          for (int page = 9; page > 0; page--) {
            assertThat(rows.previous()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(page);
          }
          assertThat(rows.previous()).isFalse();
          assertThat(rows.absolute(ROWS + 5)).isFalse();
          assertThat(rows.isAfterLast()).isTrue();
          assertThat(rows.absolute(-ROWS - 5)).isFalse();
          assertThat(rows.isBeforeFirst()).isTrue();
        }
      }
    }
  }

  @Test
  void whatIsNoQueryIsExecutedDirectly() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT PageId INTO #One FROM dbo.Pages WHERE PageId = 5 SELECT PageId FROM #One")) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getInt(1)).isEqualTo(5);
        assertThat(rows.next()).isFalse();
      }
    }
  }

  @Test
  void errorsAreThoseOfTheQuery() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.executeQuery("SELECT * FROM dbo.Nowhere"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(208));
      assertThatThrownBy(() -> statement.executeQuery("SELECT * FORM dbo.Pages"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getErrorCode()).isBetween(102, 156));
      assertThatThrownBy(() -> statement.executeQuery("SELECT 10 / (PageId - 2999) FROM dbo.Pages"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(8134));
    }
    try (Statement changing =
        connection.createStatement(ResultSet.TYPE_SCROLL_SENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
      assertThatThrownBy(() -> changing.executeQuery("SELECT * FROM dbo.Pages"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(16929));
    }
  }

  @Test
  void anOpenCursorIsCancelled() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setQueryTimeout(1);
      assertThatThrownBy(
              () ->
                  statement.executeQuery(
                      "SELECT a.PageId FROM dbo.Pages a CROSS JOIN dbo.Pages b CROSS JOIN"
                          + " dbo.Pages c WHERE a.PageId + b.PageId + c.PageId < 0"))
          .hasMessageContaining("timed out");
      statement.setQueryTimeout(0);
      try (ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM dbo.Pages")) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getInt(1)).isEqualTo(ROWS);
      }
    }
  }

  /** 2,000 rows of 100 kB; run with 5,000 and a heap of 150 MB, too. */
  @Test
  void aLargeResultLiesInATemporaryFileThatGoesWithTheCursor() throws Exception {
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(10);
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT a.PageId, REPLICATE(CAST(N'x' AS NVARCHAR(MAX)), 50000) AS Text"
                  + " FROM dbo.Pages a CROSS JOIN (VALUES (1), (2)) v(n) WHERE a.PageId <= 1000")) {
        int count = 0;
        while (rows.next()) {
          assertThat(rows.getString(2)).hasSize(50_000);
          count++;
        }
        assertThat(count).isEqualTo(2000);
      }
    }
    assertThat(temporaryFiles()).isZero();
  }

  private static long temporaryFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.filter(f -> f.getFileName().toString().startsWith("standin-cursor-")).count();
    }
  }
}
