package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlServerError;

/** Parses batches by recursive descent; nesting and length are bounded. */
public final class TsqlParser {

  private TsqlParser() {}

  /**
   * Parses one batch completely before anything of it runs, as SQL Server does. Names of tables and
   * columns are not looked up here.
   *
   * @return the statements; empty for a batch of blanks, comments and semicolons. Immutable.
   * @throws SqlServerError with SQL Server's number for what is no T-SQL (102, 105, 113, 156, 195
   *     ...), {@link Errors#UNSUPPORTED} for T-SQL that the stand-in does not know; both name it
   */
  public static ParsedBatch parse(String batch) throws SqlServerError {
    TokenStream tokens = new TokenStream(batch);
    try {
      return new StatementParser(tokens).toEnd();
    } catch (SqlServerError e) {
      throw e.at(tokens.line());
    }
  }
}
