package com.hartonomous.ingest.job;

import com.hartonomous.ingest.runtime.Neo4jOptions;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.sink.graph.GraphLevel;
import java.io.Serializable;
import java.time.Duration;

/** Everything that an operator can set for the graph-sync job. */
public record GraphSyncOptions(
    SqlServerOptions sqlServer,
    Neo4jOptions neo4j,
    Graph graph,
    CheckpointOptions checkpoint,
    JobOptions job,
    WebOptions web)
    implements Serializable {

  /**
   * The graph.
   *
   * @param level how fine the graph of a model is
   * @param pollInterval pause between two looks at an outbox that had nothing new, at least 1 ms
   * @param batchSize entities, nodes and relationships in one graph transaction, 1 to 10,000
   * @param slots parts of the graph with one writer each: at least the job's parallelism, at most
   *     4,096
   */
  public record Graph(GraphLevel level, Duration pollInterval, int batchSize, int slots)
      implements Serializable {
    public Graph {
      if (pollInterval.toMillis() < 1) {
        throw new IllegalArgumentException(
            "graph.poll-interval must be at least 1 ms, found " + pollInterval + ".");
      }
      requireRange("graph.batch-size", batchSize, 10_000);
      requireRange("graph.slots", slots, 4_096);
    }

    private static void requireRange(String key, int value, int most) {
      if (value < 1 || value > most) {
        throw new IllegalArgumentException(
            String.format("%s must be from 1 to %d, found %d.", key, most, value));
      }
    }
  }

  public GraphSyncOptions {
    if (graph.slots() < job.parallelism()) {
      throw new IllegalArgumentException(
          String.format(
              "graph.slots must be at least job.parallelism, found %d and %d.",
              graph.slots(), job.parallelism()));
    }
  }
}
