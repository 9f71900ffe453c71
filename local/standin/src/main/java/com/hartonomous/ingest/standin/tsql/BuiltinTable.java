package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.FunctionCall;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Every built-in function that the stand-in knows, with the number of its arguments. How each is
 * emitted stands in {@link FunctionEmitter}; values of the session are {@link SessionValues}',
 * functions of the catalogue {@link CatalogueFunction}'s.
 */
final class BuiltinTable {

  /** Table-valued functions of T-SQL that are refused by name. */
  static final Set<String> KNOWN_TABLE_FUNCTIONS =
      Set.of("STRING_SPLIT", "OPENJSON", "GENERATE_SERIES", "FREETEXTTABLE", "CONTAINSTABLE");

  /** Functions of T-SQL that the stand-in refuses with its own error. */
  static final Set<String> REFUSED =
      Set.of(
          ("JSON_VALUE JSON_QUERY JSON_MODIFY JSON_OBJECT JSON_ARRAY JSON_PATH_EXISTS ISJSON FORMAT"
                  + " PATINDEX SOUNDEX DIFFERENCE QUOTENAME STR STRING_ESCAPE TRANSLATE FORMATMESSAGE"
                  + " NEWSEQUENTIALID CHECKSUM CHECKSUM_AGG BINARY_CHECKSUM COMPRESS DECOMPRESS"
                  + " GREATEST LEAST GROUPING GROUPING_ID APPROX_COUNT_DISTINCT PERCENTILE_CONT"
                  + " PERCENTILE_DISC RAND ISNUMERIC ISDATE DATE_BUCKET DATETRUNC CRYPT_GEN_RANDOM"
                  + " ENCRYPTBYKEY DECRYPTBYKEY SESSION_CONTEXT CONTEXT_INFO EVENTDATA COLUMNS_UPDATED"
                  + " PWDCOMPARE PWDENCRYPT STATS_DATE INDEXPROPERTY INDEX_COL FULLTEXTSERVICEPROPERTY"
                  + " SQL_VARIANT_PROPERTY GET_FILESTREAM_TRANSACTION_CONTEXT PARSENAME")
              .split(" "));

  private static final Set<String> DATE_PART_FUNCTIONS =
      Set.of("DATEADD", "DATEDIFF", "DATEDIFF_BIG", "DATEPART", "DATENAME");
  private static final Set<String> AGGREGATES =
      Set.of(
          "COUNT",
          "COUNT_BIG",
          "SUM",
          "AVG",
          "MIN",
          "MAX",
          "STDEV",
          "STDEVP",
          "VAR",
          "VARP",
          "STRING_AGG");
  private static final int ANY = 254;
  private static final Map<String, Arity> ARITIES = new HashMap<>();

  /** Bounds of the number of arguments; a date part counts. */
  private record Arity(int minimum, int maximum) {}

  static {
    exactly(0, "GETDATE GETUTCDATE SYSDATETIME SYSUTCDATETIME SYSDATETIMEOFFSET CURRENT_TIMESTAMP");
    exactly(0, "NEWID PI ROW_NUMBER RANK DENSE_RANK PERCENT_RANK CUME_DIST");
    exactly(
        1, "LEN DATALENGTH UPPER LOWER LTRIM RTRIM TRIM REVERSE SPACE ASCII CHAR NCHAR UNICODE");
    exactly(1, "ABS FLOOR CEILING SQRT SQUARE SIGN EXP LOG10 SIN COS TAN ASIN ACOS ATAN RADIANS");
    exactly(
        1, "DEGREES YEAR MONTH DAY COUNT COUNT_BIG SUM AVG MIN MAX STDEV STDEVP VAR VARP NTILE");
    exactly(1, "FIRST_VALUE LAST_VALUE");
    exactly(2, "LEFT RIGHT REPLICATE NULLIF ISNULL HASHBYTES POWER ATN2 STRING_AGG");
    exactly(2, "DATEPART DATENAME TODATETIMEOFFSET SWITCHOFFSET");
    exactly(3, "SUBSTRING REPLACE DATEADD DATEDIFF DATEDIFF_BIG DATEFROMPARTS");
    exactly(4, "STUFF");
    between(1, 2, "LOG EOMONTH");
    between(1, 3, "LAG LEAD");
    between(2, 3, "CHARINDEX ROUND");
    between(2, ANY, "CONCAT COALESCE CHOOSE");
    between(3, ANY, "CONCAT_WS");
  }

