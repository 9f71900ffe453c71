package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * T-SQL's pure built-in functions that H2 lacks or does otherwise, as H2 aliases in the schema
 * {@link #SCHEMA}. Their errors are {@link SQLException}s with a {@link SqlServerError} as cause,
 * which H2 wraps once more: look along the causes.
 */
public final class BuiltinFunctions {

  /** The H2 schema of the aliases; no T-SQL name leads into it. */
  public static final String SCHEMA = "STANDIN";

  private static final int SEVERITY = 16;

  /**
   * An alias.
   *
   * @param clock its value changes from call to call, so that H2 must not calculate it once
   */
  private record Alias(String name, Class<?> implementation, String method, boolean clock) {}

  private static final List<Alias> ALIASES =
      List.of(
          pure("LEFT", TextFunctions.class, "left"),
          pure("RIGHT", TextFunctions.class, "right"),
          pure("SUBSTRING", TextFunctions.class, "substring"),
          pure("CHARINDEX", TextFunctions.class, "charIndex"),
          pure("REPLACE", TextFunctions.class, "replace"),
          pure("STUFF", TextFunctions.class, "stuff"),
          pure("REPLICATE", TextFunctions.class, "replicate"),
          pure("REVERSE", TextFunctions.class, "reverse"),
          pure("ASCII", TextFunctions.class, "ascii"),
          pure("UNICODE", TextFunctions.class, "unicode"),
          pure("CHAR", TextFunctions.class, "character"),
          pure("NCHAR", TextFunctions.class, "nationalCharacter"),
          pure("MATCHES_LIKE", TextFunctions.class, "matchesLike"),
          pure("TEXT_INTEGER", TextFunctions.class, "textInteger"),
          pure("FLOAT_TEXT", TextFunctions.class, "floatText"),
          pure("CONVERTIBLE_TEXT", TextFunctions.class, "convertibleText"),
          pure("HASHBYTES", BinaryFunctions.class, "hashBytes"),
          pure("UTF16_BYTES", BinaryFunctions.class, "utf16Bytes"),
          pure("UTF16_TEXT", BinaryFunctions.class, "utf16Text"),
          pure("CODE_PAGE_BYTES", BinaryFunctions.class, "codePageBytes"),
          pure("CODE_PAGE_TEXT", BinaryFunctions.class, "codePageText"),
          pure("TO_BINARY", BinaryFunctions.class, "toBinary"),
          pure("DATALENGTH", BinaryFunctions.class, "dataLength"),
          pure("SUBSTRING_BINARY", BinaryFunctions.class, "substringBinary"),
          pure("INTEGER_BINARY", BinaryFunctions.class, "integerBinary"),
          pure("BINARY_INTEGER", BinaryFunctions.class, "binaryInteger"),
          pure("HEX_BINARY", BinaryFunctions.class, "hexBinary"),
          pure("UUID_BINARY", BinaryFunctions.class, "uuidBinary"),
          pure("BINARY_UUID", BinaryFunctions.class, "binaryUuid"),
          pure("UUID_ORDERED", BinaryFunctions.class, "uuidOrdered"),
          pure("UUID_UNORDERED", BinaryFunctions.class, "uuidUnordered"),
          pure("GEOMETRY_FROM_CLR", SpatialFunctions.class, "fromClr"),
          pure("GEOMETRY_TO_CLR", SpatialFunctions.class, "toClr"),
          pure("GEOMETRY_POINT", SpatialFunctions.class, "point"),
          pure("GEOMETRY_FROM_TEXT", SpatialFunctions.class, "fromText"),
          pure("GEOMETRY_WKT", SpatialFunctions.class, "text"),
          pure("GEOMETRY_WKB", SpatialFunctions.class, "binary"),
          pure("GEOMETRY_X", SpatialFunctions.class, "x"),
          pure("GEOMETRY_Y", SpatialFunctions.class, "y"),
          pure("GEOMETRY_Z", SpatialFunctions.class, "z"),
          pure("GEOMETRY_M", SpatialFunctions.class, "m"),
          pure("GEOMETRY_SRID", SpatialFunctions.class, "srid"),
          pure("GEOMETRY_KIND", SpatialFunctions.class, "type"),
          pure("GEOMETRY_POINTS", SpatialFunctions.class, "pointCount"),
          pure("GEOMETRY_IS_EMPTY", SpatialFunctions.class, "isEmpty"),
          pure("GEOMETRY_IS_VALID", SpatialFunctions.class, "isValid"),
          pure("GEOMETRY_DISTANCE", SpatialFunctions.class, "distance"),
          pure("GEOMETRY_INTERSECTS", SpatialFunctions.class, "intersects"),
          pure("GEOMETRY_WITHIN", SpatialFunctions.class, "within"),
          pure("GEOMETRY_CONTAINS", SpatialFunctions.class, "contains"),
          pure("GEOMETRY_EQUALS", SpatialFunctions.class, "equal"),
          pure("GEOMETRY_REACH", SpatialFunctions.class, "reach"),
          pure("TINYINT_VALUE", TextFunctions.class, "tinyintValue"),
          pure("DATETIME_VALUE", DateTimeFunctions.class, "dateTimeValue"),
          pure("SMALLDATETIME_VALUE", DateTimeFunctions.class, "smallDateTimeValue"),
          clock("SYSUTCDATETIME", "utcNow"),
          clock("SYSDATETIME", "now"),
          clock("SYSDATETIMEOFFSET", "offsetNow"),
          pure("TEXT_DATETIME", DateTimeFunctions.class, "textDateTime"),
          pure("TEXT_OFFSET", DateTimeFunctions.class, "textOffset"),
          pure("OFFSET_LOCAL", DateTimeFunctions.class, "offsetLocal"),
          pure("LOCAL_OFFSET", DateTimeFunctions.class, "localOffset"),
          pure("TODATETIMEOFFSET", DateTimeFunctions.class, "toDateTimeOffset"),
          pure("SWITCHOFFSET", DateTimeFunctions.class, "switchOffset"),
          pure("OFFSET_MINUTES", DateTimeFunctions.class, "offsetMinutes"),
          pure("DATEPART", DateTimeFunctions.class, "datePart"),
          pure("DATENAME", DateTimeFunctions.class, "dateName"),
          pure("EOMONTH", DateTimeFunctions.class, "endOfMonth"),
          pure("DATEFROMPARTS", DateTimeFunctions.class, "dateFromParts"),
          pure("DATETIME_TEXT", DateTimeFunctions.class, "dateTimeText"),
          pure("OFFSET_TEXT", DateTimeFunctions.class, "offsetText"));

  private BuiltinFunctions() {}

  private static Alias pure(String name, Class<?> implementation, String method) {
    return new Alias(name, implementation, method, false);
  }

  private static Alias clock(String name, String method) {
    return new Alias(name, DateTimeFunctions.class, method, true);
  }

  /** Creates the schema and the aliases where they are missing; must precede any emitted SQL. */
  public static void registerAliases(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE SCHEMA IF NOT EXISTS " + H2Names.quote(SCHEMA));
      for (Alias alias : ALIASES) {
        statement.execute(
            "CREATE ALIAS IF NOT EXISTS "
                + H2Names.alias(alias.name())
                + (alias.clock() ? "" : " DETERMINISTIC")
                + " FOR '"
                + alias.implementation().getName()
                + "."
                + alias.method()
                + "'");
      }
    }
  }

  /** An error that a function raises for a row. */
  static SQLException error(int number, String message) {
    return new SQLException(message, new SqlServerError(number, SEVERITY, 1, message));
  }
}
