package com.hartonomous.ingest.job.preflight;

import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.Segmentation;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.ApplicationLock;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * {@code dbo.CapturedTables} and {@code dbo.CapturedColumns}: gives each captured table and content
 * column its lasting number. Registering again what is registered changes nothing.
 *
 * <p>Once a table has references, or its group a checkpoint, its group and columns are fixed:
 * another group would be a source without state, another column would be missing for all rows that
 * were read before.
 */
final class CapturedTableRegistry {

  private static final String LOCK = "hartonomous:captured-tables";
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(30);
  private static final int FIRST_GENERATION = 1;

  private record Registered(int tableId, String group, int generation) {}

  private record RegisteredColumn(int columnId, IngestOptions.Column column) {}

  private final Connection connection;

  /**
   * @param connection owned by the caller, who closes it after an exception: that rolls back
   */
  CapturedTableRegistry(Connection connection) {
    this.connection = connection;
  }

  /**
   * Registers the tables of a group, all or none.
   *
   * @throws ConfigurationException when a table with references has another group or other columns
   */
  List<CapturedTable> register(List<TableInspection.Table> tables, String group)
      throws ConfigurationException, SQLException {
    connection.setAutoCommit(false);
    ApplicationLock.acquireExclusive(connection, LOCK, LOCK_TIMEOUT);
    List<CapturedTable> captured = new ArrayList<>();
    for (TableInspection.Table table : tables) {
      captured.add(register(table, group));
    }
    connection.commit();
    connection.setAutoCommit(true);
    return captured;
  }

  /**
   * Whether the table holds references from an earlier run that left a checkpoint or savepoint to
   * go on from; false for one that was never registered.
   */
  boolean hasState(TableInspection.Table table) throws SQLException {
    Registered registered = find(table);
    return registered != null
        && hasReferences(registered.tableId())
        && hasCheckpoint(registered.group());
  }

  /**
   * Whether the group has state that the table is not part of: the connector would stream its
   * changes, and never read the rows that it has.
   */
  boolean isNewToState(TableInspection.Table table, String group) throws SQLException {
    Registered registered = find(table);
    return (registered == null || !registered.group().equals(group)) && hasCheckpoint(group);
  }

