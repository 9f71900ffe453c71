package com.hartonomous.ingest.runtime;

import java.sql.SQLException;
import java.sql.Statement;

/** Batches of several statements. */
public final class SqlBatch {

  private SqlBatch() {}

  /**
   * Reads what an executed batch still has to say. The driver throws the error of a later statement
   * only when its result is asked for.
   */
  public static void drain(Statement statement) throws SQLException {
    while (statement.getMoreResults() || statement.getUpdateCount() >= 0) {
      // Each turn consumes one result; the batch is finite.
    }
  }
}
