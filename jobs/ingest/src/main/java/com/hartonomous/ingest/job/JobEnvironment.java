package com.hartonomous.ingest.job;

import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The execution environments of the jobs: on a cluster, and in this process. */
public final class JobEnvironment {

  private static final String LOOPBACK = "127.0.0.1";

  /** RocksDB's, off the heap: it flushes at almost every write in less than half of this. */
  private static final MemorySize MANAGED_MEMORY_OF_SLOT = MemorySize.ofMebiBytes(64);

  private JobEnvironment() {}

  /**
   * The environment of the cluster that the job was submitted to; what the cluster's own
   * configuration says of restarts is left as it is.
   */
  public static StreamExecutionEnvironment onCluster(JobOptions job, CheckpointOptions checkpoint) {
    return StreamExecutionEnvironment.getExecutionEnvironment(jobConfiguration(job, checkpoint));
  }

  /** A Flink of its own in this process, with its web UI; every port is bound to the given host. */
  public static StreamExecutionEnvironment inProcess(
      JobOptions job, CheckpointOptions checkpoint, WebOptions web) {
    Configuration configuration = jobConfiguration(job, checkpoint);
    configuration.addAll(processConfiguration(web));
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
    configuration.set(
        TaskManagerOptions.MANAGED_MEMORY_SIZE, MANAGED_MEMORY_OF_SLOT.multiply(job.parallelism()));
    return StreamExecutionEnvironment.createLocalEnvironmentWithWebUI(configuration);
  }

  /** What a Flink in this process needs besides a job: addresses that stay on this machine. */
  public static Configuration processConfiguration(WebOptions web) {
    Configuration configuration = new Configuration();
    configuration.set(RestOptions.BIND_ADDRESS, web.bindAddress());
    configuration.set(RestOptions.ADDRESS, web.bindAddress());
    configuration.set(RestOptions.BIND_PORT, Integer.toString(web.port()));
    configuration.set(RestOptions.PORT, web.port());
    configuration.set(JobManagerOptions.BIND_HOST, LOOPBACK);
    configuration.set(JobManagerOptions.ADDRESS, LOOPBACK);
    configuration.set(TaskManagerOptions.BIND_HOST, LOOPBACK);
    return configuration;
  }

  /** What the job itself asks for, wherever it runs: RocksDB, incremental aligned checkpoints. */
  public static Configuration jobConfiguration(JobOptions job, CheckpointOptions checkpoint) {
    Configuration configuration = new Configuration();
    configuration.set(PipelineOptions.NAME, job.name());
    configuration.set(StateBackendOptions.STATE_BACKEND, "rocksdb");
    configuration.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
    configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
    configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, uri(checkpoint.directory()));
    configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpoint.interval());
    configuration.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, checkpoint.timeout());
    configuration.set(
        CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    configuration.set(
        CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
        ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    return configuration;
  }

  private static String uri(String directory) {
    return directory.contains("://")
        ? directory
        : java.nio.file.Path.of(directory).toAbsolutePath().toUri().toString();
  }
}
