package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.capture.ChangeCapture;
import com.hartonomous.ingest.standin.capture.CommitNumbering;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.h2.api.ErrorCode;

/**
 * The one connection on which objects are defined, and the catalogue that results. H2 commits with
 * every definition; because it is not the session's connection that commits, a session's open
 * transaction keeps its rows. What a definition did is visible to everybody at once; when the
 * transaction that made it is rolled back, it is undone by a compensating definition.
 *
 * <p>H2 lets only one connection define at a time, so waiting for a table's lock happens in short
 * rounds between which others may define. Thread-safe.
 */
final class Definitions implements AutoCloseable {

  private static final int ROUND_MILLIS = 250;
  private static final int WAIT_FOREVER_MILLIS = H2Engine.LOCK_WAIT_MAX_MILLIS;

  private final Connection connection;
  private final CatalogueStore store;
  private final ReentrantLock lock = new ReentrantLock(true);
  private CommitNumbering numbering;
  private volatile Catalogue catalogue;

  /** Something done on the definitions connection. */
  @FunctionalInterface
  interface Work<T> {
    T run(Connection connection, Statement statement, CatalogueStore store)
        throws SQLException, SqlServerError;
  }

  Definitions(Connection connection) throws SQLException {
    this.connection = connection;
    CrashRecovery.run(connection);
    this.store = new CatalogueStore(connection);
    store.open();
    connection.commit();
    store.requireFinished();
    catalogue = store.load();
  }

  /** The catalogue as of the last definition. */
  Catalogue catalogue() {
    return catalogue;
  }

  /** Opens the capture of the database on this connection. */
  ChangeCapture openCapture() throws SQLException {
    ChangeCapture capture = ChangeCapture.open(connection);
    connection.commit();
    numbering = capture.numbering();
    return capture;
  }

  /** Runs a script from a resource. */
  void runScript(String resource) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      SqlScript.run(statement, resource);
    }
    connection.commit();
  }

  /** Makes the aliases and views that need the connection itself. */
  void prepare(ConnectionWork work) throws SQLException {
    work.run(connection);
    connection.commit();
  }

  /** Something done once, when the database opens. */
  @FunctionalInterface
  interface ConnectionWork {
    void run(Connection connection) throws SQLException;
  }

  /**
   * Defines something and reads the catalogue anew.
   *
   * @param lockTimeoutMillis how long to wait for others' locks; negative: {@value
   *     #WAIT_FOREVER_MILLIS} ms, since H2 finds no circle of waiters that leads through here
   */
  <T> T define(int lockTimeoutMillis, Work<T> work) throws SQLException, SqlServerError {
    int budget = lockTimeoutMillis < 0 ? WAIT_FOREVER_MILLIS : lockTimeoutMillis;
    long deadline = System.nanoTime() + budget * 1_000_000L;
    while (true) {
      try {
        return attempt(work, true);
      } catch (SQLException e) {
        if (e.getErrorCode() != ErrorCode.LOCK_TIMEOUT_1 || System.nanoTime() >= deadline) {
          throw e;
        }
      }
    }
  }

  /** One attempt of {@link #define}. */
  <T> T defineNow(Work<T> work) throws SQLException, SqlServerError {
    return attempt(work, true);
  }

  private <T> T attempt(Work<T> work, boolean reload) throws SQLException, SqlServerError {
    lock.lock();
    // H2 commits with every definition.
    numbering.begin();
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET LOCK_TIMEOUT " + ROUND_MILLIS);
      boolean done = false;
      try {
        T result = work.run(connection, statement, store);
        if (reload) {
          Catalogue next = store.load();
          connection.commit();
          catalogue = next;
        } else {
          connection.commit();
        }
        done = true;
        return result;
      } finally {
        if (!done) {
          connection.rollback();
        }
      }
    } finally {
      numbering.end();
      lock.unlock();
    }
  }

  /** Runs H2 statements that leave the catalogue of permanent objects as it is. */
  void execute(List<String> statements) throws SQLException {
    withoutReload(
        (c, statement, s) -> {
          for (String sql : statements) {
            statement.execute(sql);
          }
          return null;
        });
  }

  /** Makes a temporary table; returns what the work returns. */
  <T> T defineTemporary(Work<T> work) throws SQLException, SqlServerError {
    return attempt(work, false);
  }

  /** Drops temporary tables and what the catalogue says about them. */
  void dropTemporary(List<String> statements, List<Integer> objectIds) throws SQLException {
    withoutReload(
        (c, statement, temporary) -> {
          for (String sql : statements) {
            statement.execute(sql);
          }
          for (int objectId : objectIds) {
            temporary.dropObject(objectId);
          }
          return null;
        });
  }

  private void withoutReload(Work<Void> work) throws SQLException {
    try {
      attempt(work, false);
    } catch (SqlServerError e) {
      throw new SQLException(e.getMessage(), e);
    }
  }

  static String quote(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  static SqlServerError nameTaken(String name) {
    return new SqlServerError(
        2714, 16, 6, "There is already an object named '" + name + "' in the database.");
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
