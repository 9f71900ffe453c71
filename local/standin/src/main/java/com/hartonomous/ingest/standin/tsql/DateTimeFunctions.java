package com.hartonomous.ingest.standin.tsql;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.time.temporal.TemporalAdjusters;
import java.util.Locale;
import org.h2.jdbc.JdbcConnection;
import org.h2.util.JSR310Utils;

/**
 * The functions and conversions of dates and times, run by H2 for each row. NULL in, NULL out.
 * Public because H2 calls them by name. Language us_english, DATEFIRST 7.
 */
public final class DateTimeFunctions {

  private static final long NANOSECONDS_PER_3_TICKS = 10_000_000;

  private static final long HALF_MINUTE_NANOSECONDS = 30_000_000_000L;

  private static final LocalDateTime FIRST_DATETIME = LocalDateTime.of(1753, 1, 1, 0, 0);
  private static final LocalDateTime LAST_DATETIME =
      LocalDateTime.of(9999, 12, 31, 23, 59, 59, 997_000_000);
  private static final LocalDateTime FIRST_SMALLDATETIME = LocalDateTime.of(1900, 1, 1, 0, 0);
  private static final LocalDateTime LAST_SMALLDATETIME = LocalDateTime.of(2079, 6, 6, 23, 59);
  private static final int TICK_NANOSECONDS = 100;

  /** {@code 2020-01-31}, {@code 20200131}, with or without a time behind a blank or T. */
  private static final DateTimeFormatter TEXT_FORMAT =
      new DateTimeFormatterBuilder()
          .appendPattern("[uuuu-M-d][uuuuMMdd][uuuu/M/d]")
          .optionalStart()
          .appendPattern("[' ']['T'][H:mm[:ss]]")
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .optionalEnd()
          .optionalStart()
          .appendPattern("[' ']")
          .appendOffset("+HH:MM", "Z")
          .optionalEnd()
          .toFormatter(Locale.ROOT);

  private static final DateTimeFormatter TIME_FORMAT =
      new DateTimeFormatterBuilder()
          .appendPattern("H:mm[:ss]")
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .toFormatter(Locale.ROOT);

  private DateTimeFunctions() {}

  /** SYSUTCDATETIME, to 100 ns: like the others one value for the whole statement. */
  public static LocalDateTime utcNow(Connection connection) throws SQLException {
    return offsetNow(connection).withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime();
  }

  /** SYSDATETIME: the clock of the JVM's time zone. */
  public static LocalDateTime now(Connection connection) throws SQLException {
    return offsetNow(connection).toLocalDateTime();
  }

  /** SYSDATETIMEOFFSET. H2's own clock stands still while a statement runs. */
  public static OffsetDateTime offsetNow(Connection connection) throws SQLException {
    JdbcConnection h2 = connection.unwrap(JdbcConnection.class);
    OffsetDateTime now = JSR310Utils.valueToOffsetDateTime(h2.currentTimestamp(), h2);
    return now.withNano(now.getNano() / TICK_NANOSECONDS * TICK_NANOSECONDS);
  }

  /**
   * Text to date and time: ISO 8601 and {@code yyyyMMdd}, the forms that do not depend on a
   * language. A time alone is on 1900-01-01; an offset is dropped.
   */
  public static LocalDateTime textDateTime(String text) throws SQLException {
    if (text == null) {
      return null;
    }
    String trimmed = text.strip();
    try {
      if (trimmed.isEmpty()) {
        return LocalDate.of(1900, 1, 1).atStartOfDay();
      }
      if (trimmed.indexOf(':') >= 0 && trimmed.indexOf(':') <= 2) {
        return java.time.LocalTime.parse(trimmed, TIME_FORMAT).atDate(LocalDate.of(1900, 1, 1));
      }
      java.time.temporal.TemporalAccessor parsed = TEXT_FORMAT.parse(trimmed);
      LocalDate date = LocalDate.from(parsed);
      java.time.LocalTime time = parsed.query(java.time.temporal.TemporalQueries.localTime());
      return time == null ? date.atStartOfDay() : date.atTime(time);
    } catch (DateTimeException e) {
      throw BuiltinFunctions.error(
          241, "Conversion failed when converting date and/or time from character string.");
    }
  }

