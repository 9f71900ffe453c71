package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.Segmentation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The captured tables that {@code dbo.CapturedTables} names, as they are now. Reads only. */
public final class RegisteredTables {

  private static final Set<String> BINARY_TYPES = Set.of("binary", "varbinary");

  /**
   * A registered table.
   *
   * @param removed whether it is not captured any more, and its references stay as they were
   * @param swept whether the snapshot of its generation and the sweep behind it have ended
   * @param table null when the source table, its key or a content column is not there any more
   */
  public record Registered(
      int tableId,
      String qualifiedName,
      String group,
      boolean removed,
      boolean swept,
      CapturedTable table) {}

  private RegisteredTables() {}

  /** All of them, by their id. */
  public static List<Registered> read(Connection connection) throws SQLException {
    List<Registered> tables = new ArrayList<>();
    try (PreparedStatement statement =
            connection.prepareStatement(
                "SELECT CapturedTableId, SchemaName, TableName, GroupName, Generation,"
                    + " SweptGeneration, RemovedAt"
                    + " FROM dbo.CapturedTables ORDER BY CapturedTableId");
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        String schema = row.getString(2);
        String name = row.getString(3);
        int generation = row.getInt(5);
        tables.add(
            new Registered(
                row.getInt(1),
                schema + "." + name,
                row.getString(4),
                row.getTimestamp(7) != null,
                row.getInt(6) >= generation,
                table(connection, row.getInt(1), schema, name, row.getString(4), generation)));
      }
    }
    return tables;
  }

  private static CapturedTable table(
      Connection connection, int tableId, String schema, String name, String group, int generation)
      throws SQLException {
    Map<String, SourceColumn> there =
        SourceColumn.ofTable(connection, schema, name).stream()
            .collect(Collectors.toMap(SourceColumn::name, Function.identity()));
    List<String> keyColumns = SourceColumn.keyOfTable(connection, schema, name);
    List<CapturedColumn> columns = columns(connection, tableId, there);
    boolean complete =
        !keyColumns.isEmpty()
            && !columns.isEmpty()
            && columns.stream().allMatch(column -> there.containsKey(column.name()));
    return complete
        ? new CapturedTable(tableId, schema, name, group, generation, keyColumns, columns)
        : null;
  }

  private static List<CapturedColumn> columns(
      Connection connection, int tableId, Map<String, SourceColumn> there) throws SQLException {
    List<CapturedColumn> columns = new ArrayList<>();
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT ColumnId, ColumnName, ContentType, Segments FROM dbo.CapturedColumns"
                + " WHERE CapturedTableId = ? AND RemovedAt IS NULL ORDER BY ColumnId")) {
      statement.setInt(1, tableId);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          String name = row.getString(2);
          String label = row.getString(4);
          Segmentation segments =
              Segmentation.ofLabel(label)
                  .orElseThrow(
                      () ->
                          new SQLException(
                              "dbo.CapturedColumns.Segments holds one of "
                                  + Segmentation.labels()
                                  + ", found '"
                                  + label
                                  + "'. A newer version wrote it: use that one."));
          boolean binary = there.containsKey(name) && BINARY_TYPES.contains(there.get(name).type());
          columns.add(new CapturedColumn(row.getInt(1), name, row.getString(3), segments, binary));
        }
      }
    }
    return columns;
  }
}
