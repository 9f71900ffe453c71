package com.hartonomous.ingest.cli;

/**
 * The work cannot be done for a reason that lies in what it works on: one line on stderr and {@link
 * ExitCode#PROBLEM_FOUND}. The message says what, where and what to do.
 */
public final class ProblemException extends Exception {

  private static final long serialVersionUID = 1L;

  public ProblemException(String message) {
    super(message);
  }
}