  /**
   * The value that DATETIME has for a time: the nearest three-hundredth of a second, shown in
   * milliseconds that end with 0, 3 or 7.
   *
   * @throws SQLException 242 before 1753
   */
  public static LocalDateTime dateTimeValue(LocalDateTime time) throws SQLException {
    if (time == null) {
      return null;
    }
    long ticks =
        (time.toLocalTime().toNanoOfDay() * 3 + NANOSECONDS_PER_3_TICKS / 2)
            / NANOSECONDS_PER_3_TICKS;
    LocalDateTime rounded =
        time.toLocalDate().atStartOfDay().plusNanos((ticks * 10 + 1) / 3 * 1_000_000);
    return inRange(rounded, FIRST_DATETIME, LAST_DATETIME, "datetime");
  }

  /**
   * The value that SMALLDATETIME has for a time: the nearest minute, of the nearest DATETIME.
   *
   * @throws SQLException 242 before 1900 and after 2079-06-06
   */
  public static LocalDateTime smallDateTimeValue(LocalDateTime time) throws SQLException {
    if (time == null) {
      return null;
    }
    LocalDateTime ticks =
        inRange(time, FIRST_SMALLDATETIME.minusDays(1), LAST_DATETIME, "smalldatetime");
    LocalDateTime rounded =
        dateTimeValue(ticks)
            .plusNanos(HALF_MINUTE_NANOSECONDS)
            .truncatedTo(java.time.temporal.ChronoUnit.MINUTES);
    return inRange(rounded, FIRST_SMALLDATETIME, LAST_SMALLDATETIME, "smalldatetime");
  }

  private static LocalDateTime inRange(
      LocalDateTime time, LocalDateTime first, LocalDateTime last, String type)
      throws SQLException {
    if (time.isBefore(first) || time.isAfter(last)) {
      throw BuiltinFunctions.error(
          242,
          "The conversion of a varchar data type to a "
              + type
              + " data type resulted in an out-of-range value.");
    }
    return time;
  }

  /** Text to date and time with an offset; +00:00 when it has none. */
  public static OffsetDateTime textOffset(String text) throws SQLException {
    LocalDateTime local = textDateTime(text);
    if (local == null) {
      return null;
    }
    try {
      java.time.temporal.TemporalAccessor parsed = TEXT_FORMAT.parse(text.strip());
      return parsed.isSupported(ChronoField.OFFSET_SECONDS)
          ? local.atOffset(ZoneOffset.from(parsed))
          : local.atOffset(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      return local.atOffset(ZoneOffset.UTC); // a time alone, which textDateTime took
    }
  }

  /** DATETIMEOFFSET to the other types: the clock it shows. */
  public static LocalDateTime offsetLocal(OffsetDateTime value) {
    return value == null ? null : value.toLocalDateTime();
  }

  /** The other types to DATETIMEOFFSET: +00:00. */
  public static OffsetDateTime localOffset(LocalDateTime value) {
    return value == null ? null : value.atOffset(ZoneOffset.UTC);
  }

  /** TODATETIMEOFFSET: the same clock with an offset in minutes or as {@code +hh:mm}. */
  public static OffsetDateTime toDateTimeOffset(LocalDateTime value, String offset)
      throws SQLException {
    return value == null || offset == null ? null : value.atOffset(offset(offset));
  }

  /** SWITCHOFFSET: the same instant with another offset. */
  public static OffsetDateTime switchOffset(OffsetDateTime value, String offset)
      throws SQLException {
    return value == null || offset == null ? null : value.withOffsetSameInstant(offset(offset));
  }

  private static ZoneOffset offset(String text) throws SQLException {
    try {
      return text.indexOf(':') > 0
          ? ZoneOffset.of(text.strip())
          : ZoneOffset.ofTotalSeconds(Integer.parseInt(text.strip()) * 60);
    } catch (DateTimeException | NumberFormatException e) {
      throw BuiltinFunctions.error(
          9812, "The timezone provided to builtin function todatetimeoffset is invalid.");
    }
  }

  /** DATEPART(TZOFFSET, ...). */
  public static Integer offsetMinutes(OffsetDateTime value) {
    return value == null ? null : value.getOffset().getTotalSeconds() / 60;
  }

  /**
   * DATEPART.
   *
   * @param part a long name of {@link DateParts} other than tzoffset
   */
  public static Integer datePart(String part, LocalDateTime value) {
    if (value == null) {
      return null;
    }
    return switch (part) {
      case "year" -> value.getYear();
      case "quarter" -> value.get(IsoFields.QUARTER_OF_YEAR);
      case "month" -> value.getMonthValue();
      case "dayofyear" -> value.getDayOfYear();
      case "day" -> value.getDayOfMonth();
      case "week" -> week(value.toLocalDate());
      case "weekday" -> value.getDayOfWeek().getValue() % 7 + 1;
      case "iso_week" -> value.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR);
      case "hour" -> value.getHour();
      case "minute" -> value.getMinute();
      case "second" -> value.getSecond();
      case "millisecond" -> value.getNano() / 1_000_000;
      case "microsecond" -> value.getNano() / 1_000;
      case "nanosecond" -> value.getNano();
      default -> throw new IllegalArgumentException("no date part " + part);
    };
  }

