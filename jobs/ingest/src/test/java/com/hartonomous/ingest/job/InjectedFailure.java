package com.hartonomous.ingest.job;

import com.hartonomous.ingest.standin.engine.ConnectionLostException;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * Fails a statement, once, with an error that no writer tries again: the job fails and restarts
 * from its last checkpoint.
 */
final class InjectedFailure implements FaultInjector {

  private final Point point;
  private final Predicate<String> application;
  private final String fragment;
  private final AtomicInteger remaining;

  /**
   * @param application which clients
   * @param fragment which batches, or the empty string for commits
   * @param occurrence fails at this one, from 1
   */
  InjectedFailure(Point point, Predicate<String> application, String fragment, int occurrence) {
    this.point = point;
    this.application = application;
    this.fragment = fragment;
    this.remaining = new AtomicInteger(occurrence);
  }

  /** Whether the failure has happened. */
  boolean happened() {
    return remaining.get() <= 0;
  }

  @Override
  public void reached(Point reached, String client, String kind, String batch)
      throws SqlServerError, ConnectionLostException {
    if (reached == point
        && application.test(client)
        && batch.contains(fragment)
        && remaining.decrementAndGet() == 0) {
      throw new SqlServerError(50_999, 16, 1, "injected failure at " + kind);
    }
  }
}
