package com.hartonomous.ingest.standin.capture;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Log sequence numbers as SQL Server shows them: BINARY(10), compared unsigned. Here the first
 * eight bytes are one counter and the last two are always 0001, so that {@code
 * fn_cdc_increment_lsn}, which adds one to the ten-byte number, never meets a number that was given
 * to something else.
 */
public final class Lsn {

  /** Bytes of an LSN. */
  public static final int LENGTH = 10;

  private static final short SLOT = 1;

  private Lsn() {}

  /** The LSN of a number of {@link LsnClock}. */
  public static byte[] of(long number) {
    return ByteBuffer.allocate(LENGTH).putLong(number).putShort(SLOT).array();
  }

  /** The number that {@link #of} was given. */
  public static long number(byte[] lsn) {
    requireLength(lsn);
    return ByteBuffer.wrap(lsn).getLong();
  }

  /** The next ten-byte number; null stays null. */
  public static byte[] increment(byte[] lsn) {
    return add(lsn, 1, (byte) 0xFF);
  }

  /** The ten-byte number before; null stays null. */
  public static byte[] decrement(byte[] lsn) {
    return add(lsn, -1, (byte) 0);
  }

  /** Unsigned comparison. */
  public static int compare(byte[] left, byte[] right) {
    return Arrays.compareUnsigned(left, right);
  }

  private static byte[] add(byte[] lsn, int step, byte carriesWhen) {
    if (lsn == null) {
      return null;
    }
    requireLength(lsn);
    byte[] result = lsn.clone();
    for (int i = LENGTH - 1; i >= 0; i--) {
      boolean carry = result[i] == carriesWhen;
      result[i] += (byte) step;
      if (!carry) {
        break;
      }
    }
    return result;
  }

  private static void requireLength(byte[] lsn) {
    if (lsn.length != LENGTH) {
      throw new IllegalArgumentException(
          "an LSN has " + LENGTH + " bytes, found " + lsn.length + " bytes");
    }
  }
}
