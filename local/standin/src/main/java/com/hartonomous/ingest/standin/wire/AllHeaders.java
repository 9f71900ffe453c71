package com.hartonomous.ingest.standin.wire;

import java.io.IOException;

/**
 * The ALL_HEADERS prefix of batches and procedure calls. Its contents (transaction descriptor,
 * outstanding requests, query notifications) say nothing that the session does not know.
 */
final class AllHeaders {
  private static final int MAX_BYTES = 64 * 1024;

  private AllHeaders() {}

  static void skip(MessageReader in, TdsVersion version) throws IOException {
    if (!version.isWide()) {
      return;
    }
    int total = in.readInt();
    if (total < 4 || total > MAX_BYTES) {
      throw new ProtocolException(
          "Expected ALL_HEADERS of 4 to " + MAX_BYTES + " bytes, found " + total);
    }
    in.skip(total - 4L);
  }
}
