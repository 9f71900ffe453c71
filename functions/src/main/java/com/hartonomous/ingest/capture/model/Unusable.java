package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.record.DeadLetter;
import java.io.IOException;

/**
 * What a configured pattern or watched directory leads to and cannot be submitted: a dead letter
 * that stands until a later look finds it mended.
 *
 * @param position the path that it is about
 * @param message what was expected, what was found, what to do
 */
record Unusable(Reason reason, String position, String message) {

  /** Why; its name is the dead letter's reason. */
  enum Reason {
    /** It is not there, or may not be listed, or its storage fails. */
    DIRECTORY_UNREADABLE,
    /** More entries than are looked at. */
    DIRECTORY_TOO_LARGE,
    /** Further below than is looked at. */
    DIRECTORY_TOO_DEEP,
    /** A pattern that no file matches. */
    PATTERN_WITHOUT_MATCH,
    /** A symbolic link to nothing. */
    FILE_UNREADABLE,
    /** A name that Flink's file systems take for another one. */
    NAME_UNUSABLE,
    /** Longer than the tables hold. */
    PATH_TOO_LONG
  }

  /** A place that cannot be looked at, with its reason. */
  static final class UnusableException extends IOException {
    private static final long serialVersionUID = 1L;
    private final Reason reason;

    UnusableException(Reason reason, String message) {
      super(message);
      this.reason = reason;
    }

    /** A place that is unusable for something in it. */
    UnusableException(Unusable inside) {
      this(inside.reason, inside.message);
    }
  }

  /** A place that could not be looked at. */
  static Unusable of(String position, IOException failure) {
    Reason reason =
        failure instanceof UnusableException unusable
            ? unusable.reason
            : Reason.DIRECTORY_UNREADABLE;
    return new Unusable(reason, position, position + ": " + failure.getMessage());
  }

  /** A path or name that the tables do not take, which would stop the whole source; else null. */
  static Unusable ifTooLong(ModelFiles files) {
    String path = files.path().toString();
    if (path.length() <= ModelLocation.PATH_LENGTH_MAX
        && files.name().length() <= ModelLocation.NAME_LENGTH_MAX) {
      return null;
    }
    return new Unusable(
        Reason.PATH_TOO_LONG,
        path,
        "%s: expected a path of at most %d characters and a name of at most %d, found %d and %d; move it up or shorten its name"
            .formatted(
                path,
                ModelLocation.PATH_LENGTH_MAX,
                ModelLocation.NAME_LENGTH_MAX,
                path.length(),
                files.name().length()));
  }

  /**
   * @param source the pattern or directory as it is configured
   */
  DeadLetter letter(String source) {
    return new DeadLetter(source, position, reason.name(), message, position, 0);
  }
}
