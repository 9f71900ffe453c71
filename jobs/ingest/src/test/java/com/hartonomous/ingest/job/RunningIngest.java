package com.hartonomous.ingest.job;

import com.hartonomous.ingest.capture.sqlserver.OnGap;
import com.hartonomous.ingest.job.preflight.Preflight;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.testing.Balance;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.scheduler.stopwithsavepoint.StopWithSavepointStoppingException;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;

/** An ingest job on the MiniCluster of the test. */
final class RunningIngest implements AutoCloseable {

  private static final Duration CHECKPOINT_INTERVAL = Duration.ofMillis(500);
  private static final long STOP_TIMEOUT_SECONDS = 60;

  private final SqlServerOptions server;
  private final JobClient client;

  private RunningIngest(SqlServerOptions server, JobClient client) {
    this.server = server;
    this.client = client;
  }

  /** Options for a test: quick polls, and batches so small that a model takes many of them. */
  static IngestOptions options(
      SqlServerOptions server,
      List<IngestOptions.Table> tables,
      List<IngestOptions.ModelPath> models,
      Path checkpoints) {
    return options(server, tables, models, checkpoints, OnGap.FAIL);
  }

  /** The same. */
  static IngestOptions options(
      SqlServerOptions server,
      List<IngestOptions.Table> tables,
      List<IngestOptions.ModelPath> models,
      Path checkpoints,
      OnGap onGap) {
    return options(
        server,
        tables,
        new IngestOptions.Models(models, 1, 64 << 10, 256 << 10),
        checkpoints,
        onGap);
  }

  /** The same, without tables. */
  static IngestOptions options(
      SqlServerOptions server, IngestOptions.Models models, Path checkpoints) {
    return options(server, List.of(), models, checkpoints, OnGap.FAIL);
  }

  private static IngestOptions options(
      SqlServerOptions server,
      List<IngestOptions.Table> tables,
      IngestOptions.Models models,
      Path checkpoints,
      OnGap onGap) {
    return new IngestOptions(
        server,
        new IngestOptions.Capture(
            "main", tables, Duration.ofMillis(100), Duration.ofMillis(300), 50, "UTC", onGap),
        models,
        new IngestOptions.Writer(200, 256 << 10, 10, Duration.ofSeconds(15)),
        new CheckpointOptions(
            CHECKPOINT_INTERVAL, checkpoints.toUri().toString(), Duration.ofMinutes(1)),
        new JobOptions("ingest-test", 2),
        new WebOptions(0, "127.0.0.1"));
  }

  static RunningIngest start(IngestOptions options) throws Exception {
    return start(options, null);
  }

  /**
   * Checks, registers and starts.
   *
   * @param savepoint to restore from, or null
   */
  static RunningIngest start(IngestOptions options, String savepoint) throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 20);
    configuration.set(
        RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(200));
    if (savepoint != null) {
      configuration.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
    }
    return start(options, configuration, savepoint != null);
  }

  /** Starts where another job may be running already; what fails it ends it. */
  static RunningIngest startBeside(IngestOptions options) throws Exception {
    return startBeside(options, null);
  }

  /**
   * What fails it ends it.
   *
   * @param savepoint to restore from, or null
   */
  static RunningIngest startBeside(IngestOptions options, String savepoint) throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    if (savepoint != null) {
      configuration.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
    }
    return start(options, configuration, true);
  }

  private static RunningIngest start(IngestOptions options, Configuration more, boolean withState)
      throws Exception {
    Configuration configuration =
        JobEnvironment.jobConfiguration(options.job(), options.checkpoint());
    configuration.addAll(more);
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    IngestPipeline.build(env, options, Preflight.ingest(options, withState));
    RetiredGroups.dropFromState(env, Preflight.retiredGroups(options));
    Balance.owe(options.sqlServer());
    return new RunningIngest(options.sqlServer(), env.executeAsync(options.job().name()));
  }

  /**
   * Stops with a savepoint and returns its path. Flink fails a job that it has stopped when the
   * connector assigned a split to a reader that was ending already ("An OperatorEvent ... was
   * lost"). The savepoint is complete before that.
   */
  String stopWithSavepoint(Path directory) throws Exception {
    try {
      return client
          .stopWithSavepoint(false, directory.toUri().toString(), SavepointFormatType.CANONICAL)
          .get(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      StopWithSavepointStoppingException failed =
          ExceptionUtils.findThrowable(e, StopWithSavepointStoppingException.class)
              .orElseThrow(() -> e);
      System.out.println("the job failed behind its savepoint: " + failure());
      return failed.getSavepointPath();
    }
  }

  JobID id() {
    return client.getJobID();
  }

  JobStatus status() throws Exception {
    return client.getJobStatus().get(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  /** Why the job ended; never returns while it runs. */
  Throwable failure() throws InterruptedException {
    try {
      client.getJobExecutionResult().get();
      return null;
    } catch (ExecutionException e) {
      return e;
    }
  }

  /** Ends the job in the middle of its work, which a later one has to bring to an even balance. */
  void cancel() throws Exception {
    client.cancel().get(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    client.getJobExecutionResult().handle((result, cancelled) -> result).join();
  }

  /** Ends the job if it runs still; not before its balance is even, unless that was seen before. */
  @Override
  public void close() throws Exception {
    if (status().isGloballyTerminalState()) {
      return;
    }
    try {
      if (Balance.isOwed(server)) {
        Balance.awaitEven(server);
      }
    } finally {
      client.cancel().get(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }
  }
}
