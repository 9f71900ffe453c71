package com.hartonomous.ingest.standin.capture;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.LocalDateTime;

/**
 * The commit of every session. Numbers are taken and the transaction becomes visible under one
 * lock, so the order of LSNs is the order in which commits become visible: a consumer that has read
 * up to an LSN never misses a smaller one that appears later.
 */
public final class CommitNumbering {

  private final LsnClock clock;
  private final Object order = new Object();

  CommitNumbering(LsnClock clock) {
    this.clock = clock;
  }

  /**
   * Commits the session's transaction. Within a transaction begin &lt; seqval of each change in the
   * order of the changes &lt; commit LSN &lt; whatever the next transaction has.
   *
   * @throws SQLException when nothing was committed; the caller rolls back
   */
  public void commit(SessionCapture session) throws SQLException {
    if (!session.hasChanges()) {
      session.connection().commit();
      return;
    }
    synchronized (order) {
      number(session.connection(), session.transaction(), session.changes(), session.began());
      session.connection().commit();
    }
    session.ended();
  }

  /** Commits the connection's work with a transaction that has no changes, and returns its LSN. */
  byte[] commitMarker(Connection definitions) throws SQLException {
    synchronized (order) {
      byte[] lsn = number(definitions, clock.reserve(1), 0, LocalDateTime.now(Clock.systemUTC()));
      definitions.commit();
      return lsn;
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
