package com.hartonomous.ingest.standin.tsql;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The names of date parts with their abbreviations. */
final class DateParts {

  private static final Map<String, String> CANONICAL = new HashMap<>();

  static {
    for (List<String> names :
        List.of(
            List.of("year", "yy", "yyyy"),
            List.of("quarter", "qq", "q"),
            List.of("month", "mm", "m"),
            List.of("dayofyear", "dy", "y"),
            List.of("day", "dd", "d"),
            List.of("week", "wk", "ww"),
            List.of("weekday", "dw", "w"),
            List.of("hour", "hh"),
            List.of("minute", "mi", "n"),
            List.of("second", "ss", "s"),
            List.of("millisecond", "ms"),
            List.of("microsecond", "mcs"),
            List.of("nanosecond", "ns"),
            List.of("tzoffset", "tz"),
            List.of("iso_week", "isowk", "isoww"))) {
      names.forEach(name -> CANONICAL.put(name, names.get(0)));
    }
  }

  private DateParts() {}

  /** The long name of a lower case name or abbreviation; empty when there is no such part. */
  static Optional<String> canonical(String name) {
    return Optional.ofNullable(CANONICAL.get(name));
  }
}
