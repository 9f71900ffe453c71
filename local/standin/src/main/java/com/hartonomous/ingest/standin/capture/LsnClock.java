package com.hartonomous.ingest.standin.capture;

import java.util.function.LongSupplier;

/**
 * Gives out log sequence numbers. They never restart: the first is above both the greatest
 * persisted number and the wall clock, so that a database that lost its files still numbers above
 * what a consumer has seen before. Milliseconds are shifted by 20 bits: the counter stays behind
 * the clock up to a million numbers a millisecond. Thread-safe.
 */
public final class LsnClock {

  private static final int NUMBERS_PER_MILLISECOND_BITS = 20;

  private long next;

  /**
   * Starts above everything given out before.
   *
   * @param greatestPersisted the greatest number that was made durable, 0 for none
   * @param epochMillis the wall clock
   */
  public LsnClock(long greatestPersisted, LongSupplier epochMillis) {
    long byClock = epochMillis.getAsLong() << NUMBERS_PER_MILLISECOND_BITS;
    this.next = Math.max(greatestPersisted + 1, byClock);
  }

  /** Takes {@code count} consecutive numbers and returns the first. */
  public synchronized long reserve(long count) {
    if (count < 1) {
      throw new IllegalArgumentException("count must be positive: " + count);
    }
    long first = next;
    next = Math.addExact(next, count);
    return first;
  }
}
