package com.hartonomous.ingest.standin.wire;

import java.io.IOException;
import java.util.Arrays;

/**
 * The LOGIN7 message.
 *
 * @param version the client's TDS version, for example 0x74000004
 * @param packetSize the wanted packet size, not checked; 0 for the server's choice
 * @param integratedSecurity whether the client wants to log in as its operating system user
 * @param password to be overwritten by whoever checks it
 * @param database empty for the login's default
 */
@SuppressWarnings("ArrayRecordComponent") // A password that can be overwritten; never compared.
public record LoginRequest(
    int version,
    int packetSize,
    boolean integratedSecurity,
    String host,
    String user,
    char[] password,
    String application,
    String database) {

  private static final int FIXED_BYTES = 94;
  private static final int VERSION_AT = 4;
  private static final int PACKET_SIZE_AT = 8;
  private static final int OPTION_FLAGS_2_AT = 25;
  private static final int INTEGRATED_SECURITY = 0x80;
  private static final int HOST_AT = 36;
  private static final int USER_AT = 40;
  private static final int PASSWORD_AT = 44;
  private static final int APPLICATION_AT = 48;
  private static final int DATABASE_AT = 68;
  private static final int MAX_CHARACTERS = 128;

  /** Reads the message; the reader's limit bounds its size. */
  public static LoginRequest read(MessageReader in) throws IOException {
    int announced = in.readInt();
    if (announced < FIXED_BYTES || announced > WireLimits.DEFAULT.loginBytes()) {
      throw new ProtocolException(
          "Expected a LOGIN7 message of "
              + FIXED_BYTES
              + " to "
              + WireLimits.DEFAULT.loginBytes()
              + " bytes, found "
              + announced);
    }
    byte[] bytes = new byte[announced];
    in.readBytes(bytes, 4, announced - 4);
    in.drain();
    try {
      return new LoginRequest(
          number(bytes, VERSION_AT),
          number(bytes, PACKET_SIZE_AT),
          (bytes[OPTION_FLAGS_2_AT] & INTEGRATED_SECURITY) != 0,
          new String(characters(bytes, HOST_AT, false)),
          new String(characters(bytes, USER_AT, false)),
          characters(bytes, PASSWORD_AT, true),
          new String(characters(bytes, APPLICATION_AT, false)),
          new String(characters(bytes, DATABASE_AT, false)));
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  @Override
  public String toString() {
    return "LoginRequest[user="
        + user
        + ", database="
        + database
        + ", host="
        + host
        + ", application="
        + application
        + "]";
  }

  private static int number(byte[] bytes, int at) {
    return (bytes[at] & 0xFF)
        | ((bytes[at + 1] & 0xFF) << 8)
        | ((bytes[at + 2] & 0xFF) << 16)
        | (bytes[at + 3] << 24);
  }

  private static char[] characters(byte[] bytes, int at, boolean obfuscated)
      throws ProtocolException {
    int offsetAndLength = number(bytes, at);
    int offset = offsetAndLength & 0xFFFF;
    int length = offsetAndLength >>> 16;
    if (length > MAX_CHARACTERS || offset + 2 * length > bytes.length) {
      throw new ProtocolException(
          "LOGIN7 field at "
              + at
              + " lies beyond the message or is longer than "
              + MAX_CHARACTERS
              + " characters: "
              + offset
              + "+"
              + length);
    }
    char[] characters = new char[length];
    for (int i = 0; i < length; i++) {
      int low = bytes[offset + 2 * i];
      int high = bytes[offset + 2 * i + 1];
      if (obfuscated) {
        low = reveal(low);
        high = reveal(high);
      }
      characters[i] = (char) ((low & 0xFF) | (high << 8));
    }
    return characters;
  }

  /** A password's bytes have their halves exchanged and are then XORed with 0xA5. */
  private static int reveal(int obfuscated) {
    int mixed = (obfuscated ^ 0xA5) & 0xFF;
    return ((mixed << 4) | (mixed >> 4)) & 0xFF;
  }
}
