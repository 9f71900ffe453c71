package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.DatePart;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.List;
import java.util.Map;

/** Emits the functions of dates and times. */
final class DateFunctionEmitter {

  private static final SqlType DATETIME2 = SqlType.ofScale(Kind.DATETIME2, 7);
  private static final SqlType DATETIMEOFFSET = SqlType.ofScale(Kind.DATETIMEOFFSET, 7);

  /** Functions that read the clock, by the type of their result. */
  private static final Map<String, SqlType> CLOCKS =
      Map.of(
          "GETDATE",
          SqlType.of(Kind.DATETIME),
          "CURRENT_TIMESTAMP",
          SqlType.of(Kind.DATETIME),
          "GETUTCDATE",
          SqlType.of(Kind.DATETIME),
          "SYSDATETIME",
          DATETIME2,
          "SYSUTCDATETIME",
          DATETIME2,
          "SYSDATETIMEOFFSET",
          DATETIMEOFFSET);

  /** The date parts that DATEADD takes, by H2's words for them. */
  private static final Map<String, String> ADDABLE =
      Map.ofEntries(
          Map.entry("year", "YEAR"),
          Map.entry("quarter", "QUARTER"),
          Map.entry("month", "MONTH"),
          Map.entry("dayofyear", "DAY"),
          Map.entry("day", "DAY"),
          Map.entry("week", "WEEK"),
          Map.entry("weekday", "DAY"),
          Map.entry("hour", "HOUR"),
          Map.entry("minute", "MINUTE"),
          Map.entry("second", "SECOND"),
          Map.entry("millisecond", "MILLISECOND"),
          Map.entry("microsecond", "MICROSECOND"),
          Map.entry("nanosecond", "NANOSECOND"));

  private DateFunctionEmitter() {}

  /**
   * The call, or null when it is none of dates.
   *
   * @param written the arguments as written, the first may be a date part
   * @param arguments the emitted arguments without a date part
   */
  static Fragment emit(String name, List<Expression> written, List<Fragment> arguments)
      throws SqlServerError {
    SqlType clock = CLOCKS.get(name);
    if (clock != null) {
      return clock(name, clock);
    }
    switch (name) {
      case "DATEADD":
        return dateAdd(part(written), arguments.get(0), time(arguments.get(1)));
      case "DATEDIFF", "DATEDIFF_BIG":
        return dateDiff(name, part(written), time(arguments.get(0)), time(arguments.get(1)));
      case "DATEPART":
        return datePart(part(written), time(arguments.get(0)));
      case "DATENAME":
        return FunctionEmitter.ignoringCase(
            call(
                SqlType.ofLength(Kind.NVARCHAR, 30),
                "DATENAME",
                H2Names.literal(part(written)) + ", ",
                local(time(arguments.get(0)))));
      case "YEAR", "MONTH", "DAY":
        return datePart(name.toLowerCase(java.util.Locale.ROOT), time(arguments.get(0)));
      case "EOMONTH":
        Fragment months = arguments.size() > 1 ? arguments.get(1) : Fragment.of("0");
        return call(SqlType.of(Kind.DATE), "EOMONTH", local(time(arguments.get(0))), ", ", months);
      case "DATEFROMPARTS":
        return call(SqlType.of(Kind.DATE), "DATEFROMPARTS", Fragment.join(arguments, ", "));
      case "TODATETIMEOFFSET":
        return toOffset("TODATETIMEOFFSET", local(time(arguments.get(0))), arguments.get(1));
      case "SWITCHOFFSET":
        return toOffset("SWITCHOFFSET", withOffset(arguments.get(0)), arguments.get(1));
      default:
        return null;
    }
  }

  private static Fragment clock(String name, SqlType type) {
    String alias =
        switch (name) {
          case "GETDATE", "CURRENT_TIMESTAMP", "SYSDATETIME" -> "SYSDATETIME";
          case "GETUTCDATE", "SYSUTCDATETIME" -> "SYSUTCDATETIME";
          default -> "SYSDATETIMEOFFSET";
        };
    return ConversionEmitter.plainCast(
        Fragment.of(H2Names.alias(alias) + "()", ExpressionType.of(type).notNull()), type);
  }

  private static String part(List<Expression> written) throws SqlServerError {
    if (written.get(0) instanceof DatePart part) {
      return part.name();
    }
    throw Errors.syntax(written.get(0).toString());
  }

