package com.hartonomous.ingest.benchmarks;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * How long after {@code COMMIT} has returned a poller has a change: one that asks as the SQL Server
 * connector does, for the greatest LSN and then for all changes up to it, pausing in between. The
 * pause is the poller's own; the rest is what the stand-in adds.
 */
final class ChangePollingRun implements AutoCloseable {

  private static final int PAUSE_MILLIS = 5;
  private static final long ROW_TIMEOUT_SECONDS = 30;

  /** What was measured, each in milliseconds from the return of COMMIT to the row in hand. */
  record Result(int changes, double median, double percentile99, double greatest) {}

  private final LocalDatabaseServer server;

  ChangePollingRun() throws IOException {
    this.server = LocalDatabaseServer.startInMemory();
  }

  /**
   * Commits single rows, each when the former was seen.
   *
   * @param changes that count; a tenth of them is made before
   * @param kept rows that the change table holds already
   */
  Result run(int changes, int kept)
      throws IOException, SQLException, InterruptedException, ExecutionException, TimeoutException {
    try (Connection writer = server.options().dataSource("writer").getConnection();
        Connection reader = server.options().dataSource("poller").getConnection();
        Statement setUp = writer.createStatement()) {
      setUp.execute("EXEC sys.sp_cdc_enable_db");
      setUp.execute(
          "CREATE TABLE dbo.Polled (Id INT NOT NULL PRIMARY KEY, Name NVARCHAR(40) NOT NULL)");
      setUp.execute(
          "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Polled',"
              + " @role_name = NULL");
      writer.setAutoCommit(false);
      int id = insert(writer, 0, kept);
      writer.commit();
      Poller poller = new Poller(reader);
      poller.skipTo(id - 1);
      int warm = changes / 10;
      double[] millis = new double[changes];
      for (int i = -warm; i < changes; i++) {
        int wanted = id;
        CompletableFuture<Long> seen = CompletableFuture.supplyAsync(() -> poller.await(wanted));
        id = insert(writer, id, 1);
        writer.commit();
        long committed = System.nanoTime();
        long at = seen.get(ROW_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (i >= 0) {
          // Seen before COMMIT returned to this thread counts as at once.
          millis[i] = Math.max(0, at - committed) / 1e6;
        }
      }
      Arrays.sort(millis);
      return new Result(
          changes,
          millis[changes / 2],
          millis[(int) Math.min(changes - 1L, Math.round(changes * 0.99))],
          millis[changes - 1]);
    }
  }

  private static int insert(Connection connection, int from, int count) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO dbo.Polled (Id, Name) VALUES (?, ?)")) {
      for (int id = from; id < from + count; id++) {
        insert.setInt(1, id);
        insert.setString(2, "row " + id);
        insert.addBatch();
      }
      if (count > 0) {
        insert.executeBatch();
      }
    }
    return from + count;
  }

  /** Keeps the LSN up to which it has read; used by one thread at a time. */
  private static final class Poller {
    private final PreparedStatement greatest;
    private final PreparedStatement next;
    private final PreparedStatement changes;
    private final PreparedStatement first;
    private byte[] last;

    Poller(Connection connection) throws SQLException {
      greatest = connection.prepareStatement("SELECT sys.fn_cdc_get_max_lsn()");
      next = connection.prepareStatement("SELECT sys.fn_cdc_increment_lsn(?)");
      first = connection.prepareStatement("SELECT sys.fn_cdc_get_min_lsn('dbo_Polled')");
      changes =
          connection.prepareStatement(
              "SELECT * FROM cdc.[fn_cdc_get_all_changes_dbo_Polled](?, ?, N'all update old')"
                  + " order by [__$start_lsn] ASC, [__$seqval] ASC, [__$operation] ASC");
    }

    /** Reads what is there, which must end with this row. */
    void skipTo(int id) throws SQLException {
      if (id >= 0 && !poll(id)) {
        throw new IllegalStateException("expected the change of row " + id + ", found none");
      }
    }

    /** Polls until the row's change was read; returns when that was. */
    long await(int id) {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ROW_TIMEOUT_SECONDS);
      try {
        while (System.nanoTime() < deadline) {
          if (poll(id)) {
            return System.nanoTime();
          }
          TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
      } catch (SQLException e) {
        throw new IllegalStateException("the poller failed", e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      throw new IllegalStateException("the change of row " + id + " was not seen");
    }

    private boolean poll(int id) throws SQLException {
      byte[] to = lsn(greatest);
      if (to == null || (last != null && Arrays.compareUnsigned(to, last) <= 0)) {
        return false;
      }
      byte[] from;
      if (last == null) {
        from = lsn(first);
      } else {
        next.setBytes(1, last);
        from = lsn(next);
      }
      changes.setBytes(1, from);
      changes.setBytes(2, to);
      boolean found = false;
      try (ResultSet rows = changes.executeQuery()) {
        while (rows.next()) {
          found |= rows.getInt("Id") == id;
        }
      }
      last = to;
      return found;
    }

    private static byte[] lsn(PreparedStatement query) throws SQLException {
      try (ResultSet rows = query.executeQuery()) {
        rows.next();
        return rows.getBytes(1);
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
