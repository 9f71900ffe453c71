package com.hartonomous.ingest.capture.model;

/**
 * A model file that cannot be ingested: the file's fault, so a dead letter, and the job goes on.
 */
final class RejectedModelException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Why; its name is the dead letter's reason. */
  enum Reason {
    /** No such regular file, no right to read it, or its storage keeps failing. */
    FILE_UNREADABLE,
    /** A file without a byte. */
    FILE_EMPTY,
    /** Not the file that was submitted. */
    FILE_CHANGED,
    /** The file breaks its format. */
    MALFORMED_FILE,
    /** Not of the format that its submission says. */
    UNEXPECTED_FORMAT,
    /** No format matches, or the file uses what is not known. */
    UNSUPPORTED_FILE,
    /** The file is beyond a limit. */
    FILE_TOO_LARGE,
    /** The stored references are not those that the model expects. */
    INCONSISTENT_REFERENCES,
    /** What the file says of itself does not fit the tables. */
    REFUSED_BY_DATABASE
  }

  private final Reason reason;
  private final String position;

  /**
   * @param position where in the file
   * @param message what was expected, what was found, what to do
   */
  RejectedModelException(Reason reason, String position, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
    this.position = position;
  }

  Reason reason() {
    return reason;
  }

  String position() {
    return position;
  }
}
