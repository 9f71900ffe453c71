package com.hartonomous.ingest.standin.broker;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** How often in a row the receives of a conversation group were rolled back. Thread-safe. */
final class RolledBackReceives {

  /** The one that disables the queue. */
  static final int MAX = 5;

  private final Map<Integer, Map<UUID, Integer>> counts = new HashMap<>();

  synchronized void committed(int queueId, UUID group) {
    Map<UUID, Integer> groups = counts.get(queueId);
    if (groups != null) {
      groups.remove(group);
    }
  }

  /** True when this was one too many; counting begins anew then. */
  synchronized boolean rolledBack(int queueId, UUID group) {
    int count = counts.computeIfAbsent(queueId, q -> new HashMap<>()).merge(group, 1, Integer::sum);
    if (count < MAX) {
      return false;
    }
    counts.remove(queueId);
    return true;
  }

  synchronized void forget(int queueId) {
    counts.remove(queueId);
  }
}
