package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.List;

/** Parses batches. */
public final class TsqlParser {

  private TsqlParser() {}

  /**
   * Parses one batch completely before anything of it runs, as SQL Server does.
   *
   * @throws SqlServerError 102 and others for what is not T-SQL or not known to the stand-in
   */
  public static List<Statement> parse(String batch) throws SqlServerError {
    throw new SqlServerError(102, 15, 1, "Incorrect syntax near '" + batch + "'.");
  }
}
