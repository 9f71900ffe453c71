package com.hartonomous.ingest.standin.wire;

/** The first byte of a packet header: what the message is. */
public final class PacketType {
  public static final int SQL_BATCH = 0x01;
  public static final int RPC = 0x03;
  public static final int REPLY = 0x04;
  public static final int ATTENTION = 0x06;
  public static final int BULK_LOAD = 0x07;
  public static final int TRANSACTION_MANAGER = 0x0E;
  public static final int LOGIN7 = 0x10;
  public static final int PRELOGIN = 0x12;

  private PacketType() {}

  /** True for the messages that a client may send. */
  static boolean isRequest(int type) {
    return switch (type) {
      case SQL_BATCH, RPC, ATTENTION, BULK_LOAD, TRANSACTION_MANAGER, LOGIN7, PRELOGIN -> true;
      default -> false;
    };
  }
}
