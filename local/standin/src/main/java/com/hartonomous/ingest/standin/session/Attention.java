package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.engine.EngineSession;

/**
 * Carries the client's wish to stop from the thread that reads the socket to the one that executes.
 *
 * <p>A cancel that arrives between two statements, or just before the first, may find nothing to
 * interrupt; therefore it is repeated until the execution has ended. It is only ever made while an
 * execution runs and the wish stands, so it cannot hit a later request.
 */
final class Attention {
  private static final long REPEAT_MILLIS = 50;

  private final EngineSession session;
  private boolean executing;
  private volatile boolean requested;

  Attention(EngineSession session) {
    this.session = session;
  }

  /** Whether the client has asked to stop and was not answered yet. */
  boolean isRequested() {
    return requested;
  }

  /** The executing thread begins; false when it need not because the client has asked to stop. */
  synchronized boolean beginExecution() {
    executing = !requested;
    return executing;
  }

  /** The executing thread has ended. */
  synchronized void endExecution() {
    executing = false;
    notifyAll();
  }

  /** The reading thread asks to stop; nothing begins to execute, or is reported, from here on. */
  synchronized void request() {
    requested = true;
  }

  /** The reading thread cancels what executes until that has ended. */
  synchronized void cancelExecution() throws InterruptedException {
    while (executing && requested) {
      session.cancel();
      wait(REPEAT_MILLIS);
    }
  }

  /** The executing thread answers the client. */
  void acknowledge() {
    requested = false;
  }
}
