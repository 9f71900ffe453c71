package com.hartonomous.ingest.testing;

import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.awaitility.Awaitility;

/** A connection for tests: plain statements with positional parameters. */
public final class Sql implements AutoCloseable {

  private static final Duration CAPTURE_LAG_MAX = Duration.ofMinutes(1);

  private final Connection connection;

  public Sql(SqlServerOptions server) throws IOException, SQLException {
    this.connection = server.open("test");
  }

  public Connection connection() {
    return connection;
  }

  /** Runs a statement and returns its update count, zero when it has none. */
  public int update(String sql, Object... parameters) throws SQLException {
    try (PreparedStatement statement = prepare(sql, parameters)) {
      statement.execute();
      int count = Math.max(statement.getUpdateCount(), 0);
      while (statement.getMoreResults() || statement.getUpdateCount() >= 0) {
        // Errors of later statements show themselves only here.
      }
      return count;
    }
  }

  /** Runs the statements in one transaction. */
  public void inTransaction(Work work) throws Exception {
    connection.setAutoCommit(false);
    try {
      work.run();
      connection.commit();
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  /** What a transaction does. */
  public interface Work {
    void run() throws Exception;
  }

  /** Each row as text: columns separated by {@code |}, binary as hexadecimal, NULL as {@code ∅}. */
  public List<String> rows(String sql, Object... parameters) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (PreparedStatement statement = prepare(sql, parameters);
        ResultSet result = statement.executeQuery()) {
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        StringBuilder row = new StringBuilder();
        for (int column = 1; column <= columns; column++) {
          row.append(column == 1 ? "" : "|").append(text(result.getObject(column)));
        }
        rows.add(row.toString());
      }
    }
    return rows;
  }

  /** The single number that the query returns. */
  public long number(String sql, Object... parameters) throws SQLException {
    List<String> rows = rows(sql, parameters);
    if (rows.size() != 1) {
      throw new SQLException("Expected one row, found " + rows.size() + ": " + sql);
    }
    return Long.parseLong(rows.get(0));
  }

  /**
   * Waits until so many changes stand in the change table of a capture instance: on a real server
   * capture lags behind commits.
   */
  public void awaitCaptured(String instance, long changes) {
    Awaitility.await()
        .atMost(CAPTURE_LAG_MAX)
        .until(() -> number("SELECT COUNT_BIG(*) FROM cdc." + instance + "_CT") >= changes);
  }

  private PreparedStatement prepare(String sql, Object... parameters) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int i = 0; i < parameters.length; i++) {
      statement.setObject(i + 1, parameters[i]);
    }
    return statement;
  }

  private static String text(Object value) {
    if (value == null) {
      return "∅";
    }
    return value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : value.toString();
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
