package com.hartonomous.ingest.standin.wire;

import java.io.IOException;

/** The PRELOGIN exchange: what the client says about encryption, and the answer. */
public final class Prelogin {
  private static final int OPTION_VERSION = 0;
  private static final int OPTION_ENCRYPTION = 1;
  private static final int OPTION_MARS = 4;
  private static final int TERMINATOR = 0xFF;

  private static final int ENCRYPT_OFF = 0;
  private static final int ENCRYPT_ON = 1;
  private static final int ENCRYPT_NOT_SUPPORTED = 2;
  private static final int ENCRYPT_REQUIRED = 3;

  private static final byte[] VERSION = {16, 0, 0x10, 0, 0, 0};
  private static final int OPTION_HEADER_BYTES = 5;
  private static final int MAX_BYTES = Packet.DEFAULT_SIZE;

  private Prelogin() {}

  /**
   * Reads the client's message.
   *
   * @return true when the client wants the connection encrypted
   */
  public static boolean readWantsEncryption(MessageReader in) throws IOException {
    byte[] payload = new byte[MAX_BYTES];
    int length = 0;
    while (!in.atEnd()) {
      if (length == MAX_BYTES) {
        throw new ProtocolException("Expected PRELOGIN of at most " + MAX_BYTES + " bytes");
      }
      payload[length++] = (byte) in.readUnsignedByte();
    }
    in.close();
    for (int at = 0; at < length; at += OPTION_HEADER_BYTES) {
      int option = payload[at] & 0xFF;
      if (option == TERMINATOR) {
        break;
      }
      if (at + OPTION_HEADER_BYTES > length) {
        throw new ProtocolException("PRELOGIN options end without terminator at byte " + at);
      }
      int offset = ((payload[at + 1] & 0xFF) << 8) | (payload[at + 2] & 0xFF);
      int size = ((payload[at + 3] & 0xFF) << 8) | (payload[at + 4] & 0xFF);
      if (offset + size > length) {
        throw new ProtocolException(
            "PRELOGIN option " + option + " lies beyond the message, at " + offset + "+" + size);
      }
      if (option == OPTION_ENCRYPTION && size >= 1) {
        return wantsEncryption(payload[offset] & 0xFF);
      }
    }
    throw new ProtocolException("PRELOGIN has no ENCRYPTION option");
  }

  /** Answers; with encryption the TLS handshake follows. */
  public static void write(PacketWriter out, boolean encrypt) throws IOException {
    int offset = 3 * OPTION_HEADER_BYTES + 1;
    putOption(out, OPTION_VERSION, offset, VERSION.length);
    putOption(out, OPTION_ENCRYPTION, offset + VERSION.length, 1);
    putOption(out, OPTION_MARS, offset + VERSION.length + 1, 1);
    out.putByte(TERMINATOR);
    out.putBytes(VERSION);
    out.putByte(encrypt ? ENCRYPT_ON : ENCRYPT_NOT_SUPPORTED);
    out.putByte(0);
    out.endMessage();
  }

  private static boolean wantsEncryption(int value) throws ProtocolException {
    return switch (value) {
      case ENCRYPT_OFF, ENCRYPT_NOT_SUPPORTED -> false;
      case ENCRYPT_ON, ENCRYPT_REQUIRED -> true;
      default ->
          throw new ProtocolException(
              String.format(
                  "PRELOGIN ENCRYPTION 0x%02X is not supported (client certificates are not)",
                  value));
    };
  }

  private static void putOption(PacketWriter out, int option, int offset, int size)
      throws IOException {
    out.putByte(option);
    out.putByte(offset >> 8);
    out.putByte(offset);
    out.putByte(size >> 8);
    out.putByte(size);
  }
}
