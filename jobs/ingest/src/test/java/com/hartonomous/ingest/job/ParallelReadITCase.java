package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.hash.HashModelParts;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.MirrorFileSystemFactory;
import com.hartonomous.ingest.testing.ModelFolders;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.test.junit5.InjectMiniCluster;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * One large file: all readers read it, and none begins anew after a restore. Each read has a
 * latency, as that of a file system across a network, so that which reader comes first to its share
 * of the processor does not decide.
 */
class ParallelReadITCase {

  private static final int READERS = 4;
  private static final int CHUNK_SIZE = 64 << 10;
  private static final Duration STANDSTILL = Duration.ofHours(1);
  private static final InMemoryReporter REPORTER = InMemoryReporter.createWithRetainedMetrics();

  @RegisterExtension
  static final MiniClusterExtension FLINK =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setConfiguration(REPORTER.addToConfiguration(new Configuration()))
              .setNumberTaskManagers(1)
              .setNumberSlotsPerTaskManager(READERS)
              .build());

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void write() throws Exception {
    file =
        ModelFolders.safeTensors(
            directory.resolve("large.safetensors"), ModelFolders.weights(5, 6, 2 << 20));
  }

  @AfterEach
  void resetLatency() {
    MirrorFileSystemFactory.setLatency(Duration.ZERO);
  }

  @Test
  void allReadersReadOneFile(@InjectMiniCluster MiniCluster flink) throws Exception {
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(READERS))) {
      awaitTasks(flink, job.id());
      MirrorFileSystemFactory.setLatency(Duration.ofMillis(5));
      awaitComplete(sql);
      long share = Files.size(file) / READERS;
      Map<Integer, Long> bytes = bytesRead(job.id());
      assertThat(sum(bytes)).isEqualTo(Files.size(file));
      assertThat(bytes).hasSize(READERS);
      assertThat(bytes.values())
          .as("bytes by reader: %s", bytes)
          .allMatch(read -> read > share / 2);
    }
  }

  @Test
  void aSavepointInTheMiddleIsRestoredInTheMiddleByFewerReaders(
      @InjectMiniCluster MiniCluster flink) throws Exception {
    long before;
    String savepoint;
    try (RunningIngest job = RunningIngest.start(options(READERS))) {
      readQuarter(flink, job.id());
      savepoint = job.stopWithSavepoint(directory.resolve("savepoints"));
      MirrorFileSystemFactory.setLatency(Duration.ZERO);
      before = sum(bytesRead(job.id()));
    }
    assertThat(before).isLessThan(Files.size(file));
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(2), savepoint)) {
      awaitComplete(sql);
      assertThat(before + sum(bytesRead(job.id()))).isEqualTo(Files.size(file));
      assertGivenBack(sql);
    }
  }

  @Test
  void afterAKillReadingGoesOnWhereTheCheckpointWas(@InjectMiniCluster MiniCluster flink)
      throws Exception {
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(READERS))) {
      readQuarter(flink, job.id());
      flink.triggerCheckpoint(job.id()).get();
      flink.terminateTaskManager(0).get();
      MirrorFileSystemFactory.setLatency(Duration.ZERO);
      long before = sum(bytesRead(job.id()));
      flink.startTaskManager();
      awaitComplete(sql);

      long after = sum(bytesRead(job.id())) - before;
      assertThat(after).isBetween(1L, Files.size(file) - Files.size(file) / 4);
      assertGivenBack(sql);
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  private IngestOptions options(int parallelism) {
    IngestOptions options =
        RunningIngest.options(
            server.options(),
            new IngestOptions.Models(
                List.of(new IngestOptions.ModelPath("mirror://" + file, "large")),
                1,
                CHUNK_SIZE,
                64 << 20),
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

  private static void awaitComplete(Sql sql) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(
            () -> assertThat(sql.rows("SELECT State FROM dbo.Models")).containsExactly("COMPLETE"));
  }

  /** Nothing is read before writers write, that is, before a checkpoint can be taken. */
  private static void awaitTasks(MiniCluster flink, JobID job) {
    MirrorFileSystemFactory.setLatency(STANDSTILL);
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .until(
            () -> {
              int running = 0;
              for (AccessExecutionVertex task :
                  flink.getExecutionGraph(job).get().getAllExecutionVertices()) {
                if (task.getExecutionState() != ExecutionState.RUNNING) {
                  return false;
                }
                running++;
              }
              return running > 0;
            });
  }

  /** Lets a quarter of the file be read, and the rest so slowly that a checkpoint comes first. */
  private void readQuarter(MiniCluster flink, JobID job) throws Exception {
    long quarter = Files.size(file) / 4;
    awaitTasks(flink, job);
    MirrorFileSystemFactory.setLatency(Duration.ofMillis(20));
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(10))
        .until(() -> sum(bytesRead(job)) >= quarter);
    MirrorFileSystemFactory.setLatency(Duration.ofSeconds(1));
  }

  /** Bytes hashed by each reader, in all attempts. */
  private static Map<Integer, Long> bytesRead(JobID job) {
    Map<Integer, Long> bytes = new TreeMap<>();
    REPORTER
        .getMetricsByGroup()
        .forEach(
            (group, metrics) -> {
              if (job.toString().equals(group.getAllVariables().get("<job_id>"))
                  && metrics.get(HashModelParts.BYTES_READ) instanceof Counter counter) {
                int reader = Integer.parseInt(group.getAllVariables().get("<subtask_index>"));
                bytes.merge(reader, counter.getCount(), Long::sum);
              }
            });
    return bytes;
  }

  private static long sum(Map<Integer, Long> bytes) {
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }

  private void assertGivenBack(Sql sql) throws Exception {
    ByteArrayOutputStream stored = new ByteArrayOutputStream();
    try (PreparedStatement statement =
            sql.connection()
                .prepareStatement(
                    "SELECT a.Content FROM dbo.FileChunks AS c INNER JOIN dbo.Atoms AS a"
                        + " ON a.AtomId = c.AtomId ORDER BY c.ChunkIndex");
        ResultSet chunks = statement.executeQuery()) {
      while (chunks.next()) {
        stored.write(chunks.getBytes(1));
      }
    }
    assertThat(stored.toByteArray()).isEqualTo(Files.readAllBytes(file));
  }
}
