package com.hartonomous.ingest.capture.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads what {@link StateWriter} wrote. Every count and length is checked against the bytes that
 * are left before anything is allocated by it.
 */
final class StateReader {

  private final String subject;
  private final ByteBuffer bytes;

  /**
   * @param subject what is read, for errors
   * @throws IOException unless the bytes begin with {@code magic}
   */
  StateReader(String subject, byte[] bytes, int magic) throws IOException {
    this.subject = subject;
    this.bytes = ByteBuffer.wrap(bytes);
    int found = readInt();
    if (found != magic) {
      throw broken("the magic number %08x, found %08x".formatted(magic, found));
    }
  }

  /**
   * Refuses any version but the expected one.
   *
   * @throws IOException naming both
   */
  static void requireVersion(String subject, int expected, int found) throws IOException {
    if (found != expected) {
      throw new IOException(
          "%s: expected version %d, found %d: it was written by another version of this job"
              .formatted(subject, expected, found));
    }
  }

  byte readByte() throws IOException {
    require(Byte.BYTES);
    return bytes.get();
  }

  int readInt() throws IOException {
    require(Integer.BYTES);
    return bytes.getInt();
  }

  long readLong() throws IOException {
    require(Long.BYTES);
    return bytes.getLong();
  }

  /**
   * Reads how many elements follow.
   *
   * @param elementBytesMin bytes that each of them takes at least, more than 0
   */
  int readCount(int elementBytesMin) throws IOException {
    int count = readInt();
    if (count < 0 || (long) count * elementBytesMin > bytes.remaining()) {
      throw broken(
          "a count of at most %d, found %d".formatted(bytes.remaining() / elementBytesMin, count));
    }
    return count;
  }

  byte[] readBytes() throws IOException {
    byte[] result = new byte[readCount(1)];
    bytes.get(result);
    return result;
  }

  String readText() throws IOException {
    int length = readCount(1);
    ByteBuffer encoded = bytes.slice(bytes.position(), length);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(encoded).toString();
      bytes.position(bytes.position() + length);
      return text;
    } catch (CharacterCodingException e) {
      throw new IOException(broken("UTF-8, found other bytes").getMessage(), e);
    }
  }

  /**
   * Checks that nothing follows.
   *
   * @throws IOException if something does
   */
  void finish() throws IOException {
    if (bytes.hasRemaining()) {
      throw broken("the end, found %d further bytes".formatted(bytes.remaining()));
    }
  }

  /** An error at the present place. */
  IOException broken(String expectedAndFound) {
    return new IOException(
        "%s: expected at byte %d %s".formatted(subject, bytes.position(), expectedAndFound));
  }

  private void require(int count) throws IOException {
    if (bytes.remaining() < count) {
      throw broken("%d bytes, found %d".formatted(count, bytes.remaining()));
    }
  }
}
