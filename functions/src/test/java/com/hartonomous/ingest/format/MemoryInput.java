package com.hartonomous.ingest.format;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A file in memory for tests: a length and pieces of content at positions, with zeros between. It
 * counts what is read.
 */
public final class MemoryInput implements PositionedInput {
  private final String identity;
  private final long length;
  private final NavigableMap<Long, byte[]> pieces;
  private final Map<String, byte[]> siblings;
  private long bytesRead;

  /** Holds exactly these bytes. */
  public MemoryInput(String identity, byte[] bytes) {
    this(identity, bytes.length, Map.of(0L, bytes));
  }

  /** Holds exactly these bytes, beside other files by their location. */
  public MemoryInput(String identity, byte[] bytes, Map<String, byte[]> siblings) {
    this(identity, bytes.length, Map.of(0L, bytes), siblings);
  }

  /** Holds these pieces, which do not overlap, and zeros. */
  public MemoryInput(String identity, long length, Map<Long, byte[]> pieces) {
    this(identity, length, pieces, Map.of());
  }

  private MemoryInput(
      String identity, long length, Map<Long, byte[]> pieces, Map<String, byte[]> siblings) {
    this.siblings = siblings;
    this.identity = identity;
    this.length = length;
    this.pieces = new TreeMap<>(pieces);
  }

  /** Returns how many bytes were read in all. */
  public long bytesRead() {
    return bytesRead;
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void readFully(long position, byte[] buffer, int offset, int count) throws IOException {
    if (position < 0 || count > length - position) {
      throw new EOFException("read of %d bytes at %d of %d".formatted(count, position, length));
    }
    bytesRead += count;
    Arrays.fill(buffer, offset, offset + count, (byte) 0);
    Long first = pieces.floorKey(position);
    for (Map.Entry<Long, byte[]> piece :
        pieces.subMap(first == null ? position : first, position + count).entrySet()) {
      long start = Math.max(position, piece.getKey());
      long end = Math.min(position + count, piece.getKey() + piece.getValue().length);
      if (start < end) {
        System.arraycopy(
            piece.getValue(),
            (int) (start - piece.getKey()),
            buffer,
            offset + (int) (start - position),
            (int) (end - start));
      }
    }
  }

  @Override
  public PositionedInput openRelative(String location) throws IOException {
    byte[] sibling = siblings.get(location);
    if (sibling == null) {
      throw new FileNotFoundException(identity + ": beside it nothing by the name " + location);
    }
    String folder = identity.substring(0, identity.lastIndexOf('/') + 1);
    return new MemoryInput(folder + location, sibling, siblings);
  }

  @Override
  public void close() {}
}
