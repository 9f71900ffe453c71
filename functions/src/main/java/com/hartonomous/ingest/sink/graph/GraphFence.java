package com.hartonomous.ingest.sink.graph;

import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import org.neo4j.driver.Driver;
import org.neo4j.driver.Record;
import org.neo4j.driver.Session;
import org.neo4j.driver.SessionConfig;
import org.neo4j.driver.TransactionContext;

/**
 * Keeps a writer that was replaced, but does not know it yet, from writing what it read long ago.
 *
 * <p>Each writer takes an epoch at its start, one higher than every writer's before it. Each slot
 * of the graph has a {@code (:Fence {slot, epoch})} node. A transaction first locks the fences of
 * the slots that it is going to write, in ascending order; it takes over those of a lower epoch and
 * gives up when it meets a higher one. Both happen in one transaction with the writing, so no write
 * of a stale writer can follow a write of its successor in the same slot.
 *
 * <p>When the number of slots changes, an entity's slot changes with it; the first writer with the
 * new number takes over all fences at once.
 */
final class GraphFence {

  private static final String LOCK_COUNTER =
      "MERGE (c:FenceCounter {counterId: 1}) SET c.locked = true";

  private static final String NEXT_EPOCH =
      "MATCH (c:FenceCounter {counterId: 1})"
          + " WITH c, c.slots AS previousSlots"
          + " SET c.epoch = coalesce(c.epoch, 0) + 1, c.slots = $slots"
          + " RETURN c.epoch AS epoch, coalesce(previousSlots, 0) AS previousSlots,"
          + " COUNT { MATCH (:Fence) } AS fences";

  private static final String TAKE_OVER_ALL =
      "UNWIND range(0, $slots - 1) AS slot MERGE (f:Fence {slot: slot})"
          + " SET f.locked = true, f.epoch = $epoch";

  // Two statements: the epoch must be read after the lock was taken, and SET takes it.
  private static final String LOCK =
      "UNWIND $slots AS slot MATCH (f:Fence {slot: slot}) SET f.locked = true"
          + " RETURN count(*) AS locked";

  private static final String READ =
      "UNWIND $slots AS slot MATCH (f:Fence {slot: slot}) RETURN slot, f.epoch AS epoch";

  private static final String TAKE_OVER =
      "UNWIND $slots AS slot MATCH (f:Fence {slot: slot})"
          + " WHERE f.epoch < $epoch SET f.epoch = $epoch";

  private final long epoch;

  private GraphFence(long epoch) {
    this.epoch = epoch;
  }

  /** Takes the next epoch; the constraints of {@link GraphSchema} must be there. */
  static GraphFence takeNextEpoch(Driver driver, SessionConfig config, int slots) {
    try (Session session = driver.session(config)) {
      return session.executeWrite(tx -> takeNextEpoch(tx, slots));
    }
  }

  private static GraphFence takeNextEpoch(TransactionContext tx, int slots) {
    tx.run(LOCK_COUNTER).consume();
    Record counter = tx.run(NEXT_EPOCH, Map.of("slots", slots)).single();
    long epoch = counter.get("epoch").asLong();
    int previousSlots = counter.get("previousSlots").asInt();
    if (previousSlots != slots || counter.get("fences").asInt() < slots) {
      int all = Math.max(previousSlots, slots);
      tx.run(TAKE_OVER_ALL, Map.of("slots", all, "epoch", epoch)).consume();
    }
    return new GraphFence(epoch);
  }

  long epoch() {
    return epoch;
  }

  /**
   * Must be a transaction's first act.
   *
   * @throws StaleGraphWriterException when a later writer has one of the slots
   */
  void lock(TransactionContext tx, SortedSet<Integer> slots) {
    List<Integer> ascending = List.copyOf(slots);
    Map<String, Object> parameters = Map.of("slots", ascending, "epoch", epoch);
    int locked = tx.run(LOCK, parameters).single().get("locked").asInt();
    if (locked != ascending.size()) {
      throw new IllegalStateException(
          String.format(
              "Of %d fence nodes %d are there: somebody removed Fence nodes from the graph while"
                  + " graph-sync was running. They are made anew when it starts again.",
              ascending.size(), locked));
    }
    boolean takeOver = false;
    for (Record fence : tx.run(READ, parameters).list()) {
      long found = fence.get("epoch").asLong();
      if (found > epoch) {
        throw new StaleGraphWriterException(fence.get("slot").asLong(), epoch, found);
      }
      takeOver |= found < epoch;
    }
    if (takeOver) {
      tx.run(TAKE_OVER, parameters).consume();
    }
  }
}
