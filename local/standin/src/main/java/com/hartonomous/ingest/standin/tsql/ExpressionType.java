package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;

/**
 * What is known of an expression before it runs.
 *
 * @param type its T-SQL type, or null when it is not known (then H2 decides) or the value is NULL
 * @param collation how it compares, if it is text
 * @param ignoresCase H2 gives it the type VARCHAR_IGNORECASE
 * @param nullable false when it is certainly not NULL
 */
record ExpressionType(SqlType type, Collation collation, boolean ignoresCase, boolean nullable) {

  static final ExpressionType UNKNOWN = new ExpressionType(null, Collation.DEFAULT, false, true);

  /** T-SQL's coercibility: a later element outweighs an earlier one. */
  enum Collation {
    /** Literals, variables, results: adapt to what they are compared with. */
    DEFAULT,
    COLUMN_INSENSITIVE,
    COLUMN_BINARY,
    EXPLICIT_INSENSITIVE,
    EXPLICIT_BINARY;

    boolean isBinary() {
      return this == COLUMN_BINARY || this == EXPLICIT_BINARY;
    }
  }

  static ExpressionType of(SqlType type) {
    return new ExpressionType(type, Collation.DEFAULT, false, true);
  }

  static ExpressionType of(Kind kind) {
    return of(SqlType.of(kind));
  }

  /** Text that H2 holds as VARCHAR_IGNORECASE. */
  static ExpressionType ignoringCase(SqlType type) {
    return new ExpressionType(type, Collation.DEFAULT, true, true);
  }

  /** The type of a stored column. */
  static ExpressionType ofColumn(Environment.TableColumn column) {
    if (column.type() == null) {
      return UNKNOWN;
    }
    boolean text = SqlTypes.isText(column.type());
    Collation collation =
        !text
            ? Collation.DEFAULT
            : column.binaryCollation() ? Collation.COLUMN_BINARY : Collation.COLUMN_INSENSITIVE;
    boolean ignoresCase =
        text && !column.binaryCollation() && SqlTypes.isStoredIgnoringCase(column.type());
    return new ExpressionType(column.type(), collation, ignoresCase, column.nullable());
  }

  ExpressionType notNull() {
    return new ExpressionType(type, collation, ignoresCase, false);
  }

  ExpressionType withNullable(boolean value) {
    return new ExpressionType(type, collation, ignoresCase, value);
  }

  boolean isKnown() {
    return type != null;
  }

  boolean isText() {
    return type != null && SqlTypes.isText(type);
  }

  boolean isBinary() {
    return type != null && SqlTypes.isBinary(type);
  }

  boolean isNumeric() {
    return type != null && SqlTypes.isNumeric(type);
  }

  boolean isInteger() {
    return type != null && SqlTypes.isInteger(type);
  }

  boolean isTime() {
    return type != null && SqlTypes.isTime(type);
  }

  boolean isKind(Kind kind) {
    return type != null && type.kind() == kind;
  }
}
