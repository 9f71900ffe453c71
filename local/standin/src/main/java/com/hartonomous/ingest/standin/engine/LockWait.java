package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.sql.SQLException;
import org.h2.api.ErrorCode;

/**
 * Waits for locks so that waiting can be cancelled. H2 cannot be interrupted while it waits for a
 * lock, so it waits {@value #ROUND_MILLIS} ms at a time; the statement, which H2 has undone then,
 * is run again until its own time is up.
 */
final class LockWait {

  /** H2's lock timeout in every session. */
  static final int ROUND_MILLIS = 100;

  /**
   * SQL Server waits for ever unless told otherwise. H2 finds circles of its own locks, but not one
   * that leads through an application lock: so "for ever" ends, as a deadlock does.
   */
  private static final long FOREVER_MILLIS = H2Engine.LOCK_WAIT_MAX_MILLIS;

  private LockWait() {}

  /** Executes a statement of H2. */
  @FunctionalInterface
  interface Execution<T> {
    T execute() throws SQLException, SqlServerError;
  }

  static <T> T run(H2Session session, Execution<T> execution) throws SQLException, SqlServerError {
    int timeout = session.options().lockTimeout;
    long budget = timeout < 0 ? FOREVER_MILLIS : timeout;
    long deadline = System.nanoTime() + budget * 1_000_000;
    while (true) {
      try {
        return execution.execute();
      } catch (SQLException e) {
        if (e.getErrorCode() != ErrorCode.LOCK_TIMEOUT_1) {
          throw e;
        }
        session.requireNotCancelled();
        if (System.nanoTime() >= deadline) {
          throw e;
        }
      }
    }
  }
}
