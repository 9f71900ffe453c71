package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlServerError;

/**
 * Lets tests break statements and commits. Called on the session's thread at each {@link Point};
 * what it throws happens to the client exactly as if the server had failed there. Must be
 * thread-safe.
 */
@FunctionalInterface
public interface FaultInjector {

  /** Does nothing. */
  FaultInjector NONE = (point, application, kind, batch) -> {};

  /** Where a fault can be put. */
  enum Point {
    /** Nothing of the statement has happened; an error leaves the transaction as it was. */
    BEFORE_STATEMENT,
    /** An error or a lost connection rolls the transaction back. */
    BEFORE_COMMIT,
    /** The transaction is durable; a lost connection leaves its outcome unknown to the client. */
    AFTER_COMMIT
  }

  /**
   * Called at a point.
   *
   * @param application the name that the client logged in with
   * @param kind the statement, for example {@code Insert}, {@code Update}, {@code Delete}, {@code
   *     SelectStatement}, {@code BulkInsert}; {@code Commit} at the commit points
   * @param batch the text of the batch that the statement stands in
   * @throws SqlServerError to fail the statement or commit with; 1205 also rolls back
   * @throws ConnectionLostException to drop the connection
   */
  void reached(Point point, String application, String kind, String batch)
      throws SqlServerError, ConnectionLostException;
}
