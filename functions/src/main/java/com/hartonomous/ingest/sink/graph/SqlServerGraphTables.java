package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.RowBulkData;
import com.hartonomous.ingest.runtime.RowBulkData.Column;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The tables in SQL Server. Every statement is a transaction of its own under READ COMMITTED, and
 * is read to its end before it returns: nothing stays locked while the graph is written.
 */
final class SqlServerGraphTables implements GraphTables {

  private static final int STATEMENT_TIMEOUT_SECONDS = 300;

  private static final String CREATE_WORK_TABLES =
      "CREATE TABLE #GraphRows (CapturedTableId INT NOT NULL, RowKeyHash BINARY(32) NOT NULL,"
          + " PRIMARY KEY (CapturedTableId, RowKeyHash));"
          + " CREATE TABLE #GraphMarks (QueueId BIGINT NOT NULL PRIMARY KEY)";

  private static final List<Column> ROW_COLUMNS =
      List.of(
          new Column("CapturedTableId", Types.INTEGER, 0),
          new Column("RowKeyHash", Types.BINARY, Sha256.LENGTH));

  private static final List<Column> MARK_COLUMNS = List.of(new Column("QueueId", Types.BIGINT, 0));

  private static final String MODEL =
      "SELECT m.TenantId, m.ModelName, m.State, m.Digest, m.DuplicateOf,"
          + " (SELECT MIN(f.Format) FROM dbo.ModelFiles AS f WHERE f.ModelId = m.ModelId) AS Format"
          + " FROM dbo.Models AS m WHERE m.ModelId = ?";

  private static final String ROWS =
      "SELECT r.CapturedTableId, r.RowKeyHash, r.RowKey, c.ColumnName, r.Segment,"
          + " a.AtomHash, a.ContentType, a.ByteLength"
          + " FROM #GraphRows AS k"
          + " INNER JOIN dbo.RowAtoms AS r"
          + " ON r.CapturedTableId = k.CapturedTableId AND r.RowKeyHash = k.RowKeyHash"
          + " INNER JOIN dbo.CapturedColumns AS c"
          + " ON c.CapturedTableId = r.CapturedTableId AND c.ColumnId = r.ColumnId"
          + " INNER JOIN dbo.Atoms AS a ON a.AtomId = r.AtomId";

  private static final String TABLE_NAMES =
      "SELECT CapturedTableId, SchemaName, TableName FROM dbo.CapturedTables";

  private static final String MARK_SYNCED =
      "UPDATE q SET IsSynced = 1, SyncedAt = SYSUTCDATETIME()"
          + " FROM dbo.Neo4jSyncQueue AS q INNER JOIN #GraphMarks AS m ON m.QueueId = q.QueueId"
          + " WHERE q.IsSynced = 0";

  private static final Comparator<RowKey> ROW_ORDER =
      Comparator.comparingInt(RowKey::tableId).thenComparing(RowKey::keyHash);

  private final Connection connection;

  /** Takes over the connection; closes it when it cannot be used. */
  SqlServerGraphTables(Connection connection) throws SQLException {
    this.connection = connection;
    try (Statement statement = connection.createStatement()) {
      connection.setAutoCommit(true);
      connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
      statement.execute(CREATE_WORK_TABLES);
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  @Override
  public Optional<ModelNode> model(int modelId) throws SQLException {
    try (PreparedStatement statement = prepare(MODEL)) {
      statement.setInt(1, modelId);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        String state = row.getString("State");
        row.getInt("DuplicateOf");
        boolean duplicate = !row.wasNull();
        if (duplicate || state.equals("DELETED")) {
          return Optional.empty();
        }
        byte[] digest = row.getBytes("Digest");
        return Optional.of(
            new ModelNode(
                modelId,
                row.getInt("TenantId"),
                row.getString("ModelName"),
                state,
                row.getString("Format"),
                digest == null ? null : Sha256.fromBytes(digest)));
      }
    }
  }

  @Override
  public ElementPages elements(ElementKind kind, int modelId) {
    return new SqlServerElementPages(connection, kind, modelId);
  }

  @Override
  public SortedMap<RowKey, RowNode> rows(Collection<RowKey> keys) throws SQLException {
    Iterator<Object[]> keyRows =
        keys.stream().map(key -> new Object[] {key.tableId(), key.keyHash().toBytes()}).iterator();
    refill("#GraphRows", ROW_COLUMNS, keyRows);
    SortedMap<RowKey, RowNode> rows = new TreeMap<>(ROW_ORDER);
    try (PreparedStatement statement = prepare(ROWS);
        ResultSet found = statement.executeQuery()) {
      while (found.next()) {
        RowKey key = new RowKey(found.getInt(1), Sha256.fromBytes(found.getBytes(2)));
        String keyText = found.getString(3);
        String column = found.getString(4);
        int segment = found.getInt(5);
        AtomNode atom =
            new AtomNode(Sha256.fromBytes(found.getBytes(6)), found.getString(7), found.getLong(8));
        rows.computeIfAbsent(key, absent -> new RowNode(absent, keyText, new ArrayList<>()))
            .contents()
            .add(new RowNode.Content(column, segment, atom));
      }
    }
    return rows;
  }

  @Override
  public Map<Integer, String> tableNames(Collection<Integer> tableIds) throws SQLException {
    Map<Integer, String> names = new HashMap<>();
    try (PreparedStatement statement = prepare(TABLE_NAMES);
        ResultSet found = statement.executeQuery()) {
      while (found.next()) {
        int tableId = found.getInt(1);
        if (tableIds.contains(tableId)) {
          names.put(tableId, found.getString(2) + "." + found.getString(3));
        }
      }
    }
    return names;
  }

  @Override
  public void markSynced(List<Long> queueIds) throws SQLException {
    Iterator<Object[]> idRows =
        queueIds.stream().distinct().sorted().map(id -> new Object[] {id}).iterator();
    refill("#GraphMarks", MARK_COLUMNS, idRows);
    try (PreparedStatement statement = prepare(MARK_SYNCED)) {
      statement.executeUpdate();
    }
  }

  private void refill(String table, List<Column> columns, Iterator<Object[]> rows)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("DELETE FROM " + table);
    }
    RowBulkData.copy(connection, table, columns, rows);
  }

  private PreparedStatement prepare(String sql) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    statement.setQueryTimeout(STATEMENT_TIMEOUT_SECONDS);
    return statement;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
