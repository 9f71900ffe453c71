package com.hartonomous.ingest.standin.engine;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The session's prepared H2 statements by their text; the least recently used is closed first. */
final class PreparedStatementCache implements AutoCloseable {

  private static final int STATEMENTS_MAX = 256;

  private final Connection connection;
  private final LinkedHashMap<String, PreparedStatement> statements =
      new LinkedHashMap<>(16, 0.75f, true);

  PreparedStatementCache(Connection connection) {
    this.connection = connection;
  }

  /** The statement for a text; it stays the cache's. H2 itself notices changed definitions. */
  PreparedStatement prepare(String sql) throws SQLException {
    PreparedStatement known = statements.get(sql);
    if (known != null) {
      return known;
    }
    PreparedStatement statement = connection.prepareStatement(sql);
    statements.put(sql, statement);
    if (statements.size() > STATEMENTS_MAX) {
      Map.Entry<String, PreparedStatement> eldest = statements.entrySet().iterator().next();
      statements.remove(eldest.getKey());
      eldest.getValue().close();
    }
    return statement;
  }

  /** Closes the statement for a text, if there is one: the next one is prepared anew. */
  void forget(String sql) throws SQLException {
    PreparedStatement known = statements.remove(sql);
    if (known != null) {
      known.close();
    }
  }

  @Override
  public void close() throws SQLException {
    List<PreparedStatement> all = new ArrayList<>(statements.values());
    statements.clear();
    for (PreparedStatement statement : all) {
      statement.close();
    }
  }
}
