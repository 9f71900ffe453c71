package com.hartonomous.ingest.standin.wire;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;

/** Numbers of days and fractions of a day as SQL Server counts them. */
final class Temporal {
  static final long NANOS_PER_DAY = 86_400_000_000_000L;

  /** Days from 0001-01-01, day 0 of DATE, to 1970-01-01. */
  static final int DAYS_0001_TO_1970 = 719_162;

  /** Days from 1900-01-01, day 0 of DATETIME, to 1970-01-01. */
  static final int DAYS_1900_TO_1970 = 25_567;

  /** 9999-12-31 as days from 0001-01-01. */
  static final int LAST_DAY = 3_652_058;

  /** 1753-01-01 as days from 1900-01-01. */
  static final int FIRST_DATETIME_DAY = -53_690;

  /** 9999-12-31 as days from 1900-01-01. */
  static final int LAST_DATETIME_DAY = 2_958_463;

  /** DATETIME counts three-hundredths of a second. */
  static final int TICKS_PER_DAY = 300 * 86_400;

  static final int MINUTES_PER_DAY = 1440;

  private static final long[] NANOS_PER_UNIT = {
    1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100
  };

  private Temporal() {}

  /** Nanoseconds of one unit of a time of day with this many fractional second digits. */
  static long nanosPerUnit(int scale) {
    return NANOS_PER_UNIT[scale];
  }

  /** A date or time as SQL Server shows it to clients that have no type for it. */
  static String text(Object value, int scale) {
    if (value instanceof LocalDate date) {
      return date.toString();
    }
    if (value instanceof LocalTime time) {
      return text(time, scale);
    }
    if (value instanceof LocalDateTime dateTime) {
      return dateTime.toLocalDate() + " " + text(dateTime.toLocalTime(), scale);
    }
    if (value instanceof OffsetDateTime offset) {
      int minutes = offset.getOffset().getTotalSeconds() / 60;
      return String.format(
          "%s %s %s%02d:%02d",
          offset.toLocalDate(),
          text(offset.toLocalTime(), scale),
          minutes < 0 ? "-" : "+",
          Math.abs(minutes) / 60,
          Math.abs(minutes) % 60);
    }
    throw new IllegalArgumentException("Expected a date or time, found " + value.getClass());
  }

  private static String text(LocalTime time, int scale) {
    String seconds =
        String.format("%02d:%02d:%02d", time.getHour(), time.getMinute(), time.getSecond());
    if (scale == 0) {
      return seconds;
    }
    return seconds + "." + String.format("%09d", time.getNano()).substring(0, scale);
  }

  static int daysSince0001(LocalDate date) {
    long days = date.toEpochDay() + DAYS_0001_TO_1970;
    if (days < 0 || days > LAST_DAY) {
      throw new IllegalArgumentException(
          "Expected a date from 0001-01-01 to 9999-12-31, found " + date);
    }
    return (int) days;
  }

  static LocalDate dateSince0001(int days) {
    return LocalDate.ofEpochDay(days - (long) DAYS_0001_TO_1970);
  }

  /** The nearest tick of DATETIME; may be the first of the next day. */
  static int ticks(LocalTime time) {
    return (int) ((time.toNanoOfDay() * 3 + 5_000_000) / 10_000_000);
  }

  /** The millisecond that DATETIME shows for a tick: .000, .003, .007 and so on. */
  static LocalDateTime dateTime(int daysSince1900, int ticks) {
    long millis = (ticks * 10L + 1) / 3;
    return LocalDateTime.of(
        LocalDate.ofEpochDay(daysSince1900 - (long) DAYS_1900_TO_1970),
        LocalTime.ofNanoOfDay(millis * 1_000_000));
  }
}
