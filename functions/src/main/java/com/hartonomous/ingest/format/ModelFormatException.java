package com.hartonomous.ingest.format;

import java.util.Locale;
import java.util.Objects;

/**
 * A model file that cannot be read as what it claims to be. It is the file's fault: an {@link
 * java.io.IOException} is the storage's.
 */
public final class ModelFormatException extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN_CHARACTERS_MAX = 400;

  /** Whose fault it is, and so what a user can do. */
  public enum Kind {
    /** The file breaks the rules of its format: it is damaged, cut short, or forged. */
    MALFORMED,
    /** The file may be right, but uses something that this reader does not know. */
    UNSUPPORTED,
    /** The file is beyond a bound of {@link LayoutLimits}. */
    TOO_LARGE
  }

  private final Kind kind;
  private final String file;
  private final long offset;
  private final String field;

  /**
   * Makes an error that says where, what was expected and what was found.
   *
   * @param file identity of the input
   * @param offset position in the file at which the fault was noticed, in bytes
   * @param field what was being read, in the words of the format
   */
  public ModelFormatException(
      Kind kind, String file, long offset, String field, String expected, String found) {
    super(
        "%s: %s at byte %d, %s: expected %s, found %s"
            .formatted(
                file,
                kind.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                offset,
                shorten(field),
                shorten(expected),
                shorten(found)));
    this.kind = kind;
    this.file = Objects.requireNonNull(file, "file");
    this.offset = offset;
    this.field = Objects.requireNonNull(field, "field");
  }

  private ModelFormatException(ModelFormatException error, String report) {
    super(error.getMessage() + "; " + report, error);
    this.kind = error.kind;
    this.file = error.file;
    this.offset = error.offset;
    this.field = error.field;
  }

  /** Names in a file may be a MiB long; their middle is left out of messages. */
  private static String shorten(String text) {
    if (text.length() <= SHOWN_CHARACTERS_MAX) {
      return text;
    }
    int half = SHOWN_CHARACTERS_MAX / 2;
    return text.substring(0, half) + "[...]" + text.substring(text.length() - half);
  }

  /** Makes an error of kind {@link Kind#MALFORMED}. */
  public static ModelFormatException malformed(
      PositionedInput input, long offset, String field, String expected, String found) {
    return new ModelFormatException(
        Kind.MALFORMED, input.identity(), offset, field, expected, found);
  }

  /** Makes an error of kind {@link Kind#UNSUPPORTED}. */
  public static ModelFormatException unsupported(
      PositionedInput input, long offset, String field, String expected, String found) {
    return new ModelFormatException(
        Kind.UNSUPPORTED, input.identity(), offset, field, expected, found);
  }

  /** Makes an error of kind {@link Kind#TOO_LARGE}. */
  public static ModelFormatException tooLarge(
      PositionedInput input, long offset, String field, String expected, String found) {
    return new ModelFormatException(
        Kind.TOO_LARGE, input.identity(), offset, field, expected, found);
  }

  /**
   * Returns this error with more to say about the file.
   *
   * @param report bounded by the caller
   */
  public ModelFormatException withReport(String report) {
    return new ModelFormatException(this, report);
  }

  /** Returns whose fault it is. */
  public Kind kind() {
    return kind;
  }

  /** Returns the identity of the file. */
  public String file() {
    return file;
  }

  /** Returns the position in the file at which the fault was noticed, in bytes. */
  public long offset() {
    return offset;
  }

  /** Returns what was being read, in the words of the format. */
  public String field() {
    return field;
  }
}
