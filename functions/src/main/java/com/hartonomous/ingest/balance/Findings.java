package com.hartonomous.ingest.balance;

import java.sql.SQLException;

/** Takes what a balance finds. */
public interface Findings {

  /** The sums of a source, once its differences were told. */
  void balance(SourceBalance source) throws SQLException;

  /**
   * Something that does not balance.
   *
   * @param key what it is about, for example {@code model 3}, {@code row {"Id":7} of dbo.Documents}
   * @param message what was expected and what was found
   * @param pending whether ingestion is about to mend it
   */
  void difference(String key, String message, boolean pending) throws SQLException;
}
