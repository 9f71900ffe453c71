package com.hartonomous.formats.numpy;

import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.format.TensorStorage.ElementForm;
import com.hartonomous.ingest.format.TensorStorage.Range;
import com.hartonomous.ingest.format.TensorStorage.View;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What stands before the elements of an array, a file of its own or a member of an archive.
 *
 * @param version the major one; the minor one is 0
 * @param headerBytes from the magic to the elements
 * @param dataLength bytes of the elements
 */
record NpyArray(int version, NpyHeader header, int headerBytes, long dataLength) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int VERSION_BYTES = 2;

  /** As {@code numpy.load}, which reads no longer ones unless told to. */
  private static final int HEADER_TEXT_BYTES_MAX = 10_000;

  /** No array has more bytes before its elements. */
  static final int HEADER_BYTES_MAX =
      MAGIC.length + VERSION_BYTES + Integer.BYTES + HEADER_TEXT_BYTES_MAX;

  /** Elements are brought into another order whole, so they must be few bytes each. */
  private static final int REORDERED_ITEM_BYTES_MAX = 1 << 20;

  /** Says whether a file begins like an array. */
  static boolean matches(PositionedInput input) throws IOException {
    return hasMagic(input, 0, input.length());
  }

  /**
   * Reads the header of an array.
   *
   * @param start of the array in the input
   * @param length of the array in bytes; the input holds them all, or the first {@link
   *     #HEADER_BYTES_MAX}
   * @param rankMax dimensions that are taken
   */
  static NpyArray read(PositionedInput input, long start, long length, int rankMax)
      throws IOException, ModelFormatException {
    if (!hasMagic(input, start, length)) {
      throw ModelFormatException.malformed(
          input, start, "magic", "the bytes 93 'NUMPY'", "others, or fewer");
    }
    long end = start + length;
    long versionAt = start + MAGIC.length;
    long lengthAt = versionAt + VERSION_BYTES;
    byte[] version = bytes(input, versionAt, VERSION_BYTES, end, "version");
    if (version[0] < 1 || version[0] > 3 || version[1] != 0) {
      throw ModelFormatException.unsupported(
          input,
          versionAt,
          "version",
          "1.0, 2.0 or 3.0",
          "%d.%d".formatted(version[0] & 0xFF, version[1] & 0xFF));
    }
    int lengthBytes = version[0] == 1 ? Short.BYTES : Integer.BYTES;
    long textLength = 0;
    byte[] lengthField = bytes(input, lengthAt, lengthBytes, end, "header length");
    for (int i = lengthBytes - 1; i >= 0; i--) {
      textLength = textLength << Byte.SIZE | lengthField[i] & 0xFF;
    }
    if (textLength > HEADER_TEXT_BYTES_MAX) {
      throw ModelFormatException.tooLarge(
          input, lengthAt, "header length", "up to " + HEADER_TEXT_BYTES_MAX, "" + textLength);
    }
    long textAt = lengthAt + lengthBytes;
    byte[] text = bytes(input, textAt, (int) textLength, end, "header");
    NpyHeader header = NpyHeader.parse(input, textAt, text, version[0] == 3, rankMax);
    long dataAt = textAt + textLength;
    long dataLength = dataLength(input, textAt, header);
    if (end - dataAt != dataLength) {
      throw ModelFormatException.malformed(
          input,
          dataAt,
          "data",
          "%d bytes for %s %s, and nothing behind them"
              .formatted(dataLength, header.dtype().descr(), header.shape()),
          Long.toString(end - dataAt));
    }
    NpyArray array = new NpyArray(version[0], header, (int) (dataAt - start), dataLength);
    if (array.reordered() && header.dtype().itemSize() > REORDERED_ITEM_BYTES_MAX) {
      throw ModelFormatException.tooLarge(
          input,
          textAt,
          "fortran_order",
          "elements of up to %d bytes where it is True".formatted(REORDERED_ITEM_BYTES_MAX),
          Integer.toString(header.dtype().itemSize()));
    }
    return array;
  }

  /**
   * Returns where the elements are.
   *
   * @param start of the array in the file, which holds it as it is
   */
  TensorStorage stored(long start) {
    Range data = new Range(start + headerBytes, dataLength);
    return reordered() ? view(data, View.AS_IS, 0) : data;
  }

  /**
   * Returns where the elements are.
   *
   * @param deflated the array in the file, where it is compressed
   */
  TensorStorage deflated(Range deflated) {
    return dataLength == 0
        ? new Range(deflated.offset(), 0)
        : view(deflated, headerBytes + dataLength, headerBytes);
  }

  /** Says whether the order of the elements is another than the row-major one. */
  private boolean reordered() {
    return header.fortranOrder()
        && dataLength > 0
        && header.shape().stream().filter(dimension -> dimension != 1).count() > 1;
  }

  /** The bytes of each element stay as they are; their order is in the type. */
  private View view(Range storage, long inflatedLength, long firstByte) {
    int itemSize = header.dtype().itemSize();
    return new View(
        storage,
        inflatedLength,
        firstByte,
        header.shape(),
        strides(),
        new ElementForm(itemSize, itemSize, false, false, false));
  }

  private List<Long> strides() {
    int rank = header.shape().size();
    Long[] strides = new Long[rank];
    List<Integer> fastestFirst = IntStream.range(0, rank).boxed().toList();
    if (!header.fortranOrder()) {
      fastestFirst = fastestFirst.stream().sorted(Collections.reverseOrder()).toList();
    }
    long stride = 1;
    for (int dimension : fastestFirst) {
      strides[dimension] = stride;
      stride *= header.shape().get(dimension);
    }
    return List.of(strides);
  }

  private static boolean hasMagic(PositionedInput input, long start, long length)
      throws IOException {
    if (length < MAGIC.length) {
      return false;
    }
    byte[] begin = new byte[MAGIC.length];
    input.readFully(start, begin, 0, begin.length);
    return Arrays.equals(begin, MAGIC);
  }

  private static long dataLength(PositionedInput input, long textAt, NpyHeader header)
      throws ModelFormatException {
    if (header.shape().contains(0L)) {
      return 0;
    }
    long length = header.dtype().itemSize();
    for (long dimension : header.shape()) {
      if (length > Long.MAX_VALUE / dimension) {
        throw ModelFormatException.malformed(
            input, textAt, "shape", "fewer than 2^63 bytes", header.shape().toString());
      }
      length *= dimension;
    }
    return length;
  }

  private static byte[] bytes(
      PositionedInput input, long position, int count, long end, String field)
      throws IOException, ModelFormatException {
    if (count > end - position) {
      throw ModelFormatException.malformed(
          input, position, field, count + " bytes", end - position + " to the end");
    }
    byte[] bytes = new byte[count];
    input.readFully(position, bytes, 0, count);
    return bytes;
  }
}
