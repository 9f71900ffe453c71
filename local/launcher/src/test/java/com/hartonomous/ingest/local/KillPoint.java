package com.hartonomous.ingest.local;

import com.hartonomous.ingest.cli.StartState;
import com.hartonomous.ingest.job.CheckpointOptions;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.neo4j.graphdb.GraphDatabaseService;
import org.neo4j.graphdb.Transaction;
import org.neo4j.graphdb.event.TransactionData;
import org.neo4j.graphdb.event.TransactionEventListenerAdapter;

/**
 * Where a process says that it is to be killed, and waits for it: each but {@link #NONE} behind the
 * first complete checkpoint of the ingest job.
 */
enum KillPoint {
  /** Never. */
  NONE,
  /** Some chunks of the table's snapshot are read and in a checkpoint, others are not read. */
  SNAPSHOT(Remaining.REFERENCES),
  /** A writer is about to store row references in an open transaction. */
  WRITER_TRANSACTION(Remaining.REFERENCES),
  /**
   * A writer's transaction is committed, and the writer does not know it yet: no checkpoint can
   * have completed in between, since the writer still waits for the answer.
   */
  AFTER_COMMIT(Remaining.STEPS, Remaining.REFERENCES, Remaining.MODELS),
  /** Some chunks of a model are stored, others are not. */
  MODEL_SPLIT(Remaining.MODELS),
  /** A graph transaction is about to commit. */
  GRAPH_TRANSACTION(Remaining.MARKS);

  /** Begins the line that says that the point was reached. */
  static final String REACHED = "reached ";

  /** What a process that is killed leaves to do. */
  enum Remaining {
    /** Of the workload. */
    STEPS,
    /** 1 when the references are not those of the rows. */
    REFERENCES,
    /** That are not complete. */
    MODELS,
    /** Of changes that the graph does not have. */
    MARKS
  }

  /** Less than the time after which a client of the database gives up. */
  private static final Duration CHECKPOINT_LIMIT = Duration.ofSeconds(12);

  private static final Duration LOOK_INTERVAL = Duration.ofMillis(20);

  private final List<Remaining> remaining;

  KillPoint(Remaining... remaining) {
    this.remaining = List.of(remaining);
  }

  /** Something of these is left to do when a process dies at the point. */
  List<Remaining> remaining() {
    return remaining;
  }

  /** A point in a process. Thread-safe. */
  static final class Armed extends TransactionEventListenerAdapter<Object>
      implements FaultInjector {
    private final KillPoint point;
    private final CheckpointOptions ingest;
    private final AtomicInteger countdown;
    private final AtomicInteger snapshotChunks = new AtomicInteger();
    private final Set<String> writersOfChunks = ConcurrentHashMap.newKeySet();
    private volatile boolean hasStoredChunks;
    private volatile boolean hasCheckpoint;

    /**
     * @param occurrence the point is reached at this one behind the first checkpoint, from 1
     * @param ingest of the ingest job
     */
    Armed(KillPoint point, int occurrence, CheckpointOptions ingest) {
      this.point = point;
      this.ingest = ingest;
      this.countdown = new AtomicInteger(occurrence);
    }

    /** How many chunks of the snapshot were asked for. */
    int snapshotChunks() {
      return snapshotChunks.get();
    }

    @Override
    public void reached(Point at, String application, String kind, String batch) {
      if (at == Point.BEFORE_STATEMENT
          && application.equals("hartonomous-capture")
          && batch.contains("SELECT * FROM [dbo].[DemoDocuments] WHERE")) {
        snapshotChunks.incrementAndGet();
        if (point == SNAPSHOT) {
          awaitFirstCheckpoint();
          hit();
        }
      }
      if (point == MODEL_SPLIT && application.equals("hartonomous-models")) {
        awaitFirstCheckpoint();
      }
      if (application.startsWith("hartonomous-writer-") && isHitOfWriter(at, application, batch)) {
        hit();
      }
    }

    private boolean isHitOfWriter(Point at, String application, String batch) {
      boolean chunks = at == Point.BEFORE_STATEMENT && batch.contains("INSERT INTO dbo.FileChunks");
      if (chunks) {
        writersOfChunks.add(application);
      } else if (at == Point.AFTER_COMMIT && writersOfChunks.contains(application)) {
        hasStoredChunks = true;
      }
      return switch (point) {
        case WRITER_TRANSACTION ->
            at == Point.BEFORE_STATEMENT && batch.contains("INSERT INTO dbo.RowAtoms");
        case AFTER_COMMIT -> at == Point.AFTER_COMMIT;
        case MODEL_SPLIT -> chunks && hasStoredChunks;
        case SNAPSHOT, GRAPH_TRANSACTION, NONE -> false;
      };
    }

    @Override
    public Object beforeCommit(
        TransactionData data, Transaction transaction, GraphDatabaseService database) {
      if (point == GRAPH_TRANSACTION && data.createdRelationships().iterator().hasNext()) {
        hit();
      }
      return null;
    }

    private void hit() {
      if (!hasCheckpoint() || countdown.decrementAndGet() != 0) {
        return;
      }
      if (point == SNAPSHOT) {
        // The first new one may have begun before the chunks so far were read.
        awaitNewCheckpoint();
        awaitNewCheckpoint();
      }
      System.out.println(REACHED + point);
      while (true) {
        LockSupport.park();
      }
    }

    private boolean hasCheckpoint() {
      hasCheckpoint = hasCheckpoint || newestCheckpoint().isPresent();
      return hasCheckpoint;
    }

    /** So that a snapshot or a model does not end before it. */
    private void awaitFirstCheckpoint() {
      long end = System.nanoTime() + CHECKPOINT_LIMIT.toNanos();
      while (!hasCheckpoint() && System.nanoTime() < end) {
        LockSupport.parkNanos(LOOK_INTERVAL.toNanos());
      }
    }

    private void awaitNewCheckpoint() {
      Optional<String> known = newestCheckpoint();
      while (newestCheckpoint().equals(known)) {
        LockSupport.parkNanos(LOOK_INTERVAL.toNanos());
      }
    }

    private Optional<String> newestCheckpoint() {
      try {
        return StartState.newest(ingest);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
