package com.hartonomous.ingest.format.gguf;

import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Reads the numbers and strings of a header in the byte order and widths of its file. Every read is
 * checked against the end of the file and the longest header that the limits allow.
 */
final class GgufCursor {
  private final PositionedInput input;
  private final InputCursor cursor;
  private final long headerBytesMax;
  private final ByteBuffer number = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private int lengthBytes = Long.BYTES;

  GgufCursor(PositionedInput input, LayoutLimits limits) {
    this.input = input;
    this.cursor = new InputCursor(input);
    this.headerBytesMax = limits.headerBytesMax();
  }

  /** From here on numbers are big-endian. */
  void setBigEndian() {
    number.order(ByteOrder.BIG_ENDIAN);
  }

  boolean isBigEndian() {
    return number.order() == ByteOrder.BIG_ENDIAN;
  }

  /** From here on counts, lengths and dimensions have 32 bits, as in version 1, not 64. */
  void setShortLengths() {
    lengthBytes = Integer.BYTES;
  }

  /** Returns the bytes of a count, length or dimension. */
  int lengthBytes() {
    return lengthBytes;
  }

  PositionedInput input() {
    return input;
  }

  long position() {
    return cursor.position();
  }

  int readByte(String field) throws IOException, ModelFormatException {
    require(Byte.BYTES, field);
    return cursor.readUnsignedByte();
  }

  short readShort(String field) throws IOException, ModelFormatException {
    fill(Short.BYTES, field);
    return number.getShort(0);
  }

  int readInt(String field) throws IOException, ModelFormatException {
    fill(Integer.BYTES, field);
    return number.getInt(0);
  }

  long readUnsignedInt(String field) throws IOException, ModelFormatException {
    return Integer.toUnsignedLong(readInt(field));
  }

  /** Reads eight bytes; unsigned values from 2^63 on come out negative. */
  long readLong(String field) throws IOException, ModelFormatException {
    fill(Long.BYTES, field);
    return number.getLong(0);
  }

  float readFloat(String field) throws IOException, ModelFormatException {
    fill(Float.BYTES, field);
    return number.getFloat(0);
  }

  double readDouble(String field) throws IOException, ModelFormatException {
    fill(Double.BYTES, field);
    return number.getDouble(0);
  }

  /** Reads eight bytes that say a number from 0 to 2^63-1. */
  long readUnsignedLong(String field) throws IOException, ModelFormatException {
    long position = position();
    long value = readLong(field);
    if (value < 0) {
      throw malformed(position, field, "a number from 0 to 2^63-1", Long.toUnsignedString(value));
    }
    return value;
  }

  /** Reads a count, length or dimension of the width that the version has. */
  long readLength(String field) throws IOException, ModelFormatException {
    return lengthBytes == Integer.BYTES ? readUnsignedInt(field) : readUnsignedLong(field);
  }

  /**
   * Reads a count of things that follow, and checks that there is room for them.
   *
   * @param bytesMin that one of them takes, more than 0
   * @param countMax of them, whatever the room
   */
  long readCount(String field, int bytesMin, long countMax)
      throws IOException, ModelFormatException {
    long position = position();
    long count = readLength(field);
    if (count > countMax) {
      throw ModelFormatException.tooLarge(
          input, position, field, "up to " + countMax, Long.toString(count));
    }
    if (count > cursor.remaining() / bytesMin) {
      throw malformed(
          position,
          field,
          "up to %d, of %d bytes or more each in the %d that follow"
              .formatted(cursor.remaining() / bytesMin, bytesMin, cursor.remaining()),
          Long.toString(count));
    }
    return count;
  }

  /** Reads the length of a string, which then lies in the file. */
  long readStringLength(String field) throws IOException, ModelFormatException {
    long position = position();
    long length = readLength(field);
    if (length > cursor.remaining()) {
      throw malformed(
          position,
          field,
          "text of up to the %d bytes that follow".formatted(cursor.remaining()),
          Long.toString(length));
    }
    return length;
  }

  /** Reads text whose length was checked; what is not UTF-8 is replaced. */
  String readText(int length, String field) throws IOException, ModelFormatException {
    require(length, field);
    byte[] bytes = new byte[length];
    cursor.readFully(bytes, 0, length);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Passes over bytes without reading them. */
  void skip(long bytes, String field) throws ModelFormatException {
    require(bytes, field);
    cursor.seek(cursor.position() + bytes);
  }

  ModelFormatException malformed(long position, String field, String expected, String found) {
    return ModelFormatException.malformed(input, position, field, expected, found);
  }

  private void fill(int bytes, String field) throws IOException, ModelFormatException {
    require(bytes, field);
    cursor.readFully(number.array(), 0, bytes);
  }

  private void require(long bytes, String field) throws ModelFormatException {
    if (bytes > cursor.remaining()) {
      throw malformed(
          position(), field, bytes + " bytes", "the end of the file after " + cursor.remaining());
    }
    if (bytes > headerBytesMax - position()) {
      throw ModelFormatException.tooLarge(
          input, position(), field, "a header of up to %d bytes".formatted(headerBytesMax), "more");
    }
  }
}