  private static Fragment call(SqlType type, String alias, Object... arguments) {
    return Fragment.concat(
        ExpressionType.of(type),
        H2Names.alias(alias) + "(",
        Fragment.concat(ExpressionType.UNKNOWN, arguments),
        ")");
  }

  /** Text becomes a date and time. */
  private static Fragment time(Fragment value) throws SqlServerError {
    return value.type().isText() ? ConversionEmitter.cast(value, DATETIME2) : value;
  }

  private static Fragment withOffset(Fragment value) throws SqlServerError {
    return value.type().isKind(Kind.DATETIMEOFFSET)
        ? value
        : ConversionEmitter.cast(value, DATETIMEOFFSET);
  }

  /** Without an offset. */
  private static Fragment local(Fragment value) throws SqlServerError {
    return value.type().isKind(Kind.DATETIMEOFFSET)
        ? ConversionEmitter.cast(value, DATETIME2)
        : value;
  }

  private static Fragment dateAdd(String part, Fragment number, Fragment value)
      throws SqlServerError {
    String word = ADDABLE.get(part);
    if (word == null) {
      throw new SqlServerError(
          9810, 16, 1, "The datepart " + part + " is not supported by date function dateadd.");
    }
    Fragment count =
        number.type().isInteger() || !number.type().isKnown()
            ? number
            : ConversionEmitter.cast(number, SqlTypes.INT);
    Fragment sum = Fragment.concat(value.type(), "DATEADD(" + word + ", ", count, ", ", value, ")");
    return value.type().isKnown() ? ConversionEmitter.plainCast(sum, value.type().type()) : sum;
  }

  /** Boundaries crossed; weeks begin on Sunday, whatever DATEFIRST says. */
  private static Fragment dateDiff(String name, String part, Fragment from, Fragment to)
      throws SqlServerError {
    String word = ADDABLE.get(part);
    if (word == null) {
      throw new SqlServerError(
          9810, 16, 1, "The datepart " + part + " is not supported by date function datediff.");
    }
    SqlType result = name.equals("DATEDIFF") ? SqlTypes.INT : SqlTypes.BIGINT;
    Fragment difference =
        part.equals("week")
            ? Fragment.concat(
                ExpressionType.of(Kind.BIGINT), weekNumber(to), " - ", weekNumber(from))
            : Fragment.concat(
                ExpressionType.of(Kind.BIGINT), "DATEDIFF(" + word + ", ", from, ", ", to, ")");
    return ConversionEmitter.plainCast(difference, result);
  }

  /** Weeks since a Sunday that is before every date. */
  private static Fragment weekNumber(Fragment value) {
    return Fragment.concat(value.type(), "(DATEDIFF(DAY, DATE '0001-01-07', ", value, ") / 7)");
  }

  private static Fragment datePart(String part, Fragment value) throws SqlServerError {
    if (part.equals("tzoffset")) {
      Fragment offset = ConversionEmitter.cast(value, DATETIMEOFFSET);
      return call(SqlTypes.INT, "OFFSET_MINUTES", offset);
    }
    return call(SqlTypes.INT, "DATEPART", H2Names.literal(part) + ", ", local(asTimestamp(value)));
  }

  private static Fragment asTimestamp(Fragment value) {
    return value.type().isKind(Kind.TIME)
        ? Fragment.concat(value.type(), "CAST(", value, " AS TIMESTAMP(7))")
        : value;
  }

  /** The offset is a number of minutes or a text such as +02:00. */
  private static Fragment toOffset(String alias, Fragment value, Fragment offset)
      throws SqlServerError {
    Fragment text =
        offset.type().isText()
            ? offset
            : Fragment.concat(offset.type(), "CAST(", offset, " AS VARCHAR)");
    int scale =
        value.type().isKnown() && SqlTypes.isTime(value.type().type())
            ? scale(value.type().type())
            : 7;
    return ConversionEmitter.plainCast(
        call(DATETIMEOFFSET, alias, value, ", ", text),
        SqlType.ofScale(Kind.DATETIMEOFFSET, scale));
  }

  private static int scale(SqlType type) {
    return switch (type.kind()) {
      case DATETIME -> 3;
      case DATETIME2, DATETIMEOFFSET -> type.scale();
      default -> 0;
    };
  }
}
