package com.hartonomous.ingest.cli;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How often tables are read anew without people: each {@value #IN_A_ROW_MAX} times in a row. More
 * do not help: its changes are kept for less time than it takes to read it. Counted by table,
 * because after a long rest each capture group of a job ends it once. Not thread-safe.
 */
final class ResnapshotLimit {

  static final int IN_A_ROW_MAX = 3;

  /** A run of this length ends the rows. */
  static final Duration QUIET = Duration.ofHours(1);

  private final Map<String, Integer> readAnew = new HashMap<>();

  /**
   * Whether tables may be read anew once more; counts that they are.
   *
   * @param ran how long the job ran before it missed changes of them
   */
  boolean allows(List<String> tables, Duration ran) {
    if (ran.compareTo(QUIET) >= 0) {
      readAnew.clear();
    }
    boolean allowed = true;
    for (String table : tables) {
      allowed &= readAnew.merge(table, 1, Integer::sum) <= IN_A_ROW_MAX;
    }
    return allowed;
  }
}
