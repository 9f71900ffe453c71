package com.hartonomous.ingest.runtime;

import com.hartonomous.ingest.record.Sha256;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;

/**
 * SQL Server's application locks ({@code sp_getapplock}), held until the open transaction ends
 * unless a method says otherwise.
 *
 * <p>Order, so that no two of our transactions wait for each other: {@link #ATOMS}, then names,
 * then models by ascending id.
 */
public final class ApplicationLock {

  /** Writers and releases hold it shared; what removes atoms holds it exclusive. */
  public static final String ATOMS = "hartonomous:atoms";

  // Under JDBC's autocommit off neither a procedure call nor a SELECT without a table begins the
  // transaction that the lock needs. There BEGIN TRANSACTION counts twice.
  private static final String SQL =
      "IF @@TRANCOUNT = 0 BEGIN BEGIN TRANSACTION; IF @@TRANCOUNT = 2 COMMIT TRANSACTION; END;"
          + " DECLARE @result INT;"
          + " EXEC @result = sp_getapplock @Resource = ?, @LockMode = ?,"
          + " @LockOwner = 'Transaction', @LockTimeout = ?;"
          + " SELECT @result AS Result;";

  private static final String FOR_SESSION_SQL =
      "DECLARE @result INT;"
          + " EXEC @result = sp_getapplock @Resource = ?, @LockMode = 'Exclusive',"
          + " @LockOwner = 'Session', @LockTimeout = ?;"
          + " SELECT @result AS Result;";

  private static final int TIMED_OUT = -1;

  private ApplicationLock() {}

  /** Held exclusive, for its connection's life, by the writer of a key group's row references. */
  public static String rowWriter(String captureGroup, int keyGroup) {
    return "hartonomous:rows:" + keyGroup + ":" + captureGroup;
  }

  /**
   * Waits for the lock in exclusive mode, to hold it as long as the connection lives.
   *
   * @return false when the time is over
   * @throws SQLException with error code 1205 when chosen as a deadlock victim, 50000 for a
   *     cancelled or wrong request
   */
  public static boolean tryExclusiveForSession(
      Connection connection, String resource, Duration timeout) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(FOR_SESSION_SQL)) {
      statement.setString(1, resource);
      statement.setInt(2, Math.toIntExact(timeout.toMillis()));
      int code = resultCode(statement, resource);
      if (code < TIMED_OUT) {
        throw refused(resource, "Exclusive", timeout, code);
      }
      return code >= 0;
    }
  }

  /** Writers of a model's references hold it shared; a change of its state, exclusive. */
  public static String model(int modelId) {
    return "hartonomous:model:" + modelId;
  }

  /** Held exclusive by what decides which models of a tenant and name are complete. */
  public static String modelName(int tenantId, String name) {
    return "hartonomous:name:" + Sha256.ofText(tenantId + "\0" + name).toHex();
  }

  /** Waits for the lock in shared mode. */
  public static void acquireShared(Connection connection, String resource, Duration timeout)
      throws SQLException {
    acquire(connection, resource, "Shared", timeout);
  }

  /** Waits for the lock in exclusive mode. */
  public static void acquireExclusive(Connection connection, String resource, Duration timeout)
      throws SQLException {
    acquire(connection, resource, "Exclusive", timeout);
  }

  /**
   * @throws SQLException with error code 1222 when the time is over, 1205 when chosen as a deadlock
   *     victim (as SQL Server numbers these for rows, so that callers retry both alike), 50000 for
   *     a cancelled or wrong request
   */
  private static void acquire(Connection connection, String resource, String mode, Duration timeout)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(SQL)) {
      statement.setString(1, resource);
      statement.setString(2, mode);
      statement.setInt(3, Math.toIntExact(timeout.toMillis()));
      int code = resultCode(statement, resource);
      if (code < 0) {
        throw refused(resource, mode, timeout, code);
      }
    }
  }

  private static int resultCode(PreparedStatement statement, String resource) throws SQLException {
    try (ResultSet result = statement.executeQuery()) {
      if (!result.next()) {
        throw new SQLException("sp_getapplock returned nothing for '" + resource + "'.");
      }
      return result.getInt(1);
    }
  }

  private static SQLException refused(String resource, String mode, Duration timeout, int code) {
    String request = mode + " application lock '" + resource + "'";
    return switch (code) {
      case TIMED_OUT ->
          new SQLException(
              request + " was not granted within " + timeout.toMillis() + " ms.", "HYT00", 1222);
      case -3 -> new SQLException(request + " was refused: deadlock victim.", "40001", 1205);
      default ->
          new SQLException(
              request + " was refused: sp_getapplock returned " + code + ".", null, 50000);
    };
  }
}
