package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.util.List;

/**
 * One logged-in connection. Methods other than {@link #cancel} are called by one thread at a time.
 */
public interface EngineSession extends AutoCloseable {

  /**
   * Runs a batch of T-SQL with its parameters bound by name.
   *
   * <p>Statement failures are reported to {@code results}; the method returns normally then.
   */
  void execute(String batch, List<Parameter> parameters, ResultConsumer results) throws IOException;

  /**
   * Whether a batch is one query and nothing else, so that a cursor can be opened on it.
   *
   * @throws SqlServerError when it cannot be parsed
   */
  boolean isQuery(String batch) throws SqlServerError;

  /**
   * Runs a query as {@link #execute} does, but takes its rows from the database one by one where
   * that is possible, instead of collecting them first. {@code results} must not wait for the
   * client.
   */
  void query(String batch, List<Parameter> parameters, ResultConsumer results) throws IOException;

  /**
   * Runs a stored procedure that was called by name (RPC). Reports {@link
   * ResultConsumer#returnStatus}.
   */
  void call(String procedure, List<Parameter> parameters, ResultConsumer results)
      throws IOException;

  /**
   * True when the batch just executed was an accepted {@code INSERT BULK}: the next message of the
   * client is its data, to be given to {@link #bulkInsert}.
   */
  boolean awaitsBulkData();

  /** Rows of the announced {@code INSERT BULK}, pulled until it returns null. */
  interface BulkRows {
    /** The columns as the client described them on the wire. */
    List<ResultColumn> columns();

    /** The next row, values of the columns' value classes, or null at the end. */
    Object[] next() throws IOException, SqlServerError;
  }

  /** Inserts the announced rows; reports one done or one error. Always consumes all rows. */
  void bulkInsert(BulkRows rows, ResultConsumer results) throws IOException;

  /**
   * Interrupts the running batch from another thread. The batch then ends without further rows;
   * whether it had already ended is not reported.
   */
  void cancel();

  /**
   * The reset-connection bits: rolls back, drops temp tables, restores the session's options.
   *
   * @param keepTransaction leave a transaction that is open as it is, with its isolation level
   */
  void reset(boolean keepTransaction);

  /** The current database's name. */
  String database();

  /** Rolls back what is open and frees temp tables and application locks. */
  @Override
  void close();
}