  private BuiltinTable() {}

  /** True when the function's first argument is a date part. */
  static boolean takesDatePart(ObjectName name) {
    return name.schema().isEmpty() && DATE_PART_FUNCTIONS.contains(upper(name));
  }

  /** True for aggregate functions. */
  static boolean isAggregate(ObjectName name) {
    return name.schema().isEmpty() && AGGREGATES.contains(upper(name));
  }

  /**
   * Checks that a call is one of a function the stand-in knows.
   *
   * @throws SqlServerError 195 unknown function, 174 or 189 wrong number of arguments, 4121 a
   *     function of a user's schema
   */
  static void check(FunctionCall call) throws SqlServerError {
    String name = upper(call.name());
    int arguments = call.star() ? 1 : call.arguments().size();
    if (call.star() && !name.equals("COUNT") && !name.equals("COUNT_BIG")) {
      throw Errors.syntax("*");
    }
    if (call.name().schema().isPresent()) {
      checkQualified(call, arguments);
    } else if (ARITIES.containsKey(name)) {
      checkArity(name, arguments, ARITIES.get(name));
    } else if (SessionValues.typeOf(name).isPresent()) {
      checkArity(name, arguments, new Arity(0, 0));
    } else {
      Optional<CatalogueFunction> function =
          CatalogueFunction.named(name).filter(f -> !f.isQualifiedBySys());
      if (function.isEmpty()) {
        throw REFUSED.contains(name)
            ? Errors.unsupported("the function '" + call.name() + "'")
            : Errors.unknownFunction(call.name().name());
      }
      checkArity(name, arguments, arity(function.get()));
    }
  }

  private static void checkQualified(FunctionCall call, int arguments) throws SqlServerError {
    Optional<CatalogueFunction> function =
        CatalogueFunction.named(call.name().name()).filter(CatalogueFunction::isQualifiedBySys);
    if (function.isEmpty() || !call.name().schema().get().equalsIgnoreCase("sys")) {
      throw new SqlServerError(
          4121,
          16,
          1,
          "Cannot find either column \""
              + call.name().schema().get()
              + "\" or the user-defined function or aggregate \""
              + call.name()
              + "\", or the name is ambiguous.");
    }
    checkArity(call.name().toString(), arguments, arity(function.get()));
  }

  private static Arity arity(CatalogueFunction function) {
    return new Arity(function.minimumArguments(), function.maximumArguments());
  }

  private static void checkArity(String name, int arguments, Arity arity) throws SqlServerError {
    if (arguments >= arity.minimum() && arguments <= arity.maximum()) {
      return;
    }
    String function = name.toLowerCase(Locale.ROOT);
    if (arity.minimum() == arity.maximum()) {
      throw new SqlServerError(
          174,
          15,
          1,
          "The " + function + " function requires " + arity.minimum() + " argument(s).");
    }
    throw new SqlServerError(
        189,
        15,
        1,
        "The "
            + function
            + " function requires "
            + arity.minimum()
            + " to "
            + arity.maximum()
            + " arguments.");
  }

  private static void exactly(int arguments, String names) {
    between(arguments, arguments, names);
  }

  private static void between(int minimum, int maximum, String names) {
    for (String name : names.split(" ")) {
      ARITIES.put(name, new Arity(minimum, maximum));
    }
  }

  private static String upper(ObjectName name) {
    return name.name().toUpperCase(Locale.ROOT);
  }
}
