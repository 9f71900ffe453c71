package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection for small statements that a capture operator runs in its task's thread, opened when
 * it is first needed. What fails is tried again by the operator later; {@value #FAILURES_MAX}
 * failures in a row fail the job. Not thread-safe.
 */
final class CaptureConnection implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CaptureConnection.class);
  private static final int FAILURES_MAX = 5;
  private static final int STATEMENT_TIMEOUT_SECONDS = 30;
  private static final int NETWORK_TIMEOUT_MILLIS = 60_000;

  private final SqlServerOptions server;
  private final String application;
  private Connection connection;
  private int failures;

  CaptureConnection(SqlServerOptions server, String application) {
    this.server = server;
    this.application = application;
  }

  /**
   * A statement that the caller closes; it gives up after {@value #STATEMENT_TIMEOUT_SECONDS} s.
   */
  PreparedStatement prepare(String sql) throws IOException, SQLException {
    PreparedStatement statement = open().prepareStatement(sql);
    statement.setQueryTimeout(STATEMENT_TIMEOUT_SECONDS);
    return statement;
  }

  /** The connection itself, which stays this object's. */
  Connection open() throws IOException, SQLException {
    if (connection == null) {
      connection = server.open(application);
      // A dead network must not hold up the task's checkpoints for ever.
      connection.setNetworkTimeout(Runnable::run, NETWORK_TIMEOUT_MILLIS);
    }
    return connection;
  }

  /** Something was done: earlier failures do not count any more. */
  void succeeded() {
    failures = 0;
  }

  /**
   * Gives up the connection after a failure.
   *
   * @param what could not be done, for example {@code move the heartbeat}
   * @throws IOException when this was one failure too many
   */
  void failed(String what, Exception cause) throws IOException {
    close();
    failures++;
    if (failures >= FAILURES_MAX) {
      throw new IOException(
          "Could not " + what + " on " + server.address() + ", " + failures + " times.", cause);
    }
    LOG.warn("Could not {} on {}; trying again.", what, server.address(), cause);
  }

  @Override
  public void close() {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        LOG.debug("Closing a broken connection failed.", e);
      }
      connection = null;
    }
  }
}
