package com.hartonomous.ingest.standin.capture;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.LocalDateTime;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The commit of every session. Numbers are taken and the transaction becomes visible under one
 * lock, so the order of LSNs is the order in which commits become visible: a consumer that has read
 * up to an LSN never misses a smaller one that appears later.
 */
public final class CommitNumbering {

  private final LsnClock clock;

  /** Fair, so that whoever waits for a table in many short rounds does not keep commits out. */
  private final ReentrantLock order = new ReentrantLock(true);

  CommitNumbering(LsnClock clock) {
    this.clock = clock;
  }

  /**
   * Keeps other commits out until {@link #end}: for commits that do not come through here. H2
   * writes its file at the end of each commit, and a commit that the file shows half-done cannot be
   * told from an unfinished transaction after the death of the process.
   */
  public void begin() {
    order.lock();
  }

  /** Ends {@link #begin}. */
  public void end() {
    order.unlock();
  }

  /**
   * Commits the session's transaction. Within a transaction begin &lt; seqval of each change in the
   * order of the changes &lt; commit LSN &lt; whatever the next transaction has.
   *
   * @throws SQLException when nothing was committed; the caller rolls back
   */
  public void commit(SessionCapture session) throws SQLException {
    begin();
    try {
      if (session.hasChanges()) {
        number(session.connection(), session.transaction(), session.changes(), session.began());
      }
      session.connection().commit();
    } finally {
      end();
    }
    session.ended();
  }

  /** Commits the connection's work with a transaction that has no changes, and returns its LSN. */
  byte[] commitMarker(Connection definitions) throws SQLException {
    begin();
    try {
      byte[] lsn = number(definitions, clock.reserve(1), 0, LocalDateTime.now(Clock.systemUTC()));
      definitions.commit();
      return lsn;
    } finally {
      end();
    }
  }

  private byte[] number(Connection connection, long transaction, int changes, LocalDateTime began)
      throws SQLException {
    long begin = clock.reserve(changes + 2L);
    byte[] beginLsn = Lsn.of(begin);
    byte[] commitLsn = Lsn.of(begin + changes + 1);
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO "
                + ChangeTables.TRANSACTIONS
                + " (start_lsn, tran_begin_time, tran_end_time, tran_id, tran_begin_lsn, tran,"
                + " begin_number) VALUES (?, ?, ?, ?, ?, ?, ?)")) {
      insert.setBytes(1, commitLsn);
      insert.setObject(2, began);
      insert.setObject(3, LocalDateTime.now(Clock.systemUTC()));
      insert.setBytes(4, beginLsn);
      insert.setBytes(5, beginLsn);
      insert.setLong(6, transaction);
      insert.setLong(7, begin);
      insert.executeUpdate();
    }
    return commitLsn;
  }
}
