package com.hartonomous.ingest.standin.wire;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Bytes that are appended once and read at any place; beyond a fixed number of them they lie in a
 * temporary file, which goes with {@link #close} or the process. Not thread-safe.
 */
final class SpillingBytes implements AutoCloseable {
  private static final int FIRST_ALLOCATION = 1024;

  private final int memory;

  /** All bytes, or those that the file does not have yet. */
  private byte[] tail = new byte[FIRST_ALLOCATION];

  private int tailLength;
  private FileChannel file;
  private long fileLength;

  /**
   * @param memory bytes that are kept on the heap at most
   */
  SpillingBytes(int memory) {
    this.memory = memory;
  }

  long length() {
    return fileLength + tailLength;
  }

  /**
   * Appends.
   *
   * @throws IOException when the temporary file cannot be made or written
   */
  void append(byte[] bytes, int offset, int length) throws IOException {
    int from = offset;
    int left = length;
    while (left > 0) {
      if (tailLength == memory) {
        spill();
      }
      int count = Math.min(left, memory - tailLength);
      if (tail.length < tailLength + count) {
        tail = Arrays.copyOf(tail, Math.min(memory, Math.max(2 * tail.length, tailLength + count)));
      }
      System.arraycopy(bytes, from, tail, tailLength, count);
      tailLength += count;
      from += count;
      left -= count;
    }
  }

  /** Reads; the bytes must have been appended. */
  void read(long position, byte[] target, int length) throws IOException {
    if (position < 0 || position + length > length()) {
      throw new EOFException(
          "Expected " + length + " bytes at " + position + " of " + length() + " stored ones");
    }
    int done = 0;
    if (position < fileLength) {
      ByteBuffer buffer = ByteBuffer.wrap(target, 0, (int) Math.min(length, fileLength - position));
      while (buffer.hasRemaining()) {
        if (file.read(buffer, position + buffer.position()) < 0) {
          throw new EOFException("A temporary file was cut short at " + file.size());
        }
      }
      done = buffer.position();
    }
    if (done < length) {
      System.arraycopy(tail, (int) (position + done - fileLength), target, done, length - done);
    }
  }

  private void spill() throws IOException {
    if (file == null) {
      Path path = Files.createTempFile("standin-cursor-", ".tmp");
      file =
          FileChannel.open(
              path,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE);
    }
    ByteBuffer buffer = ByteBuffer.wrap(tail, 0, tailLength);
    while (buffer.hasRemaining()) {
      file.write(buffer, fileLength + buffer.position());
    }
    fileLength += tailLength;
    tailLength = 0;
  }

  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }
}
