package com.hartonomous.ingest.standin.tsql;

/** Transactions and the options of a session. */
public sealed interface SessionStatement extends Statement {

  /**
   * {@code BEGIN TRAN}.
   *
   * @param name or null; a name given by a variable keeps its at sign
   */
  record BeginTransaction(String name) implements SessionStatement {}

  /**
   * {@code COMMIT}.
   *
   * @param name or null
   */
  record CommitTransaction(String name) implements SessionStatement {}

  /**
   * {@code ROLLBACK}.
   *
   * @param name of a transaction or savepoint, or null
   */
  record RollbackTransaction(String name) implements SessionStatement {}

  /** {@code SAVE TRAN name}. */
  record SaveTransaction(String name) implements SessionStatement {}

  /**
   * {@code SET option value}; the parser accepts only the options of {@link SetOptions}.
   *
   * @param option upper case; of several options in one SET each is a statement of its own
   * @param value upper case: ON, OFF, a number, an isolation level such as {@code READ COMMITTED},
   *     or a name
   */
  record SetOption(String option, String value) implements SessionStatement {}

  /** {@code SET IDENTITY_INSERT table ON|OFF}. */
  record SetIdentityInsert(ObjectName table, boolean on) implements SessionStatement {}

  /** {@code USE database}. */
  record Use(String database) implements SessionStatement {}
}
