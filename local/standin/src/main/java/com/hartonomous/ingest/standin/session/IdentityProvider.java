package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.wire.ServerIdentity;
import java.io.IOException;

/** Gives the server's TLS identity, made on first use. Thread-safe. */
@FunctionalInterface
public interface IdentityProvider {

  /**
   * The identity, always the same.
   *
   * @throws IOException when it can be neither made nor read
   */
  ServerIdentity identity() throws IOException;
}