  /** Weeks begin on Sunday, the first one on January 1st. */
  private static int week(LocalDate date) {
    LocalDate first =
        date.withDayOfYear(1).with(TemporalAdjusters.previousOrSame(DayOfWeek.SUNDAY));
    return (int) ((date.toEpochDay() - first.toEpochDay()) / 7) + 1;
  }

  /** DATENAME. */
  public static String dateName(String part, LocalDateTime value) {
    if (value == null) {
      return null;
    }
    return switch (part) {
      case "month" -> value.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case "weekday" -> value.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      default -> Integer.toString(datePart(part, value));
    };
  }

  /** EOMONTH. */
  public static LocalDate endOfMonth(LocalDateTime value, Integer months) {
    return value == null
        ? null
        : value
            .toLocalDate()
            .plusMonths(months == null ? 0 : months)
            .with(TemporalAdjusters.lastDayOfMonth());
  }

  /** DATEFROMPARTS. */
  public static LocalDate dateFromParts(Integer year, Integer month, Integer day)
      throws SQLException {
    if (year == null || month == null || day == null) {
      return null;
    }
    try {
      return LocalDate.of(year, month, day);
    } catch (DateTimeException e) {
      throw BuiltinFunctions.error(
          289,
          "Cannot construct data type date, some of the arguments have values which are not valid.");
    }
  }

  /**
   * CONVERT to text.
   *
   * @param kind the name of the {@link com.hartonomous.ingest.standin.type.SqlType.Kind}
   * @param scale fractional digits
   * @param style a style of {@link ConversionEmitter}
   */
  public static String dateTimeText(LocalDateTime value, String kind, int scale, int style) {
    if (value == null) {
      return null;
    }
    String date = DateTimeFormatter.ofPattern("uuuu-MM-dd", Locale.ROOT).format(value);
    if (style == 112) {
      return date.replace("-", "");
    }
    boolean whole = style == 20 || style == 120 || style == 108;
    String time = time(value, whole ? 0 : scale);
    if (kind.equals("DATE") || style == 23) {
      return date;
    }
    if (kind.equals("TIME") || style == 108 || style == 114) {
      return time;
    }
    String separator = style == 126 || style == 127 ? "T" : " ";
    return date + separator + time;
  }

  private static String time(LocalDateTime value, int scale) {
    String whole = DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).format(value);
    if (scale == 0) {
      return whole;
    }
    String digits = String.format(Locale.ROOT, "%09d", value.getNano());
    return whole + "." + digits.substring(0, scale);
  }

  /** CONVERT of DATETIMEOFFSET to text; style 127 shows UTC. */
  public static String offsetText(OffsetDateTime value, String kind, int scale, int style) {
    if (value == null) {
      return null;
    }
    if (style == 127) {
      OffsetDateTime utc = value.withOffsetSameInstant(ZoneOffset.UTC);
      return dateTimeText(utc.toLocalDateTime(), kind, scale, style) + "Z";
    }
    String local = dateTimeText(value.toLocalDateTime(), kind, scale, style);
    boolean withOffset = style == 20 || style == 21 || style == 25 || style == 120 || style == 121;
    String offset = value.getOffset().equals(ZoneOffset.UTC) ? "+00:00" : value.getOffset().getId();
    return withOffset ? local + " " + offset : style == 126 ? local + offset : local;
  }
}
