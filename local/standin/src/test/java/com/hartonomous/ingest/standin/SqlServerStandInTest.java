package com.hartonomous.ingest.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.microsoft.sqlserver.jdbc.SQLServerBulkCopy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.Statement;
import java.util.Properties;
import javax.sql.rowset.CachedRowSet;
import javax.sql.rowset.RowSetProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole stand-in, driver to database. */
@Timeout(180)
class SqlServerStandInTest {
  private static final String USER = "loader";
  private static final String PASSWORD = "Secret-1";

  private static Connection connect(SqlServerStandIn server) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", USER);
    properties.setProperty("password", PASSWORD);
    properties.setProperty("databaseName", "Library");
    properties.setProperty("encrypt", "true");
    properties.setProperty("trustServerCertificate", "true");
    return DriverManager.getConnection("jdbc:sqlserver://127.0.0.1:" + server.port(), properties);
  }

  private static SqlServerStandIn.Builder builder() {
    return SqlServerStandIn.builder().login(USER, PASSWORD).database("Library");
  }

  @Test
  void storesAndReturnsRows() throws Exception {
    try (SqlServerStandIn server = builder().start();
        Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      assertThat(connection.getCatalog()).isEqualTo("Library");
      statement.execute(
          "CREATE TABLE dbo.Books (Id INT NOT NULL PRIMARY KEY, Title NVARCHAR(200) NOT NULL,"
              + " Body VARBINARY(MAX) NULL)");
      byte[] body = new byte[3_000_000];
      body[2_999_999] = 7;
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO dbo.Books (Id, Title, Body) VALUES (?, ?, ?)")) {
        for (int i = 1; i <= 4; i++) {
          insert.setInt(1, i);
          insert.setString(2, "漢😀 " + i);
          insert.setBytes(3, i == 2 ? null : body);
          assertThat(insert.executeUpdate()).isEqualTo(1);
        }
        insert.setInt(1, 4);
        assertThatThrownBy(insert::executeUpdate)
            .isInstanceOfSatisfying(
                SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(2627));
      }
      try (PreparedStatement select =
          connection.prepareStatement(
              "SELECT Title, Body FROM dbo.Books WHERE Id >= ? ORDER BY Id")) {
        for (int round = 0; round < 3; round++) {
          select.setInt(1, 2);
          try (ResultSet rows = select.executeQuery()) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getString(1)).isEqualTo("漢😀 2");
            assertThat(rows.getBytes(2)).isNull();
            assertThat(rows.next()).isTrue();
            assertThat(rows.getBytes(2)).isEqualTo(body);
            assertThat(rows.next()).isTrue();
            assertThat(rows.next()).isFalse();
          }
        }
      }
    }
  }

  @Test
  void commitsAndRollsBack() throws Exception {
    try (SqlServerStandIn server = builder().start();
        Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE dbo.T (Id INT NOT NULL PRIMARY KEY)");
      connection.setAutoCommit(false);
      assertThat(statement.executeUpdate("INSERT INTO dbo.T (Id) VALUES (1)")).isEqualTo(1);
      connection.rollback();
      assertThat(statement.executeUpdate("INSERT INTO dbo.T (Id) VALUES (2)")).isEqualTo(1);
      connection.commit();
      connection.setAutoCommit(true);
      try (Connection other = connect(server)) {
        assertThat(count(other, "dbo.T")).isEqualTo(1);
      }
    }
  }

  @Test
  void loadsInBulk() throws Exception {
    try (SqlServerStandIn server = builder().start();
        Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE dbo.S (Id INT NOT NULL PRIMARY KEY, Name NVARCHAR(50) NULL)");
      statement.execute("CREATE TABLE dbo.T (Id INT NOT NULL PRIMARY KEY, Name NVARCHAR(50) NULL)");
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO dbo.S (Id, Name) VALUES (?, ?)")) {
        for (int i = 0; i < 2000; i++) {
          insert.setInt(1, i);
          insert.setString(2, i % 5 == 0 ? null : "name " + i);
          insert.addBatch();
        }
        assertThat(insert.executeBatch()).hasSize(2000).containsOnly(1);
      }
      CachedRowSet source = RowSetProvider.newFactory().createCachedRowSet();
      try (ResultSet rows = statement.executeQuery("SELECT Id, Name FROM dbo.S")) {
        source.populate(rows);
      }
      try (SQLServerBulkCopy copy = new SQLServerBulkCopy(connection)) {
        copy.setDestinationTableName("dbo.T");
        copy.writeToServer(source);
        assertThatThrownBy(() -> copy.writeToServer(source))
            .isInstanceOfSatisfying(
                SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(2627));
      }
      assertThat(count(connection, "dbo.T")).isEqualTo(2000);
    }
  }

  @Test
  void interruptsAStatementThatWaits() throws Exception {
    String lock =
        "DECLARE @result INT; EXEC @result = sp_getapplock @Resource = 'one',"
            + " @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 120000;"
            + " SELECT @result AS Result;";
    try (SqlServerStandIn server = builder().start();
        Connection holder = connect(server);
        Connection waiter = connect(server);
        Statement hold = holder.createStatement();
        Statement wait = waiter.createStatement()) {
      hold.executeQuery(lock).close();
      wait.setQueryTimeout(1);
      assertThatThrownBy(() -> wait.executeQuery(lock).close())
          .isInstanceOf(SQLTimeoutException.class);
      holder.close();
      wait.setQueryTimeout(30);
      try (ResultSet rows = wait.executeQuery(lock)) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getInt(1)).isGreaterThanOrEqualTo(0);
      }
    }
  }

  @Test
  void endsTheTransactionOfAClientThatVanishes() throws Exception {
    try (SqlServerStandIn server = builder().start();
        Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE dbo.T (Id INT NOT NULL PRIMARY KEY)");
      Connection vanishing = connect(server);
      vanishing.setAutoCommit(false);
      try (Statement insert = vanishing.createStatement()) {
        assertThat(insert.executeUpdate("INSERT INTO dbo.T (Id) VALUES (1)")).isEqualTo(1);
        vanishing.abort(Runnable::run);
      }
      // Waits for the lost transaction's end, then finds the key free.
      statement.execute("INSERT INTO dbo.T (Id) VALUES (1)");
      assertThat(count(connection, "dbo.T")).isEqualTo(1);
    }
  }

  @Test
  void keepsADatabaseInItsDirectory(@TempDir Path directory) throws Exception {
    try (SqlServerStandIn server = builder().dataDirectory(directory).start();
        Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE dbo.T (Id INT NOT NULL PRIMARY KEY)");
      statement.execute("INSERT INTO dbo.T (Id) VALUES (1)");
    }
    try (SqlServerStandIn server = builder().dataDirectory(directory).start();
        Connection connection = connect(server)) {
      assertThat(count(connection, "dbo.T")).isEqualTo(1);
    }
  }

  @Test
  void needsALogin() {
    assertThatThrownBy(() -> SqlServerStandIn.builder().start())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("login");
  }

  private static int count(Connection connection, String table) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM " + table)) {
      assertThat(rows.next()).isTrue();
      return rows.getInt(1);
    }
  }
}
