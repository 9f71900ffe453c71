package com.hartonomous.ingest.format;

import java.io.IOException;
import java.util.Objects;

/**
 * A file while its format is looked for: the beginning, where most formats look, is fetched once
 * for all of them.
 */
final class DetectionInput implements PositionedInput {
  private static final int HEAD_BYTES = 16 << 10;

  private final PositionedInput input;
  private final byte[] head;

  /** Fetches the beginning of a file, which the caller closes. */
  DetectionInput(PositionedInput input) throws IOException {
    this.input = input;
    this.head = new byte[(int) Math.min(HEAD_BYTES, input.length())];
    input.readFully(0, head, 0, head.length);
  }

  @Override
  public String identity() {
    return input.identity();
  }

  @Override
  public String name() {
    return input.name();
  }

  @Override
  public long length() {
    return input.length();
  }

  @Override
  public void readFully(long position, byte[] buffer, int offset, int length) throws IOException {
    if (position >= 0 && length >= 0 && position <= head.length - length) {
      Objects.checkFromIndexSize(offset, length, buffer.length);
      System.arraycopy(head, (int) position, buffer, offset, length);
    } else {
      input.readFully(position, buffer, offset, length);
    }
  }

  @Override
  public PositionedInput openRelative(String location) throws IOException {
    return input.openRelative(location);
  }

  @Override
  public void close() throws IOException {
    input.close();
  }
}
