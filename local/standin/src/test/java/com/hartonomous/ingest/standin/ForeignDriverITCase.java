package com.hartonomous.ingest.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * jTDS, which speaks TDS 7.1 and prepares and fetches in ways of its own; metadata by two drivers.
 */
@Timeout(180)
class ForeignDriverITCase {

  private SqlServerStandIn server;

  @BeforeEach
  void start() throws Exception {
    server = SqlServerStandIn.builder().login("loader", "Secret-1").database("Library").start();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private Connection jtds(String properties) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:jtds:sqlserver://127.0.0.1:" + server.port() + "/Library" + properties,
        "loader",
        "Secret-1");
  }

  private Connection connect(String driver) throws SQLException {
    return driver.equals("jtds")
        ? jtds("")
        : DriverManager.getConnection(
            "jdbc:sqlserver://127.0.0.1:"
                + server.port()
                + ";databaseName=Library;user=loader;password=Secret-1;encrypt=false");
  }

  private static void run(Connection connection, String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static List<String> column(ResultSet rows, String name) throws SQLException {
    List<String> values = new ArrayList<>();
    try (rows) {
      while (rows.next()) {
        values.add(Objects.toString(rows.getString(name)).trim());
      }
    }
    return values;
  }

  private static List<String> query(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> lines = new ArrayList<>();
      int width = rows.getMetaData().getColumnCount();
      while (rows.next()) {
        List<String> values = new ArrayList<>();
        for (int i = 1; i <= width; i++) {
          values.add(rows.getString(i));
        }
        lines.add(String.join("|", values.stream().map(String::valueOf).toList()));
      }
      return lines;
    }
  }

  @Test
  void wrongLoginsAreRefused() {
    String url = "jdbc:jtds:sqlserver://127.0.0.1:" + server.port() + "/";
    assertThatThrownBy(() -> DriverManager.getConnection(url + "Library", "loader", "wrong"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(18456));
    assertThatThrownBy(() -> DriverManager.getConnection(url + "Nowhere", "loader", "Secret-1"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(4060));
    assertThatThrownBy(
            () ->
                DriverManager.getConnection(
                    url + "Library;domain=D;useNTLMv2=true", "loader", "Secret-1"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(18452));
  }

  /** prepareSQL: 0 text, 1 temporary procedures, 2 sp_executesql, 3 sp_prepare and sp_execute. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        ";prepareSQL=0",
        ";prepareSQL=2",
        ";prepareSQL=3",
        ";prepareSQL=3;useCursors=true",
        ";sendStringParametersAsUnicode=false",
        ";packetSize=512",
        ";TDS=8.0;lobBuffer=1024"
      })
  void readsBackWhatItWrote(String properties) throws SQLException {
    try (Connection connection = jtds(properties)) {
      run(
          connection,
          "CREATE TABLE dbo.All1 (Id INT PRIMARY KEY, B BIT, T TINYINT, S SMALLINT, L BIGINT, R"
              + " REAL, F FLOAT, D DECIMAL(38,10), M MONEY, C CHAR(5), V VARCHAR(100), N"
              + " NVARCHAR(100), X NVARCHAR(MAX), Y VARBINARY(MAX), Z VARBINARY(20), DT DATETIME, U"
              + " UNIQUEIDENTIFIER, VM VARCHAR(MAX))");
      String insert = "INSERT INTO dbo.All1 VALUES (" + "?,".repeat(17) + "?)";
      byte[] bytes = new byte[20_000];
      new java.util.Random(3).nextBytes(bytes);
      String text = "grün".repeat(6000);
      Timestamp time = Timestamp.valueOf("2020-02-29 12:30:15.25");
      try (PreparedStatement statement = connection.prepareStatement(insert)) {
        for (int id = 1; id <= 3; id++) {
          statement.setInt(1, id);
          statement.setBoolean(2, true);
          statement.setInt(3, 255);
          statement.setInt(4, Short.MIN_VALUE);
          statement.setLong(5, Long.MIN_VALUE);
          statement.setFloat(6, 1.5f);
          statement.setDouble(7, -2.5e300);
          statement.setBigDecimal(8, new BigDecimal("-1234567890123456789.0123456789"));
          statement.setBigDecimal(9, new BigDecimal("922337203685477.5807"));
          statement.setString(10, "ab");
          statement.setString(11, "grün");
          statement.setString(12, "grün");
          statement.setString(13, text);
          statement.setBytes(14, bytes);
          statement.setBytes(15, new byte[] {0, 1});
          statement.setTimestamp(16, time);
          statement.setString(17, "00112233-4455-6677-8899-AABBCCDDEEFF");
          statement.setString(18, text);
          assertThat(statement.executeUpdate()).isEqualTo(1);
        }
        statement.setInt(1, 4);
        for (int i = 2; i <= 18; i++) {
          statement.setNull(i, i == 14 || i == 15 ? Types.VARBINARY : Types.VARCHAR);
        }
        assertThat(statement.executeUpdate()).isEqualTo(1);
      }
      try (PreparedStatement statement =
          connection.prepareStatement("SELECT * FROM dbo.All1 WHERE Id >= ? ORDER BY Id")) {
        for (int from : new int[] {2, 3, 4}) {
          statement.setInt(1, from);
          try (ResultSet rows = statement.executeQuery()) {
            for (int id = from; id <= 3; id++) {
              assertThat(rows.next()).isTrue();
              assertThat(rows.getInt(1)).isEqualTo(id);
              assertThat(rows.getBoolean(2)).isTrue();
              assertThat(rows.getInt(3)).isEqualTo(255);
              assertThat(rows.getShort(4)).isEqualTo(Short.MIN_VALUE);
              assertThat(rows.getLong(5)).isEqualTo(Long.MIN_VALUE);
              assertThat(rows.getFloat(6)).isEqualTo(1.5f);
              assertThat(rows.getDouble(7)).isEqualTo(-2.5e300);
              assertThat(rows.getBigDecimal(8)).isEqualTo("-1234567890123456789.0123456789");
              assertThat(rows.getBigDecimal(9)).isEqualTo("922337203685477.5807");
              assertThat(rows.getString(10)).isEqualTo("ab   ");
              assertThat(rows.getString(11)).isEqualTo("grün");
              assertThat(rows.getString(12)).isEqualTo("grün");
              assertThat(rows.getString(13)).isEqualTo(text);
              assertThat(rows.getBytes(14)).isEqualTo(bytes);
              assertThat(rows.getBytes(15)).isEqualTo(new byte[] {0, 1});
              assertThat(rows.getTimestamp(16)).isEqualTo(time);
              assertThat(rows.getString(17)).isEqualTo("00112233-4455-6677-8899-AABBCCDDEEFF");
              assertThat(rows.getString(18)).isEqualTo(text);
            }
            assertThat(rows.next()).isTrue();
            for (int i = 2; i <= 18; i++) {
              assertThat(rows.getObject(i)).as("column %s", i).isNull();
            }
            assertThat(rows.next()).isFalse();
          }
        }
      }
    }
  }

  @Test
  void transactionsSavepointsKeysAndErrors() throws SQLException {
    try (Connection connection = jtds("")) {
      run(
          connection,
          "CREATE TABLE dbo.Keys1 (Id INT IDENTITY PRIMARY KEY, Name VARCHAR(20) NOT NULL)");
      connection.setAutoCommit(false);
      try (PreparedStatement insert =
          connection.prepareStatement(
              "INSERT INTO dbo.Keys1 (Name) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
        insert.setString(1, "one");
        insert.executeUpdate();
        assertThat(column(insert.getGeneratedKeys(), "ID")).containsExactly("1");
        Savepoint savepoint = connection.setSavepoint("half");
        insert.setString(1, "two");
        insert.executeUpdate();
        connection.rollback(savepoint);
        insert.setString(1, "three");
        insert.executeUpdate();
        connection.commit();
      }
      assertThat(query(connection, "SELECT Name FROM dbo.Keys1 ORDER BY Id"))
          .containsExactly("one", "three");
      run(connection, "DELETE FROM dbo.Keys1");
      connection.rollback();
      assertThat(query(connection, "SELECT COUNT(*) FROM dbo.Keys1")).containsExactly("2");
      connection.commit();
      connection.setAutoCommit(true);
      assertThatThrownBy(() -> run(connection, "INSERT INTO dbo.Keys1 (Name) VALUES (NULL)"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(515));
      assertThatThrownBy(() -> run(connection, "SELECT * FROM dbo.Nowhere"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(208));
      try (Statement batch = connection.createStatement()) {
        for (int i = 0; i < 50; i++) {
          batch.addBatch("INSERT INTO dbo.Keys1 (Name) VALUES ('" + i + "')");
        }
        assertThat(batch.executeBatch()).hasSize(50).containsOnly(1);
      }
    }
  }

  @Test
  void proceduresResultSetsAndCancellation() throws SQLException {
    try (Connection connection = jtds("")) {
      run(
          connection,
          "CREATE PROCEDURE dbo.Sum2 @A INT, @B INT, @Sum INT OUTPUT AS BEGIN SET NOCOUNT ON;"
              + " SET @Sum = @A + @B; SELECT @A AS A; SELECT @B AS B; RETURN 3; END");
      try (CallableStatement call = connection.prepareCall("{? = call dbo.Sum2(?, ?, ?)}")) {
        call.registerOutParameter(1, Types.INTEGER);
        call.setInt(2, 40);
        call.setInt(3, 2);
        call.registerOutParameter(4, Types.INTEGER);
        assertThat(call.execute()).isTrue();
        assertThat(column(call.getResultSet(), "A")).containsExactly("40");
        assertThat(call.getMoreResults()).isTrue();
        assertThat(column(call.getResultSet(), "B")).containsExactly("2");
        assertThat(call.getMoreResults()).isFalse();
        assertThat(call.getInt(1)).isEqualTo(3);
        assertThat(call.getInt(4)).isEqualTo(42);
      }
      try (Statement statement = connection.createStatement()) {
        statement.setQueryTimeout(1);
        assertThatThrownBy(() -> statement.execute("WAITFOR DELAY '00:01:00'"))
            .isInstanceOf(SQLException.class)
            .hasMessageContaining("timed out");
        assertThat(query(connection, "SELECT 42")).containsExactly("42");
      }
    }
  }

  @Test
  void scrollsWithServerCursors() throws SQLException {
    try (Connection connection = jtds("")) {
      run(connection, "CREATE TABLE dbo.Scrolled (Id INT PRIMARY KEY)");
      run(
          connection,
          "DECLARE @i INT = 1; WHILE @i <= 300 BEGIN INSERT INTO dbo.Scrolled VALUES (@i);"
              + " SET @i = @i + 1; END");
      for (int type :
          new int[] {ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.TYPE_SCROLL_SENSITIVE}) {
        try (Statement statement = connection.createStatement(type, ResultSet.CONCUR_READ_ONLY)) {
          statement.setFetchSize(7);
          try (ResultSet rows = statement.executeQuery("SELECT Id FROM dbo.Scrolled ORDER BY Id")) {
            for (int i = 1; i <= 300; i++) {
              assertThat(rows.next()).isTrue();
              assertThat(rows.getInt(1)).isEqualTo(i);
            }
            assertThat(rows.next()).isFalse();
            for (int i = 300; i >= 1; i--) {
              assertThat(rows.previous()).isTrue();
              assertThat(rows.getInt(1)).isEqualTo(i);
            }
            assertThat(rows.absolute(150)).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(150);
            assertThat(rows.relative(-20)).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(130);
            assertThat(rows.last()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(300);
            assertThat(rows.first()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(1);
          }
        }
      }
    }
  }

  /** What tools such as DBeaver ask for, by both drivers. */
  @ParameterizedTest
  @ValueSource(strings = {"jtds", "mssql"})
  void metadata(String driver) throws SQLException {
    try (Connection connection = connect(driver)) {
      run(
          connection,
          "CREATE TABLE dbo.Shelves (ShelfId INT NOT NULL CONSTRAINT PK_Shelves PRIMARY KEY)",
          "CREATE TABLE dbo.Books (BookId BIGINT IDENTITY CONSTRAINT PK_Books PRIMARY KEY,"
              + " Title NVARCHAR(80) NOT NULL, Price DECIMAL(9,2) NULL, Added DATETIME NULL,"
              + " ShelfId INT NULL CONSTRAINT FK_Books_Shelves REFERENCES dbo.Shelves (ShelfId))",
          "CREATE UNIQUE INDEX UX_Books_Title ON dbo.Books (Title)",
          "CREATE VIEW dbo.Titles AS SELECT Title FROM dbo.Books",
          "CREATE PROCEDURE dbo.Lend @BookId BIGINT, @Days INT = 14 AS BEGIN SELECT @BookId; END");
      DatabaseMetaData metadata = connection.getMetaData();
      assertThat(metadata.getDatabaseProductName()).isEqualTo("Microsoft SQL Server");
      assertThat(metadata.getDatabaseMajorVersion()).isGreaterThanOrEqualTo(15);
      assertThat(column(metadata.getCatalogs(), "TABLE_CAT")).contains("Library");
      assertThat(column(metadata.getSchemas(), "TABLE_SCHEM")).contains("dbo");
      assertThat(column(metadata.getTableTypes(), "TABLE_TYPE")).contains("TABLE", "VIEW");
      assertThat(
              column(
                  metadata.getTables("Library", "dbo", "%", new String[] {"TABLE"}), "TABLE_NAME"))
          .contains("Books", "Shelves")
          .doesNotContain("Titles");
      assertThat(
              column(
                  metadata.getTables("Library", "dbo", "%", new String[] {"VIEW"}), "TABLE_NAME"))
          .contains("Titles");
      assertThat(column(metadata.getColumns("Library", "dbo", "Books", "%"), "COLUMN_NAME"))
          .containsExactly("BookId", "Title", "Price", "Added", "ShelfId");
      assertThat(column(metadata.getColumns("Library", "dbo", "Books", "%"), "NULLABLE"))
          .containsExactly("0", "0", "1", "1", "1");
      assertThat(column(metadata.getPrimaryKeys("Library", "dbo", "Books"), "PK_NAME"))
          .containsExactly("PK_Books");
      assertThat(
              column(metadata.getIndexInfo("Library", "dbo", "Books", false, false), "INDEX_NAME"))
          .contains("PK_Books", "UX_Books_Title");
      assertThat(column(metadata.getImportedKeys("Library", "dbo", "Books"), "PKTABLE_NAME"))
          .containsExactly("Shelves");
      assertThat(column(metadata.getExportedKeys("Library", "dbo", "Shelves"), "FKTABLE_NAME"))
          .containsExactly("Books");
      assertThat(column(metadata.getProcedures("Library", "dbo", "Len%"), "PROCEDURE_NAME"))
          .isNotEmpty();
      assertThat(column(metadata.getProcedureColumns("Library", "dbo", "Lend", "%"), "COLUMN_NAME"))
          .contains("@BookId", "@Days");
    }
  }

  @FunctionalInterface
  private interface Question {
    ResultSet ask(DatabaseMetaData metadata) throws SQLException;
  }

  /** All that JDBC knows to ask, whether a driver asks the server or knows the answer itself. */
  @ParameterizedTest
  @ValueSource(strings = {"jtds", "mssql"})
  void everyQuestionOfJdbcIsAnswered(String driver) throws SQLException {
    Map<String, Question> questions = new LinkedHashMap<>();
    questions.put("catalogs", m -> m.getCatalogs());
    questions.put("schemas", m -> m.getSchemas());
    questions.put("table types", m -> m.getTableTypes());
    questions.put("types", m -> m.getTypeInfo());
    questions.put("user types", m -> m.getUDTs("Library", "dbo", "%", null));
    questions.put("tables", m -> m.getTables(null, null, "%", null));
    questions.put("system tables", m -> m.getTables("Library", "sys", "%", null));
    questions.put("columns", m -> m.getColumns("Library", "dbo", "Loans", "%"));
    questions.put("columns of any", m -> m.getColumns(null, null, "%", null));
    questions.put("column rights", m -> m.getColumnPrivileges("Library", "dbo", "Loans", "%"));
    questions.put("table rights", m -> m.getTablePrivileges("Library", "dbo", "%"));
    questions.put(
        "row identifier",
        m ->
            m.getBestRowIdentifier(
                "Library", "dbo", "Loans", DatabaseMetaData.bestRowSession, true));
    questions.put("versions", m -> m.getVersionColumns("Library", "dbo", "Loans"));
    questions.put("primary keys", m -> m.getPrimaryKeys("Library", "dbo", "Loans"));
    questions.put("imported", m -> m.getImportedKeys("Library", "dbo", "Loans"));
    questions.put("exported", m -> m.getExportedKeys("Library", "dbo", "Loans"));
    questions.put(
        "cross reference",
        m -> m.getCrossReference("Library", "dbo", "Loans", "Library", "dbo", "Loans"));
    questions.put("indexes", m -> m.getIndexInfo("Library", "dbo", "Loans", false, true));
    questions.put("procedures", m -> m.getProcedures(null, null, "%"));
    questions.put("parameters", m -> m.getProcedureColumns("Library", "dbo", "%", "%"));
    if (driver.equals("mssql")) {
      questions.put("functions", m -> m.getFunctions("Library", "dbo", "%"));
      questions.put("function columns", m -> m.getFunctionColumns("Library", "dbo", "%", "%"));
      questions.put("schemas like", m -> m.getSchemas("Library", "d%"));
      questions.put("client info", m -> m.getClientInfoProperties());
    }
    try (Connection connection = connect(driver)) {
      run(
          connection,
          "CREATE TABLE dbo.Loans (LoanId INT NOT NULL CONSTRAINT PK_Loans PRIMARY KEY,"
              + " Reader NVARCHAR(80) NOT NULL, Until DATE NULL)");
      Map<String, List<List<String>>> answers = new LinkedHashMap<>();
      List<String> failures = new ArrayList<>();
      for (Map.Entry<String, Question> question : questions.entrySet()) {
        try (ResultSet rows = question.getValue().ask(connection.getMetaData())) {
          answers.put(question.getKey(), all(rows));
        } catch (SQLException e) {
          failures.add(question.getKey() + ": " + e.getMessage());
        }
      }
      assertThat(failures).isEmpty();
      assertThat(answers.get("catalogs")).containsExactly(List.of("Library"));
      assertThat(answers.get("types"))
          .extracting(row -> row.get(0) + " " + row.get(2) + " " + row.get(3) + " " + row.get(5))
          .contains(
              "int 10 null null",
              "int identity 10 null null",
              "nvarchar 4000 N' max length",
              "varbinary 8000 0x max length",
              "decimal 38 null precision,scale",
              "money 19 $ null");
      assertThat(answers.get("columns"))
          .extracting(row -> row.get(3) + " " + row.get(5) + " " + row.get(6) + " " + row.get(17))
          .containsExactly("LoanId int 10 NO", "Reader nvarchar 80 NO", "Until date 10 YES");
      assertThat(answers.get("column rights"))
          .hasSize(12)
          .contains(List.of("Library", "dbo", "Loans", "Until", "dbo", "dbo", "UPDATE", "YES"));
      assertThat(answers.get("table rights"))
          .hasSize(5)
          .contains(List.of("Library", "dbo", "Loans", "dbo", "dbo", "DELETE", "YES"));
      assertThat(answers.get("row identifier"))
          .containsExactly(List.of("0", "LoanId", "4", "int", "10", "4", "0", "1"));
      assertThat(answers.get("versions")).isEmpty();
    }
  }

  private static List<List<String>> all(ResultSet rows) throws SQLException {
    List<List<String>> all = new ArrayList<>();
    int width = rows.getMetaData().getColumnCount();
    while (rows.next()) {
      List<String> row = new ArrayList<>();
      for (int i = 1; i <= width; i++) {
        row.add(rows.getString(i));
      }
      all.add(row);
    }
    return all;
  }
}
