package com.hartonomous.ingest.job.packaging;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.client.program.PackagedProgramUtils;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

/**
 * A Flink cluster that is given jobs as jars, as {@code flink run} does. Loaded by a class loader
 * that sees Flink alone, so it talks to the test through types of the JDK only.
 */
public final class IsolatedFlink implements AutoCloseable {

  private static final int SLOTS = 4;
  private static final int PARALLELISM = 2;
  private static final String LOOPBACK = "127.0.0.1";

  private final Configuration configuration = new Configuration();
  private final MiniCluster cluster;
  private final List<JobID> jobs = new ArrayList<>();

  /** Starts the cluster. */
  public IsolatedFlink() throws Exception {
    configuration.set(RestOptions.BIND_ADDRESS, LOOPBACK);
    configuration.set(RestOptions.BIND_PORT, "0");
    configuration.set(JobManagerOptions.BIND_HOST, LOOPBACK);
    configuration.set(TaskManagerOptions.BIND_HOST, LOOPBACK);
    cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(SLOTS)
                .build());
    cluster.start();
  }

  /**
   * Runs the main class of a jar, which submits its job.
   *
   * @param submission jar, main class (empty for the one of the manifest), then its arguments
   */
  public void submit(Map<String, String> submission, String[] arguments) throws Exception {
    PackagedProgram.Builder builder =
        PackagedProgram.newBuilder()
            .setJarFile(new File(submission.get("jar")))
            .setConfiguration(configuration)
            .setArguments(arguments);
    if (submission.containsKey("mainClass")) {
      builder.setEntryPointClassName(submission.get("mainClass"));
    }
    try (PackagedProgram program = builder.build()) {
      JobGraph graph =
          PackagedProgramUtils.createJobGraph(program, configuration, PARALLELISM, false);
      jobs.add(cluster.submitJob(graph).get().getJobID());
    }
  }

  /** State of each job, in the order of submission. */
  public List<String> states() throws Exception {
    List<String> states = new ArrayList<>();
    for (JobID job : jobs) {
      states.add(cluster.getJobStatus(job).get().name());
    }
    return states;
  }

  @Override
  public void close() throws Exception {
    for (JobID job : jobs) {
      if (!cluster.getJobStatus(job).get().isGloballyTerminalState()) {
        cluster.cancelJob(job).get();
        cluster.requestJobResult(job).get();
      }
    }
    cluster.close();
  }
}
