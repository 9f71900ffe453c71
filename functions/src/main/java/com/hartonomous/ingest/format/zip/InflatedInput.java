package com.hartonomous.ingest.format.zip;

import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.PositionedInput;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;

/** The inflated bytes of a deflated part of a file, or the first of them, in memory. */
public final class InflatedInput implements PositionedInput {
  private static final int BUFFER_BYTES = 16 << 10;

  private final String identity;
  private final byte[] bytes;

  private InflatedInput(String identity, byte[] bytes) {
    this.identity = identity;
    this.bytes = bytes;
  }

  /**
   * Inflates a part of a file.
   *
   * @param length bytes that it must give, which the caller has bounded
   * @param name what the part is, for errors
   * @throws ZipException if it is no deflated stream of exactly that many bytes
   * @throws IOException if the storage fails
   */
  public static InflatedInput of(
      PositionedInput input, long offset, long storedLength, int length, String name)
      throws IOException {
    return inflate(input, offset, storedLength, length, true, name);
  }

  /**
   * Inflates the beginning of a part of a file, and not what follows.
   *
   * @param length bytes that it must give at least, which the caller has bounded
   * @param name what the part is, for errors
   * @throws ZipException if it does not begin with a deflated stream of that many bytes
   * @throws IOException if the storage fails
   */
  public static InflatedInput beginningOf(
      PositionedInput input, long offset, long storedLength, int length, String name)
      throws IOException {
    return inflate(input, offset, storedLength, length, false, name);
  }

  private static InflatedInput inflate(
      PositionedInput input, long offset, long storedLength, int length, boolean whole, String name)
      throws IOException {
    byte[] bytes = new byte[length];
    try (InputStream inflated = stream(input, offset, storedLength)) {
      int count = inflated.readNBytes(bytes, 0, length);
      if (count < length || whole && inflated.read() >= 0) {
        throw new ZipException(count < length ? "one of " + count : "a longer one");
      }
    } catch (EOFException e) {
      ZipException error = new ZipException("one that is cut short");
      error.initCause(e);
      throw error;
    }
    return new InflatedInput("%s, member '%s' inflated".formatted(input.identity(), name), bytes);
  }

  /**
   * Returns a stream of the inflated bytes of a part of a file; the caller closes it, which leaves
   * the file open. Reading throws a {@link ZipException} where the stream is broken and an {@link
   * EOFException} where it is cut short.
   */
  public static InputStream stream(PositionedInput input, long offset, long storedLength) {
    InputCursor cursor = new InputCursor(input);
    cursor.seek(offset);
    return new RawInflaterStream(cursor.streamTo(offset + storedLength), new Inflater(true));
  }

  /** Ends its inflater, which the class above does only for its own. */
  private static final class RawInflaterStream extends InflaterInputStream {
    RawInflaterStream(InputStream deflated, Inflater inflater) {
      super(deflated, inflater, BUFFER_BYTES);
    }

    @Override
    public void close() throws IOException {
      super.close();
      inf.end();
    }
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public long length() {
    return bytes.length;
  }

  @Override
  public void readFully(long position, byte[] buffer, int offset, int length) throws IOException {
    if (position < 0 || length > bytes.length - position) {
      throw new EOFException(
          "%s: expected %d bytes at %d, found the end at %d"
              .formatted(identity, length, position, bytes.length));
    }
    System.arraycopy(bytes, (int) position, buffer, offset, length);
  }

  @Override
  public PositionedInput openRelative(String location) throws IOException {
    throw new FileNotFoundException(identity + ": nothing lies beside it, so no " + location);
  }

  @Override
  public void close() {}
}
