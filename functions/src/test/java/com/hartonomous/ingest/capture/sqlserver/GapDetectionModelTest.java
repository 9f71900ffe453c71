package com.hartonomous.ingest.capture.sqlserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.capture.sqlserver.ChangeCoverage.Instance;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.Lsn;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * A model of a database, its clean-up and a reader in random steps: whatever was lost was noticed,
 * and what was noticed was lost. Commits are numbered; each changes the table or is a heartbeat.
 */
class GapDetectionModelTest {

  private static final int RUNS = 5_000;
  private static final int STEPS = 60;

  /** Commits at a time, so that a round has many. */
  private static final int BURST = 12;

  private static final long SEED = Long.getLong("seed", 20261201L);

  private static final CapturedTable TABLE = ChangeCoverageTest.table(1, "A");

  @Test
  void withCleanUpAtAnyTimeAndCrashesNothingIsLostUnnoticed() {
    int gaps = 0;
    for (int run = 0; run < RUNS; run++) {
      Model model = new Model(new Random(SEED + run), true);
      gaps += model.run() ? 1 : 0;
      assertThat(model.failure).as("seed %d, run %d", SEED, run).isNull();
    }
    // Both outcomes were met.
    assertThat(gaps).as("seed %d", SEED).isBetween(RUNS / 100, RUNS - RUNS / 100);
  }

  @Test
  void withCleanUpBetweenRoundsOnlyEveryAlarmIsALoss() {
    int gaps = 0;
    for (int run = 0; run < RUNS; run++) {
      Model model = new Model(new Random(SEED + run), false);
      gaps += model.run() ? 1 : 0;
      assertThat(model.failure).as("seed %d, run %d", SEED, run).isNull();
    }
    assertThat(gaps).as("seed %d", SEED).isBetween(RUNS / 100, RUNS - RUNS / 100);
  }

  private static final class Alarm extends Exception {
    private static final long serialVersionUID = 1L;
  }

  private record Checkpoint(Lsn position, Lsn proved, Set<Long> delivered) {}

  private static final class Model {

    private final Random random;
    private final boolean harsh;

    /** True for a change of the table, false for a heartbeat. */
    private final TreeMap<Long, Boolean> commits = new TreeMap<>();

    private long minimum;
    private StreamProgress progress = new StreamProgress();
    private Long lastRead;
    private final Queue<Long> fetched = new ArrayDeque<>();
    private Set<Long> delivered = new HashSet<>();
    private final Set<Long> everFetched = new HashSet<>();
    private long position;
    private Checkpoint checkpoint;
    private String failure;

    Model(Random random, boolean harsh) {
      this.random = random;
      this.harsh = harsh;
      commits.put(1L, false);
      minimum = 1;
      position = 1;
      progress.start(ChangeCoverageTest.lsn(1), ChangeCoverageTest.lsn(1));
      lastRead = 1L;
      checkpoint = new Checkpoint(ChangeCoverageTest.lsn(1), progress.proved(), Set.of());
    }

    /** Whether a gap was noticed. */
    boolean run() {
      try {
        for (int step = 0; step < STEPS; step++) {
          step();
        }
        // What is left is read in peace.
        commits.put(commits.lastKey() + 1, false);
        round(false);
        while (!fetched.isEmpty()) {
          passOn();
        }
        for (var commit : commits.entrySet()) {
          if (commit.getValue() && !delivered.contains(commit.getKey())) {
            failure = "commit " + commit.getKey() + " was lost unnoticed";
          }
        }
        return false;
      } catch (Alarm alarm) {
        return true;
      }
    }

    private void step() throws Alarm {
      switch (random.nextInt(12)) {
        case 0, 1, 2 -> commit();
        case 3, 4 -> round(harsh);
        case 5, 6, 7 -> passOn();
        case 8, 9 ->
            checkpoint =
                new Checkpoint(
                    ChangeCoverageTest.lsn(position), progress.proved(), new HashSet<>(delivered));
        case 10 -> {
          if (random.nextInt(3) == 0) {
            cleanUp();
          }
        }
        default -> {
          if (harsh && random.nextInt(3) == 0) {
            restore();
          }
        }
      }
    }

    private void commit() {
      for (int i = random.nextInt(BURST); i >= 0; i--) {
        commits.put(commits.lastKey() + 1 + random.nextInt(3), random.nextInt(3) > 0);
      }
    }

    private void cleanUp() {
      Long mark = commits.floorKey(minimum + random.nextInt(10));
      minimum = Math.max(minimum, mark);
    }

    private void restore() {
      progress = new StreamProgress();
      progress.start(checkpoint.position(), checkpoint.proved());
      delivered = new HashSet<>(checkpoint.delivered());
      position = checkpoint.position().high();
      fetched.clear();
      lastRead = null;
    }

    /** As the connector reads: inclusive after a restore, otherwise behind the last round. */
    private void round(boolean disturbed) throws Alarm {
      long to = commits.lastKey();
      if (lastRead != null && to <= lastRead) {
        return;
      }
      Lsn from =
          lastRead == null
              ? ChangeCoverageTest.lsn(position)
              : ChangeCoverageTest.lsn(lastRead).next();
      Lsn needed = progress.needed(from);
      require(needed);
      for (long commit : commits.keySet()) {
        if (commit > to || ChangeCoverageTest.lsn(commit).compareTo(from) < 0) {
          continue;
        }
        if (disturbed) {
          switch (random.nextInt(8)) {
            case 0 -> cleanUp();
            case 1 -> {
              for (int i = random.nextInt(BURST); i >= 0; i--) {
                passOn();
              }
              checkpoint =
                  new Checkpoint(
                      ChangeCoverageTest.lsn(position),
                      progress.proved(),
                      new HashSet<>(delivered));
            }
            case 2 -> {
              restore();
              return;
            }
            default -> {}
          }
        }
        if (commit >= minimum) {
          fetched.add(commit);
          everFetched.add(commit);
        }
      }
      require(needed);
      progress.readUpTo(ChangeCoverageTest.lsn(to));
      lastRead = to;
    }

    private void passOn() {
      Long commit = fetched.poll();
      if (commit == null) {
        return;
      }
      position = commit;
      if (commits.get(commit)) {
        delivered.add(commit);
      } else {
        progress.passedOnUpTo(ChangeCoverageTest.lsn(commit));
      }
    }

    private void require(Lsn needed) throws Alarm {
      Instance instance =
          new Instance(TABLE.schema(), TABLE.table(), "A", ChangeCoverageTest.lsn(minimum), null);
      if (!ChangeCoverage.gaps(List.of(TABLE), List.of(instance), needed).isEmpty()
          && commits.keySet().stream()
              .anyMatch(
                  commit ->
                      commit < minimum && ChangeCoverageTest.lsn(commit).compareTo(needed) >= 0)) {
        boolean real =
            commits.keySet().stream()
                .anyMatch(commit -> commit < minimum && !everFetched.contains(commit));
        if (!harsh && !real) {
          failure = "an alarm at minimum " + minimum + ", though all below was read";
        }
        throw new Alarm();
      }
    }
  }
}
