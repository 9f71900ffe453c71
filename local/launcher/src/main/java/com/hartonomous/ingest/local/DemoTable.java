package com.hartonomous.ingest.local;

import com.hartonomous.ingest.record.Sha256;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** {@code dbo.DemoDocuments}: the table that the demo captures. Not thread-safe. */
final class DemoTable {

  static final String NAME = "dbo.DemoDocuments";

  /** The configuration of its capture. */
  static final String CAPTURE =
      "[{table: " + NAME + ", columns: {Title: text/plain, Body: text/plain}}]";

  private final Connection connection;

  /** A reference that a row should have, or has. */
  private record Reference(String key, String column, Sha256 atom) {}

  DemoTable(Connection connection) {
    this.connection = connection;
  }

  /** Creates the table, enables change data capture for it, and begins the workload's count. */
  void create() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE dbo.DemoDocuments ("
              + "DocumentId INT NOT NULL CONSTRAINT PK_DemoDocuments PRIMARY KEY,"
              + " Title NVARCHAR(400) NOT NULL, Body NVARCHAR(MAX) NULL)");
      statement.execute(
          "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'DemoDocuments',"
              + " @role_name = NULL, @supports_net_changes = 0");
      statement.execute("CREATE TABLE dbo.DemoProgress (Steps INT NOT NULL)");
      statement.execute("INSERT INTO dbo.DemoProgress (Steps) VALUES (0)");
    }
  }

  /** How many steps of the workload are committed. */
  int steps() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT Steps FROM dbo.DemoProgress")) {
      if (!row.next()) {
        throw new SQLException("Expected one row in dbo.DemoProgress, found none.");
      }
      return row.getInt(1);
    }
  }

  /** A change of the table. */
  @FunctionalInterface
  interface Change {
    void apply(DemoTable table) throws SQLException;
  }

  /**
   * Commits a step of the workload and that it was done, or neither.
   *
   * @param steps how many were done before
   * @throws SQLException when it fails, or another number was done; the transaction is left open,
   *     for the connection's end to undo
   */
  void step(int steps, Change change) throws SQLException {
    connection.setAutoCommit(false);
    change.apply(this);
    try (PreparedStatement statement =
        connection.prepareStatement("UPDATE dbo.DemoProgress SET Steps = ? WHERE Steps = ?")) {
      statement.setInt(1, steps + 1);
      statement.setInt(2, steps);
      if (statement.executeUpdate() != 1) {
        throw new SQLException(
            "Expected " + steps + " steps in dbo.DemoProgress, found " + steps() + ".");
      }
    }
    connection.commit();
    connection.setAutoCommit(true);
  }

  /** Inserts documents under consecutive ids. */
  void insert(int firstId, List<DemoDocuments.Document> documents) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "INSERT INTO dbo.DemoDocuments (DocumentId, Title, Body) VALUES (?, ?, ?)")) {
      int id = firstId;
      for (DemoDocuments.Document document : documents) {
        statement.setInt(1, id++);
        statement.setString(2, document.title());
        statement.setString(3, document.body());
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  /** Sets a document's body; null for none. */
  void updateBody(int id, String body) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("UPDATE dbo.DemoDocuments SET Body = ? WHERE DocumentId = ?")) {
      statement.setString(1, body);
      statement.setInt(2, id);
      statement.executeUpdate();
    }
  }

  /** Gives a document another id. */
  void updateId(int id, int newId) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE dbo.DemoDocuments SET DocumentId = ? WHERE DocumentId = ?")) {
      statement.setInt(1, newId);
      statement.setInt(2, id);
      statement.executeUpdate();
    }
  }

  void delete(int id) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("DELETE FROM dbo.DemoDocuments WHERE DocumentId = ?")) {
      statement.setInt(1, id);
      statement.executeUpdate();
    }
  }

  /** How far capture is. */
  record Captured(int rows, int expected, int found, boolean equal) {}

  /** Compares what the rows hold now with the references in the database. */
  Captured compare() throws SQLException {
    Set<Reference> expected = new HashSet<>();
    int rows = 0;
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("SELECT DocumentId, Title, Body FROM dbo.DemoDocuments")) {
      while (row.next()) {
        rows++;
        String key = "{\"DocumentId\":" + row.getInt(1) + "}";
        for (String column : List.of("Title", "Body")) {
          String text = row.getString(column);
          if (text != null) {
            expected.add(new Reference(key, column, Sha256.ofText(text)));
          }
        }
      }
    }
    Set<Reference> found = references();
    return new Captured(rows, expected.size(), found.size(), found.equals(expected));
  }

  private Set<Reference> references() throws SQLException {
    Set<Reference> found = new HashSet<>();
    try (PreparedStatement statement =
            connection.prepareStatement(
                "SELECT r.RowKey, c.ColumnName, a.AtomHash FROM dbo.RowAtoms AS r"
                    + " INNER JOIN dbo.CapturedTables AS t"
                    + " ON t.CapturedTableId = r.CapturedTableId"
                    + " INNER JOIN dbo.CapturedColumns AS c"
                    + " ON c.CapturedTableId = r.CapturedTableId AND c.ColumnId = r.ColumnId"
                    + " INNER JOIN dbo.Atoms AS a ON a.AtomId = r.AtomId"
                    + " WHERE t.SchemaName = N'dbo' AND t.TableName = N'DemoDocuments'");
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        found.add(
            new Reference(row.getString(1), row.getString(2), Sha256.fromBytes(row.getBytes(3))));
      }
    }
    return found;
  }
}
