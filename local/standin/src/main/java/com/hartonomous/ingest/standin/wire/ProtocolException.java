package com.hartonomous.ingest.standin.wire;

import java.io.IOException;

/**
 * Bytes that are not TDS, or break its rules or a limit. The connection cannot be used any more.
 */
public final class ProtocolException extends IOException {
  private static final long serialVersionUID = 1L;

  public ProtocolException(String message) {
    super(message);
  }
}
