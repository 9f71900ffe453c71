package com.hartonomous.ingest.standin.wire;

import java.io.IOException;
import java.util.Arrays;

/** The SQLBatch message: headers, then the text up to the end of the message. */
public final class SqlBatch {
  private static final int FIRST_ALLOCATION = 4096;

  private SqlBatch() {}

  /** Reads the text; the reader's limit bounds it. */
  public static String read(MessageReader in, TdsVersion version) throws IOException {
    AllHeaders.skip(in, version);
    char[] text = new char[FIRST_ALLOCATION];
    int length = 0;
    while (!in.atEnd()) {
      if (length == text.length) {
        text = Arrays.copyOf(text, 2 * length);
      }
      text[length++] = (char) in.readShort();
    }
    in.close();
    return new String(text, 0, length);
  }
}
