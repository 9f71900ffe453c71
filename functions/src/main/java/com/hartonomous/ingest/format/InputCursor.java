package com.hartonomous.ingest.format;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/**
 * A position in a {@link PositionedInput} that moves forward by reading and anywhere by {@link
 * #seek}, with one small window of buffered bytes. Not for use by several threads.
 */
public final class InputCursor {
  private static final int WINDOW_BYTES = 16 << 10;

  private final PositionedInput input;
  private final byte[] window = new byte[WINDOW_BYTES];
  private long windowStart;
  private int windowLength;
  private long position;
  private long bytesRead;

  /** Begins at position 0. */
  public InputCursor(PositionedInput input) {
    this.input = Objects.requireNonNull(input, "input");
  }

  /** Returns the file under this cursor. */
  public PositionedInput input() {
    return input;
  }

  /** Returns the position of the next byte. */
  public long position() {
    return position;
  }

  /** Returns the number of bytes from the position to the end of the file. */
  public long remaining() {
    return input.length() - position;
  }

  /** Returns how many bytes were fetched from the input so far; skipped bytes do not count. */
  public long bytesRead() {
    return bytesRead;
  }

  /**
   * Moves to a position without reading.
   *
   * @throws IllegalArgumentException if it is outside the file; the end is inside
   */
  public void seek(long newPosition) {
    if (newPosition < 0 || newPosition > input.length()) {
      throw new IllegalArgumentException(
          "position: expected from 0 to %d, found %d".formatted(input.length(), newPosition));
    }
    position = newPosition;
  }

  /**
   * Reads up to {@code length} bytes.
   *
   * @return how many, at least 1; -1 at the end of the file
   */
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    if (remaining() == 0) {
      return -1;
    }
    int index = windowIndex();
    int count = Math.min(length, windowLength - index);
    System.arraycopy(window, index, target, offset, count);
    position += count;
    return count;
  }

  /**
   * Reads exactly {@code length} bytes.
   *
   * @throws EOFException if the file ends before that; callers check {@link #remaining} first
   */
  public void readFully(byte[] target, int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      int count = read(target, offset + done, length - done);
      if (count < 0) {
        throw endOfFile();
      }
      done += count;
    }
  }

  /**
   * Reads one byte.
   *
   * @return from 0 to 255
   * @throws EOFException at the end of the file
   */
  public int readUnsignedByte() throws IOException {
    if (remaining() == 0) {
      throw endOfFile();
    }
    int value = window[windowIndex()] & 0xFF;
    position++;
    return value;
  }

  /**
   * Reads eight little-endian bytes; values from 2^63 on come out negative.
   *
   * @throws EOFException if the file ends before that
   */
  public long readLongLittleEndian() throws IOException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
      value |= (long) readUnsignedByte() << shift;
    }
    return value;
  }

  /**
   * Returns a stream over this cursor that ends at {@code end} (or the end of the file). It moves
   * the cursor; skipping costs nothing; closing does nothing.
   */
  public InputStream streamTo(long end) {
    return new CursorStream(Math.min(end, input.length()));
  }

  private int windowIndex() throws IOException {
    if (position < windowStart || position >= windowStart + windowLength) {
      int length = (int) Math.min(WINDOW_BYTES, remaining());
      windowLength = 0;
      input.readFully(position, window, 0, length);
      windowStart = position;
      windowLength = length;
      bytesRead += length;
    }
    return (int) (position - windowStart);
  }

  private EOFException endOfFile() {
    return new EOFException(
        "%s: expected more bytes at %d, found the end of the file"
            .formatted(input.identity(), position));
  }

  private final class CursorStream extends InputStream {
    private final long end;

    CursorStream(long end) {
      this.end = end;
    }

    @Override
    public int read() throws IOException {
      return position >= end ? -1 : readUnsignedByte();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, target.length);
      if (length == 0) {
        return 0;
      }
      if (position >= end) {
        return -1;
      }
      return InputCursor.this.read(target, offset, (int) Math.min(length, end - position));
    }

    @Override
    public long skip(long count) {
      long skipped = Math.max(0, Math.min(count, end - position));
      position += skipped;
      return skipped;
    }

    @Override
    public int available() {
      return (int) Math.min(Integer.MAX_VALUE, Math.max(0, end - position));
    }
  }
}
