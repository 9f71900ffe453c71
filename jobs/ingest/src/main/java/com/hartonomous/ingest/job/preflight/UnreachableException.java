package com.hartonomous.ingest.job.preflight;

/**
 * A server that the configuration names does not answer, or breaks off. The message is one line: it
 * says which, why and what to do.
 */
public final class UnreachableException extends Exception {

  private static final long serialVersionUID = 1;

  public UnreachableException(String message, Throwable cause) {
    super(message, cause);
  }
}
