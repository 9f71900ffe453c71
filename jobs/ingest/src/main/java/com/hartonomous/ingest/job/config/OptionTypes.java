package com.hartonomous.ingest.job.config;

import com.hartonomous.ingest.job.config.ConfigurationNode.Scalar;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The types of single values. */
final class OptionTypes {

  private static final Pattern QUANTITY = Pattern.compile("(\\d{1,15})\\s*([A-Za-z]+)");
  private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/.*");

  /** Largest unit first: formatting takes the first that divides. */
  private static final Map<String, Long> DURATION_UNITS_MS = durationUnits();

  private static final Map<String, Long> SIZE_UNITS_BYTES = sizeUnits();

  private OptionTypes() {}

  private static Map<String, Long> durationUnits() {
    Map<String, Long> units = new LinkedHashMap<>();
    units.put("d", 86_400_000L);
    units.put("h", 3_600_000L);
    units.put("min", 60_000L);
    units.put("s", 1_000L);
    units.put("ms", 1L);
    return units;
  }

  private static Map<String, Long> sizeUnits() {
    Map<String, Long> units = new LinkedHashMap<>();
    units.put("GiB", 1L << 30);
    units.put("MiB", 1L << 20);
    units.put("KiB", 1L << 10);
    units.put("B", 1L);
    return units;
  }

  /** A duration with its unit, for example {@code 5 s}; units ms, s, min, h, d. */
  static OptionType<Duration> duration(Duration least, Duration most) {
    return new Quantity<>(
        "a duration", DURATION_UNITS_MS, least.toMillis(), most.toMillis(), "ms, s, min, h, d") {
      @Override
      Duration fromBase(long base) {
        return Duration.ofMillis(base);
      }

      @Override
      long toBase(Duration value) {
        return value.toMillis();
      }
    };
  }

  /** A number of bytes with its unit, for example {@code 32 MiB}; units B, KiB, MiB, GiB. */
  static OptionType<Long> size(long least, long most) {
    return new Quantity<>("a size", SIZE_UNITS_BYTES, least, most, "B, KiB, MiB, GiB") {
      @Override
      Long fromBase(long base) {
        return base;
      }

      @Override
      long toBase(Long value) {
        return value;
      }
    };
  }

  /** A whole number within a range, both ends included. */
  static OptionType<Integer> integer(int least, int most) {
    return new OptionType<>() {
      @Override
      public String describe() {
        return "a whole number from " + least + " to " + most;
      }

      @Override
      public Integer read(String key, ConfigurationNode node) throws ConfigurationException {
        String text = scalar(this, key, node);
        try {
          int value = Integer.parseInt(text);
          if (value >= least && value <= most) {
            return value;
          }
        } catch (NumberFormatException e) {
          throw new ConfigurationException(mismatch(key, node).getMessage(), e);
        }
        throw mismatch(key, node);
      }
    };
  }

  /** {@code true} or {@code false}. */
  static OptionType<Boolean> bool() {
    return new OptionType<>() {
      @Override
      public String describe() {
        return "true or false";
      }

      @Override
      public Boolean read(String key, ConfigurationNode node) throws ConfigurationException {
        return switch (scalar(this, key, node)) {
          case "true" -> true;
          case "false" -> false;
          default -> throw mismatch(key, node);
        };
      }
    };
  }

  /**
   * Text that is not empty.
   *
   * @param description after "expected", for example {@code a host name}
   * @param charactersMax the longest that is taken
   */
  static OptionType<String> text(String description, int charactersMax) {
    return new OptionType<>() {
      @Override
      public String describe() {
        return description + " of 1 to " + charactersMax + " characters";
      }

      @Override
      public String read(String key, ConfigurationNode node) throws ConfigurationException {
        String text = scalar(this, key, node);
        if (text.isBlank() || text.length() > charactersMax) {
          throw mismatch(key, node);
        }
        return text;
      }
    };
  }

