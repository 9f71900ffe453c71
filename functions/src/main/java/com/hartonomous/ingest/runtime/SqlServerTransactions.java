package com.hartonomous.ingest.runtime;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs transactions on one connection that it keeps, opens when it must, and replaces when it
 * broke. What {@link SqlErrors} calls transient, and a lost connection, is tried again, with pauses
 * that double from {@link #PAUSE_MIN} to {@link #PAUSE_MAX}, {@link #ATTEMPTS_MAX} times in all.
 *
 * <p>A connection can be lost while it commits, so work may be repeated after it was committed: it
 * must be right if done twice.
 *
 * <p>For one thread, but for {@link #close}.
 */
public final class SqlServerTransactions implements AutoCloseable {

  /** How often work is begun at most. */
  public static final int ATTEMPTS_MAX = 8;

  static final Duration PAUSE_MIN = Duration.ofMillis(100);
  static final Duration PAUSE_MAX = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(SqlServerTransactions.class);

  /** An answer that takes longer counts as a lost connection. */
  private static final Duration NETWORK_TIMEOUT = Duration.ofMinutes(10);

  /** Work in an open transaction, which it neither commits nor rolls back. */
  @FunctionalInterface
  public interface Work<T> {
    T run(Connection connection) throws SQLException;
  }

  /** Prepares a new connection, outside of any transaction. */
  @FunctionalInterface
  public interface SessionSetup {
    void prepare(Connection connection) throws SQLException;
  }

  /** Opens connections. */
  @FunctionalInterface
  interface Connector {
    Connection open() throws IOException, SQLException;
  }

  /** Waits before another attempt. */
  @FunctionalInterface
  interface Pauser {
    void pause(Duration duration) throws InterruptedException;
  }

  private final Connector connector;
  private final String address;
  private final SessionSetup setup;
  private final Pauser pauser;
  private volatile Connection connection;
  private volatile boolean closed;

  /**
   * @param setup done once on each connection, for example to create temporary tables
   */
  public SqlServerTransactions(
      SqlServerOptions options, String applicationName, SessionSetup setup) {
    this(
        () -> options.open(applicationName),
        options.address(),
        setup,
        duration -> Thread.sleep(duration.toMillis()));
  }

  /**
   * @param address of the database, for errors
   */
  SqlServerTransactions(Connector connector, String address, SessionSetup setup, Pauser pauser) {
    this.connector = connector;
    this.address = address;
    this.setup = setup;
    this.pauser = pauser;
  }

  /**
   * Runs the work and commits.
   *
   * @param what what it does, for errors: "claim a model"
   * @throws SQLException when it cannot be done: not retriable, or tried too often; the message
   *     says what, where and why
   * @throws IOException when the password cannot be had
   * @throws InterruptedException when the thread is interrupted in a pause
   */
  public <T> T run(String what, Work<T> work)
      throws IOException, SQLException, InterruptedException {
    Duration pause = PAUSE_MIN;
    for (int attempt = 1; ; attempt++) {
      try {
        return attempt(work);
      } catch (SQLException e) {
        SqlErrors.Kind kind = SqlErrors.kind(e);
        boolean retriable = kind == SqlErrors.Kind.TRANSIENT || kind == SqlErrors.Kind.CONNECTION;
        if (!retriable || closed || attempt == ATTEMPTS_MAX) {
          throw failed(what, attempt, e);
        }
        LOG.warn(
            "Could not {} at {} (attempt {} of {}), trying again in {}: {}",
            what,
            address,
            attempt,
            ATTEMPTS_MAX,
            pause,
            e.getMessage());
        pauser.pause(pause);
        pause = pause.multipliedBy(2).compareTo(PAUSE_MAX) > 0 ? PAUSE_MAX : pause.multipliedBy(2);
      }
    }
  }

  private <T> T attempt(Work<T> work) throws IOException, SQLException {
    boolean committed = false;
    try {
      Connection open = connection();
      T result = work.run(open);
      open.commit();
      committed = true;
      return result;
    } finally {
      if (!committed) {
        rollBack();
      }
    }
  }

  private Connection connection() throws IOException, SQLException {
    if (closed) {
      throw new IllegalStateException("The connection to " + address + " was closed by its owner.");
    }
    if (connection == null) {
      Connection opened = connector.open();
      try {
        opened.setNetworkTimeout(Runnable::run, Math.toIntExact(NETWORK_TIMEOUT.toMillis()));
        setup.prepare(opened);
        opened.setAutoCommit(false);
      } catch (SQLException | RuntimeException e) {
        closeAfter(opened, e);
        throw e;
      }
      connection = opened;
    }
    return connection;
  }

  /**
   * Ends the transaction; a connection on which that fails is given up, the server ends it then.
   */
  private void rollBack() {
    Connection open = connection;
    if (open == null) {
      return;
    }
    try {
      open.rollback();
    } catch (SQLException e) {
      LOG.debug("Giving up a connection to {} that cannot roll back.", address, e);
      connection = null;
      closeAfter(open, e);
    }
  }

  private static void closeAfter(Connection connection, Exception cause) {
    try {
      connection.close();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  private SQLException failed(String what, int attempts, SQLException cause) {
    return new SQLException(
        "Could not %s at %s, tried %d times: %s"
            .formatted(what, address, attempts, cause.getMessage()),
        cause.getSQLState(),
        cause.getErrorCode(),
        cause);
  }

  /** May be called by any thread; work under way fails. */
  @Override
  public void close() throws SQLException {
    closed = true;
    Connection open = connection;
    if (open != null) {
      open.close();
    }
  }
}
