package com.hartonomous.ingest.standin.type;

import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.Locale;

/** Types of the sizes that somebody has written. What no type can have is error 131. */
public final class SizedTypes {
  public static final int PRECISION_DEFAULT = 18;
  public static final int TIME_SCALE_MAX = 7;
  public static final int FLOAT_MANTISSA_MAX = 53;

  private static final int PRECISION_MAX = 38;
  private static final int REAL_MANTISSA_MAX = 24;
  private static final int BYTES_MAX = 8000;
  private static final int NATIONAL_CHARACTERS_MAX = 4000;

  private SizedTypes() {}

  /**
   * A character or binary type.
   *
   * @param length in characters of NCHAR and NVARCHAR, otherwise in bytes; not {@link SqlType#MAX}
   */
  public static SqlType ofLength(Kind kind, long length) throws SqlServerError {
    boolean national = kind == Kind.NCHAR || kind == Kind.NVARCHAR;
    int most = national ? NATIONAL_CHARACTERS_MAX : BYTES_MAX;
    return SqlType.ofLength(kind, inRange(length, 1, most, kind.name()));
  }

  /** DECIMAL or NUMERIC. */
  public static SqlType decimal(Kind kind, long precision, long scale) throws SqlServerError {
    int digits = inRange(precision, 1, PRECISION_MAX, kind.name());
    return SqlType.decimal(kind, digits, inRange(scale, 0, digits, kind.name()));
  }

  /** TIME, DATETIME2 or DATETIMEOFFSET, of so many digits behind the second. */
  public static SqlType ofScale(Kind kind, long scale) throws SqlServerError {
    return SqlType.ofScale(kind, inRange(scale, 0, TIME_SCALE_MAX, kind.name()));
  }

  /** FLOAT of so many bits: REAL or FLOAT. */
  public static SqlType ofMantissa(long bits) throws SqlServerError {
    return SqlType.of(
        inRange(bits, 1, FLOAT_MANTISSA_MAX, "FLOAT") <= REAL_MANTISSA_MAX
            ? Kind.REAL
            : Kind.FLOAT);
  }

  private static int inRange(long value, int least, int most, String type) throws SqlServerError {
    if (value < least || value > most) {
      throw new SqlServerError(
          131,
          15,
          2,
          String.format(
              Locale.ROOT,
              "The size (%d) given to the type '%s' exceeds the maximum allowed (%d).",
              value,
              type.toLowerCase(Locale.ROOT),
              most));
    }
    return (int) value;
  }
}
