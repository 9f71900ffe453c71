package com.hartonomous.ingest.capture.model;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Short forms of JDBC. Texts are sent as Unicode. */
final class Jdbc {

  /** Statements in one request. */
  private static final int BATCH_MAX = 200;

  private Jdbc() {}

  static long count(Connection connection, String sql, Object... parameters) throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, parameters);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  /**
   * The rows of a batch whose last statement is its only query.
   *
   * @param rows what {@code execute} returned: whether the first result is a result set
   */
  static ResultSet lastResult(Statement statement, boolean rows) throws SQLException {
    boolean found = rows;
    while (!found) {
      if (statement.getUpdateCount() < 0) {
        throw new SQLException("expected a batch that ends with a query, found no rows");
      }
      found = statement.getMoreResults();
    }
    return statement.getResultSet();
  }

  /** Numbers as they stand between the parentheses of IN. */
  static String list(Collection<? extends Number> numbers) {
    return numbers.stream().map(Number::toString).collect(Collectors.joining(", "));
  }

  static Long nullableLong(ResultSet row, String column) throws SQLException {
    long value = row.getLong(column);
    return row.wasNull() ? null : value;
  }

  static long update(Connection connection, String sql, Object... parameters) throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, parameters)) {
      return statement.executeUpdate();
    }
  }

  /** Runs a statement once for each item, so many times in one request. */
  static <T> void updateAll(
      Connection connection, String sql, Collection<T> items, Function<T, Object[]> parameters)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      int waiting = 0;
      for (T item : items) {
        bind(statement, parameters.apply(item));
        statement.addBatch();
        waiting++;
        if (waiting == BATCH_MAX) {
          statement.executeBatch();
          waiting = 0;
        }
      }
      if (waiting > 0) {
        statement.executeBatch();
      }
    }
  }

  static PreparedStatement prepare(Connection connection, String sql, Object... parameters)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      bind(statement, parameters);
      return statement;
    } catch (SQLException e) {
      statement.close();
      throw e;
    }
  }

  static void bind(PreparedStatement statement, Object... parameters) throws SQLException {
    for (int i = 0; i < parameters.length; i++) {
      Object value = parameters[i];
      if (value == null || value instanceof String) {
        statement.setNString(i + 1, (String) value);
      } else {
        statement.setObject(i + 1, value);
      }
    }
  }
}