  private boolean hasCheckpoint(String group) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT SourceName FROM dbo.CdcCheckpoints WHERE SourceName = ?")) {
      statement.setString(1, group);
      try (ResultSet result = statement.executeQuery()) {
        return result.next();
      }
    }
  }

  private CapturedTable register(TableInspection.Table table, String group)
      throws ConfigurationException, SQLException {
    Registered registered = find(table);
    if (registered == null) {
      registered = insert(table, group);
    }
    List<RegisteredColumn> columns = columns(registered.tableId());
    boolean sameColumns = asConfigured(columns).equals(sorted(table.contentColumns()));
    if (!sameColumns || !registered.group().equals(group)) {
      requireChangeable(table, group, registered, columns);
      moveToGroup(registered.tableId(), group);
      columns = replaceColumns(registered.tableId(), table.contentColumns());
    }
    return new CapturedTable(
        registered.tableId(),
        table.schema(),
        table.table(),
        group,
        registered.generation(),
        table.keyColumns(),
        columns.stream().map(column -> captured(column, table)).toList());
  }

  private static CapturedColumn captured(RegisteredColumn registered, TableInspection.Table table) {
    IngestOptions.Column column = registered.column();
    return new CapturedColumn(
        registered.columnId(),
        column.name(),
        column.contentType(),
        column.segments(),
        table.binaryColumns().contains(column.name()));
  }

  private void requireChangeable(
      TableInspection.Table table,
      String group,
      Registered registered,
      List<RegisteredColumn> columns)
      throws ConfigurationException, SQLException {
    if (!hasReferences(registered.tableId()) && !hasCheckpoint(registered.group())) {
      return;
    }
    String name = "capture.tables: " + table.qualifiedName();
    if (!registered.group().equals(group)) {
      throw new ConfigurationException(
          String.format(
              "%s: the table was captured in group '%s', found group '%s'. Set capture.group back.",
              name, registered.group(), group));
    }
    throw new ConfigurationException(
        String.format(
            "%s: the table was captured with columns {%s}, found {%s}. Set the columns back.",
            name, show(asConfigured(columns)), show(sorted(table.contentColumns()))));
  }

  private Registered find(TableInspection.Table table) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT CapturedTableId, GroupName, Generation FROM dbo.CapturedTables"
                + " WHERE TableHash = ?")) {
      statement.setBytes(1, tableHash(table));
      try (ResultSet result = statement.executeQuery()) {
        return result.next()
            ? new Registered(result.getInt(1), result.getString(2), result.getInt(3))
            : null;
      }
    }
  }

  private static byte[] tableHash(TableInspection.Table table) {
    return Sha256.ofText(table.schema() + '\0' + table.table()).toBytes();
  }

  private Registered insert(TableInspection.Table table, String group) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "INSERT INTO dbo.CapturedTables (SchemaName, TableName, TableHash, GroupName,"
                + " Generation) VALUES (?, ?, ?, ?, ?)")) {
      statement.setString(1, table.schema());
      statement.setString(2, table.table());
      statement.setBytes(3, tableHash(table));
      statement.setString(4, group);
      statement.setInt(5, FIRST_GENERATION);
      statement.executeUpdate();
    }
    return find(table);
  }

  private boolean hasReferences(int tableId) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT TOP (1) ColumnId FROM dbo.RowAtoms WHERE CapturedTableId = ?")) {
      statement.setInt(1, tableId);
      try (ResultSet result = statement.executeQuery()) {
        return result.next();
      }
    }
  }

  private List<RegisteredColumn> columns(int tableId) throws SQLException {
    List<RegisteredColumn> columns = new ArrayList<>();
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT ColumnId, ColumnName, ContentType, Segments FROM dbo.CapturedColumns"
                + " WHERE CapturedTableId = ? ORDER BY ColumnId")) {
      statement.setInt(1, tableId);
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          columns.add(
              new RegisteredColumn(
                  result.getInt(1),
                  new IngestOptions.Column(
                      result.getString(2), result.getString(3), segments(result.getString(4)))));
        }
      }
    }
    return columns;
  }

  private static Segmentation segments(String label) throws SQLException {
    return Segmentation.ofLabel(label)
        .orElseThrow(
            () ->
                new SQLException(
                    String.format(
                        "dbo.CapturedColumns.Segments holds one of %s, found '%s'. This version is"
                            + " older than the one that wrote it: use the newer one.",
                        Segmentation.labels(), label)));
  }

  private void moveToGroup(int tableId, String group) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE dbo.CapturedTables SET GroupName = ? WHERE CapturedTableId = ?")) {
      statement.setString(1, group);
      statement.setInt(2, tableId);
      statement.executeUpdate();
    }
  }

  private List<RegisteredColumn> replaceColumns(int tableId, List<IngestOptions.Column> wanted)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("DELETE FROM dbo.CapturedColumns WHERE CapturedTableId = ?")) {
      statement.setInt(1, tableId);
      statement.executeUpdate();
    }
    try (PreparedStatement statement =
        connection.prepareStatement(
            "INSERT INTO dbo.CapturedColumns (CapturedTableId, ColumnId, ColumnName, ContentType,"
                + " Segments) VALUES (?, ?, ?, ?, ?)")) {
      int columnId = 0;
      for (IngestOptions.Column column : wanted) {
        columnId++;
        statement.setInt(1, tableId);
        statement.setInt(2, columnId);
        statement.setString(3, column.name());
        statement.setString(4, column.contentType());
        statement.setString(5, column.segments().label());
        statement.executeUpdate();
      }
    }
    return columns(tableId);
  }

  private static List<IngestOptions.Column> asConfigured(List<RegisteredColumn> columns) {
    return sorted(columns.stream().map(RegisteredColumn::column).toList());
  }

  /** The order in which columns are written down means nothing. */
  private static List<IngestOptions.Column> sorted(List<IngestOptions.Column> columns) {
    return columns.stream().sorted(Comparator.comparing(IngestOptions.Column::name)).toList();
  }

  private static String show(List<IngestOptions.Column> columns) {
    return columns.stream().map(IngestOptions.Column::toString).collect(Collectors.joining(", "));
  }
}
