package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.Lsn;
import java.io.Serializable;

/**
 * How far the reader of the stream has come, and how much of that is proved to be without a gap.
 * One for each reader: its connection, its deserializer and its state share it, as parts of one
 * source. Written by the thread that fetches and the thread that passes on.
 *
 * <p>Why both: a round of reading is proved when its last row was read, and its rows are passed on,
 * and stand in checkpoints, before that. If clean-up overtakes a round and the process dies before
 * anybody noticed, only what was proved before may count after the restore.
 */
final class StreamProgress implements Serializable {

  private static final long serialVersionUID = 1L;

  /** Null before the first: nothing is proved. */
  private transient volatile Lsn read;

  private transient volatile Lsn passedOn;

  /** Lowest that is needed and not proved, of the state; null once the first round is proved. */
  private transient volatile Lsn unproved;

  /**
   * Begins with the position of a split.
   *
   * @param position of a commit up to which changes were passed on; null when there is none
   * @param proved up to here nothing was left out; null when it is not known
   */
  void start(Lsn position, Lsn proved) {
    read = position;
    passedOn = proved;
    // The commit at the position may have been passed on in part.
    unproved = proved != null ? proved.next() : position;
  }

  /** The last commit of the last round that was read and proved, or the position of the start. */
  Lsn read() {
    return read;
  }

  /** The lowest that must be there for a round that reads from {@code from} on. */
  Lsn needed(Lsn from) {
    Lsn first = unproved;
    return first != null && first.compareTo(from) < 0 ? first : from;
  }

  /** A round was read up to here, and all that was needed was there until its end. */
  void readUpTo(Lsn to) {
    read = to;
    unproved = null;
  }

  /** All up to this commit was passed on: the heartbeat's, which has no other change. */
  void passedOnUpTo(Lsn commit) {
    passedOn = commit;
  }

  /** Up to here all was read, proved and passed on; null when that is not known. */
  Lsn proved() {
    Lsn first = unproved;
    if (first != null) {
      return first.previous();
    }
    Lsn upTo = read;
    Lsn passed = passedOn;
    if (upTo == null || passed == null) {
      return null;
    }
    return upTo.compareTo(passed) < 0 ? upTo : passed;
  }
}
