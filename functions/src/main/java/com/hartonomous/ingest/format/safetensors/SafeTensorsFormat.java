package com.hartonomous.ingest.format.safetensors;

import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.JsonTokens;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormat;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * SafeTensors.
 *
 * <pre>
 * file   = N header buffer
 * N      = length of the header in bytes, unsigned 64-bit little-endian, up to 100,000,000
 * header = UTF-8 JSON object: name -> {"dtype": text, "shape": [int...], "data_offsets": [begin, end]},
 *          and "__metadata__" -> object of text -> text, or null
 * buffer = the tensors back to back, to the end of the file; offsets count from its start
 * </pre>
 *
 * <p>Accepts what the reference implementation (crate {@code safetensors} 0.8) accepts, except that
 * repeated names are refused: it keeps the last one silently.
 */
public final class SafeTensorsFormat implements ModelFormat {
  /** Bytes of the header's length. */
  static final int LENGTH_BYTES = Long.BYTES;

  static final String NAME = "safetensors";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int detectionOrder() {
    return 50;
  }

  @Override
  public boolean matches(PositionedInput input) throws IOException {
    if (input.length() <= LENGTH_BYTES) {
      return false;
    }
    InputCursor cursor = new InputCursor(input);
    long headerLength = cursor.readLongLittleEndian();
    if (headerLength <= 0 || headerLength > cursor.remaining()) {
      return false;
    }
    return JsonTokens.beginsWithObject(input, LENGTH_BYTES, headerLength);
  }

  @Override
  public ModelLayout read(PositionedInput input, LayoutBudget budget)
      throws IOException, ModelFormatException {
    long headerLength = readHeaderLength(input, budget.limits());
    SafeTensorsHeader header = SafeTensorsHeader.read(input, headerLength, budget);
    return new ModelLayout(
        NAME,
        header.metadataJson(),
        tile(input, LENGTH_BYTES + headerLength, header.entries()),
        List.of(),
        input.length());
  }

  private static long readHeaderLength(PositionedInput input, LayoutLimits limits)
      throws IOException, ModelFormatException {
    String field = "header length";
    InputCursor cursor = new InputCursor(input);
    if (input.length() < LENGTH_BYTES) {
      throw ModelFormatException.malformed(
          input, 0, field, LENGTH_BYTES + " bytes", "a file of " + input.length());
    }
    long length = cursor.readLongLittleEndian();
    if (length < 0 || length > limits.headerBytesMax()) {
      throw ModelFormatException.tooLarge(
          input, 0, field, "up to " + limits.headerBytesMax(), Long.toUnsignedString(length));
    }
    if (length > cursor.remaining()) {
      throw ModelFormatException.malformed(
          input,
          0,
          field,
          "up to the %d bytes that follow".formatted(cursor.remaining()),
          Long.toString(length));
    }
    return length;
  }

  /** Checks that the tensors fill the buffer without holes or overlaps, as the crate does. */
  private static List<TensorEntry> tile(
      PositionedInput input, long bufferStart, List<SafeTensorsHeader.Entry> entries)
      throws ModelFormatException {
    List<SafeTensorsHeader.Entry> sorted = new ArrayList<>(entries);
    sorted.sort(
        Comparator.comparingLong(SafeTensorsHeader.Entry::begin)
            .thenComparingLong(SafeTensorsHeader.Entry::end));
    List<TensorEntry> tensors = new ArrayList<>(sorted.size());
    long previousEnd = 0;
    for (SafeTensorsHeader.Entry entry : sorted) {
      String field = "data_offsets of tensor '" + entry.name() + "'";
      if (entry.begin() != previousEnd || entry.end() < entry.begin()) {
        throw ModelFormatException.malformed(
            input,
            entry.position(),
            field,
            "a range from " + previousEnd + " on, where the one before it ends",
            "[%d, %d]".formatted(entry.begin(), entry.end()));
      }
      long length = entry.end() - entry.begin();
      long expected = byteLength(input, entry);
      if (length != expected) {
        throw ModelFormatException.malformed(
            input,
            entry.position(),
            field,
            "%d bytes for %s %s".formatted(expected, entry.dtype(), entry.shape()),
            Long.toString(length));
      }
      previousEnd = entry.end();
      tensors.add(
          new TensorEntry(
              entry.name(),
              null,
              entry.dtype().name(),
              entry.dtype().contentType(),
              entry.shape(),
              new TensorStorage.Range(bufferStart + entry.begin(), length)));
    }
    long bufferLength = input.length() - bufferStart;
    if (previousEnd != bufferLength) {
      throw ModelFormatException.malformed(
          input,
          bufferStart + Math.min(previousEnd, bufferLength),
          "end of the data",
          "a buffer of %d bytes, where the last tensor ends".formatted(previousEnd),
          "one of " + bufferLength);
    }
    return tensors;
  }

  private static long byteLength(PositionedInput input, SafeTensorsHeader.Entry entry)
      throws ModelFormatException {
    String field = "shape of tensor '" + entry.name() + "'";
    long bits = 1;
    try {
      for (long dimension : entry.shape()) {
        bits = Math.multiplyExact(bits, dimension);
      }
      bits = Math.multiplyExact(bits, (long) entry.dtype().bits());
    } catch (ArithmeticException e) {
      BigInteger product =
          entry.shape().stream()
              .map(BigInteger::valueOf)
              .reduce(BigInteger.ONE, BigInteger::multiply);
      throw new ModelFormatException(
          ModelFormatException.Kind.MALFORMED,
          input.identity(),
          entry.position(),
          field,
          "fewer than 2^63 bits",
          product.bitLength() > Long.SIZE ? "a product beyond 2^63" : product + " elements");
    }
    if (bits % Byte.SIZE != 0) {
      throw ModelFormatException.malformed(
          input, entry.position(), field, "whole bytes", bits + " bits");
    }
    return bits / Byte.SIZE;
  }
}
