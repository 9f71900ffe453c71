package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** T-SQL's type families and precedence, and the H2 types behind them. */
final class SqlTypes {

  static final SqlType INT = SqlType.of(Kind.INT);
  static final SqlType BIGINT = SqlType.of(Kind.BIGINT);
  static final SqlType FLOAT = SqlType.of(Kind.FLOAT);

  private static final int MAXIMUM_PRECISION = 38;
  private static final int LEAST_DIVISION_SCALE = 6;
  private static final Set<Kind> TEXT =
      EnumSet.of(Kind.CHAR, Kind.VARCHAR, Kind.NCHAR, Kind.NVARCHAR);
  private static final Set<Kind> INTEGERS =
      EnumSet.of(Kind.TINYINT, Kind.SMALLINT, Kind.INT, Kind.BIGINT);
  private static final Set<Kind> NUMBERS =
      EnumSet.of(
          Kind.BIT,
          Kind.TINYINT,
          Kind.SMALLINT,
          Kind.INT,
          Kind.BIGINT,
          Kind.REAL,
          Kind.FLOAT,
          Kind.DECIMAL,
          Kind.NUMERIC,
          Kind.SMALLMONEY,
          Kind.MONEY);
  private static final Set<Kind> TIMES =
      EnumSet.of(
          Kind.DATE,
          Kind.TIME,
          Kind.SMALLDATETIME,
          Kind.DATETIME,
          Kind.DATETIME2,
          Kind.DATETIMEOFFSET);

  /** "Data type precedence (Transact-SQL)", lowest first. */
  private static final List<Kind> PRECEDENCE =
      List.of(
          Kind.BINARY,
          Kind.VARBINARY,
          Kind.CHAR,
          Kind.VARCHAR,
          Kind.NCHAR,
          Kind.NVARCHAR,
          Kind.UNIQUEIDENTIFIER,
          Kind.BIT,
          Kind.TINYINT,
          Kind.SMALLINT,
          Kind.INT,
          Kind.BIGINT,
          Kind.SMALLMONEY,
          Kind.MONEY,
          Kind.NUMERIC,
          Kind.DECIMAL,
          Kind.REAL,
          Kind.FLOAT,
          Kind.TIME,
          Kind.DATE,
          Kind.SMALLDATETIME,
          Kind.DATETIME,
          Kind.DATETIME2,
          Kind.DATETIMEOFFSET,
          Kind.GEOMETRY);

  private SqlTypes() {}

  static boolean isText(SqlType type) {
    return TEXT.contains(type.kind());
  }

  /** NCHAR and NVARCHAR. */
  static boolean isNational(SqlType type) {
    return type.kind() == Kind.NCHAR || type.kind() == Kind.NVARCHAR;
  }

  static boolean isFixedText(SqlType type) {
    return type.kind() == Kind.CHAR || type.kind() == Kind.NCHAR;
  }

  static boolean isBinary(SqlType type) {
    return type.kind() == Kind.BINARY || type.kind() == Kind.VARBINARY;
  }

  static boolean isInteger(SqlType type) {
    return INTEGERS.contains(type.kind());
  }

  static boolean isNumeric(SqlType type) {
    return NUMBERS.contains(type.kind());
  }

  static boolean isDecimal(SqlType type) {
    return type.kind() == Kind.DECIMAL || type.kind() == Kind.NUMERIC;
  }

  static boolean isMoney(SqlType type) {
    return type.kind() == Kind.MONEY || type.kind() == Kind.SMALLMONEY;
  }

  static boolean isFloat(SqlType type) {
    return type.kind() == Kind.FLOAT || type.kind() == Kind.REAL;
  }

  static boolean isTime(SqlType type) {
    return TIMES.contains(type.kind());
  }

  /** The type's name in messages, lower case. */
  static String name(SqlType type) {
    return type.kind().name().toLowerCase(Locale.ROOT);
  }

  /** A column of VARCHAR(n) or NVARCHAR(n) is VARCHAR_IGNORECASE; CHAR pads and (max) is a LOB. */
  static boolean isStoredIgnoringCase(SqlType type) {
    return (type.kind() == Kind.VARCHAR || type.kind() == Kind.NVARCHAR)
        && type.length() != SqlType.MAX;
  }

  /**
   * The H2 type of a stored column. (max) types are LOBs, kept outside the row: inline, every
   * update of a count beside a 1 MiB value writes that value again (measured on disk: 100 s instead
   * of 0.1 s for 5 updates of 256 rows, and a file of gigabytes).
   *
   * @param binaryCollation text compares by code point
   */
  static String h2Column(SqlType type, boolean binaryCollation) {
    if (type.length() == SqlType.MAX) {
      return isText(type) ? "CHARACTER LARGE OBJECT" : "BINARY LARGE OBJECT";
    }
    return isStoredIgnoringCase(type) && binaryCollation
        ? "VARCHAR(" + type.length() + ")"
        : h2Value(type);
  }

