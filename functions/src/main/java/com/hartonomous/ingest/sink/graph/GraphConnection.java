package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.runtime.Neo4jOptions;
import java.io.IOException;
import org.neo4j.driver.Driver;
import org.neo4j.driver.SessionConfig;
import org.neo4j.driver.exceptions.Neo4jException;

/** A writer's way to the graph: a driver, and the epoch under which the writer writes. */
record GraphConnection(Driver driver, SessionConfig config, GraphFence fence)
    implements AutoCloseable {

  /**
   * Connects, creates missing constraints, and takes the next epoch.
   *
   * @throws IOException when the graph cannot be reached
   */
  static GraphConnection open(Neo4jOptions options, int slots) throws IOException {
    SessionConfig config =
        options.database() == null
            ? SessionConfig.defaultConfig()
            : SessionConfig.forDatabase(options.database());
    Driver driver = options.open();
    try {
      GraphSchema.create(driver, config);
      GraphFence fence = GraphFence.takeNextEpoch(driver, config, slots);
      return new GraphConnection(driver, config, fence);
    } catch (Neo4jException e) {
      driver.close();
      throw new IOException(
          String.format(
              "Neo4j at %s cannot be used: %s. Start it, or correct neo4j.uri and the login; marks"
                  + " stay in dbo.Neo4jSyncQueue meanwhile, none is lost.",
              options.uri(), e.getMessage()),
          e);
    } catch (RuntimeException e) {
      driver.close();
      throw e;
    }
  }

  GraphTransactions transactions() {
    return new GraphTransactions(driver, config, fence);
  }

  @Override
  public void close() {
    driver.close();
  }
}
