package com.hartonomous.ingest.benchmarks;

import com.hartonomous.ingest.capture.model.ModelFileSource;
import com.hartonomous.ingest.capture.model.ModelLocation;
import com.hartonomous.ingest.capture.model.ModelSourceOptions;
import com.hartonomous.ingest.content.DatabaseContentStore;
import com.hartonomous.ingest.deduplicate.DeduplicateAtoms;
import com.hartonomous.ingest.hash.HashModelParts;
import com.hartonomous.ingest.job.CheckpointOptions;
import com.hartonomous.ingest.job.JobEnvironment;
import com.hartonomous.ingest.job.JobOptions;
import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.CapturedNames;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.runtime.OperatorUids;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.sink.AtomSink;
import com.hartonomous.ingest.sink.DeadLetters;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.OutputTag;

/**
 * What {@link DeduplicateAtoms} saves and costs: the model part of the ingest pipeline with the
 * stage and without, in turns, on one load. Without it every reference says that its atom is not
 * known; the writer's statements find out all the same.
 *
 * <p>The pipeline is put together here once more, since the product has no switch for this.
 */
final class DeduplicationRun {

  private static final int PARALLELISM = 2;
  private static final int BATCH_ROWS = 2_000;
  private static final long BATCH_BYTES = 32L << 20;
  private static final int RETRIES = 10;
  private static final Duration TAKE_OVER_TIMEOUT = Duration.ofMinutes(1);
  private static final long SPLIT_BYTES = 64L << 20;
  private static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(1);
  private static final Duration SOURCE_POLL = Duration.ofMillis(50);
  private static final Duration POLL = Duration.ofMillis(20);

  private static final OutputTag<DeadLetter> DEAD_LETTERS =
      new OutputTag<>("dead-letters", TypeInformation.of(DeadLetter.class));

  /**
   * What one run took.
   *
   * @param seconds from the model's submission to its completion
   * @param processorSeconds of this whole process, the stand-in included, from the job's start
   *     until then. Other processes on the machine disturb it far less than the time that passes
   */
  record Cost(double seconds, double processorSeconds) {}

  /**
   * Two runs, one after the other.
   *
   * @param with and {@code without} the stage
   */
  record Pair(Cost with, Cost without) {
    /** Below 1 the stage saves time. */
    double ratio() {
      return with.seconds / without.seconds;
    }

    /** Below 1 the stage saves work. */
    double processorRatio() {
      return with.processorSeconds / without.processorSeconds;
    }
  }

  private final Path directory;
  private final long bytes;
  private final int chunkSize;
  private final int copies;

  /**
   * @param bytes of the model file
   * @param copies how often each of its chunks occurs: with 10, nine of ten are known
   */
  DeduplicationRun(Path directory, long bytes, int chunkSize, int copies) {
    this.directory = directory;
    this.bytes = bytes;
    this.chunkSize = chunkSize;
    this.copies = copies;
  }

  /** Runs pairs, each run on a database of its own, and one run before that does not count. */
  List<Pair> run(int pairs) throws Exception {
    Path model = directory.resolve("model.safetensors");
    try {
      new ModelFile(bytes, ModelFile.TENSOR_BYTES_DEFAULT / 16, copies, copies).write(model);
      cost(model, true);
      List<Pair> measured = new ArrayList<>();
      for (int i = 0; i < pairs; i++) {
        if (i % 2 == 0) {
          Cost with = cost(model, true);
          measured.add(new Pair(with, cost(model, false)));
        } else {
          Cost without = cost(model, false);
          measured.add(new Pair(cost(model, true), without));
        }
      }
      return measured;
    } finally {
      Files.deleteIfExists(model);
    }
  }

  private Cost cost(Path model, boolean deduplicate) throws Exception {
    Path home = Files.createTempDirectory(directory, "run-");
    try (LocalDatabaseServer server = LocalDatabaseServer.start(home)) {
      StreamExecutionEnvironment env = environment(home);
      build(env, server.options(), model, deduplicate);
      long processorBegin = processorNanos();
      JobClient job = env.executeAsync();
      try {
        long millis = awaitComplete(server.options(), job);
        return new Cost(millis / 1e3, (processorNanos() - processorBegin) / 1e9);
      } finally {
        job.cancel().get();
      }
    } finally {
      Directories.remove(home);
    }
  }

  private static long processorNanos() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }

  private static StreamExecutionEnvironment environment(Path home) {
    Configuration configuration =
        JobEnvironment.jobConfiguration(
            new JobOptions("deduplication", PARALLELISM),
            new CheckpointOptions(
                CHECKPOINT_INTERVAL,
                home.resolve("checkpoints").toString(),
                Duration.ofMinutes(10)));
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.createLocalEnvironment(PARALLELISM, configuration);
    env.setMaxParallelism(OperatorUids.MAX_PARALLELISM);
    env.getConfig().disableGenericTypes();
    return env;
  }

  private void build(
      StreamExecutionEnvironment env, SqlServerOptions server, Path model, boolean deduplicate) {
    ModelSourceOptions source =
        new ModelSourceOptions(
            server,
            "deduplication",
            0,
            List.of(new ModelLocation(model.toUri().toString(), "model")),
            chunkSize,
            SPLIT_BYTES,
            SOURCE_POLL);
    SingleOutputStreamOperator<AtomReference> hashed =
        env.fromSource(new ModelFileSource(source), WatermarkStrategy.noWatermarks(), "model files")
            .process(new HashModelParts(DEAD_LETTERS));
    DataStream<AtomReference> references = hashed.keyBy(AtomReference::hash);
    if (deduplicate) {
      references = hashed.keyBy(AtomReference::hash).process(new DeduplicateAtoms());
    }
    references.sinkTo(
        new AtomSink(
            server,
            new DatabaseContentStore(),
            new CapturedNames(List.of()),
            null,
            BATCH_ROWS,
            BATCH_BYTES,
            RETRIES,
            TAKE_OVER_TIMEOUT));
    hashed.getSideOutput(DEAD_LETTERS).sinkTo(DeadLetters.sink(server));
  }

  /** Milliseconds by the database's clock. */
  private static long awaitComplete(SqlServerOptions server, JobClient job)
      throws IOException, SQLException, InterruptedException {
    try (Connection connection = server.open("benchmark");
        Statement statement = connection.createStatement()) {
      while (true) {
        try (ResultSet row =
            statement.executeQuery(
                "SELECT State, Failure, DATEDIFF(MILLISECOND, SubmittedAt, FinishedAt)"
                    + " FROM dbo.Models")) {
          if (row.next()) {
            String state = row.getString(1);
            if (state.equals("COMPLETE")) {
              return row.getLong(3);
            }
            if (!state.equals("INGESTING")) {
              throw new IOException("The model is " + state + ": " + row.getString(2));
            }
          }
        }
        if (job.getJobExecutionResult().isDone()) {
          throw new IOException("The job ended before the model was complete.");
        }
        Thread.sleep(POLL.toMillis());
      }
    }
  }
}
