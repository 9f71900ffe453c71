package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.List;

/** Turns statements into H2's SQL. */
public final class H2Emitter {

  private H2Emitter() {}

  /**
   * Translates a statement.
   *
   * @return statements to be run in order; rows and row count of the T-SQL statement are those of
   *     the last one. Empty when there is nothing to do (ALTER TABLE ... SET).
   */
  public static List<EmittedSql> emit(DataStatement statement, Environment environment)
      throws SqlServerError {
    throw unsupported(statement.getClass().getSimpleName());
  }

  /** Likewise for definitions. */
  public static List<EmittedSql> emit(DefinitionStatement statement, Environment environment)
      throws SqlServerError {
    throw unsupported(statement.getClass().getSimpleName());
  }

  /** The CREATE TABLE of {@code DECLARE @t TABLE} . */
  public static List<EmittedSql> emit(
      ControlStatement.DeclareTable statement, Environment environment) throws SqlServerError {
    throw unsupported(statement.name());
  }

  /** A query of one row and one column with the expression's value. */
  public static EmittedSql emitValue(Expression expression, Environment environment)
      throws SqlServerError {
    throw unsupported(expression.getClass().getSimpleName());
  }

  /** A query of one row and one column: 1 when the condition is true, otherwise 0. */
  public static EmittedSql emitCondition(Condition condition, Environment environment)
      throws SqlServerError {
    throw unsupported(condition.getClass().getSimpleName());
  }

  /**
   * {@code INSERT INTO table (columns) VALUES (?, ...)} for rows that the engine supplies (INSERT
   * ... EXEC, INSERT BULK). The placeholders are the columns in order; {@code parameters} is empty.
   *
   * @param columns perhaps empty: all that can be inserted, in order
   */
  public static EmittedSql emitRowInsert(
      ObjectName table, List<String> columns, Environment environment) throws SqlServerError {
    throw unsupported(table.toString());
  }

  private static SqlServerError unsupported(String what) {
    return new SqlServerError(40000, 16, 1, "The stand-in does not support yet: " + what);
  }
}
