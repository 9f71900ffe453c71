package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlServerError;

/** The errors of this package, with SQL Server's numbers where it has one. */
final class Errors {

  /** Number of the errors that a real server would not raise: the stand-in's own limits. */
  static final int UNSUPPORTED = 40000;

  private static final int LONGEST_EXCERPT = 128;

  private Errors() {}

  static SqlServerError syntax(String near) {
    return new SqlServerError(102, 15, 1, "Incorrect syntax near '" + shorten(near) + "'.");
  }

  /**
   * What T-SQL has and the stand-in has not.
   *
   * @param what names the construct, for example {@code the hint 'FORCESEEK'}
   */
  static SqlServerError unsupported(String what) {
    return new SqlServerError(
        UNSUPPORTED, 16, 1, "The stand-in does not support " + shorten(what) + ".");
  }

  static SqlServerError unknownFunction(String name) {
    return new SqlServerError(
        195, 15, 10, "'" + shorten(name) + "' is not a recognized built-in function name.");
  }

  static SqlServerError tooDeep() {
    return new SqlServerError(
        191,
        15,
        1,
        "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up"
            + " into smaller queries.");
  }

  static String shorten(String text) {
    return text.length() <= LONGEST_EXCERPT ? text : text.substring(0, LONGEST_EXCERPT);
  }
}
