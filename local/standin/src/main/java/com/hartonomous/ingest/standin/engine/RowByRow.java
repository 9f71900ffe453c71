package com.hartonomous.ingest.standin.engine;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;

/**
 * While it is open, H2 gives the rows of a query as it finds them, where the plan allows that,
 * instead of collecting them on the heap. The pages that the query began with are kept until then:
 * H2 itself would keep them only while it executes, and give their place in the file to others 45
 * seconds later.
 */
final class RowByRow implements AutoCloseable {

  private final SessionLocal session;
  private final MVStore store;
  private final MVStore.TxCounter version;

  private RowByRow(SessionLocal session) {
    this.session = session;
    this.store = session.getDatabase().getStore().getMvStore();
    this.version = store.registerVersionUsage();
    session.setLazyQueryExecution(true);
  }

  /**
   * Begins it for one connection.
   *
   * @throws IOException when the connection is closed
   */
  static RowByRow begin(Connection connection) throws IOException {
    try {
      return new RowByRow((SessionLocal) connection.unwrap(JdbcConnection.class).getSession());
    } catch (SQLException e) {
      throw new IOException("the session's database connection is closed", e);
    }
  }

  @Override
  public void close() {
    session.setLazyQueryExecution(false);
    store.deregisterVersionUsage(version);
  }
}
