package com.hartonomous.ingest.standin.wire;

import java.io.IOException;

/**
 * The client gave up its request before having sent all of it: by an attention packet between two
 * packets of the message, or by the "ignore" status bit on its last packet.
 */
public final class MessageInterruptedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final boolean byAttention;

  MessageInterruptedException(String message, boolean byAttention) {
    super(message);
    this.byAttention = byAttention;
  }

  /**
   * True when an attention packet broke the message off: it has been taken and must be answered.
   */
  public boolean byAttention() {
    return byAttention;
  }
}
