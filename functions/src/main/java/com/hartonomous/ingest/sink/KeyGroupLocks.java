package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.ApplicationLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;

/**
 * Makes a writer the only one of its capture group's key groups, so that one that was cut off from
 * its job, or belongs to another job, cannot undo what was written since.
 *
 * <p>The locks live as long as the connection: when it is lost, the server frees them, and another
 * writer may take over and be gone again before this one is back. Hence the token: each writer
 * leaves its own when it first has the locks, and must find it again whenever it gets them anew.
 *
 * <p>Key groups rather than subtasks, since the parallelism may change between two attempts. Not
 * thread-safe.
 */
final class KeyGroupLocks {

  /** A task that is cancelled must not wait to the end. */
  private static final Duration SLICE = Duration.ofSeconds(1);

  private static final String TAKE =
      "UPDATE dbo.WriterFences SET Token = ?, TakenAt = SYSUTCDATETIME()"
          + " WHERE GroupHash = ? AND KeyGroup = ?;"
          + " IF @@ROWCOUNT = 0 INSERT INTO dbo.WriterFences (GroupHash, KeyGroup, GroupName, Token)"
          + " VALUES (?, ?, ?, ?)";

  private static final String COUNT_OURS =
      "SELECT COUNT(*) FROM dbo.WriterFences"
          + " WHERE GroupHash = ? AND KeyGroup BETWEEN ? AND ? AND Token = ?";

  private final String group;
  private final KeyGroupRange keyGroups;
  private final Duration timeout;
  private final byte[] groupHash;
  private final byte[] token;
  private boolean taken;

  /**
   * @param timeout how long to wait for a writer that is still connected
   */
  KeyGroupLocks(String group, KeyGroupRange keyGroups, Duration timeout) {
    this.group = group;
    this.keyGroups = keyGroups;
    this.timeout = timeout;
    this.groupHash = Sha256.ofText(group).toBytes();
    UUID random = UUID.randomUUID();
    this.token =
        ByteBuffer.allocate(16)
            .putLong(random.getMostSignificantBits())
            .putLong(random.getLeastSignificantBits())
            .array();
  }

  /** The locks of the key groups that Flink sends to this subtask. */
  static KeyGroupLocks of(String group, TaskInfo task, Duration timeout) {
    return new KeyGroupLocks(
        group,
        KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(
            task.getMaxNumberOfParallelSubtasks(),
            task.getNumberOfParallelSubtasks(),
            task.getIndexOfThisSubtask()),
        timeout);
  }

  /**
   * Takes all locks for the life of the connection.
   *
   * @param connection without autocommit, no transaction open; none is afterwards
   * @throws IOException when another writer holds one of them, or has held it since this writer
   *     first did
   */
  void acquire(Connection connection) throws SQLException, IOException, InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    for (int keyGroup : keyGroups) {
      acquire(connection, keyGroup, deadline);
    }
    if (taken) {
      requireOurs(connection);
      connection.commit();
    } else {
      take(connection);
      connection.commit();
      taken = true;
    }
  }

  private void acquire(Connection connection, int keyGroup, long deadline)
      throws SQLException, IOException, InterruptedException {
    String resource = ApplicationLock.rowWriter(group, keyGroup);
    while (!ApplicationLock.tryExclusiveForSession(connection, resource, SLICE)) {
      if (Thread.interrupted()) {
        throw new InterruptedException("Interrupted while waiting for " + resource + ".");
      }
      if (System.nanoTime() >= deadline) {
        throw new IOException(
            String.format(
                "Capture group '%s': another writer of its rows holds the lock on key group %d,"
                    + " still after %d s. Another ingest job runs on this group, or an earlier one"
                    + " is still connected (as 'hartonomous-writer-...'): stop it.",
                group, keyGroup, timeout.toSeconds()));
      }
    }
  }

  private void take(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(TAKE)) {
      for (int keyGroup : keyGroups) {
        statement.setBytes(1, token);
        statement.setBytes(2, groupHash);
        statement.setInt(3, keyGroup);
        statement.setBytes(4, groupHash);
        statement.setInt(5, keyGroup);
        statement.setString(6, group);
        statement.setBytes(7, token);
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  private void requireOurs(Connection connection) throws SQLException, IOException {
    try (PreparedStatement statement = connection.prepareStatement(COUNT_OURS)) {
      statement.setBytes(1, groupHash);
      statement.setInt(2, keyGroups.getStartKeyGroup());
      statement.setInt(3, keyGroups.getEndKeyGroup());
      statement.setBytes(4, token);
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        int ours = result.getInt(1);
        if (ours != keyGroups.getNumberOfKeyGroups()) {
          throw new IOException(
              String.format(
                  "Capture group '%s': another writer took over %d of the key groups %d to %d while"
                      + " this one had no connection; what it still had to write is dropped. The"
                      + " job restarts from its last checkpoint, unless it was replaced.",
                  group,
                  keyGroups.getNumberOfKeyGroups() - ours,
                  keyGroups.getStartKeyGroup(),
                  keyGroups.getEndKeyGroup()));
        }
      }
    }
  }
}
