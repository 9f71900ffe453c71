package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.engine.ConnectionLostException;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.test.junit5.InjectMiniCluster;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random transactions while the job is started, stopped, killed and cut off. After each round the
 * references are those of the tables, and all counts are right.
 *
 * <p>{@code -Dseed=N} changes everything; {@code -Dminutes=60} goes on for so long, on a new
 * database every few rounds; {@code -Drounds.log=FILE} adds a line for each round, and goes on
 * behind the last database of the same seed that is in it.
 */
class RandomTransactionsFaultToleranceITCase {

  private static final long SEED = Long.getLong("seed", 20261201L);
  private static final long MINUTES = Long.getLong("minutes", 0);
  private static final String LOG = System.getProperty("rounds.log");

  private static final int ROUNDS_OF_DATABASE = 6;
  private static final int TRANSACTIONS_MAX = 60;
  private static final int PARALLELISM_MAX = 3;
  private static final int LOST_CONNECTIONS_MAX = 6;
  private static final Instant START = Instant.now();

  @RegisterExtension
  static final MiniClusterExtension FLINK = FlinkCluster.extension(PARALLELISM_MAX);

  /** Index of the TaskManager that lives; the MiniCluster keeps the dead ones. */
  private static int taskManager;

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  private Sql sql;
  private RunningIngest job;
  private int parallelism = 2;

  /** What the job was started from last; null without state. */
  private String state;

  /** What happens in the middle of a round. */
  private enum Disturbance {
    NONE,
    STOP_WITH_SAVEPOINT,
    STOP_WITH_SAVEPOINT_AND_RESCALE,
    CANCEL,
    TASK_MANAGER_DIES,
    CONNECTIONS_ARE_LOST
  }

  /** Numbers of databases, as long as there is time. */
  static IntStream databases() throws IOException {
    int first = lastLogged() + 1;
    return IntStream.iterate(
        first,
        database ->
            database == first
                || Duration.between(START, Instant.now()).compareTo(Duration.ofMinutes(MINUTES))
                    < 0,
        database -> database + 1);
  }

  @ParameterizedTest(name = "database {0}")
  @MethodSource("databases")
  void referencesAreThoseOfTheTables(int database, @InjectMiniCluster MiniCluster flink)
      throws Exception {
    Random random = new Random(SEED * 1_000_003 + database);
    RandomTransactions transactions = new RandomTransactions(server.options());
    try (Sql connection = server.connect()) {
      sql = connection;
      RandomTransactions.create(sql);
      for (int round = 0; round < ROUNDS_OF_DATABASE; round++) {
        String description = String.format("seed %d database %d round %d", SEED, database, round);
        Disturbance disturbance = Disturbance.values()[random.nextInt(Disturbance.values().length)];
        round(description + ", " + disturbance, disturbance, random, transactions, flink);
      }
      job.close();
    }
  }

