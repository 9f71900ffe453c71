package com.hartonomous.ingest.format;

import java.io.IOException;

/**
 * A tensor that was listed has values that are not read, since that could cost far more than the
 * file itself. The file is sound.
 */
public final class UnreadableValuesException extends IOException {
  private static final long serialVersionUID = 1L;

  UnreadableValuesException(String message) {
    super(message);
  }
}
