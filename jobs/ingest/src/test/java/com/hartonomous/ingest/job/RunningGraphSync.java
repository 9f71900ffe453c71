package com.hartonomous.ingest.job;

import com.hartonomous.ingest.runtime.Neo4jOptions;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.sink.graph.GraphLevel;
import com.hartonomous.ingest.testing.Sql;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.awaitility.Awaitility;

/** A graph-sync job on the MiniCluster of the test. */
final class RunningGraphSync implements AutoCloseable {

  private static final long STOP_TIMEOUT_SECONDS = 60;
  private static final Duration DRAIN_TIMEOUT = Duration.ofMinutes(3);

  private final JobClient client;

  private RunningGraphSync(JobClient client) {
    this.client = client;
  }

  /** Starts a job that restarts after failures, without end. */
  static RunningGraphSync start(SqlServerOptions sqlServer, Neo4jOptions neo4j, Path checkpoints)
      throws Exception {
    return start(sqlServer, neo4j, checkpoints, Integer.MAX_VALUE);
  }

  static RunningGraphSync start(
      SqlServerOptions sqlServer, Neo4jOptions neo4j, Path checkpoints, int restartsMax)
      throws Exception {
    GraphSyncOptions options =
        new GraphSyncOptions(
            sqlServer,
            neo4j,
            new GraphSyncOptions.Graph(GraphLevel.TENSOR, Duration.ofMillis(50), 20, 8),
            new CheckpointOptions(
                Duration.ofMillis(500), checkpoints.toUri().toString(), Duration.ofMinutes(1)),
            new JobOptions("graph-sync-test", 2),
            new WebOptions(0, "127.0.0.1"));
    Configuration configuration =
        JobEnvironment.jobConfiguration(options.job(), options.checkpoint());
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, restartsMax);
    configuration.set(
        RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(200));
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    GraphSyncPipeline.build(environment, options);
    return new RunningGraphSync(environment.executeAsync(options.job().name()));
  }

  static long unsynced(Sql sql) throws SQLException {
    return sql.number("SELECT COUNT_BIG(*) FROM dbo.Neo4jSyncQueue WHERE IsSynced = 0");
  }

  /** Waits until every mark is synced. */
  static void awaitDrained(Sql sql) {
    Awaitility.await()
        .atMost(DRAIN_TIMEOUT)
        .pollInterval(Duration.ofMillis(100))
        .until(() -> unsynced(sql) == 0);
  }

  JobStatus status() throws Exception {
    return client.getJobStatus().get(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  /** Waits for the job's failure. */
  Throwable failure() throws Exception {
    try {
      client.getJobExecutionResult().get(DRAIN_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      throw new AssertionError("The job ended without a failure.");
    } catch (ExecutionException e) {
      return e;
    }
  }

  @Override
  public void close() throws Exception {
    if (!status().isGloballyTerminalState()) {
      client.cancel().get(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS);
      Awaitility.await()
          .atMost(Duration.ofSeconds(STOP_TIMEOUT_SECONDS))
          .until(() -> status().isGloballyTerminalState());
    }
  }
}
