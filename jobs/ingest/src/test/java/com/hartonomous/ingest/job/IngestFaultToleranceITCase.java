package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.engine.ConnectionLostException;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.engine.FaultInjector.Point;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CanonicalDigest;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.ModelFixtures;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever happens to the job, the database ends as in an undisturbed run. The same workload runs
 * twice, on two databases; the second time something fails at a point chosen by the seed.
 */
class IngestFaultToleranceITCase {

  private static final int ROWS = 300;
  private static final int CHANGES = 200;
  private static final long SEED = Long.getLong("seed", 20261122L);

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension undisturbed = new SqlServerExtension();
  @RegisterExtension final SqlServerExtension disturbed = new SqlServerExtension();

  @TempDir Path directory;

  private final Random random = new Random(SEED);

  @Test
  @StandInOnly("injected faults")
  void failureDuringTheSnapshot() throws Exception {
    InjectedFailure failure =
        new InjectedFailure(
            Point.BEFORE_STATEMENT, this::isWriter, "dbo.RowAtoms", 1 + random.nextInt(3));
    disturbed.injectFaults(failure);
    compareRuns(failure, FaultInjector.NONE);
  }

  @Test
  @StandInOnly("injected faults")
  void failureAfterACommitWhileStreaming() throws Exception {
    InjectedFailure failure =
        new InjectedFailure(Point.AFTER_COMMIT, this::isWriter, "", 2 + random.nextInt(4));
    compareRuns(failure, failure);
  }

  @Test
  @StandInOnly("injected faults")
  void failureInsideAModelSplit() throws Exception {
    InjectedFailure failure =
        new InjectedFailure(
            Point.BEFORE_STATEMENT, this::isWriter, "dbo.FileChunks", 3 + random.nextInt(6));
    disturbed.injectFaults(failure);
    compareRuns(failure, FaultInjector.NONE);
  }

  @Test
  @StandInOnly("injected faults")
  void commitsWithUnknownOutcomeAreTriedAgain() throws Exception {
    AtomicInteger commits = new AtomicInteger();
    AtomicInteger lost = new AtomicInteger();
    // Odd, so that both sides of a commit are met.
    int every = 7 + 2 * random.nextInt(3);
    FaultInjector losses =
        (point, application, kind, batch) -> {
          if (point != Point.BEFORE_STATEMENT
              && isWriter(application)
              && isWork(batch)
              && commits.incrementAndGet() % every == 0) {
            lost.incrementAndGet();
            throw new ConnectionLostException("lost at " + point);
          }
        };
    disturbed.injectFaults(losses);
    List<String> expected = run(undisturbed, FaultInjector.NONE);
    List<String> found = run(disturbed, losses);
    assertThat(lost.get()).as("seed %d: lost commits", SEED).isGreaterThan(3);
    assertThat(found).as("seed %d", SEED).isEqualTo(expected);
  }

  @Test
  void stopWithSavepointAndResume() throws Exception {
    List<String> expected = run(undisturbed, FaultInjector.NONE);
    try (Sql sql = disturbed.connect()) {
      IngestOptions options = prepare(disturbed, sql);
      String savepoint;
      try (RunningIngest job = RunningIngest.start(options)) {
        DocumentsTable.awaitCaughtUp(sql);
        change(sql, 0, CHANGES / 3);
        savepoint = job.stopWithSavepoint(directory.resolve("savepoints"));
      }
      change(sql, CHANGES / 3, 2 * CHANGES / 3);
      try (RunningIngest job = RunningIngest.start(options, savepoint)) {
        change(sql, 2 * CHANGES / 3, CHANGES);
        awaitEverything(sql);
        Balance.awaitEven(disturbed.options());
      }
      assertThat(CanonicalDigest.lines(sql)).as("seed %d", SEED).isEqualTo(expected);
    }
  }

  private void compareRuns(InjectedFailure failure, FaultInjector whileStreaming) throws Exception {
    List<String> expected = run(undisturbed, FaultInjector.NONE);
    List<String> found = run(disturbed, whileStreaming);
    assertThat(failure.happened()).as("seed %d: the failure happened", SEED).isTrue();
    assertThat(found).as("seed %d", SEED).isEqualTo(expected);
  }

  private List<String> run(SqlServerExtension server, FaultInjector whileStreaming)
      throws Exception {
    try (Sql sql = server.connect()) {
      IngestOptions options = prepare(server, sql);
      try (RunningIngest job = RunningIngest.start(options)) {
        DocumentsTable.awaitCaughtUp(sql);
        if (whileStreaming != FaultInjector.NONE) {
          server.injectFaults(whileStreaming);
        }
        change(sql, 0, CHANGES);
        awaitEverything(sql);
        Balance.awaitEven(server.options());
      }
      return CanonicalDigest.lines(sql);
    }
  }

  private IngestOptions prepare(SqlServerExtension server, Sql sql) throws Exception {
    DocumentsTable.create(sql);
    for (int id = 0; id < ROWS; id++) {
      DocumentsTable.insert(sql, id, "title " + id % 13, "body " + id);
    }
    Path model = directory.resolve("model.safetensors");
    if (Files.notExists(model)) {
      ModelFixtures.safeTensors(model, SEED, 20, 40_000);
    }
    return RunningIngest.options(
        server.options(),
        List.of(DocumentsTable.CONFIGURATION),
        List.of(new IngestOptions.ModelPath(model.toUri().toString(), "model")),
        directory.resolve("checkpoints-" + server.options().port()));
  }

  /** Changes number {@code from} to {@code to}: the same ones in every run. */
  private static void change(Sql sql, int from, int to) throws Exception {
    for (int i = from; i < to; i++) {
      Random random = new Random(SEED + i);
      int id = random.nextInt(ROWS);
      String title = "title " + random.nextInt(19);
      String body = "change " + i;
      int newId = ROWS + i;
      int choice = random.nextInt(5);
      sql.inTransaction(
          () -> {
            if (choice == 0) {
              sql.update("DELETE FROM dbo.Documents WHERE Id = ?", id);
            } else if (choice == 1) {
              sql.update(
                  "INSERT INTO dbo.Documents (Id, Title, Body) VALUES (?, ?, ?)",
                  newId,
                  title,
                  body);
            } else {
              sql.update(
                  "UPDATE dbo.Documents SET Title = ?, Body = ? WHERE Id IN (?, ?)",
                  title,
                  body,
                  id,
                  (id + 11) % ROWS);
            }
          });
    }
  }

  private static void awaitEverything(Sql sql) throws Exception {
    DocumentsTable.awaitCaughtUp(sql);
    Awaitility.await()
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(
            () ->
                assertThat(sql.rows("SELECT State, Failure FROM dbo.Models"))
                    .containsExactly("COMPLETE|∅"));
    assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
  }

  /** Not what a connection begins with, which has more commits than lie between two losses. */
  private static boolean isWork(String batch) {
    return !batch.contains("CREATE TABLE #Atom")
        && !batch.contains("SET XACT_ABORT")
        && !batch.contains("@LockOwner = 'Session'");
  }

  private boolean isWriter(String application) {
    return application.startsWith("hartonomous-writer-");
  }
}
