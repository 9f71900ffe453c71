package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.GraphEntity;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.runtime.Neo4jOptions;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes parts of the graph equal to the tables. Opening one takes the next epoch: all older ones
 * are fenced off from the parts that this one writes. For one thread.
 */
public final class GraphSynchronizer implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(GraphSynchronizer.class);

  private final SqlServerOptions sqlServer;
  private final GraphConnection graph;
  private final GraphLevel level;
  private final int batchSize;
  private final int slots;
  // Null until needed, and after an error.
  private GraphTables tables;

  private GraphSynchronizer(
      SqlServerOptions sqlServer,
      GraphConnection graph,
      GraphLevel level,
      int batchSize,
      int slots) {
    this.sqlServer = sqlServer;
    this.graph = graph;
    this.level = level;
    this.batchSize = batchSize;
    this.slots = slots;
  }

  /**
   * Connects to Neo4j, creates the graph's constraints where they are missing, and takes the next
   * epoch. SQL Server is connected to when it is needed.
   *
   * @param level how fine the graph of a model is
   * @param batchSize elements in a graph transaction, at least 1
   * @param slots parts of the graph with one writer each, at least 1, the same for all that write
   *     it
   * @throws IOException when Neo4j cannot be reached
   */
  public static GraphSynchronizer open(
      SqlServerOptions sqlServer, Neo4jOptions neo4j, GraphLevel level, int batchSize, int slots)
      throws IOException {
    return new GraphSynchronizer(
        sqlServer, GraphConnection.open(neo4j, slots), level, batchSize, slots);
  }

  /**
   * Reads the present rows of the entities, makes their parts of the graph equal, then marks rows
   * of the outbox as synced. All of it may be repeated after any error: nothing is changed by
   * amounts.
   *
   * @param queueIds marks of these entities that were seen before the call
   * @throws SQLException when SQL Server fails; the next call connects anew
   * @throws org.neo4j.driver.exceptions.Neo4jException when Neo4j fails beyond the driver's retries
   * @throws StaleGraphWriterException when a later synchronizer has taken over
   */
  public void synchronize(Set<GraphEntity> entities, List<Long> queueIds)
      throws IOException, SQLException {
    try {
      if (tables == null) {
        tables = new SqlServerGraphTables(sqlServer.open("hartonomous-graph-sync"));
      }
      synchronizeEntities(entities);
      if (!queueIds.isEmpty()) {
        tables.markSynced(queueIds);
      }
    } catch (SQLException e) {
      closeTables();
      throw e;
    }
  }

  private void synchronizeEntities(Set<GraphEntity> entities) throws SQLException {
    GraphTransactions transactions = graph.transactions();
    Set<RowKey> rows =
        entities.stream()
            .filter(entity -> !entity.isModel())
            .map(GraphEntity::row)
            .collect(Collectors.toSet());
    new RowGraph(tables, transactions, slots, batchSize).synchronize(rows);
    ModelGraph models = new ModelGraph(tables, transactions, level, slots, batchSize);
    Set<Integer> modelIds =
        entities.stream()
            .filter(GraphEntity::isModel)
            .map(GraphEntity::modelId)
            .collect(Collectors.toCollection(TreeSet::new));
    for (int modelId : modelIds) {
      models.synchronize(modelId);
    }
  }

  /** The epoch under which this one writes. */
  public long epoch() {
    return graph.fence().epoch();
  }

  private void closeTables() {
    if (tables != null) {
      try {
        tables.close();
      } catch (SQLException e) {
        LOG.debug("Closing a broken connection failed.", e);
      }
      tables = null;
    }
  }

  @Override
  public void close() {
    closeTables();
    graph.close();
  }
}
