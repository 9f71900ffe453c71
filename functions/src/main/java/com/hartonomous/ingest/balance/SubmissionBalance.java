package com.hartonomous.ingest.balance;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * Every submission is under way, or has a model that is complete, was deleted since, is a duplicate
 * of a complete one, or failed. That a failed model has a dead letter is the matter of {@link
 * ModelBalance}. What a pattern or a watched directory led to and could not be submitted came in
 * too, and has a dead letter, without a model, that stands.
 */
public final class SubmissionBalance {

  private static final String SUMS =
      "SELECT COUNT_BIG(*) AS Submitted,"
          + " SUM(CASE WHEN s.State <> 'DONE' THEN 1 ELSE 0 END) AS UnderWay,"
          + " SUM(CASE WHEN s.State = 'DONE' AND m.State = 'FAILED' THEN 1 ELSE 0 END) AS Failed,"
          + " SUM(CASE WHEN s.State = 'DONE' AND m.DuplicateOf IS NOT NULL THEN 1 ELSE 0 END)"
          + " AS Duplicates"
          + " FROM dbo.ModelSubmissions AS s LEFT JOIN dbo.Models AS m ON m.ModelId = s.ModelId";

  private static final String WITHOUT_END =
      "SELECT s.SubmissionId, s.Path, s.State, s.ModelId, m.State"
          + " FROM dbo.ModelSubmissions AS s LEFT JOIN dbo.Models AS m ON m.ModelId = s.ModelId"
          + " WHERE (s.State = 'CLAIMED' AND m.ModelId IS NULL)"
          + " OR (s.State = 'DONE' AND (m.ModelId IS NULL OR m.State = 'INGESTING'))"
          + " ORDER BY s.SubmissionId";

  private static final String NOT_SUBMITTED =
      "SELECT COUNT_BIG(*) FROM dbo.AtomizationErrors WHERE ModelId IS NULL"
          + " AND CapturedTableId IS NULL AND ResolvedAt IS NULL";

  private SubmissionBalance() {}

  /** Counts in the connection's transaction; only sums and differences travel. */
  public static void check(Connection connection, Findings findings) throws SQLException {
    long withoutEnd = 0;
    try (PreparedStatement statement = connection.prepareStatement(WITHOUT_END);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        withoutEnd++;
        String model = row.getString(4) == null ? "no model" : "model " + row.getInt(4);
        String state = row.getString(5) == null ? "not there" : row.getString(5);
        findings.difference(
            "submission " + row.getLong(1) + " of " + row.getString(2),
            String.format(
                "is %s with %s%s: expected a model that its job leads to an end.",
                row.getString(3), model, row.getString(4) == null ? "" : ", which is " + state),
            false);
      }
    }
    try (PreparedStatement statement = connection.prepareStatement(SUMS);
        ResultSet row = statement.executeQuery()) {
      row.next();
      long in = row.getLong("Submitted");
      long underWay = row.getLong("UnderWay");
      long failed = row.getLong("Failed");
      long duplicates = row.getLong("Duplicates");
      long notSubmitted = notSubmitted(connection);
      findings.balance(
          new SourceBalance(
              "submissions",
              "files",
              in + notSubmitted,
              in - underWay - failed - duplicates - withoutEnd,
              duplicates,
              failed + notSubmitted,
              underWay));
    }
  }

  private static long notSubmitted(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(NOT_SUBMITTED);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }
}
