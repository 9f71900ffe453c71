package com.hartonomous.ingest.testing;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.hartonomous.ingest.record.Sha256;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the references of a captured table must be, computed by the database from the table itself.
 */
public final class CapturedRows {

  private static final int DIFFERENCES_SHOWN = 5;

  private CapturedRows() {}

  /**
   * One line for each content value that is not NULL: key, column, HASHBYTES of the value.
   *
   * @param keyColumn an integer column, the table's primary key
   */
  public static List<String> expected(Sql sql, String table, String keyColumn, String... columns)
      throws SQLException {
    List<String> lines = new ArrayList<>();
    for (String column : columns) {
      lines.addAll(
          sql.rows(
              String.format(
                  "SELECT CAST(%s AS NVARCHAR(20)), '%s', HASHBYTES('SHA2_256', %s) FROM %s"
                      + " WHERE %s IS NOT NULL",
                  keyColumn, column, column, table, column)));
    }
    lines.sort(null);
    return lines;
  }

  /** The references that are there, in the same form. */
  public static List<String> found(Sql sql, String schema, String table, String keyColumn)
      throws SQLException {
    List<String> lines = new ArrayList<>();
    String prefix = "{\"" + keyColumn + "\":";
    for (String row :
        sql.rows(
            "SELECT r.RowKey, c.ColumnName, a.AtomHash FROM dbo.RowAtoms AS r"
                + " INNER JOIN dbo.CapturedTables AS t ON t.CapturedTableId = r.CapturedTableId"
                + " INNER JOIN dbo.CapturedColumns AS c ON c.CapturedTableId = r.CapturedTableId"
                + " AND c.ColumnId = r.ColumnId INNER JOIN dbo.Atoms AS a ON a.AtomId = r.AtomId"
                + " WHERE t.SchemaName = ? AND t.TableName = ?",
            schema,
            table)) {
      int end = row.indexOf('}');
      lines.add(row.substring(prefix.length(), end) + row.substring(end + 1));
    }
    lines.sort(null);
    return lines;
  }

  /**
   * One line for each segment of each content value that is not NULL: key as JSON, column, segment,
   * hash, computed from the table as it is now. For keys of any type and names of any form.
   *
   * @param keyColumns the primary key in its order
   * @param columns content columns; a value whose column is not in {@code cut} is one segment
   * @param cut cuts the text values of some columns
   */
  public static List<String> expectedRows(
      Sql sql,
      String schema,
      String table,
      List<String> keyColumns,
      List<String> columns,
      Map<String, Function<String, List<String>>> cut)
      throws SQLException {
    List<String> lines = new ArrayList<>();
    String all =
        Stream.concat(keyColumns.stream(), columns.stream())
            .map(CapturedRows::quote)
            .collect(Collectors.joining(", "));
    try (Statement statement = sql.connection().createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT " + all + " FROM " + quote(schema) + "." + quote(table))) {
      while (row.next()) {
        String key = keyText(row, keyColumns);
        for (String column : columns) {
          Object value = row.getObject(keyColumns.size() + columns.indexOf(column) + 1);
          if (value instanceof byte[] bytes) {
            lines.add(line(key, column, 0, Sha256.of(bytes)));
          } else if (value != null) {
            List<String> segments = cut.getOrDefault(column, List::of).apply((String) value);
            for (int i = 0; i < segments.size(); i++) {
              lines.add(line(key, column, i, Sha256.ofText(segments.get(i))));
            }
          }
        }
      }
    }
    lines.sort(null);
    return lines;
  }

  /** The references that are there, in the form of {@link #expectedRows}. */
  public static List<String> foundRows(Sql sql, String schema, String table) throws SQLException {
    List<String> lines =
        sql.rows(
            "SELECT r.RowKey, c.ColumnName, r.Segment, a.AtomHash FROM dbo.RowAtoms AS r"
                + " INNER JOIN dbo.CapturedTables AS t ON t.CapturedTableId = r.CapturedTableId"
                + " INNER JOIN dbo.CapturedColumns AS c ON c.CapturedTableId = r.CapturedTableId"
                + " AND c.ColumnId = r.ColumnId INNER JOIN dbo.Atoms AS a ON a.AtomId = r.AtomId"
                + " WHERE t.SchemaName = ? AND t.TableName = ?",
            schema,
            table);
    lines.sort(null);
    return lines;
  }

  /** What {@link #foundRows} and {@link #expectedRows} give differently, a few lines of it. */
  public static List<String> differences(List<String> found, List<String> expected) {
    Set<String> wanted = new HashSet<>(expected);
    Set<String> present = new HashSet<>(found);
    List<String> lines = new ArrayList<>();
    if (found.size() != expected.size()) {
      lines.add(found.size() + " references instead of " + expected.size());
    }
    expected.stream()
        .filter(line -> !present.contains(line))
        .limit(DIFFERENCES_SHOWN)
        .forEach(line -> lines.add("missing " + line));
    found.stream()
        .filter(line -> !wanted.contains(line))
        .limit(DIFFERENCES_SHOWN)
        .forEach(line -> lines.add("unexpected " + line));
    return lines;
  }

  private static String line(String key, String column, int segment, Sha256 hash) {
    return String.join("|", key, column, Integer.toString(segment), hash.toHex());
  }

  private static String keyText(ResultSet row, List<String> keyColumns) throws SQLException {
    ObjectNode key = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < keyColumns.size(); i++) {
      String column = keyColumns.get(i);
      switch (row.getMetaData().getColumnTypeName(i + 1)) {
        case "tinyint", "smallint", "int", "bigint" -> key.put(column, row.getLong(i + 1));
        case "bit" -> key.put(column, row.getBoolean(i + 1));
        case "decimal" -> key.put(column, row.getBigDecimal(i + 1).toPlainString());
        case "binary", "varbinary" ->
            key.put(column, HexFormat.of().formatHex(row.getBytes(i + 1)));
        case "date" -> key.put(column, row.getObject(i + 1, LocalDate.class).toEpochDay());
        case "datetime" ->
            key.put(
                column,
                row.getObject(i + 1, LocalDateTime.class).toInstant(ZoneOffset.UTC).toEpochMilli());
        case "datetime2" ->
            key.put(
                column,
                ChronoUnit.NANOS.between(
                    LocalDateTime.of(1970, 1, 1, 0, 0), row.getObject(i + 1, LocalDateTime.class)));
        default -> key.put(column, row.getString(i + 1));
      }
    }
    return key.toString();
  }

  private static String quote(String name) {
    return "[" + name.replace("]", "]]") + "]";
  }

  /** Atoms whose count is not the number of their references; empty when all is well. */
  public static List<String> wrongCounts(Sql sql) throws SQLException {
    return sql.rows(
        "SELECT a.AtomHash, a.ReferenceCount, COALESCE(r.n, 0) AS found FROM dbo.Atoms AS a"
            + " LEFT JOIN (SELECT AtomId, COUNT_BIG(*) AS n FROM (SELECT AtomId FROM dbo.RowAtoms"
            + " UNION ALL SELECT AtomId FROM dbo.FileChunks"
            + " UNION ALL SELECT AtomId FROM dbo.ModelNodes) AS u GROUP BY AtomId) AS r"
            + " ON r.AtomId = a.AtomId WHERE a.ReferenceCount <> COALESCE(r.n, 0)");
  }
}
