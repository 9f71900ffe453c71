package com.hartonomous.ingest.standin.tsql;

import java.math.BigDecimal;
import java.math.MathContext;
import java.sql.SQLException;
import java.util.Locale;
import java.util.UUID;

/**
 * The functions of text, run by H2 for each row. NULL in, NULL out unless a method says otherwise.
 * Public because H2 calls them by name.
 */
public final class TextFunctions {

  /** Longest text that a function may make; SQL Server stops at 2 GB. */
  private static final int LONGEST_RESULT = 512 * 1024 * 1024;

  private static final int TINYINT_MAX = 255;
  private static final int FLOAT_TEXT_DIGITS = 6;

  private TextFunctions() {}

  /** LEFT. */
  public static String left(String text, Integer length) throws SQLException {
    if (text == null || length == null) {
      return null;
    }
    checkLength(length, "left");
    return text.substring(0, Math.min(length, text.length()));
  }

  /** RIGHT. */
  public static String right(String text, Integer length) throws SQLException {
    if (text == null || length == null) {
      return null;
    }
    checkLength(length, "right");
    return text.substring(text.length() - Math.min(length, text.length()));
  }

  /** SUBSTRING; positions count from 1, those below 1 shorten the result. */
  public static String substring(String text, Integer start, Integer length) throws SQLException {
    if (text == null || start == null || length == null) {
      return null;
    }
    checkLength(length, "substring");
    long from = Math.max(1L, start);
    long to = Math.min((long) start + length, text.length() + 1L);
    return to <= from ? "" : text.substring((int) from - 1, (int) to - 1);
  }

  static void checkLength(int length, String function) throws SQLException {
    if (length < 0) {
      throw BuiltinFunctions.error(
          537, "Invalid length parameter passed to the " + function + " function.");
    }
  }

  /** CHARINDEX: position from 1, 0 when it is not there. */
  public static Integer charIndex(String wanted, String text, Integer start, boolean ignoreCase) {
    if (wanted == null || text == null) {
      return null;
    }
    if (wanted.isEmpty()) {
      return 0;
    }
    int from = start == null ? 0 : Math.max(0, start - 1);
    return indexOf(text, wanted, from, ignoreCase) + 1;
  }

  private static int indexOf(String text, String wanted, int from, boolean ignoreCase) {
    for (int i = from; i <= text.length() - wanted.length(); i++) {
      if (text.regionMatches(ignoreCase, i, wanted, 0, wanted.length())) {
        return i;
      }
    }
    return -1;
  }

  /** REPLACE of all occurrences. */
  public static String replace(String text, String from, String to, boolean ignoreCase)
      throws SQLException {
    if (text == null || from == null || to == null) {
      return null;
    }
    if (from.isEmpty()) {
      return text;
    }
    StringBuilder result = new StringBuilder();
    int position = 0;
    int found = indexOf(text, from, 0, ignoreCase);
    while (found >= 0) {
      result.append(text, position, found).append(to);
      checkResult(result.length());
      position = found + from.length();
      found = indexOf(text, from, position, ignoreCase);
    }
    return result.append(text, position, text.length()).toString();
  }

  /** STUFF; NULL when the start lies outside the text. */
  public static String stuff(String text, Integer start, Integer length, String inserted) {
    if (text == null || start == null || length == null) {
      return null;
    }
    if (start < 1 || start > text.length() || length < 0) {
      return null;
    }
    int end = (int) Math.min(text.length(), start - 1L + length);
    return text.substring(0, start - 1) + (inserted == null ? "" : inserted) + text.substring(end);
  }

  /** REPLICATE and SPACE; NULL for a negative count. */
  public static String replicate(String text, Integer count) throws SQLException {
    if (text == null || count == null || count < 0) {
      return null;
    }
    checkResult((long) text.length() * count);
    return text.repeat(count);
  }

  private static void checkResult(long length) throws SQLException {
    if (length > LONGEST_RESULT) {
      throw BuiltinFunctions.error(
          Errors.UNSUPPORTED,
          "The stand-in does not support texts longer than " + LONGEST_RESULT + " characters.");
    }
  }

  /** REVERSE, by UTF-16 code units as SQL Server does. */
  public static String reverse(String text) {
    if (text == null) {
      return null;
    }
    char[] characters = text.toCharArray();
    for (int i = 0, j = characters.length - 1; i < j; i++, j--) {
      char c = characters[i];
      characters[i] = characters[j];
      characters[j] = c;
    }
    return new String(characters);
  }

  /** ASCII: the first character in the code page. */
  public static Integer ascii(String text) {
    return text == null || text.isEmpty()
        ? null
        : text.substring(0, 1).getBytes(H2Names.CODE_PAGE)[0] & 0xFF;
  }

  /** UNICODE: the first UTF-16 code unit. */
  public static Integer unicode(String text) {
    return text == null || text.isEmpty() ? null : (int) text.charAt(0);
  }

