package com.hartonomous.ingest.format.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Walks protobuf messages in a file without loading them.
 *
 * <p>A {@link CodedInputStream} decodes, with all its checks. It counts positions in an {@code
 * int}, so it is begun anew behind each long skip and after each GiB; the ends of messages are kept
 * by the callers as positions in the file. Every read is checked against the end of the message
 * that it belongs to.
 */
final class ProtobufCursor {
  private static final int CODED_BUFFER_BYTES = 4096;

  /** From here on a new decoder at the target is cheaper than reading through. */
  private static final int SKIP_BY_SEEKING_BYTES = 1 << 16;

  private static final int REBASE_AFTER_BYTES = 1 << 30;

  private final InputCursor cursor;
  private final LayoutLimits limits;
  private CodedInputStream coded;
  private long base;
  private long tagPosition;
  private int depth;

  ProtobufCursor(PositionedInput input, LayoutLimits limits) {
    this.cursor = new InputCursor(input);
    this.limits = limits;
    seek(0);
  }

  /** Returns the position of the next byte in the file. */
  long position() {
    return base + coded.getTotalBytesRead();
  }

  /** Returns the position of the tag that {@link #nextTag} returned last. */
  long tagPosition() {
    return tagPosition;
  }

  /**
   * Reads the next tag of a message.
   *
   * @param end where the message ends
   * @return the tag; 0 at the end of the message
   */
  int nextTag(long end) throws IOException, ModelFormatException {
    if (coded.getTotalBytesRead() >= REBASE_AFTER_BYTES) {
      seek(position());
    }
    tagPosition = position();
    if (tagPosition == end) {
      return 0;
    }
    try {
      int tag = coded.readTag();
      requireWithin(end, "tag");
      return tag;
    } catch (InvalidProtocolBufferException e) {
      throw broken("tag", e);
    }
  }

  /** Reads a varint of up to ten bytes. */
  long readVarint(long end, String field) throws IOException, ModelFormatException {
    if (coded.getTotalBytesRead() >= REBASE_AFTER_BYTES) {
      seek(position());
    }
    // Not coded.readRawVarint64(): its fast path ends a varint at ten bytes though the
    // tenth, if odd, says that more follow (4.34.2).
    try {
      long value = 0;
      for (int shift = 0; shift < Long.SIZE; shift += 7) {
        byte next = coded.readRawByte();
        value |= (next & 0x7FL) << shift;
        if (next >= 0) {
          requireWithin(end, field);
          return value;
        }
      }
    } catch (InvalidProtocolBufferException e) {
      throw broken(field, e);
    }
    throw ModelFormatException.malformed(
        cursor.input(), tagPosition, field, "a varint of up to 10 bytes", "a longer one");
  }

  /**
   * Reads the length of a length-delimited field and checks it against the message.
   *
   * @return the length in bytes; the position is then at the first of them
   */
  long readLength(long end, String field) throws IOException, ModelFormatException {
    long length = readVarint(end, field);
    if (length < 0 || length > end - position()) {
      throw ModelFormatException.malformed(
          cursor.input(),
          tagPosition,
          field,
          "a length up to the %d bytes left in its message".formatted(end - position()),
          Long.toUnsignedString(length));
    }
    return length;
  }

  /**
   * Enters an embedded message; {@link #leaveMessage} ends it.
   *
   * @return where it ends
   */
  long enterMessage(long end, String field) throws IOException, ModelFormatException {
    if (depth == limits.nestingMax()) {
      throw ModelFormatException.tooLarge(
          cursor.input(),
          tagPosition,
          field,
          "up to %d messages inside each other".formatted(limits.nestingMax()),
          "more");
    }
    long length = readLength(end, field);
    depth++;
    return position() + length;
  }

  /** Ends the message that was entered last. */
  void leaveMessage() {
    depth--;
  }

  /** Reads a string field that is kept as a name or the like, within the budget. */
  String readName(long end, String field, LayoutBudget budget)
      throws IOException, ModelFormatException {
    long length = readLength(end, field);
    budget.addText(length, tagPosition, field);
    return readText(length);
  }

