package com.hartonomous.ingest.benchmarks;

import com.hartonomous.ingest.format.PositionedInput;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.util.Objects;

/**
 * Bytes that do not compress and that are a function of seed and position alone, so that a file of
 * any size needs no memory. From {@code period} on they repeat.
 *
 * <p>Byte i is part of output i / 8 of the generator SplitMix64, little-endian.
 */
final class GeneratedInput implements PositionedInput {

  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private final long seed;
  private final long length;
  private final long period;

  /**
   * @param length bytes
   * @param period bytes after which the content begins anew, a multiple of 8
   */
  GeneratedInput(long seed, long length, long period) {
    if (period <= 0 || period % Long.BYTES != 0) {
      throw new IllegalArgumentException(
          "period: expected a positive multiple of 8 bytes, found " + period);
    }
    this.seed = seed;
    this.length = length;
    this.period = period;
  }

  @Override
  public String identity() {
    return "generated from seed " + seed;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void readFully(long position, byte[] buffer, int offset, int count) throws EOFException {
    Objects.checkFromIndexSize(offset, count, buffer.length);
    if (position < 0 || count > length - position) {
      throw new EOFException(
          "%s: expected %d bytes at %d, found %d bytes in all"
              .formatted(identity(), count, position, length));
    }
    for (int done = 0; done < count; ) {
      long place = (position + done) % period;
      int first = (int) (place % Long.BYTES);
      int taken = Math.min(Long.BYTES - first, count - done);
      long word = word(place / Long.BYTES) >>> (first * Byte.SIZE);
      for (int i = 0; i < taken; i++) {
        buffer[offset + done + i] = (byte) word;
        word >>>= Byte.SIZE;
      }
      done += taken;
    }
  }

  private long word(long index) {
    long mixed = seed + (index + 1) * GOLDEN_GAMMA;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }

  @Override
  public PositionedInput openRelative(String location) throws FileNotFoundException {
    throw new FileNotFoundException(identity() + ": it has no files beside it");
  }

  @Override
  public void close() {}
}
