package com.hartonomous.ingest.job;

import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.config.GraphSyncConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Main class of the graph-sync job, for {@code flink run}: keeps the Neo4j graph equal to the
 * tables. It runs until it is stopped. Neo4j may be absent for any time: the job restarts until it
 * is there.
 */
public final class GraphSyncJob {

  private GraphSyncJob() {}

  /**
   * @param arguments as {@link JobArguments} has them
   * @throws ConfigurationException when the configuration does not fit, before anything is
   *     submitted
   */
  public static void main(String[] arguments) throws Exception {
    JobArguments parsed = JobArguments.parse(arguments);
    GraphSyncOptions options =
        GraphSyncConfiguration.read(parsed.config(), parsed.overrides()).options();
    StreamExecutionEnvironment environment =
        JobEnvironment.onCluster(options.job(), options.checkpoint());
    GraphSyncPipeline.build(environment, options);
    environment.execute(options.job().name());
  }
}
