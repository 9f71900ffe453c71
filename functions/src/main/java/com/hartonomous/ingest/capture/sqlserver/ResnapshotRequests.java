package com.hartonomous.ingest.capture.sqlserver;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Marks captured tables to be read anew: in {@code dbo.CapturedTables}, for the job's next start.
 *
 * <p>That start, from the job's state or without, puts all marked tables together into one new
 * group, which reads them from the beginning, under a higher generation; state and changes of the
 * earlier one count no more, and the sweep behind the new snapshot removes what it did not confirm.
 * No reference is released before. A running job does not see a mark and goes on as it is: a
 * restart by Flink has the same job graph, only a new submission reads the marks.
 *
 * <p>To read a group anew because changes were lost ({@code --on-gap=resnapshot}): before the job
 * is submitted, call {@link #requestGroup} behind the check and in front of the registration of the
 * tables ({@code Preflight.ingest} does both on one connection), and the same start takes the marks
 * up. In a running job, call it, then fail with {@code SuppressRestartsException}, saying to start
 * the job again from its last checkpoint. Both may be repeated: a mark that is there stays as it
 * is.
 */
public final class ResnapshotRequests {

  private static final int REASON_CHARACTERS_MAX = 400;

  private static final String MARK =
      "UPDATE dbo.CapturedTables SET ResnapshotRequestedAt = SYSUTCDATETIME(),"
          + " ResnapshotReason = ? WHERE CapturedTableId = ? AND ResnapshotRequestedAt IS NULL"
          + " AND RemovedAt IS NULL";

  private static final String TABLES_OF_GROUP =
      "SELECT CapturedTableId FROM dbo.CapturedTables WHERE GroupName = ? AND RemovedAt IS NULL"
          + " ORDER BY CapturedTableId";

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

  /**
   * Marks every table that a capture group captures; part of the connection's transaction, if it
   * has one.
   *
   * @return how many were not marked before
   */
  public static int requestGroup(Connection connection, String group, String reason)
      throws SQLException {
    List<Integer> tableIds = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(TABLES_OF_GROUP)) {
      statement.setString(1, group);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          tableIds.add(row.getInt(1));
        }
      }
    }
    int marked = 0;
    for (int tableId : tableIds) {
      marked += request(connection, tableId, reason) ? 1 : 0;
    }
    return marked;
  }
}
