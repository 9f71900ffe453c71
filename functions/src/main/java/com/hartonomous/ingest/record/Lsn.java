package com.hartonomous.ingest.record;

import java.nio.ByteBuffer;

/**
 * A log sequence number of SQL Server: 10 bytes, compared unsigned.
 *
 * @param high the first eight bytes
 * @param low the last two bytes, 0 to 65535
 */
public record Lsn(long high, int low) implements Comparable<Lsn> {

  /** Below every real LSN. */
  public static final Lsn ZERO = new Lsn(0, 0);

  /**
   * Reads {@code 0000002a:00000f10:0003}, as the capture connector writes LSNs.
   *
   * @throws IllegalArgumentException for any other form
   */
  public static Lsn parse(String text) {
    String[] parts = text.split(":", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException(
          "An LSN has the form xxxxxxxx:xxxxxxxx:xxxx, found '" + text + "'.");
    }
    return new Lsn(
        (Long.parseLong(parts[0], 16) << 32) | Long.parseLong(parts[1], 16),
        Integer.parseInt(parts[2], 16));
  }

  /**
   * @throws IllegalArgumentException unless given exactly 10 bytes
   */
  public static Lsn fromBytes(byte[] bytes) {
    if (bytes.length != 10) {
      throw new IllegalArgumentException("An LSN has 10 bytes, found " + bytes.length + ".");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new Lsn(buffer.getLong(), Short.toUnsignedInt(buffer.getShort()));
  }

  /** The 10-byte number that follows. */
  public Lsn next() {
    return low == 0xFFFF ? new Lsn(high + 1, 0) : new Lsn(high, low + 1);
  }

  /** The 10-byte number before; not of {@link #ZERO}. */
  public Lsn previous() {
    return low == 0 ? new Lsn(high - 1, 0xFFFF) : new Lsn(high, low - 1);
  }

  public byte[] toBytes() {
    return ByteBuffer.allocate(10).putLong(high).putShort((short) low).array();
  }

  @Override
  public int compareTo(Lsn other) {
    int result = Long.compareUnsigned(high, other.high);
    return result != 0 ? result : Integer.compare(low, other.low);
  }

  @Override
  public String toString() {
    return String.format("%08x:%08x:%04x", high >>> 32, high & 0xFFFFFFFFL, low);
  }
}
