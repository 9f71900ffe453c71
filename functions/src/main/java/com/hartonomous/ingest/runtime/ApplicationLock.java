package com.hartonomous.ingest.runtime;

import com.hartonomous.ingest.record.Sha256;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

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
  private static final String BEGIN =
      "IF @@TRANCOUNT = 0 BEGIN BEGIN TRANSACTION; IF @@TRANCOUNT = 2 COMMIT TRANSACTION; END;"
          + " DECLARE @result INT = 0, @taken INT = 0;";

  private static final String ACQUIRE =
      " IF @result >= 0 BEGIN EXEC @result = sp_getapplock @Resource = ?, @LockMode = ?,"
          + " @LockOwner = 'Transaction', @LockTimeout = ?; SET @taken = @taken + 1; END;";

  private static final String END = " SELECT @result AS Result, @taken AS Taken;";

  /** Locks that one round trip takes at most. */
  private static final int BATCH_MAX = 64;

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
    acquire(connection, List.of(resource), "Shared", timeout);
  }

  /** Waits for the locks in shared mode, one after the other in the given order. */
  public static void acquireShared(Connection connection, List<String> resources, Duration timeout)
      throws SQLException {
    acquire(connection, resources, "Shared", timeout);
  }

  /** Waits for the lock in exclusive mode. */
  public static void acquireExclusive(Connection connection, String resource, Duration timeout)
      throws SQLException {
    acquire(connection, List.of(resource), "Exclusive", timeout);
  }

  /** Waits for the locks in exclusive mode, one after the other in the given order. */
  public static void acquireExclusive(
      Connection connection, List<String> resources, Duration timeout) throws SQLException {
    acquire(connection, resources, "Exclusive", timeout);
  }

  /**
   * @throws SQLException with error code 1222 when the time is over, 1205 when chosen as a deadlock
   *     victim (as SQL Server numbers these for rows, so that callers retry both alike), 50000 for
   *     a cancelled or wrong request
   */
  private static void acquire(
      Connection connection, List<String> resources, String mode, Duration timeout)
      throws SQLException {
    for (int from = 0; from < resources.size(); from += BATCH_MAX) {
      acquireBatch(
          connection,
          resources.subList(from, Math.min(resources.size(), from + BATCH_MAX)),
          mode,
          timeout);
    }
  }

  private static void acquireBatch(
      Connection connection, List<String> resources, String mode, Duration timeout)
      throws SQLException {
    String sql = BEGIN + ACQUIRE.repeat(resources.size()) + END;
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      int position = 1;
      for (String resource : resources) {
        statement.setString(position++, resource);
        statement.setString(position++, mode);
        statement.setInt(position++, Math.toIntExact(timeout.toMillis()));
      }
      try (ResultSet result = statement.executeQuery()) {
        if (!result.next()) {
          throw new SQLException("sp_getapplock returned nothing for " + resources + ".");
        }
        int code = result.getInt("Result");
        if (code < 0) {
          throw refused(resources.get(result.getInt("Taken") - 1), mode, timeout, code);
        }
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
