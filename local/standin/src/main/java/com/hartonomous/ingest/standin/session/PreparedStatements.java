package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.HashMap;
import java.util.Map;

/** The handles of one connection. Its thread alone uses them. */
final class PreparedStatements {
  private static final int MAX_HANDLES = 100_000;

  /** A prepared text with its declared parameters. */
  record Prepared(String text, ParameterDeclarations declarations) {}

  private final Map<Integer, Prepared> byHandle = new HashMap<>();
  private int lastHandle;

  /**
   * Keeps a text.
   *
   * @throws SqlServerError 701 when the connection holds more handles than any client needs
   */
  int add(Prepared prepared) throws SqlServerError {
    if (byHandle.size() >= MAX_HANDLES) {
      throw new SqlServerError(
          701,
          17,
          1,
          "More than " + MAX_HANDLES + " prepared statements in one connection; unprepare some.");
    }
    byHandle.put(++lastHandle, prepared);
    return lastHandle;
  }

  /**
   * The text behind a handle.
   *
   * @throws SqlServerError 8179 when there is none
   */
  Prepared get(int handle) throws SqlServerError {
    Prepared prepared = byHandle.get(handle);
    if (prepared == null) {
      throw new SqlServerError(
          8179, 16, 2, "Could not find prepared statement with handle " + handle + ".");
    }
    return prepared;
  }

  void remove(int handle) {
    byHandle.remove(handle);
  }

  void clear() {
    byHandle.clear();
  }
}
