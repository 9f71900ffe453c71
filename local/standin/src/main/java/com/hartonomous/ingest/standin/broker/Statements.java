package com.hartonomous.ingest.standin.broker;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Prepared statements of one H2 connection, the last used ones kept. For one thread. */
final class Statements implements AutoCloseable {

  private static final int KEPT_MAX = 64;

  private final Connection connection;
  private final Map<String, PreparedStatement> kept = new LinkedHashMap<>(16, 0.75f, true);

  Statements(Connection connection) {
    this.connection = connection;
  }

  /** Reads a row of a result. */
  @FunctionalInterface
  interface Reader<T> {
    T read(ResultSet rows) throws SQLException;
  }

  int update(String sql, Object... values) throws SQLException {
    return bound(sql, values).executeUpdate();
  }

  /** What the reader makes of the result, before its first row. */
  <T> T query(String sql, Reader<T> reader, Object... values) throws SQLException {
    try (ResultSet rows = bound(sql, values).executeQuery()) {
      return reader.read(rows);
    }
  }

  /** What the reader makes of the first row, or null when there is none. */
  <T> T first(String sql, Reader<T> reader, Object... values) throws SQLException {
    return query(sql, rows -> rows.next() ? reader.read(rows) : null, values);
  }

  private PreparedStatement bound(String sql, Object... values) throws SQLException {
    PreparedStatement statement = kept.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      kept.put(sql, statement);
      if (kept.size() > KEPT_MAX) {
        Iterator<PreparedStatement> eldest = kept.values().iterator();
        eldest.next().close();
        eldest.remove();
      }
    }
    for (int i = 0; i < values.length; i++) {
      if (values[i] == null) {
        statement.setNull(i + 1, Types.NULL);
      } else if (values[i] instanceof byte[] bytes) {
        statement.setBytes(i + 1, bytes);
      } else {
        statement.setObject(i + 1, values[i]);
      }
    }
    return statement;
  }

  @Override
  public void close() throws SQLException {
    for (PreparedStatement statement : kept.values()) {
      statement.close();
    }
    kept.clear();
  }
}
