package com.hartonomous.ingest.record;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Where a text value is cut into segments. The segments in order are the value, byte for byte: what
 * separates two segments belongs to the one before it.
 */
public enum Segmentation {
  /** The whole value. */
  VALUE("value"),

  /** After each line end: LF, CR LF, CR, U+0085, U+2028 or U+2029. */
  LINE("line"),

  /** Where the JDK's {@code BreakIterator} of the root locale begins a sentence. */
  SENTENCE("sentence"),

  /**
   * After each run of blank lines (of nothing but spaces and tabs) that follows a line that is not
   * blank, and after U+2029.
   */
  PARAGRAPH("paragraph");

  private final String label;

  Segmentation(String label) {
    this.label = label;
  }

  /** As configurations and {@code dbo.CapturedColumns.Segments} write it. */
  public String label() {
    return label;
  }

  /** The segmentation with this label, exactly as it is written. */
  public static Optional<Segmentation> ofLabel(String label) {
    return Arrays.stream(values()).filter(value -> value.label.equals(label)).findFirst();
  }

  /** All labels, for messages: {@code value, line, ...}. */
  public static String labels() {
    return Arrays.stream(values()).map(Segmentation::label).collect(Collectors.joining(", "));
  }
}
