package com.hartonomous.ingest.standin.wire;

/**
 * What a client may send at most. Every length on the wire is compared with one of these before
 * memory is taken for it.
 *
 * @param loginBytes payload of a LOGIN7 message
 * @param packetBytes one packet, header included, 512 to 32,767
 * @param batchBytes payload of a batch message (its text in UTF-16)
 * @param requestBytes payload of a procedure call message with all its parameters
 * @param valueBytes one value; above it error 7119
 * @param parameters parameters of one procedure call; above it error 8003
 */
public record WireLimits(
    int loginBytes,
    int packetBytes,
    int batchBytes,
    long requestBytes,
    int valueBytes,
    int parameters) {

  /** SQL Server's own limits, as far as a Java array holds them. */
  public static final WireLimits DEFAULT =
      new WireLimits(
          128 * 1024 - 1, Packet.MAX_SIZE, 256 << 20, 1L << 32, Integer.MAX_VALUE - 8, 2100);

  public WireLimits {
    requirePositive(loginBytes, "loginBytes");
    requirePositive(batchBytes, "batchBytes");
    requirePositive(requestBytes, "requestBytes");
    requirePositive(valueBytes, "valueBytes");
    requirePositive(parameters, "parameters");
    if (packetBytes < Packet.MIN_SIZE || packetBytes > Packet.MAX_SIZE) {
      throw new IllegalArgumentException("packetBytes must be 512 to 32767, but is " + packetBytes);
    }
  }

  private static void requirePositive(long value, String name) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " must be positive, but is " + value);
    }
  }
}
