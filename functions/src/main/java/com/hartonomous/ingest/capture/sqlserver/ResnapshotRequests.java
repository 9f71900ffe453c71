package com.hartonomous.ingest.capture.sqlserver;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/**
 * Marks captured tables to be read anew: in {@code dbo.CapturedTables}, for the job's next start.
 *
 * <p>That start, from the job's state or without, puts all marked tables together into one new
 * group, which reads them from the beginning, under a higher generation; state and changes of the
 * earlier one count no more, and the sweep behind the new snapshot removes what it did not confirm.
 * No reference is released before. A running job does not see a mark and goes on as it is: a
 * restart by Flink has the same job graph, only a new submission reads the marks.
 *
 * <p>May be repeated: a mark that is there stays as it is.
 */
public final class ResnapshotRequests {

  private static final int REASON_CHARACTERS_MAX = 400;

  private static final String MARK =
      "UPDATE dbo.CapturedTables SET ResnapshotRequestedAt = SYSUTCDATETIME(),"
          + " ResnapshotReason = ? WHERE CapturedTableId = ? AND ResnapshotRequestedAt IS NULL"
          + " AND RemovedAt IS NULL";

  private ResnapshotRequests() {}

  /**
   * Marks a table; part of the connection's transaction, if it has one.
   *
   * @param reason for people, cut to {@value #REASON_CHARACTERS_MAX} characters
   * @return false when it was marked before, or is not captured any more: nothing was changed
   */
  public static boolean request(Connection connection, int tableId, String reason)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(MARK)) {
      statement.setString(1, reason.substring(0, Math.min(reason.length(), REASON_CHARACTERS_MAX)));
      statement.setInt(2, tableId);
      return statement.executeUpdate() == 1;
    }
  }
}
