package com.hartonomous.ingest.runtime;

import java.io.IOException;

/**
 * A file is not, or no longer, what was submitted: it changed, shrank, vanished, or may not be
 * read. The file's fault, and its model's; trying again changes nothing.
 */
public final class UnusableFileException extends IOException {

  private static final long serialVersionUID = 1L;

  public UnusableFileException(String message) {
    super(message);
  }

  public UnusableFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