  /** CHAR: a byte of the code page; NULL outside 0 to 255. */
  public static String character(Integer code) {
    return code == null || code < 0 || code > 255
        ? null
        : new String(new byte[] {(byte) code.intValue()}, H2Names.CODE_PAGE);
  }

  /** NCHAR: a UTF-16 code unit; NULL outside 0 to 65535. */
  public static String nationalCharacter(Integer code) {
    return code == null || code < 0 || code > Character.MAX_VALUE
        ? null
        : Character.toString((char) code.intValue());
  }

  /** LIKE with T-SQL's patterns: {@code % _ [abc] [a-z] [^a]}. */
  public static Boolean matchesLike(String text, String pattern, String escape, boolean ignoreCase)
      throws SQLException {
    if (text == null || pattern == null) {
      return null;
    }
    if (escape != null && escape.length() != 1) {
      throw BuiltinFunctions.error(
          506,
          "The invalid escape character \"" + escape + "\" was specified in a LIKE predicate.");
    }
    return LikePattern.compile(pattern, escape == null ? -1 : escape.charAt(0), ignoreCase)
        .matches(text);
  }

  /** Text to a whole number; 0 for an empty one. */
  public static Long textInteger(String text, String sourceType, String targetType)
      throws SQLException {
    if (text == null) {
      return null;
    }
    String trimmed = text.strip();
    try {
      return trimmed.isEmpty() ? 0L : Long.parseLong(trimmed);
    } catch (NumberFormatException e) {
      throw BuiltinFunctions.error(
          targetType.equals("BIGINT") ? 8114 : 245,
          "Conversion failed when converting the "
              + sourceType
              + " value '"
              + Errors.shorten(text)
              + "' to data type "
              + targetType.toLowerCase(Locale.ROOT)
              + ".");
    }
  }

  /** A number within TINYINT's range. */
  public static Long tinyintValue(Long value) throws SQLException {
    if (value != null && (value < 0 || value > TINYINT_MAX)) {
      throw BuiltinFunctions.error(
          220, "Arithmetic overflow error for data type tinyint, value = " + value + ".");
    }
    return value;
  }

  /**
   * FLOAT as text as CONVERT style 0: at most six digits, with an exponent of three digits where
   * C's {@code %g} has one.
   */
  public static String floatText(Double value) {
    if (value == null) {
      return null;
    }
    BigDecimal rounded =
        new BigDecimal(value).round(new MathContext(FLOAT_TEXT_DIGITS)).stripTrailingZeros();
    int exponent = rounded.precision() - rounded.scale() - 1;
    if (rounded.signum() == 0 || (exponent >= -4 && exponent < FLOAT_TEXT_DIGITS)) {
      return rounded.toPlainString();
    }
    String digits = rounded.unscaledValue().abs().toString();
    String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
    return String.format(
        Locale.ROOT,
        "%s%s%se%+04d",
        rounded.signum() < 0 ? "-" : "",
        digits.charAt(0),
        fraction,
        exponent);
  }

  /** The text if it can be converted to the type, otherwise NULL: the heart of TRY_CAST. */
  public static String convertibleText(String text, String kind, int precision, int scale) {
    if (text == null) {
      return null;
    }
    String trimmed = text.strip();
    try {
      return switch (kind) {
        case "BIT" -> bit(trimmed);
        case "TINYINT" -> integer(trimmed, 0, TINYINT_MAX);
        case "SMALLINT" -> integer(trimmed, Short.MIN_VALUE, Short.MAX_VALUE);
        case "INT" -> integer(trimmed, Integer.MIN_VALUE, Integer.MAX_VALUE);
        case "BIGINT" -> integer(trimmed, Long.MIN_VALUE, Long.MAX_VALUE);
        case "DECIMAL", "NUMERIC" -> decimal(trimmed, precision, scale);
        case "MONEY" -> decimal(trimmed, 19, 4);
        case "SMALLMONEY" -> decimal(trimmed, 10, 4);
        case "FLOAT", "REAL" -> Double.toString(Double.parseDouble(trimmed));
        case "UNIQUEIDENTIFIER" -> UUID.fromString(trimmed).toString();
        case "DATETIMEOFFSET" -> DateTimeFunctions.textOffset(trimmed).toString();
        default -> DateTimeFunctions.textDateTime(trimmed).toString();
      };
    } catch (SQLException | IllegalArgumentException e) {
      return null; // what TRY_CAST promises
    }
  }

  private static String bit(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> "1";
      case "false", "" -> "0";
      default -> new BigDecimal(text).signum() == 0 ? "0" : "1";
    };
  }

  private static String integer(String text, long minimum, long maximum) {
    long value = text.isEmpty() ? 0 : Long.parseLong(text);
    return value < minimum || value > maximum ? null : Long.toString(value);
  }

  private static String decimal(String text, int precision, int scale) {
    BigDecimal value = new BigDecimal(text).setScale(scale, java.math.RoundingMode.HALF_UP);
    return value.precision() > precision ? null : value.toPlainString();
  }
}
