package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.io.IOException;
import java.util.List;

/**
 * Takes what a batch produces, in order. For each statement: either {@link #columns}, any number of
 * {@link #row}, {@link #done}; or {@link #done} alone; or {@link #error}. Called on the thread that
 * executes the batch. An IOException means that the client is gone: the engine stops.
 */
public interface ResultConsumer {

  /** What a statement was, as the done token needs it. */
  enum Command {
    SELECT,
    INSERT,
    UPDATE,
    DELETE,
    MERGE,
    BULK_INSERT,
    DDL,
    OTHER
  }

  /** Begins a result set. */
  void columns(List<ResultColumn> columns) throws IOException;

  /** One row: a value for each column, instances of the column types' value classes, or null. */
  void row(Object[] values) throws IOException;

  /**
   * Ends a statement.
   *
   * @param rowCount rows affected or returned; negative when the statement reports none
   */
  void done(Command command, long rowCount) throws IOException;

  /** A statement failed. Whether the batch goes on is the engine's decision. */
  void error(SqlServerError error) throws IOException;

  /** An informational message (PRINT, "Changed database context ..."), severity 0 to 10. */
  void info(int number, int severity, String message) throws IOException;

  /** The current database changed (USE). */
  void databaseChanged(String oldName, String newName) throws IOException;

  /** A transaction began; the descriptor is 8 bytes and not zero. */
  void transactionBegan(long descriptor) throws IOException;

  /** The transaction was committed or rolled back (also by the engine itself, as after 1205). */
  void transactionEnded(long descriptor, boolean committed) throws IOException;

  /**
   * The value that an output parameter of a procedure has when it ends.
   *
   * @param ordinal of the argument in the call, from 0
   * @param name of the parameter with its at sign
   * @param type of the parameter, of which the value is
   * @param value an instance of the type's value class, or null
   */
  void outputValue(int ordinal, String name, SqlType type, Object value) throws IOException;

  /** The value of RETURN in a procedure that was called directly; 0 when never called. */
  void returnStatus(int status) throws IOException;
}
