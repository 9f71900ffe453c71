package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.List;
import java.util.Optional;

/**
 * What the emitter asks about the session and the catalogue. Physical names are returned ready to
 * stand in H2's SQL: quoted, qualified. Names of common table expressions never reach this
 * interface.
 */
public interface Environment {

  /** The current database's name. */
  String database();

  /**
   * The declared type of a variable or parameter.
   *
   * @throws SqlServerError 137 when it is not declared
   */
  SqlType variableType(String name) throws SqlServerError;

  /**
   * The H2 table or view behind a T-SQL name: also {@code #temporary}, {@code @table} variables,
   * catalogue views ({@code sys.tables}, {@code [D].INFORMATION_SCHEMA.TABLES}) and change tables.
   *
   * @throws SqlServerError 208 when there is none
   */
  String table(ObjectName name) throws SqlServerError;

  /**
   * The H2 name for a table or view that a statement is about to create.
   *
   * @throws SqlServerError 2760 when the schema does not exist, 2714 when the name is taken
   */
  String newTable(ObjectName name) throws SqlServerError;

  /**
   * The H2 table expression, without alias, that stands for a call of a table-valued function such
   * as {@code [D].cdc.[fn_cdc_get_all_changes_x](a, b, c)}. It may be a query in parentheses.
   *
   * @param arguments the emitted SQL of each argument; the result has all of them in this order,
   *     and then once more, so that placeholders keep their order
   * @throws SqlServerError 208 when there is no such function, 313 or 8144 for too few or too many
   *     arguments
   */
  String tableFunction(ObjectName name, List<String> arguments) throws SqlServerError;

  /** The H2 schema for a T-SQL schema of the current database, quoted. */
  String schema(String name) throws SqlServerError;

  /**
   * The columns of a table or view in order, with their T-SQL types; empty when they are not known:
   * then types are left to H2.
   *
   * @throws SqlServerError 208 when there is no such table
   */
  Optional<List<TableColumn>> columns(ObjectName name) throws SqlServerError;

  /**
   * A column of a table.
   *
   * @param type null when it is not known
   * @param binaryCollation a character column that compares by code point (a {@code _BIN2}
   *     collation) rather than without letter case
   */
  record TableColumn(
      String name,
      SqlType type,
      boolean nullable,
      boolean identity,
      boolean computed,
      boolean binaryCollation) {}
}
