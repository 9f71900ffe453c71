package com.hartonomous.ingest.standin.engine;

import java.io.IOException;

/** An injected loss of the connection: the session is over, the client gets no answer. */
public final class ConnectionLostException extends IOException {
  private static final long serialVersionUID = 1L;

  public ConnectionLostException(String message) {
    super(message);
  }
}
