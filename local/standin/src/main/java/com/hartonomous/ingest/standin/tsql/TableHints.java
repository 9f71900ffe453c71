package com.hartonomous.ingest.standin.tsql;

import java.util.Set;

/** The table hints of {@code WITH (...)}. */
final class TableHints {

  /** Accepted. Locks are H2's affair, except that UPDLOCK and XLOCK can become FOR UPDATE. */
  static final Set<String> ACCEPTED =
      Set.of(
          "UPDLOCK",
          "HOLDLOCK",
          "SERIALIZABLE",
          "REPEATABLEREAD",
          "READCOMMITTED",
          "READCOMMITTEDLOCK",
          "READUNCOMMITTED",
          "NOLOCK",
          "READPAST",
          "ROWLOCK",
          "PAGLOCK",
          "TABLOCK",
          "TABLOCKX",
          "XLOCK",
          "FORCESEEK",
          "FORCESCAN");

  private TableHints() {}
}