  /** The H2 type of a value in an expression. */
  static String h2Value(SqlType type) {
    String length = type.length() == SqlType.MAX ? "" : "(" + type.length() + ")";
    return switch (type.kind()) {
      case BIT -> "BOOLEAN";
      case TINYINT, SMALLINT -> "SMALLINT";
      case INT -> "INTEGER";
      case BIGINT -> "BIGINT";
      case REAL -> "REAL";
      case FLOAT -> "DOUBLE PRECISION";
      case DECIMAL, NUMERIC -> "NUMERIC(" + type.precision() + ", " + type.scale() + ")";
      case SMALLMONEY -> "NUMERIC(10, 4)";
      case MONEY -> "NUMERIC(19, 4)";
      case CHAR, NCHAR -> "CHAR" + length;
      case VARCHAR, NVARCHAR -> "VARCHAR_IGNORECASE" + length;
      case BINARY -> "BINARY" + length;
      case VARBINARY -> "VARBINARY" + length;
      case DATE -> "DATE";
      case TIME -> "TIME(" + type.scale() + ")";
      case SMALLDATETIME -> "TIMESTAMP(0)";
      case DATETIME -> "TIMESTAMP(3)";
      case DATETIME2 -> "TIMESTAMP(" + type.scale() + ")";
      case DATETIMEOFFSET -> "TIMESTAMP(" + type.scale() + ") WITH TIME ZONE";
      case UNIQUEIDENTIFIER -> "UUID";
      case GEOMETRY -> "GEOMETRY";
    };
  }

  /** The type that both have in common: that of the higher precedence, wide enough for both. */
  static SqlType common(SqlType a, SqlType b) {
    SqlType high = PRECEDENCE.indexOf(a.kind()) >= PRECEDENCE.indexOf(b.kind()) ? a : b;
    SqlType low = high == a ? b : a;
    if (isText(high) && isText(low)) {
      boolean fixed = isFixedText(high) && isFixedText(low);
      Kind kind =
          isNational(high) || isNational(low)
              ? fixed ? Kind.NCHAR : Kind.NVARCHAR
              : fixed ? Kind.CHAR : Kind.VARCHAR;
      return SqlType.ofLength(kind, longer(high.length(), low.length()));
    }
    if (isBinary(high) && isBinary(low)) {
      return SqlType.ofLength(high.kind(), longer(high.length(), low.length()));
    }
    if (isDecimal(high) && (isDecimal(low) || isInteger(low) || isMoney(low))) {
      SqlType other = asDecimal(low);
      int scale = Math.max(high.scale(), other.scale());
      int whole = Math.max(high.precision() - high.scale(), other.precision() - other.scale());
      return bounded(whole + scale, scale);
    }
    if (isTime(high) && isTime(low) && high.scale() < low.scale()) {
      return SqlType.ofScale(high.kind(), low.scale());
    }
    return high;
  }

  private static int longer(int a, int b) {
    return a == SqlType.MAX || b == SqlType.MAX ? SqlType.MAX : Math.max(a, b);
  }

  /** An exact number as a decimal of its full range. */
  static SqlType asDecimal(SqlType type) {
    return switch (type.kind()) {
      case DECIMAL, NUMERIC -> type;
      case BIT -> SqlType.decimal(Kind.DECIMAL, 1, 0);
      case TINYINT -> SqlType.decimal(Kind.DECIMAL, 3, 0);
      case SMALLINT -> SqlType.decimal(Kind.DECIMAL, 5, 0);
      case BIGINT -> SqlType.decimal(Kind.DECIMAL, 19, 0);
      case SMALLMONEY -> SqlType.decimal(Kind.DECIMAL, 10, 4);
      case MONEY -> SqlType.decimal(Kind.DECIMAL, 19, 4);
      default -> SqlType.decimal(Kind.DECIMAL, 10, 0);
    };
  }

  /**
   * The result of an operation on decimals: "Precision, scale, and length (Transact-SQL)".
   *
   * @param operator + - * / or %
   */
  static SqlType decimalResult(Expression.BinaryOperator operator, SqlType a, SqlType b) {
    int wholeA = a.precision() - a.scale();
    int wholeB = b.precision() - b.scale();
    switch (operator) {
      case MULTIPLY:
        return bounded(a.precision() + b.precision() + 1, a.scale() + b.scale());
      case DIVIDE:
        int scale = Math.max(LEAST_DIVISION_SCALE, a.scale() + b.precision() + 1);
        return bounded(wholeA + b.scale() + scale, scale);
      case MODULO:
        int rest = Math.max(a.scale(), b.scale());
        return bounded(Math.min(wholeA, wholeB) + rest, rest);
      default:
        int sum = Math.max(a.scale(), b.scale());
        return bounded(sum + Math.max(wholeA, wholeB) + 1, sum);
    }
  }

  /** Cuts the scale, but not below 6, when the precision exceeds 38. */
  private static SqlType bounded(int precision, int scale) {
    int cut = scale;
    if (precision > MAXIMUM_PRECISION) {
      int whole = precision - scale;
      cut = Math.max(Math.min(scale, LEAST_DIVISION_SCALE), MAXIMUM_PRECISION - whole);
    }
    return SqlType.decimal(Kind.NUMERIC, Math.min(precision, MAXIMUM_PRECISION), cut);
  }
}
