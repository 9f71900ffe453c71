package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.Locale;
import java.util.Set;

/** Parses data types. */
final class TypeParser {

  private static final Set<String> UNSUPPORTED =
      Set.of(
          "TEXT",
          "NTEXT",
          "IMAGE",
          "XML",
          "SQL_VARIANT",
          "ROWVERSION",
          "TIMESTAMP",
          "GEOGRAPHY",
          "HIERARCHYID",
          "CURSOR",
          "TABLE",
          "JSON",
          "VECTOR",
          "NATIONAL",
          "CHARACTER",
          "DOUBLE");
  private static final int MAXIMUM_BYTES = 8000;
  private static final int MAXIMUM_NATIONAL_CHARACTERS = 4000;
  private static final int MAXIMUM_PRECISION = 38;
  private static final int MAXIMUM_TIME_SCALE = 7;
  private static final int LARGEST_REAL_MANTISSA = 24;
  private static final int LARGEST_FLOAT_MANTISSA = 53;

  private final TokenStream tokens;

  TypeParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  /**
   * A data type.
   *
   * @param defaultLength length of a character or binary type without one: 1 in declarations, 30 in
   *     CAST and CONVERT
   */
  SqlType parse(int defaultLength) throws SqlServerError {
    if (tokens.peek().kind() != Token.Kind.WORD && tokens.peek().kind() != Token.Kind.QUOTED_NAME) {
      throw tokens.syntaxError();
    }
    String written = tokens.next().text();
    if (written.equalsIgnoreCase("sys") && tokens.acceptSymbol(".")) {
      written = tokens.expectName();
    }
    String name = written.toUpperCase(Locale.ROOT);
    switch (name) {
      case "SYSNAME":
        return SqlType.ofLength(Kind.NVARCHAR, 128);
      case "INTEGER":
        return SqlType.of(Kind.INT);
      case "DEC":
        return decimal(Kind.DECIMAL);
      case "DECIMAL", "NUMERIC":
        return decimal(Kind.valueOf(name));
      case "FLOAT":
        return floatType();
      case "CHAR", "VARCHAR", "BINARY", "VARBINARY":
        return sized(Kind.valueOf(name), defaultLength, MAXIMUM_BYTES);
      case "NCHAR", "NVARCHAR":
        return sized(Kind.valueOf(name), defaultLength, MAXIMUM_NATIONAL_CHARACTERS);
      case "TIME", "DATETIME2", "DATETIMEOFFSET":
        return SqlType.ofScale(
            Kind.valueOf(name), (int) parenthesized(MAXIMUM_TIME_SCALE, 0, name));
      case "BIT", "TINYINT", "SMALLINT", "INT", "BIGINT", "REAL", "SMALLMONEY", "MONEY":
      case "DATE", "SMALLDATETIME", "DATETIME", "UNIQUEIDENTIFIER", "GEOMETRY":
        return SqlType.of(Kind.valueOf(name));
      default:
        throw UNSUPPORTED.contains(name)
            ? Errors.unsupported("the data type '" + written + "'")
            : new SqlServerError(2715, 16, 7, "Cannot find data type " + written + ".");
    }
  }

  private SqlType decimal(Kind kind) throws SqlServerError {
    int precision = 18;
    int scale = 0;
    if (tokens.acceptSymbol("(")) {
      precision = (int) inRange(tokens.expectInteger(), 1, MAXIMUM_PRECISION, kind.name());
      if (tokens.acceptSymbol(",")) {
        scale = (int) inRange(tokens.expectInteger(), 0, precision, kind.name());
      }
      tokens.expectSymbol(")");
    }
    return SqlType.decimal(kind, precision, scale);
  }

  private SqlType floatType() throws SqlServerError {
    long mantissa = parenthesized(LARGEST_FLOAT_MANTISSA, 1, "FLOAT");
    return SqlType.of(mantissa <= LARGEST_REAL_MANTISSA ? Kind.REAL : Kind.FLOAT);
  }

  private SqlType sized(Kind kind, int defaultLength, int maximum) throws SqlServerError {
    if (!tokens.acceptSymbol("(")) {
      return SqlType.ofLength(kind, defaultLength);
    }
    int length;
    if (kind.name().contains("VAR") && tokens.acceptWord("MAX")) {
      length = SqlType.MAX;
    } else {
      length = (int) inRange(tokens.expectInteger(), 1, maximum, kind.name());
    }
    tokens.expectSymbol(")");
    return SqlType.ofLength(kind, length);
  }

  /** The number in parentheses, or the maximum when there are none. */
  private long parenthesized(long maximum, long minimum, String type) throws SqlServerError {
    if (!tokens.acceptSymbol("(")) {
      return maximum;
    }
    long value = inRange(tokens.expectInteger(), minimum, maximum, type);
    tokens.expectSymbol(")");
    return value;
  }

  private static long inRange(long value, long minimum, long maximum, String type)
      throws SqlServerError {
    if (value < minimum || value > maximum) {
      throw new SqlServerError(
          131,
          15,
          2,
          String.format(
              Locale.ROOT,
              "The size (%d) given to the type '%s' exceeds the maximum allowed (%d).",
              value,
              type.toLowerCase(Locale.ROOT),
              maximum));
    }
    return value;
  }
}