  private void round(
      String description,
      Disturbance disturbance,
      Random random,
      RandomTransactions transactions,
      MiniCluster flink)
      throws Exception {
    Instant start = Instant.now();
    int before = transactions.committed();
    int size = 10 + random.nextInt(TRANSACTIONS_MAX - 10);
    Callable<Void> writers = transactions.start(random.nextLong(), size);
    if (job == null) {
      job = RunningIngest.start(options());
    }
    int disturbedAt = before + 1 + random.nextInt(size);
    Awaitility.await(description)
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> transactions.committed() >= disturbedAt);
    disturb(disturbance, random, flink);
    writers.call();
    Awaitility.await(description)
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () -> assertThat(RandomTransactions.differences(sql)).as(description).isEmpty());
    assertThat(CapturedRows.wrongCounts(sql)).as(description).isEmpty();
    assertThat(sql.rows("SELECT * FROM dbo.AtomizationErrors")).as(description).isEmpty();
    Balance.awaitEven(server.options());
    log(
        String.format(
            "%s: equal, %d rows; since the database's beginning %s; %d ms",
            description,
            RandomTransactions.rows(sql),
            transactions.counts(),
            Duration.between(start, Instant.now()).toMillis()));
  }

  private void disturb(Disturbance disturbance, Random random, MiniCluster flink) throws Exception {
    switch (disturbance) {
      case NONE -> {}
      case STOP_WITH_SAVEPOINT, STOP_WITH_SAVEPOINT_AND_RESCALE -> {
        awaitRunning(flink);
        state = job.stopWithSavepoint(directory.resolve("savepoints"));
        if (disturbance == Disturbance.STOP_WITH_SAVEPOINT_AND_RESCALE) {
          parallelism = 1 + random.nextInt(PARALLELISM_MAX);
        }
        job = RunningIngest.start(options(), state);
      }
      case CANCEL -> {
        // Flink cannot cancel a job that it has not begun with.
        Awaitility.await()
            .atMost(Duration.ofMinutes(1))
            .until(() -> job.status() != JobStatus.INITIALIZING);
        job.cancel();
        state = newestCheckpoint().orElse(state);
        job = RunningIngest.start(options(), state);
      }
      case TASK_MANAGER_DIES -> {
        flink.terminateTaskManager(taskManager).get(1, TimeUnit.MINUTES);
        flink.startTaskManager();
        taskManager++;
      }
      case CONNECTIONS_ARE_LOST -> {
        int count = 1 + random.nextInt(LOST_CONNECTIONS_MAX);
        if (server.canInjectFaults()) {
          loseConnections(count);
        }
      }
    }
  }

  private void awaitRunning(MiniCluster flink) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              if (job.status() != JobStatus.RUNNING) {
                return false;
              }
              for (AccessExecutionVertex task :
                  flink.getExecutionGraph(job.id()).get().getAllExecutionVertices()) {
                if (task.getExecutionState() != ExecutionState.RUNNING) {
                  return false;
                }
              }
              return true;
            });
  }

  /** Of the job's own; the state that it was started from, if any, is older. */
  private Optional<String> newestCheckpoint() throws IOException {
    Path checkpoints = directory.resolve("checkpoints").resolve(job.id().toString());
    if (Files.notExists(checkpoints)) {
      return Optional.empty();
    }
    try (Stream<Path> entries = Files.list(checkpoints)) {
      return entries
          .filter(entry -> Files.exists(entry.resolve("_metadata")))
          .max(Comparator.comparingInt(entry -> number(entry, "chk-")))
          .map(Path::toString);
    }
  }

  private static int number(Path entry, String prefix) {
    return Integer.parseInt(entry.getFileName().toString().substring(prefix.length()));
  }

  /** Drops the next connections of the job that execute something. */
  private void loseConnections(int count) {
    AtomicInteger remaining = new AtomicInteger(count);
    server.injectFaults(
        (point, application, kind, batch) -> {
          if (application.startsWith("hartonomous-") && remaining.getAndDecrement() > 0) {
            throw new ConnectionLostException("lost at " + point);
          }
        });
    Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> remaining.get() <= 0);
    server.injectFaults(FaultInjector.NONE);
  }

  private IngestOptions options() {
    IngestOptions options =
        RunningIngest.options(
            server.options(),
            RandomTransactions.configuration(),
            List.of(),
            directory.resolve("checkpoints"));
    return new IngestOptions(
        options.sqlServer(),
        options.capture(),
        options.models(),
        options.writer(),
        options.checkpoint(),
        new JobOptions(options.job().name(), parallelism),
        options.web());
  }

  private static void log(String line) throws IOException {
    System.out.println(line);
    if (LOG != null) {
      Files.writeString(
          Path.of(LOG),
          Instant.now() + " " + line + System.lineSeparator(),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    }
  }

  private static int lastLogged() throws IOException {
    if (LOG == null || Files.notExists(Path.of(LOG))) {
      return 0;
    }
    Pattern done =
        Pattern.compile(
            "seed " + SEED + " database (\\d+) round " + (ROUNDS_OF_DATABASE - 1) + ", .*: equal");
    try (Stream<String> lines = Files.lines(Path.of(LOG))) {
      return lines
          .map(done::matcher)
          .filter(Matcher::find)
          .mapToInt(line -> Integer.parseInt(line.group(1)))
          .max()
          .orElse(0);
    }
  }
}
