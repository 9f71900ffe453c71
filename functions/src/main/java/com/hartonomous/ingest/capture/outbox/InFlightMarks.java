package com.hartonomous.ingest.capture.outbox;

import com.hartonomous.ingest.record.OutboxMark;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The marks that were given out and are not known to be synced. It keeps a poll from giving out the
 * same marks again while they are being worked on, and bounds how many are.
 */
final class InFlightMarks {

  private final int limit;
  private final Set<Long> queueIds = new HashSet<>();

  /**
   * @param limit marks in flight at most
   */
  InFlightMarks(int limit) {
    this.limit = limit;
  }

  /**
   * Takes note of a poll and says which of its marks to give out.
   *
   * @param lowest the unsynced marks of the lowest ids, ascending
   * @param complete whether these are all unsynced marks
   * @return marks that are not in flight yet, as many as may be
   */
  List<OutboxMark> admit(List<OutboxMark> lowest, boolean complete) {
    Set<Long> unsynced = new HashSet<>();
    lowest.forEach(mark -> unsynced.add(mark.queueId()));
    // What lies behind the last mark of a poll that was cut off may well be unsynced still: a
    // lower id that became visible late can have pushed it out.
    long seenUpTo =
        complete || lowest.isEmpty() ? Long.MAX_VALUE : lowest.get(lowest.size() - 1).queueId();
    queueIds.removeIf(id -> id <= seenUpTo && !unsynced.contains(id));
    List<OutboxMark> admitted = new ArrayList<>();
    for (OutboxMark mark : lowest) {
      if (queueIds.size() == limit) {
        break;
      }
      if (queueIds.add(mark.queueId())) {
        admitted.add(mark);
      }
    }
    return admitted;
  }

  int size() {
    return queueIds.size();
  }
}
