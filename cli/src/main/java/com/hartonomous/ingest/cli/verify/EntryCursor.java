package com.hartonomous.ingest.cli.verify;

import java.sql.SQLException;

/** Entries in ascending order of keys, read as they are asked for. */
interface EntryCursor extends AutoCloseable {

  /** The next entry, or null at the end. */
  GraphEntry next() throws SQLException;

  @Override
  void close() throws SQLException;
}
