package com.hartonomous.ingest.capture.sqlserver;

import io.debezium.connector.sqlserver.Lsn;
import io.debezium.connector.sqlserver.SqlServerChangeTable;
import io.debezium.jdbc.JdbcConnection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads an interval of changes of many tables at once.
 *
 * <p>Time: one statement tells which tables have changes, for {@value #TABLES_PER_STATEMENT} tables
 * each, and only those are read. The connector asks each table each time.
 *
 * <p>Memory: the driver reads a result as it is consumed, but takes the rest of it into memory when
 * another statement runs on its connection. The connector has the results of all tables open at
 * once, to merge them. So each table that changed is read by a connection of its own, up to {@value
 * #CONNECTIONS_MAX}; when more tables changed in one interval, the others share one with server
 * cursors, which the server needs room for, and a block of rows of each is held.
 *
 * <p>Used by the one thread that reads changes; {@link #close} may come from another one.
 */
final class ChangeReads implements AutoCloseable {

  static final int CONNECTIONS_MAX = 8;
  static final int TABLES_PER_STATEMENT = 100;

  private static final Logger LOG = LoggerFactory.getLogger(ChangeReads.class);

  private final AliasConnection main;
  private final Function<Boolean, AliasConnection> opener;

  /** Beside the main one; they stay open. */
  private final List<AliasConnection> others = new ArrayList<>();

  private AliasConnection shared;
  private boolean closed;

  /**
   * @param opener of further connections; with server cursors or without
   */
  ChangeReads(AliasConnection main, Function<Boolean, AliasConnection> opener) {
    this.main = main;
    this.opener = opener;
  }

  /** As {@code SqlServerConnection.getChangesForTables}; the interval includes both ends. */
  void read(
      String database,
      SqlServerChangeTable[] tables,
      Lsn from,
      Lsn to,
      JdbcConnection.BlockingMultiResultSetConsumer consumer)
      throws SQLException, InterruptedException {
    boolean[] changed = changed(tables, from, to);
    ResultSet[] results = new ResultSet[tables.length];
    List<Integer> toRead = new ArrayList<>();
    for (int i = 0; i < tables.length; i++) {
      if (changed[i]) {
        toRead.add(i);
      } else {
        results[i] = ChangeRows.none();
      }
    }
    try {
      open(0, toRead, results, new Interval(database, tables, from, to), consumer);
    } finally {
      release();
    }
  }

  private record Interval(String database, SqlServerChangeTable[] tables, Lsn from, Lsn to) {}

  /** Opens the results from the n-th on, each inside the one before, and consumes them all. */
  private void open(
      int n,
      List<Integer> toRead,
      ResultSet[] results,
      Interval interval,
      JdbcConnection.BlockingMultiResultSetConsumer consumer)
      throws SQLException, InterruptedException {
    if (n == toRead.size()) {
      consumer.accept(results);
      return;
    }
    boolean rest = n == CONNECTIONS_MAX;
    List<Integer> together = toRead.subList(n, rest ? toRead.size() : n + 1);
    (rest ? sharedConnection() : connection(n))
        .readChanges(
            interval.database(),
            together.stream().map(i -> interval.tables()[i]).toArray(SqlServerChangeTable[]::new),
            interval.from(),
            interval.to(),
            rows -> {
              for (int i = 0; i < rows.length; i++) {
                results[together.get(i)] = rows[i];
              }
              open(n + together.size(), toRead, results, interval, consumer);
            });
  }

  private synchronized AliasConnection connection(int n) throws SQLException {
    if (n == 0) {
      return main;
    }
    requireOpen();
    while (others.size() < n) {
      others.add(opener.apply(false));
    }
    return others.get(n - 1);
  }

  private synchronized AliasConnection sharedConnection() throws SQLException {
    requireOpen();
    if (shared == null) {
      shared = opener.apply(true);
    }
    return shared;
  }

  private void requireOpen() throws SQLException {
    if (closed) {
      throw new SQLException("The capture of changes was closed.");
    }
  }

  /** Also of the shared one. */
  private List<AliasConnection> beside() {
    List<AliasConnection> beside = new ArrayList<>(others);
    if (shared != null) {
      beside.add(shared);
    }
    return beside;
  }

  /** Ends the transactions, as the connector does: capture could not be disabled otherwise. */
  private synchronized void release() throws SQLException {
    for (AliasConnection connection : beside()) {
      if (!closed && connection.isConnected()) {
        connection.rollback();
      }
    }
  }

  private boolean[] changed(SqlServerChangeTable[] tables, Lsn from, Lsn to) throws SQLException {
    boolean[] changed = new boolean[tables.length];
    if (!from.isAvailable() || !to.isAvailable()) {
      Arrays.fill(changed, true);
      return changed;
    }
    try {
      for (int i = 0; i < tables.length; i += TABLES_PER_STATEMENT) {
        markChanged(
            tables, i, Math.min(tables.length, i + TABLES_PER_STATEMENT), from, to, changed);
      }
    } catch (SQLException e) {
      // Reading each table tells the connector which one is no longer there.
      LOG.info("Could not ask which tables have changes; asking each of them.", e);
      Arrays.fill(changed, true);
    }
    return changed;
  }

  private void markChanged(
      SqlServerChangeTable[] tables, int begin, int end, Lsn from, Lsn to, boolean[] changed)
      throws SQLException {
    StringBuilder query = new StringBuilder();
    for (int i = begin; i < end; i++) {
      query
          .append(i == begin ? "" : " UNION ALL ")
          .append("SELECT ")
          .append(i)
          .append(" AS Position WHERE EXISTS (SELECT 1 FROM cdc.[")
          .append(tables[i].getCaptureInstance())
          .append("_CT] WHERE [__$start_lsn] BETWEEN ? AND ?)");
    }
    main.prepareQueryAndMap(
        query.toString(),
        statement -> {
          for (int i = 0; i < end - begin; i++) {
            statement.setBytes(2 * i + 1, from.getBinary());
            statement.setBytes(2 * i + 2, to.getBinary());
          }
        },
        row -> {
          while (row.next()) {
            changed[row.getInt(1)] = true;
          }
          return null;
        });
  }

  @Override
  public synchronized void close() throws SQLException {
    closed = true;
    for (AliasConnection connection : beside()) {
      connection.close();
    }
  }
}
