package com.hartonomous.ingest.local;

import com.hartonomous.ingest.job.CheckpointOptions;
import com.hartonomous.ingest.job.GraphSyncOptions;
import com.hartonomous.ingest.job.GraphSyncPipeline;
import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.IngestPipeline;
import com.hartonomous.ingest.job.JobEnvironment;
import com.hartonomous.ingest.job.JobOptions;
import com.hartonomous.ingest.job.WebOptions;
import com.hartonomous.ingest.record.CapturedTable;
import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.RestoreMode;
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** One Flink in this process for both jobs, with its web UI; every port is a loopback port. */
final class DemoCluster implements AutoCloseable {

  private static final int SLOTS = 4;
  private static final MemorySize MANAGED_MEMORY = MemorySize.ofMebiBytes(256);
  private static final int WEB_PORTS = 100;

  private final MiniCluster cluster;
  private final Map<String, JobID> jobs = new LinkedHashMap<>();

  private DemoCluster(MiniCluster cluster) {
    this.cluster = cluster;
  }

  /**
   * Starts a cluster without jobs.
   *
   * @param directory for temporary files
   */
  static DemoCluster start(WebOptions web, Path directory) throws Exception {
    Configuration configuration = JobEnvironment.processConfiguration(web);
    // The next free port, should another job run on this machine.
    configuration.set(RestOptions.BIND_PORT, web.port() + "-" + (web.port() + WEB_PORTS));
    configuration.set(CoreOptions.TMP_DIRS, directory.toString());
    configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MANAGED_MEMORY);
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(SLOTS)
                .build());
    cluster.start();
    return new DemoCluster(cluster);
  }

  /** Address of the web UI. */
  URI webAddress() throws Exception {
    return cluster.getRestAddress().get();
  }

  /**
   * Starts the job.
   *
   * @param state a checkpoint to go on from, which is the job's own from then on: it removes it
   *     when it has newer ones; empty to start without state
   */
  void submitIngest(IngestOptions options, List<CapturedTable> tables, Optional<String> state)
      throws Exception {
    StreamExecutionEnvironment environment =
        environment(options.job(), options.checkpoint(), state);
    IngestPipeline.build(environment, options, tables);
    submit(options.job().name(), environment);
  }

  /** Starts the job; see {@link #submitIngest}. */
  void submitGraphSync(GraphSyncOptions options, Optional<String> state) throws Exception {
    StreamExecutionEnvironment environment =
        environment(options.job(), options.checkpoint(), state);
    GraphSyncPipeline.build(environment, options);
    submit(options.job().name(), environment);
  }

  private static StreamExecutionEnvironment environment(
      JobOptions job, CheckpointOptions checkpoint, Optional<String> state) {
    Configuration configuration = JobEnvironment.jobConfiguration(job, checkpoint);
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 3);
    if (state.isPresent()) {
      configuration.set(StateRecoveryOptions.SAVEPOINT_PATH, state.get());
      configuration.set(StateRecoveryOptions.RESTORE_MODE, RestoreMode.CLAIM);
    }
    return new StreamExecutionEnvironment(configuration);
  }

  private void submit(String name, StreamExecutionEnvironment environment) throws Exception {
    JobGraph graph = environment.getStreamGraph().getJobGraph();
    jobs.put(name, cluster.submitJob(graph).get().getJobID());
  }

  /**
   * The number of the checkpoint that a job was restored from when it started or restarted last;
   * empty when it had none.
   */
  OptionalLong restoredCheckpoint(String name) throws ExecutionException, InterruptedException {
    CheckpointStatsSnapshot checkpoints =
        cluster.getExecutionGraph(jobs.get(name)).get().getCheckpointStatsSnapshot();
    return checkpoints == null || checkpoints.getLatestRestoredCheckpoint() == null
        ? OptionalLong.empty()
        : OptionalLong.of(checkpoints.getLatestRestoredCheckpoint().getCheckpointId());
  }

  /**
   * What ended a job that should be running: its name and reason; empty while all run.
   *
   * @throws ExecutionException when the cluster does not answer
   */
  Optional<String> failure() throws ExecutionException, InterruptedException {
    for (Map.Entry<String, JobID> job : jobs.entrySet()) {
      JobStatus status = cluster.getJobStatus(job.getValue()).get();
      if (status.isGloballyTerminalState()) {
        JobResult result = cluster.requestJobResult(job.getValue()).get();
        String reason =
            result
                .getSerializedThrowable()
                .map(error -> String.valueOf(rootMessage(error)))
                .orElse("no reason is known");
        return Optional.of(job.getKey() + " is " + status + ": " + reason);
      }
    }
    return Optional.empty();
  }

  private static String rootMessage(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage();
  }

  /** Cancels the jobs and ends the cluster. */
  @Override
  public void close() throws Exception {
    for (JobID job : jobs.values()) {
      if (!cluster.getJobStatus(job).get().isGloballyTerminalState()) {
        cluster.cancelJob(job).get();
        cluster.requestJobResult(job).get();
      }
    }
    jobs.clear();
    cluster.close();
  }
}
