package com.hartonomous.ingest.standin.wire;

/**
 * One packet with its reusable buffer. Filled by {@link PacketReader}, consumed by {@link
 * MessageReader}; never used by two threads at once, ownership passes with the packet.
 */
public final class Packet {
  /** Bytes of the header. */
  public static final int HEADER_LENGTH = 8;

  /** The packet size before login has agreed on another, and the size of login packets. */
  public static final int DEFAULT_SIZE = 4096;

  /** The least packet size that a client may ask for. */
  public static final int MIN_SIZE = 512;

  /** The greatest packet size that a client may ask for. */
  public static final int MAX_SIZE = 32767;

  static final int STATUS_END_OF_MESSAGE = 0x01;
  static final int STATUS_IGNORE = 0x02;
  static final int STATUS_RESET_CONNECTION = 0x08;
  static final int STATUS_RESET_CONNECTION_KEEP_TRANSACTION = 0x10;

  final byte[] buffer;
  int type;
  int status;

  /** Header and payload. */
  int length;

  /**
   * @param size the longest packet that this one can hold, header included
   */
  public Packet(int size) {
    this.buffer = new byte[size];
  }

  /** The message type, one of {@link PacketType}. */
  public int type() {
    return type;
  }

  /** True when this packet ends its message. */
  public boolean isLast() {
    return (status & STATUS_END_OF_MESSAGE) != 0;
  }
}