  /** Reads length-delimited bytes as text; what is not UTF-8 is replaced, as protobuf allows it. */
  String readText(long length) throws IOException, ModelFormatException {
    try {
      return new String(coded.readRawBytes(Math.toIntExact(length)), StandardCharsets.UTF_8);
    } catch (InvalidProtocolBufferException e) {
      throw broken("text", e);
    }
  }

  /** Skips bytes that were checked to be in the message, without reading them if they are many. */
  void skip(long length) throws IOException, ModelFormatException {
    if (length >= SKIP_BY_SEEKING_BYTES) {
      seek(position() + length);
      return;
    }
    try {
      coded.skipRawBytes((int) length);
    } catch (InvalidProtocolBufferException e) {
      throw broken("skipped field", e);
    }
  }

  /** Skips the value of a field that is of no interest. */
  void skipField(int tag, long end) throws IOException, ModelFormatException {
    String field = "field " + WireFormat.getTagFieldNumber(tag);
    switch (WireFormat.getTagWireType(tag)) {
      case WireFormat.WIRETYPE_VARINT -> readVarint(end, field);
      case WireFormat.WIRETYPE_FIXED32 -> skipFixed(Integer.BYTES, end, field);
      case WireFormat.WIRETYPE_FIXED64 -> skipFixed(Long.BYTES, end, field);
      case WireFormat.WIRETYPE_LENGTH_DELIMITED -> skip(readLength(end, field));
      case WireFormat.WIRETYPE_START_GROUP -> skipGroup(tag, end);
      default ->
          throw ModelFormatException.malformed(
              cursor.input(),
              tagPosition,
              field,
              "a wire type from 0 to 3, or 5",
              Integer.toString(WireFormat.getTagWireType(tag)));
    }
  }

  /** Skips a value of fixed width. */
  void skipFixed(int bytes, long end, String field) throws IOException, ModelFormatException {
    if (bytes > end - position()) {
      throw ModelFormatException.malformed(
          cursor.input(),
          tagPosition,
          field,
          bytes + " bytes",
          "%d left in its message".formatted(end - position()));
    }
    skip(bytes);
  }

  /** Skips a group and the groups inside it with a stack of its own. */
  private void skipGroup(int firstTag, long end) throws IOException, ModelFormatException {
    int[] open = new int[limits.nestingMax() - depth];
    int count = 0;
    int tag = firstTag;
    do {
      int number = WireFormat.getTagFieldNumber(tag);
      int wireType = WireFormat.getTagWireType(tag);
      if (wireType == WireFormat.WIRETYPE_START_GROUP) {
        if (count == open.length) {
          throw ModelFormatException.tooLarge(
              cursor.input(),
              tagPosition,
              "group " + number,
              "up to %d messages inside each other".formatted(limits.nestingMax()),
              "more");
        }
        open[count++] = number;
      } else if (tag == 0 || wireType == WireFormat.WIRETYPE_END_GROUP) {
        if (tag == 0 || open[count - 1] != number) {
          throw ModelFormatException.malformed(
              cursor.input(),
              tagPosition,
              "group " + open[count - 1],
              "its end",
              tag == 0 ? "the end of the message" : "the end of group " + number);
        }
        count--;
      } else {
        skipField(tag, end);
      }
      if (count > 0) {
        tag = nextTag(end);
      }
    } while (count > 0);
  }

  private void seek(long position) {
    cursor.seek(position);
    base = position;
    coded = CodedInputStream.newInstance(cursor.streamTo(Long.MAX_VALUE), CODED_BUFFER_BYTES);
  }

  private void requireWithin(long end, String field) throws ModelFormatException {
    if (position() > end) {
      throw ModelFormatException.malformed(
          cursor.input(),
          tagPosition,
          field,
          "its end by %d, where its message ends".formatted(end),
          Long.toString(position()));
    }
  }

  private ModelFormatException broken(String field, InvalidProtocolBufferException cause) {
    ModelFormatException error =
        ModelFormatException.malformed(
            cursor.input(), tagPosition, field, "a protobuf value", cause.getMessage());
    error.initCause(cause);
    return error;
  }
}
