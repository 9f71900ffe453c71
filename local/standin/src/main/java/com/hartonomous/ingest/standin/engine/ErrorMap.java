package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.engine.Catalogue.Index;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import org.h2.api.ErrorCode;

/** H2's errors in SQL Server's numbers and words. */
final class ErrorMap {

  /**
   * Where an error happened.
   *
   * @param verb INSERT, UPDATE, DELETE, SELECT or another first word of the statement
   * @param table the table that is written, or null
   * @param snapshot the session runs under SNAPSHOT isolation
   * @param waitsForEver the session set no lock timeout: running into H2's own, long one is taken
   *     for a deadlock that H2 did not see
   */
  record Context(
      String database, String verb, Table table, boolean snapshot, boolean waitsForEver) {}

  /** A statement ended because the client asked for it. */
  static final int CANCELLED = 3617;

  private static final int STATEMENT = 16;
  private static final int CONSTRAINT = 14;
  private static final int LOCKING = 13;
  private static final int CAUSES_MAX = 20;

  private final BiFunction<String, String, Optional<Table>> tables;

  /**
   * Makes a map.
   *
   * @param tables finds a table by the schema and name it has in H2
   */
  ErrorMap(BiFunction<String, String, Optional<Table>> tables) {
    this.tables = tables;
  }

  /** What SQL Server would report. */
  SqlServerError map(SQLException e, Context context) {
    Optional<SqlServerError> own = ownError(e);
    if (own.isPresent()) {
      return own.get();
    }
    String text = text(e);
    String detail = quoted(text);
    return switch (e.getErrorCode()) {
      case ErrorCode.DUPLICATE_KEY_1 -> duplicateKey(detail, e);
      case ErrorCode.NULL_NOT_ALLOWED -> nullNotAllowed(detail, context, e);
      case ErrorCode.REFERENTIAL_INTEGRITY_VIOLATED_PARENT_MISSING_1 ->
          foreignKey(detail, context, true, e);
      case ErrorCode.REFERENTIAL_INTEGRITY_VIOLATED_CHILD_EXISTS_1 ->
          foreignKey(detail, context, false, e);
      case ErrorCode.CHECK_CONSTRAINT_VIOLATED_1, ErrorCode.CHECK_CONSTRAINT_INVALID ->
          check(detail, context, e);
      case ErrorCode.VALUE_TOO_LONG_2 -> truncated(text, context, e);
      case ErrorCode.NUMERIC_VALUE_OUT_OF_RANGE_1, ErrorCode.NUMERIC_VALUE_OUT_OF_RANGE_2 ->
          error(
              8115,
              STATEMENT,
              2,
              "Arithmetic overflow error converting expression to data type" + " of the target.",
              e);
      case ErrorCode.DIVISION_BY_ZERO_1 ->
          error(8134, STATEMENT, 1, "Divide by zero error encountered.", e);
      case ErrorCode.DATA_CONVERSION_ERROR_1 -> conversion(text, e);
      case ErrorCode.INVALID_DATETIME_CONSTANT_2 ->
          error(
              241,
              STATEMENT,
              1,
              "Conversion failed when converting date and/or time from character string.",
              e);
      case ErrorCode.TABLE_OR_VIEW_NOT_FOUND_1,
          ErrorCode.TABLE_OR_VIEW_NOT_FOUND_WITH_CANDIDATES_2,
          ErrorCode.TABLE_OR_VIEW_NOT_FOUND_DATABASE_EMPTY_1,
          ErrorCode.SCHEMA_NOT_FOUND_1 ->
          error(208, STATEMENT, 1, "Invalid object name '" + detail + "'.", e);
      case ErrorCode.COLUMN_NOT_FOUND_1 ->
          error(207, STATEMENT, 1, "Invalid column name '" + lastPart(detail) + "'.", e);
      case ErrorCode.AMBIGUOUS_COLUMN_NAME_1 ->
          error(209, STATEMENT, 1, "Ambiguous column name '" + detail + "'.", e);
      case ErrorCode.TABLE_OR_VIEW_ALREADY_EXISTS_1,
          ErrorCode.CONSTRAINT_ALREADY_EXISTS_1,
          ErrorCode.INDEX_ALREADY_EXISTS_1 ->
          error(
              2714,
              STATEMENT,
              6,
              "There is already an object named '" + detail + "' in the database.",
              e);
      case ErrorCode.DUPLICATE_COLUMN_NAME_1 ->
          error(2705, STATEMENT, 4, "Column name '" + detail + "' is specified more than once.", e);
      case ErrorCode.COLUMN_COUNT_DOES_NOT_MATCH ->
          error(
              213,
              STATEMENT,
              1,
              "Column name or number of supplied values does not match table definition.",
              e);
      case ErrorCode.SCALAR_SUBQUERY_CONTAINS_MORE_THAN_ONE_ROW ->
          error(
              512,
              STATEMENT,
              1,
              "Subquery returned more than 1 value. This is not permitted when the subquery follows"
                  + " =, !=, <, <= , >, >= or when the subquery is used as an expression.",
              e);
      case ErrorCode.GENERATED_COLUMN_CANNOT_BE_ASSIGNED_1 -> computedColumn(lastPart(detail), e);
      case ErrorCode.CANNOT_DROP_2 ->
          error(
              3726,
              STATEMENT,
              1,
              "Could not drop the object because it is referenced by" + " another: " + text,
              e);
      case ErrorCode.DEADLOCK_1, ErrorCode.CONCURRENT_UPDATE_1 -> deadlock(context, e);
      case ErrorCode.LOCK_TIMEOUT_1 ->
          context.waitsForEver()
              ? victim(e)
              : error(1222, STATEMENT, 51, "Lock request time out period exceeded.", e);
      case ErrorCode.STATEMENT_WAS_CANCELED ->
          error(CANCELLED, STATEMENT, 1, "The statement was cancelled by the client.", e);
      case ErrorCode.SYNTAX_ERROR_1, ErrorCode.SYNTAX_ERROR_2 ->
          error(102, 15, 1, "Incorrect syntax, or not supported by the stand-in: " + text, e);
      default -> error(50000, STATEMENT, 1, text, e);
    };
  }

