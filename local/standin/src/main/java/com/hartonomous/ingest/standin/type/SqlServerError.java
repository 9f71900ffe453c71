package com.hartonomous.ingest.standin.type;

/** An error as SQL Server numbers them; it crosses the wire with exactly these fields. */
public final class SqlServerError extends Exception {
  private static final long serialVersionUID = 1L;

  private final int number;
  private final int severity;
  private final int state;

  /** 0 while it is not known. */
  private int line;

  public SqlServerError(int number, int severity, int state, String message) {
    super(message);
    this.number = number;
    this.severity = severity;
    this.state = state;
  }

  public SqlServerError(int number, int severity, int state, String message, Throwable cause) {
    super(message, cause);
    this.number = number;
    this.severity = severity;
    this.state = state;
  }

  /** The number in sys.messages, for example 2627. */
  public int number() {
    return number;
  }

  /** The class, 11 to 25; 20 and above end the connection. */
  public int severity() {
    return severity;
  }

  public int state() {
    return state;
  }

  /**
   * Notes where it happened, unless that is known already.
   *
   * @param newLine of the batch or procedure, from 1; 0 when it is not known
   * @return this
   */
  public SqlServerError at(int newLine) {
    if (line == 0) {
      line = newLine;
    }
    return this;
  }

  /** The line of the batch or procedure; 1 when it is not known. */
  public int line() {
    return Math.max(1, line);
  }
}
