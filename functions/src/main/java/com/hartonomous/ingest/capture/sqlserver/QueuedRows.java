package com.hartonomous.ingest.capture.sqlserver;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.IntSupplier;

/**
 * Bounds the bytes of the rows of a snapshot chunk that wait in the connector's queue, as {@link
 * QueuedBytes} does for changes. Rows leave the queue in batches, and nobody tells: those that wait
 * are the last ones, as many as the queue holds. The connector keeps one more before the queue.
 *
 * <p>Used by the thread that reads the chunk.
 */
final class QueuedRows {

  private static final long CHECK_MILLIS = 1;
  private static final int BEFORE_THE_QUEUE = 1;

  private final long limit;
  private final IntSupplier waiting;

  /** As many as the queue holds, at most. */
  private final Queue<Long> queued = new ArrayDeque<>();

  private long total;

  /**
   * @param limit bytes beyond which no further row is read; the last one may exceed it
   * @param waiting how many records wait in the queue
   */
  QueuedRows(long limit, IntSupplier waiting) {
    this.limit = limit;
    this.waiting = waiting;
  }

  /** A row is handed to the queue. */
  void add(Object[] row) {
    long bytes = 0;
    for (Object value : row) {
      bytes += QueuedBytes.of(value);
    }
    queued.add(bytes);
    total += bytes;
  }

  /**
   * Waits until there is room for one more row.
   *
   * @throws InterruptedException when the task is closed
   */
  void awaitRoom() throws InterruptedException {
    forgetThoseThatLeft();
    while (total > limit && queued.size() > BEFORE_THE_QUEUE) {
      Thread.sleep(CHECK_MILLIS);
      forgetThoseThatLeft();
    }
  }

  private void forgetThoseThatLeft() {
    int present = waiting.getAsInt() + BEFORE_THE_QUEUE;
    while (queued.size() > present) {
      total -= queued.remove();
    }
  }
}
