package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.record.Sha256;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * References and counts: every atom's {@code ReferenceCount} is the number of its rows in {@code
 * dbo.FileChunks}, {@code dbo.RowAtoms} and {@code dbo.ModelNodes}; every reference points to what
 * is there, and only models that may have references have some. The server compares, only
 * differences travel.
 */
final class ReferenceChecks {

  private static final String REFERENCES =
      "(SELECT u.AtomId, COUNT_BIG(*) AS Found FROM ("
          + "SELECT AtomId FROM dbo.FileChunks"
          + " UNION ALL SELECT AtomId FROM dbo.RowAtoms"
          + " UNION ALL SELECT AtomId FROM dbo.ModelNodes) AS u GROUP BY u.AtomId) AS r";

  private static final String WRONG_COUNTS =
      "SELECT a.AtomHash, a.ReferenceCount, COALESCE(r.Found, 0)"
          + " FROM dbo.Atoms AS a LEFT JOIN "
          + REFERENCES
          + " ON r.AtomId = a.AtomId WHERE a.ReferenceCount <> COALESCE(r.Found, 0)"
          + " ORDER BY a.AtomId";

  private static final String LOST_ATOMS =
      "SELECT r.AtomId, r.Found FROM "
          + REFERENCES
          + " LEFT JOIN dbo.Atoms AS a ON a.AtomId = r.AtomId WHERE a.AtomId IS NULL"
          + " ORDER BY r.AtomId";

  private static final String LOST_FILES =
      "SELECT c.ModelFileId, COUNT_BIG(*) FROM dbo.FileChunks AS c"
          + " LEFT JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId"
          + " WHERE f.ModelFileId IS NULL GROUP BY c.ModelFileId ORDER BY c.ModelFileId";

  private static final String LOST_COLUMNS =
      "SELECT r.CapturedTableId, r.ColumnId, COUNT_BIG(*) FROM dbo.RowAtoms AS r"
          + " LEFT JOIN dbo.CapturedColumns AS c"
          + " ON c.CapturedTableId = r.CapturedTableId AND c.ColumnId = r.ColumnId"
          + " WHERE c.ColumnId IS NULL GROUP BY r.CapturedTableId, r.ColumnId"
          + " ORDER BY r.CapturedTableId, r.ColumnId";

  private static final String WRONG_ROW_KEYS =
      "SELECT CapturedTableId, RowKeyHash, RowKey FROM dbo.RowAtoms"
          + " WHERE HASHBYTES('SHA2_256', RowKey) <> RowKeyHash"
          + " ORDER BY CapturedTableId, RowKeyHash";

  // A failed model or a duplicate whose submission is not done is being released: soon it has none.
  private static final String FORBIDDEN =
      "SELECT m.ModelId, m.State, r.Found, s.Unfinished"
          + " FROM (SELECT u.ModelId, COUNT_BIG(*) AS Found FROM ("
          + "SELECT f.ModelId FROM dbo.FileChunks AS c INNER JOIN dbo.ModelFiles AS f"
          + " ON f.ModelFileId = c.ModelFileId"
          + " UNION ALL SELECT n.ModelId FROM dbo.ModelNodes AS n) AS u GROUP BY u.ModelId) AS r"
          + " LEFT JOIN dbo.Models AS m ON m.ModelId = r.ModelId"
          + " LEFT JOIN (SELECT ModelId, COUNT_BIG(*) AS Unfinished FROM dbo.ModelSubmissions"
          + " WHERE State = 'CLAIMED' GROUP BY ModelId) AS s ON s.ModelId = r.ModelId"
          + " WHERE m.State IS NULL OR m.State NOT IN ('INGESTING', 'COMPLETE', 'DELETING')"
          + " ORDER BY r.ModelId";

  private static final String NUMBER_OF_ATOMS = "SELECT COUNT_BIG(*) FROM dbo.Atoms";

  private static final String NUMBER_OF_REFERENCES =
      "SELECT (SELECT COUNT_BIG(*) FROM dbo.FileChunks) + (SELECT COUNT_BIG(*) FROM dbo.RowAtoms)"
          + " + (SELECT COUNT_BIG(*) FROM dbo.ModelNodes)";

  private final Connection connection;
  private final Differences differences;

  ReferenceChecks(Connection connection, Differences differences) {
    this.connection = connection;
    this.differences = differences;
  }

  void checkCounts() throws SQLException {
    differences.begin("reference counts");
    differences.examined(number(NUMBER_OF_ATOMS));
    forEach(
        WRONG_COUNTS,
        row ->
            differences.add(
                "atom " + hex(row, 1),
                String.format(
                    "ReferenceCount is %d, but %d references are there.",
                    row.getLong(2), row.getLong(3))));
    differences.end();
  }

  void checkReferences() throws SQLException {
    differences.begin("references");
    differences.examined(number(NUMBER_OF_REFERENCES));
    forEach(
        LOST_ATOMS,
        row ->
            differences.add(
                "AtomId " + row.getLong(1),
                String.format(
                    "%d references point to it, but dbo.Atoms has no such row.", row.getLong(2))));
    forEach(
        LOST_FILES,
        row ->
            differences.add(
                "ModelFileId " + row.getLong(1),
                String.format(
                    "%d chunks belong to it, but dbo.ModelFiles has no such row.",
                    row.getLong(2))));
    forEach(
        LOST_COLUMNS,
        row ->
            differences.add(
                String.format("captured table %d, column %d", row.getInt(1), row.getInt(2)),
                String.format(
                    "%d references of rows name it, but dbo.CapturedColumns has no such row.",
                    row.getLong(3))));
    forEach(
        WRONG_ROW_KEYS,
        row ->
            differences.add(
                String.format("row %s of captured table %d", row.getString(3), row.getInt(1)),
                "RowKeyHash is " + hex(row, 2) + ", which is not the hash of RowKey."));
    forEach(FORBIDDEN, this::forbidden);
    differences.end();
  }

  private void forbidden(ResultSet row) throws SQLException {
    String state = row.getString(2);
    boolean beingReleased = row.getLong(4) > 0;
    differences.add(
        "model " + row.getInt(1),
        String.format(
            "is %s, but has %d references.",
            state == null ? "not in dbo.Models" : state, row.getLong(3)),
        beingReleased);
  }

  private interface RowVisitor {
    void visit(ResultSet row) throws SQLException;
  }

  private void forEach(String sql, RowVisitor visitor) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        visitor.visit(rows);
      }
    }
  }

  private long number(String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  private static String hex(ResultSet row, int column) throws SQLException {
    return Sha256.fromBytes(row.getBytes(column)).toHex();
  }
}
