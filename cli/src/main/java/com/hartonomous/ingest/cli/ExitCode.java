package com.hartonomous.ingest.cli;

/** What a command's exit code says. Other tools rely on it. */
public final class ExitCode {

  /** The work is done. */
  public static final int DONE = 0;

  /** The work is done and found a problem, for example a difference or a bad file. */
  public static final int PROBLEM_FOUND = 1;

  /** Usage or configuration is wrong; nothing was started. */
  public static final int USAGE = 2;

  /** A server, network or file system did not do its part. */
  public static final int INFRASTRUCTURE = 3;

  private ExitCode() {}
}
