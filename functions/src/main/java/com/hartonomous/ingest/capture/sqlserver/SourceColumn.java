package com.hartonomous.ingest.capture.sqlserver;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A column of a user's table, as the database describes it.
 *
 * @param type the type's name, in lower case
 * @param size characters, bytes or digits
 * @param scale digits behind the point, or of the second
 */
public record SourceColumn(String name, String type, int size, int scale) {

  /** The columns of a table in its order; none when there is no such table. */
  public static List<SourceColumn> ofTable(Connection connection, String schema, String table)
      throws SQLException {
    DatabaseMetaData metaData = connection.getMetaData();
    String escape = metaData.getSearchStringEscape();
    List<SourceColumn> columns = new ArrayList<>();
    try (ResultSet row =
        metaData.getColumns(
            connection.getCatalog(), pattern(schema, escape), pattern(table, escape), "%")) {
      while (row.next()) {
        // "int identity" is an int.
        String type = row.getString("TYPE_NAME").toLowerCase(Locale.ROOT).split(" ", 2)[0];
        columns.add(
            new SourceColumn(
                row.getString("COLUMN_NAME"),
                type,
                row.getInt("COLUMN_SIZE"),
                row.getInt("DECIMAL_DIGITS")));
      }
    }
    return columns;
  }

  /** The primary key's columns in key order; none when there is no key. */
  public static List<String> keyOfTable(Connection connection, String schema, String table)
      throws SQLException {
    NavigableMap<Integer, String> byPosition = new TreeMap<>();
    try (ResultSet row =
        connection.getMetaData().getPrimaryKeys(connection.getCatalog(), schema, table)) {
      while (row.next()) {
        byPosition.put(row.getInt("KEY_SEQ"), row.getString("COLUMN_NAME"));
      }
    }
    return List.copyOf(byPosition.values());
  }

  /** A name as T-SQL takes it. */
  public static String quote(String name) {
    return "[" + name.replace("]", "]]") + "]";
  }

  /** The pattern of the metadata methods that this name alone matches. */
  static String pattern(String name, String escape) {
    return name.replace(escape, escape + escape)
        .replace("[", escape + "[")
        .replace("_", escape + "_")
        .replace("%", escape + "%");
  }
}