  private static SqlServerError error(
      int number, int severity, int state, String message, SQLException cause) {
    return new SqlServerError(number, severity, state, message, cause);
  }

  static SqlServerError computedColumn(String column, Throwable cause) {
    return new SqlServerError(
        271,
        STATEMENT,
        1,
        "The column \""
            + column
            + "\" cannot be modified because it is either a computed column or is the result of a"
            + " UNION operator.",
        cause);
  }

  /** An error that one of the stand-in's own functions raised inside H2. */
  private static Optional<SqlServerError> ownError(SQLException e) {
    Throwable cause = e;
    for (int depth = 0; cause != null && depth < CAUSES_MAX; depth++) {
      if (cause instanceof SqlServerError error) {
        return Optional.of(error);
      }
      cause = cause.getCause();
    }
    return Optional.empty();
  }

  /** H2's message without the statement and the version at its end. */
  private static String text(SQLException e) {
    String message = String.valueOf(e.getMessage());
    int statement = message.indexOf("; SQL statement:");
    return statement < 0 ? message : message.substring(0, statement);
  }

  /** What stands between the first and the last double quote; quotes inside are doubled there. */
  private static String quoted(String text) {
    int first = text.indexOf('"');
    int last = text.lastIndexOf('"');
    return first < 0 || last <= first
        ? text
        : text.substring(first + 1, last).replace("\"\"", "\"");
  }

