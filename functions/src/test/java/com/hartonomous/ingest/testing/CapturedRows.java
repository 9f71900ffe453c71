package com.hartonomous.ingest.testing;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * What the references of a captured table must be, computed by the database from the table itself.
 */
public final class CapturedRows {

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
