package com.hartonomous.ingest.standin.wire;

import java.io.IOException;

/** Where a message's packets come from. */
public interface PacketSource {

  /**
   * Waits for the next packet. The caller owns it until {@link #release}.
   *
   * @throws java.io.EOFException when the client closed the connection
   */
  Packet next() throws IOException;

  /** Gives a packet's buffer back for reuse. */
  void release(Packet packet);
}
