package com.hartonomous.formats.numpy;

import com.hartonomous.ingest.format.ContentTypes;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The type of an array's elements.
 *
 * @param descr as the file has it, such as {@code <f4}
 * @param contentType in the words of all formats; {@code numpy/...} for what no other has
 * @param itemSize bytes of an element; 0 for empty text
 */
record NpyDtype(String descr, String contentType, int itemSize) {
  private static final Pattern SIMPLE = Pattern.compile("([<>|=])([a-zA-Z?])([0-9]{1,9})(\\[.*])?");

  private static final Map<String, String> NUMBERS =
      Map.ofEntries(
          Map.entry("b1", "tensor/bool"),
          Map.entry("i1", "tensor/int8"),
          Map.entry("i2", "tensor/int16"),
          Map.entry("i4", "tensor/int32"),
          Map.entry("i8", "tensor/int64"),
          Map.entry("u1", "tensor/uint8"),
          Map.entry("u2", "tensor/uint16"),
          Map.entry("u4", "tensor/uint32"),
          Map.entry("u8", "tensor/uint64"),
          Map.entry("f2", "tensor/float16"),
          Map.entry("f4", "tensor/float32"),
          Map.entry("f8", "tensor/float64"),
          Map.entry("c8", "tensor/complex64"),
          Map.entry("c16", "tensor/complex128"));

  private static final int UTF32_BYTES = 4;

  /** Returns the type of that description; empty if it is not one that is read. */
  static Optional<NpyDtype> of(String descr) {
    Matcher parts = SIMPLE.matcher(descr);
    if (!parts.matches()) {
      return Optional.empty();
    }
    String kind = parts.group(2);
    int count = Integer.parseInt(parts.group(3));
    boolean unit = parts.group(4) != null;
    String number = NUMBERS.get(kind + count);
    if (number != null && !unit) {
      return Optional.of(new NpyDtype(descr, ordered(parts, count, number), count));
    }
    String other = "numpy/" + kind.charAt(0) + parts.group(3);
    return switch (kind) {
      // Dates and spans of time: 64-bit numbers of a unit, which numpy may leave out.
      case "M", "m" ->
          count == Long.BYTES
              ? Optional.of(
                  new NpyDtype(descr, ordered(parts, count, "numpy/" + kind + count), count))
              : Optional.empty();
      case "S", "V" -> unit ? Optional.empty() : Optional.of(new NpyDtype(descr, other, count));
      case "U" ->
          unit || count > Integer.MAX_VALUE / UTF32_BYTES
              ? Optional.empty()
              : Optional.of(
                  new NpyDtype(descr, ordered(parts, UTF32_BYTES, other), count * UTF32_BYTES));
      default -> Optional.empty();
    };
  }

  private static String ordered(Matcher parts, int bytes, String contentType) {
    return parts.group(1).equals(">") && bytes > 1
        ? ContentTypes.bigEndian(contentType)
        : contentType;
  }
}
