package com.hartonomous.ingest.standin.engine;

import java.util.Optional;

/** The options of SET that the engine acts on, with SQL Server's defaults for a new connection. */
final class SessionOptions {

  /** The isolation levels, with H2's numbers for them. */
  enum Isolation {
    READ_UNCOMMITTED(1, "READ UNCOMMITTED"),
    READ_COMMITTED(2, "READ COMMITTED"),
    REPEATABLE_READ(4, "REPEATABLE READ"),
    SERIALIZABLE(8, "SERIALIZABLE"),
    SNAPSHOT(6, "SNAPSHOT");

    private final int h2Level;
    private final String label;

    Isolation(int h2Level, String label) {
      this.h2Level = h2Level;
      this.label = label;
    }

    int h2Level() {
      return h2Level;
    }

    static Optional<Isolation> named(String label) {
      for (Isolation isolation : values()) {
        if (isolation.label.equalsIgnoreCase(label)) {
          return Optional.of(isolation);
        }
      }
      return Optional.empty();
    }
  }

  boolean noCount;
  boolean transactionAbort;
  boolean implicitTransactions;
  boolean formatOnly;
  long rowCount;

  /** Milliseconds; negative: wait for ever. */
  int lockTimeout = -1;

  Isolation isolation = Isolation.READ_COMMITTED;

  /** The table whose identity values the client supplies; 0: none. */
  int identityInsertTable;

  /** What a procedure or EXEC of a text gives back when it ends. */
  SessionOptions copy() {
    SessionOptions copy = new SessionOptions();
    copy.noCount = noCount;
    copy.transactionAbort = transactionAbort;
    copy.implicitTransactions = implicitTransactions;
    copy.formatOnly = formatOnly;
    copy.rowCount = rowCount;
    copy.lockTimeout = lockTimeout;
    copy.isolation = isolation;
    copy.identityInsertTable = identityInsertTable;
    return copy;
  }
}
