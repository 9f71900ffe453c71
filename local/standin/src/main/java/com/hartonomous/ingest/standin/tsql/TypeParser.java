package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SizedTypes;
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
        return SizedTypes.ofMantissa(parenthesized(SizedTypes.FLOAT_MANTISSA_MAX));
      case "CHAR", "VARCHAR", "BINARY", "VARBINARY", "NCHAR", "NVARCHAR":
        return sized(Kind.valueOf(name), defaultLength);
      case "TIME", "DATETIME2", "DATETIMEOFFSET":
        return SizedTypes.ofScale(Kind.valueOf(name), parenthesized(SizedTypes.TIME_SCALE_MAX));
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
    long precision = SizedTypes.PRECISION_DEFAULT;
    long scale = 0;
    if (tokens.acceptSymbol("(")) {
      precision = tokens.expectInteger();
      if (tokens.acceptSymbol(",")) {
        scale = tokens.expectInteger();
      }
      tokens.expectSymbol(")");
    }
    return SizedTypes.decimal(kind, precision, scale);
  }

  private SqlType sized(Kind kind, int defaultLength) throws SqlServerError {
    if (!tokens.acceptSymbol("(")) {
      return SqlType.ofLength(kind, defaultLength);
    }
    SqlType type =
        kind.name().contains("VAR") && tokens.acceptWord("MAX")
            ? SqlType.ofLength(kind, SqlType.MAX)
            : SizedTypes.ofLength(kind, tokens.expectInteger());
    tokens.expectSymbol(")");
    return type;
  }

  /** The number in parentheses, or the default when there are none. */
  private long parenthesized(long byDefault) throws SqlServerError {
    if (!tokens.acceptSymbol("(")) {
      return byDefault;
    }
    long value = tokens.expectInteger();
    tokens.expectSymbol(")");
    return value;
  }
}