  private static String lastPart(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private SqlServerError duplicateKey(String detail, SQLException e) {
    KeyViolation violation = KeyViolation.parse(detail);
    Optional<Table> table = tables.apply(violation.schema(), violation.table());
    String object = table.map(ErrorMap::displayName).orElse(violation.table());
    Optional<Index> index =
        table.flatMap(
            found ->
                found.indexes().stream()
                    .filter(i -> i.unique() && sameColumns(found, i, violation.columns()))
                    .findFirst());
    String value = "The duplicate key value is (" + violation.keyText() + ").";
    if (index.isPresent() && !index.get().primaryKey() && !index.get().uniqueConstraint()) {
      return error(
          2601,
          CONSTRAINT,
          1,
          "Cannot insert duplicate key row in object '"
              + object
              + "' with unique index '"
              + index.get().name()
              + "'. "
              + value,
          e);
    }
    String kind = index.map(Index::primaryKey).orElse(true) ? "PRIMARY KEY" : "UNIQUE KEY";
    String name = index.map(Index::name).orElse(violation.index());
    return error(
        2627,
        CONSTRAINT,
        1,
        "Violation of "
            + kind
            + " constraint '"
            + name
            + "'. Cannot insert duplicate key in object '"
            + object
            + "'. "
            + value,
        e);
  }

  private static String displayName(Table table) {
    return table.object().qualifiedName();
  }

  private static boolean sameColumns(Table table, Index index, List<String> columns) {
    List<String> names = table.keyColumnNames(index);
    if (names.size() != columns.size()) {
      return false;
    }
    for (int i = 0; i < names.size(); i++) {
      if (!names.get(i).equalsIgnoreCase(columns.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static SqlServerError nullNotAllowed(String detail, Context context, SQLException e) {
    String column = lastPart(detail);
    String table =
        context.table() == null
            ? ""
            : ", table '" + context.database() + "." + displayName(context.table()) + "'";
    return error(
        515,
        STATEMENT,
        2,
        "Cannot insert the value NULL into column '"
            + column
            + "'"
            + table
            + "; column does not allow nulls. "
            + context.verb()
            + " fails.",
        e);
  }

  /**
   * H2: {@code NAME: schema.child FOREIGN KEY(columns) REFERENCES schema.parent(columns) (key)}.
   */
  private SqlServerError foreignKey(
      String detail, Context context, boolean parentMissing, SQLException e) {
    Identifiers text = new Identifiers(detail);
    String constraint = text.next();
    text.skipPast(":");
    List<String> child = text.nextPath();
    text.skipPast("FOREIGN KEY");
    List<String> childColumns = text.nextList();
    text.skipPast("REFERENCES");
    List<String> parent = text.nextPath();
    List<String> parentColumns = text.nextList();
    List<String> conflict = parentMissing ? parent : child;
    List<String> columns = parentMissing ? parentColumns : childColumns;
    String schema = conflict.size() > 1 ? conflict.get(0) : "dbo";
    String name = conflict.get(conflict.size() - 1);
    String object =
        tables.apply(schema, name).map(ErrorMap::displayName).orElse(schema + "." + name);
    return error(
        547,
        STATEMENT,
        0,
        "The "
            + context.verb()
            + " statement conflicted with the "
            + (parentMissing ? "FOREIGN KEY" : "REFERENCE")
            + " constraint \""
            + constraint
            + "\". The conflict occurred in database \""
            + context.database()
            + "\", table \""
            + object
            + "\""
            + (columns.size() == 1 ? ", column '" + columns.get(0) + "'" : "")
            + ".",
        e);
  }

  private static SqlServerError check(String detail, Context context, SQLException e) {
    String constraint = new Identifiers(detail).next();
    String table =
        context.table() == null ? "" : ", table \"" + displayName(context.table()) + "\"";
    return error(
        547,
        STATEMENT,
        0,
        "The "
            + context.verb()
            + " statement conflicted with the CHECK constraint \""
            + constraint
            + "\". The conflict occurred in database \""
            + context.database()
            + "\""
            + table
            + ".",
        e);
  }

  /** H2: {@code Value too long for column "v CHARACTER VARYING(10)": "'text' (23)"}. */
  private static SqlServerError truncated(String text, Context context, SQLException e) {
    if (quoted(text).matches(".*\\bNUMERIC\\(\\d+.*")) {
      return error(
          8115,
          STATEMENT,
          8,
          "Arithmetic overflow error converting numeric to data type numeric.",
          e);
    }
    String column = new Identifiers(quoted(text)).next();
    int value = text.indexOf("\": \"");
    String shown = value < 0 ? "" : text.substring(value + 4).replaceAll("\\s*\\(\\d+\\)\"?$", "");
    Optional<Column> known =
        context.table() == null ? Optional.empty() : context.table().column(column);
    int length = known.map(c -> c.type().length()).filter(n -> n > 0).orElse(100);
    String unquoted = shown.startsWith("'") ? shown.substring(1) : shown;
    String kept = unquoted.substring(0, Math.min(unquoted.length(), Math.min(length, 100)));
    String table =
        context.table() == null ? "" : context.database() + "." + displayName(context.table());
    return error(
        2628,
        STATEMENT,
        1,
        "String or binary data would be truncated in table '"
            + table
            + "', column '"
            + column
            + "'. Truncated value: '"
            + kept
            + "'.",
        e);
  }

  private static SqlServerError conversion(String text, SQLException e) {
    String value = quoted(text);
    int target = value.indexOf(" (");
    return error(
        245,
        STATEMENT,
        1,
        "Conversion failed when converting the value '"
            + (target < 0 ? value : value.substring(0, target))
            + "' to another data type.",
        e);
  }

  private static SqlServerError deadlock(Context context, SQLException e) {
    if (context.snapshot()) {
      return error(
          3960,
          STATEMENT,
          2,
          "Snapshot isolation transaction aborted due to update conflict. You cannot use snapshot"
              + " isolation to access the table in database '"
              + context.database()
              + "' that was modified by another transaction since this one began. Retry the"
              + " transaction.",
          e);
    }
    return victim(e);
  }

  private static SqlServerError victim(SQLException e) {
    return error(
        1205,
        LOCKING,
        51,
        "Transaction was deadlocked on lock resources with another process and has been chosen as"
            + " the deadlock victim. Rerun the transaction.",
        e);
  }
}
