package com.hartonomous.ingest.capture.sqlserver;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.BooleanSupplier;

/**
 * Bounds the bytes of the changes that wait in the connector's queue, which itself counts records
 * only: of large documents a few would fill the heap. The thread that reads changes waits here
 * before it reads one more.
 *
 * <p>Changes leave the queue in the order in which they entered it. What is counted is what the
 * database sent for the row's columns; the objects made of it take a few times that.
 */
final class QueuedBytes {

  private static final long CHECK_MILLIS = 500;
  private static final int CHECKS_MAX = 10;

  private final long limit;
  private final BooleanSupplier queueEmpty;
  private final Queue<Long> queued = new ArrayDeque<>();
  private long total;

  /** A change left before it was counted, which is done when the row behind it is asked for. */
  private boolean early;

  /**
   * @param limit bytes beyond which no further change is read; the last one may exceed it
   * @param queueEmpty whether no record waits in the queue
   */
  QueuedBytes(long limit, BooleanSupplier queueEmpty) {
    this.limit = limit;
    this.queueEmpty = queueEmpty;
  }

  /** What counts of a column's value. */
  static long of(Object value) {
    if (value instanceof String text) {
      return 2L * text.length();
    }
    // A number or a date.
    return value instanceof byte[] array ? array.length : Long.BYTES;
  }

  /** A change of so many bytes was handed to the queue. By the thread that reads. */
  synchronized void add(long bytes) {
    if (early) {
      early = false;
      return;
    }
    queued.add(bytes);
    total += bytes;
  }

  /** A change left the queue. By the thread that empties it. */
  synchronized void remove() {
    Long bytes = queued.poll();
    if (bytes == null) {
      early = true;
      return;
    }
    total -= bytes;
    if (total <= limit) {
      notifyAll();
    }
  }

  /**
   * Waits until there is room for one more change. By the thread that reads.
   *
   * <p>What is counted though the queue was empty at {@value #CHECKS_MAX} checks in a row, half a
   * second apart, never was in it: a change of which the connector made no record must not stop
   * capture.
   *
   * @throws InterruptedException when the task is closed
   */
  synchronized void awaitRoom() throws InterruptedException {
    int empty = 0;
    while (total > limit) {
      wait(CHECK_MILLIS);
      empty = queueEmpty.getAsBoolean() ? empty + 1 : 0;
      if (empty == CHECKS_MAX) {
        queued.clear();
        total = 0;
      }
    }
  }
}
