package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;

/**
 * How far a position is behind the database, and how far the database's clean-up is behind the
 * position. What is not known is null.
 *
 * @param lagSeconds how much later the newest captured change was committed than the position
 * @param headroomSeconds how much later the position was committed than the oldest change that is
 *     kept of every captured table: at zero, changes may be lost
 * @param pendingTransactions captured behind the position, {@value #PENDING_MAX} at most
 */
public record CaptureFigures(Double lagSeconds, Double headroomSeconds, Long pendingTransactions) {

  /** Bounds what a question reads. */
  static final int PENDING_MAX = 100_000;

  private static final double MILLIS_PER_SECOND = 1000.0;

  private static final String NEWEST_CHANGE =
      "SELECT MAX(tran_end_time) FROM cdc.lsn_time_mapping WHERE tran_id <> 0x00";

  private static final String COMMITTED_UP_TO =
      "SELECT MAX(tran_end_time) FROM cdc.lsn_time_mapping WHERE start_lsn <= ?";

  /** From where all tables keep their changes. A table's older instance counts. */
  static final String LEAST_KEPT =
      "SELECT MAX(k.kept) FROM (SELECT MIN(start_lsn) AS kept FROM cdc.change_tables"
          + " GROUP BY source_object_id) AS k";

  private static final String OLDEST_KEPT =
      "SELECT MAX(tran_end_time) FROM cdc.lsn_time_mapping WHERE start_lsn <= (" + LEAST_KEPT + ")";

  private static final String PENDING =
      "SELECT COUNT_BIG(*) FROM (SELECT TOP ("
          + PENDING_MAX
          + ") start_lsn FROM cdc.lsn_time_mapping WHERE start_lsn > ? AND tran_id <> 0x00) AS p";

  /** Reads them as they are now; a few rows of metadata, and one for each pending transaction. */
  public static CaptureFigures read(Connection connection, Lsn position) throws SQLException {
    if (position.equals(Lsn.ZERO)) {
      // Nothing was streamed yet.
      return new CaptureFigures(null, null, null);
    }
    Timestamp committed = time(connection, COMMITTED_UP_TO, position);
    return new CaptureFigures(
        secondsBetween(committed, time(connection, NEWEST_CHANGE, null)),
        secondsBetween(time(connection, OLDEST_KEPT, null), committed),
        pending(connection, position));
  }

  private static long pending(Connection connection, Lsn position) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(PENDING)) {
      statement.setBytes(1, position.toBytes());
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  private static Timestamp time(Connection connection, String query, Lsn position)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      if (position != null) {
        statement.setBytes(1, position.toBytes());
      }
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? row.getTimestamp(1) : null;
      }
    }
  }

  /** Never below zero. */
  private static Double secondsBetween(Timestamp from, Timestamp to) {
    return from == null || to == null
        ? null
        : Math.max(0, to.getTime() - from.getTime()) / MILLIS_PER_SECOND;
  }
}
