package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.capture.CommitNumbering;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes space in the file of an open database free again: what is still used of its parts that are
 * mostly unused is written once more, and H2 takes the parts for what comes next. H2 does this in a
 * thread that it does not start where each commit is written before it returns (WRITE_DELAY 0);
 * without it a file grows with all that is ever written.
 */
final class FileHousekeeping implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(FileHousekeeping.class);
  private static final long INTERVAL_MILLIS = 1_000;
  private static final long END_LIMIT_MILLIS = 10_000;

  /** Percent of a file's parts that are to be in use. */
  private static final int FILL_RATE = 50;

  /** Bytes written again at a time, so that commits do not wait long. */
  private static final int BYTES_AT_A_TIME = 8 << 20;

  private final MVStore store;
  private final CommitNumbering commits;
  private final Thread thread;
  private final CountDownLatch end = new CountDownLatch(1);

  private FileHousekeeping(MVStore store, CommitNumbering commits, String database) {
    this.store = store;
    this.commits = commits;
    this.thread = new Thread(this::run, "standin-housekeeping-" + database);
    thread.setDaemon(true);
  }

  /**
   * Begins it for the database of a connection.
   *
   * @param connection to H2; not used any more when this returns
   * @param commits kept out meanwhile: the file is written here too, and must show none half-done
   */
  static FileHousekeeping start(Connection connection, CommitNumbering commits, String database)
      throws SQLException {
    SessionLocal session = (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
    FileHousekeeping housekeeping =
        new FileHousekeeping(session.getDatabase().getStore().getMvStore(), commits, database);
    housekeeping.thread.start();
    return housekeeping;
  }

  private void run() {
    try {
      while (!end.await(INTERVAL_MILLIS, TimeUnit.MILLISECONDS)) {
        commits.begin();
        try {
          store.compact(FILL_RATE, BYTES_AT_A_TIME);
        } finally {
          commits.end();
        }
      }
    } catch (InterruptedException e) {
      // Nobody does this: H2 would close a file whose reader is interrupted.
    } catch (MVStoreException e) {
      LOG.warn("The database's file is not kept small any more.", e);
    }
  }

  /** Returns when what is being written is written; before the database is closed. */
  @Override
  public void close() {
    end.countDown();
    try {
      thread.join(END_LIMIT_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
