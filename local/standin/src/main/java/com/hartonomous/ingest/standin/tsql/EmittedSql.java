package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlType;
import java.util.List;

/**
 * One H2 statement.
 *
 * @param sql H2's SQL with {@code ?} placeholders
 * @param parameters what each placeholder stands for, in order
 * @param command what the T-SQL statement was
 * @param returnsRows to be run as a query: its rows go to the client (or to the variables of a
 *     SELECT @x = ...)
 * @param columns the result's columns with their T-SQL types; empty when not all of them are known
 *     (then H2's metadata must do)
 */
public record EmittedSql(
    String sql,
    List<ParameterReference> parameters,
    Command command,
    boolean returnsRows,
    List<OutputColumn> columns) {

  public EmittedSql {
    parameters = List.copyOf(parameters);
    columns = List.copyOf(columns);
  }

  /** What a statement does, as its row count is reported. */
  public enum Command {
    SELECT,
    /** SELECT ... INTO: reports a row count, returns no rows. */
    SELECT_INTO,
    INSERT,
    UPDATE,
    DELETE,
    DEFINITION
  }

  /**
   * A column of a result.
   *
   * @param name empty when it has none
   * @param type or null when only H2 knows it
   */
  public record OutputColumn(String name, SqlType type, boolean nullable, boolean identity) {}
}
