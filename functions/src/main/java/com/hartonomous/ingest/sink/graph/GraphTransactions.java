package com.hartonomous.ingest.sink.graph;

import java.time.Duration;
import java.util.SortedSet;
import java.util.function.Function;
import org.neo4j.driver.Driver;
import org.neo4j.driver.Session;
import org.neo4j.driver.SessionConfig;
import org.neo4j.driver.TransactionConfig;
import org.neo4j.driver.TransactionContext;
import org.neo4j.driver.exceptions.ClientException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs pieces of work as fenced transactions. A piece may run more than once: the driver repeats it
 * after deadlocks and lost connections, for 30 s, and this class after a node vanished under it
 * (purge removes atoms that nothing refers to), {@value #VANISHED_RETRIES} times.
 */
final class GraphTransactions {

  private static final Logger LOG = LoggerFactory.getLogger(GraphTransactions.class);
  private static final int VANISHED_RETRIES = 10;
  private static final long VANISHED_BACKOFF_MILLIS = 50;
  private static final String ENTITY_NOT_FOUND = "Neo.ClientError.Statement.EntityNotFound";
  private static final TransactionConfig LIMITS =
      TransactionConfig.builder().withTimeout(Duration.ofMinutes(5)).build();

  /** A node that was there a moment ago is not any more. */
  static final class VanishedNodeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    VanishedNodeException(String message) {
      super(message);
    }
  }

  private final Driver driver;
  private final SessionConfig config;
  private final GraphFence fence;

  GraphTransactions(Driver driver, SessionConfig config, GraphFence fence) {
    this.driver = driver;
    this.config = config;
    this.fence = fence;
  }

  /**
   * Runs the work with the fences of the slots locked and commits.
   *
   * @throws StaleGraphWriterException when a later writer has taken over
   */
  <T> T run(SortedSet<Integer> slots, Function<TransactionContext, T> work) {
    for (int attempt = 1; ; attempt++) {
      try (Session session = driver.session(config)) {
        return session.executeWrite(
            tx -> {
              fence.lock(tx, slots);
              return work.apply(tx);
            },
            LIMITS);
      } catch (VanishedNodeException e) {
        pauseUnlessLast(attempt, e);
      } catch (ClientException e) {
        if (!ENTITY_NOT_FOUND.equals(e.code())) {
          throw e;
        }
        pauseUnlessLast(attempt, e);
      }
    }
  }

  private static void pauseUnlessLast(int attempt, RuntimeException cause) {
    if (attempt > VANISHED_RETRIES) {
      throw cause;
    }
    LOG.debug("A node vanished during a graph transaction; attempt {}.", attempt, cause);
    try {
      Thread.sleep(VANISHED_BACKOFF_MILLIS * attempt);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw cause;
    }
  }
}