  /** One of the constants of an enum, in lower case. */
  static <E extends Enum<E>> OptionType<E> choice(Class<E> constants) {
    return new OptionType<>() {
      @Override
      public String describe() {
        return "one of "
            + Stream.of(constants.getEnumConstants())
                .map(this::format)
                .collect(Collectors.joining(", "));
      }

      @Override
      public E read(String key, ConfigurationNode node) throws ConfigurationException {
        String text = scalar(this, key, node);
        return Stream.of(constants.getEnumConstants())
            .filter(constant -> format(constant).equals(text))
            .findFirst()
            .orElseThrow(() -> mismatch(key, node));
      }

      @Override
      public String format(E constant) {
        return constant.name().toLowerCase(Locale.ROOT);
      }
    };
  }

  /** A time zone's id, for example {@code UTC} or {@code Europe/Berlin}. */
  static OptionType<String> timeZone() {
    return new OptionType<>() {
      @Override
      public String describe() {
        return "a time zone such as UTC or Europe/Berlin";
      }

      @Override
      public String read(String key, ConfigurationNode node) throws ConfigurationException {
        try {
          return ZoneId.of(scalar(this, key, node)).getId();
        } catch (DateTimeException e) {
          throw new ConfigurationException(mismatch(key, node).getMessage(), e);
        }
      }
    };
  }

  /**
   * An absolute path or a URI. A relative path starts from the configuration file's directory, on
   * the command line from the working directory.
   */
  static OptionType<String> location() {
    return new OptionType<>() {
      @Override
      public String describe() {
        return "a path or URI";
      }

      @Override
      public String read(String key, ConfigurationNode node) throws ConfigurationException {
        String text = scalar(this, key, node);
        if (text.isBlank()) {
          throw mismatch(key, node);
        }
        try {
          return SCHEME.matcher(text).matches()
              ? URI.create(text).toString()
              : node.origin().baseDirectory().resolve(Path.of(text)).normalize().toString();
        } catch (IllegalArgumentException e) {
          // InvalidPathException is one too.
          throw new ConfigurationException(mismatch(key, node).getMessage() + " " + reason(e), e);
        }
      }
    };
  }

  /** Whether a text is a URI rather than a path. */
  static boolean hasScheme(String text) {
    return SCHEME.matcher(text).matches();
  }

  private static String reason(IllegalArgumentException e) {
    return e instanceof InvalidPathException path ? path.getReason() + "." : e.getMessage() + ".";
  }

  /** The text of a scalar. */
  static String scalar(OptionType<?> type, String key, ConfigurationNode node)
      throws ConfigurationException {
    if (node instanceof Scalar scalar) {
      return scalar.text();
    }
    throw type.mismatch(key, node);
  }

  /** A number with a unit. */
  private abstract static class Quantity<T> implements OptionType<T> {
    private final String noun;
    private final Map<String, Long> units;
    private final long least;
    private final long most;
    private final String unitNames;

    Quantity(String noun, Map<String, Long> units, long least, long most, String unitNames) {
      this.noun = noun;
      this.units = units;
      this.least = least;
      this.most = most;
      this.unitNames = unitNames;
    }

    abstract T fromBase(long base);

    abstract long toBase(T value);

    @Override
    public String describe() {
      return String.format(
          "%s from '%s' to '%s' with its unit (%s)",
          noun, formatBase(least), formatBase(most), unitNames);
    }

    @Override
    public T read(String key, ConfigurationNode node) throws ConfigurationException {
      Matcher matcher = QUANTITY.matcher(scalar(this, key, node).strip());
      if (!matcher.matches()) {
        throw mismatch(key, node);
      }
      Long factor = units.get(matcher.group(2));
      if (factor == null) {
        throw mismatch(key, node);
      }
      long number = Long.parseLong(matcher.group(1));
      if (number > most / factor || number * factor < least) {
        throw mismatch(key, node);
      }
      return fromBase(number * factor);
    }

    @Override
    public String format(T value) {
      return formatBase(toBase(value));
    }

    private String formatBase(long base) {
      for (Map.Entry<String, Long> unit : units.entrySet()) {
        if (base != 0 && base % unit.getValue() == 0) {
          return base / unit.getValue() + " " + unit.getKey();
        }
      }
      return "0 " + unitNames.split(",", 2)[0];
    }
  }
}
