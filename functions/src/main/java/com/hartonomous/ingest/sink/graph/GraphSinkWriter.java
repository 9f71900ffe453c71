package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.GraphEntity;
import com.hartonomous.ingest.record.OutboxMark;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.runtime.SqlErrors;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.neo4j.driver.exceptions.Neo4jException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects marks into batches and works them off: read the tables, write the graph, mark as synced.
 * A batch ends when it is full, {@value #BATCH_MILLIS} ms after its first mark, and at a
 * checkpoint.
 */
final class GraphSinkWriter implements SinkWriter<OutboxMark> {

  private static final Logger LOG = LoggerFactory.getLogger(GraphSinkWriter.class);
  private static final long BATCH_MILLIS = 100;
  private static final int SQL_RETRIES = 5;
  private static final long SQL_BACKOFF_MILLIS = 200;

  /** Opens connections to SQL Server. */
  @FunctionalInterface
  interface Connector {
    Connection connect() throws IOException, SQLException;
  }

  private final GraphConnection graph;
  private final Connector connector;
  private final String sqlServerAddress;
  private final GraphLevel level;
  private final int batchSize;
  private final int slots;
  private final ProcessingTimeService timers;
  private final Counter marksSynced;
  private final Counter retries;

  // Queue ids by entity: emptied by each flush, bounded by batchSize.
  private final Map<GraphEntity, List<Long>> batch = new LinkedHashMap<>();
  private int batchMarks;
  private boolean timerSet;
  // Null until needed, and after an error.
  private GraphTables tables;

  GraphSinkWriter(
      GraphConnection graph,
      Connector connector,
      String sqlServerAddress,
      GraphLevel level,
      int batchSize,
      int slots,
      ProcessingTimeService timers,
      SinkWriterMetricGroup metrics) {
    this.graph = graph;
    this.connector = connector;
    this.sqlServerAddress = sqlServerAddress;
    this.level = level;
    this.batchSize = batchSize;
    this.slots = slots;
    this.timers = timers;
    this.marksSynced = metrics.counter("marksSynced");
    this.retries = metrics.counter("retries");
    metrics.gauge("epoch", () -> graph.fence().epoch());
  }

  @Override
  public void write(OutboxMark mark, Context context) throws IOException, InterruptedException {
    batch.computeIfAbsent(mark.entity(), entity -> new ArrayList<>()).add(mark.queueId());
    if (++batchMarks >= batchSize) {
      flushBatch();
    } else if (!timerSet) {
      timerSet = true;
      timers.registerTimer(
          timers.getCurrentProcessingTime() + BATCH_MILLIS,
          time -> {
            timerSet = false;
            flushBatch();
          });
    }
  }

  @Override
  public void flush(boolean endOfInput) throws IOException, InterruptedException {
    flushBatch();
  }

  private void flushBatch() throws IOException, InterruptedException {
    for (int attempt = 1; batchMarks > 0; attempt++) {
      try {
        synchronizeBatch();
        marksSynced.inc(batchMarks);
        batch.clear();
        batchMarks = 0;
      } catch (SQLException e) {
        closeTables();
        if (attempt > SQL_RETRIES || !mayPass(e)) {
          throw new IOException(
              String.format(
                  "graph-sync cannot use SQL Server %s (attempt %d): %s",
                  sqlServerAddress, attempt, e.getMessage()),
              e);
        }
        retries.inc();
        LOG.warn("SQL Server {} failed; trying the batch again.", sqlServerAddress, e);
        Thread.sleep(SQL_BACKOFF_MILLIS << attempt);
      } catch (Neo4jException e) {
        throw new IOException(
            String.format(
                "Neo4j at %s failed (%s): %s. The marks of this batch stay unsynced and are taken"
                    + " again after the job's restart.",
                graph.uri(), e.code(), e.getMessage()),
            e);
      }
    }
  }

  private static boolean mayPass(SQLException error) {
    SqlErrors.Kind kind = SqlErrors.kind(error);
    return kind == SqlErrors.Kind.TRANSIENT || kind == SqlErrors.Kind.CONNECTION;
  }

  /** Everything here may be repeated: the graph is made equal, not changed by amounts. */
  private void synchronizeBatch() throws IOException, SQLException {
    if (tables == null) {
      tables = new SqlServerGraphTables(connector.connect());
    }
    GraphTransactions transactions = graph.transactions();
    Set<RowKey> rows =
        batch.keySet().stream()
            .filter(entity -> !entity.isModel())
            .map(GraphEntity::row)
            .collect(Collectors.toSet());
    new RowGraph(tables, transactions, slots, batchSize).synchronize(rows);
    ModelGraph models = new ModelGraph(tables, transactions, level, slots, batchSize);
    Set<Integer> modelIds =
        batch.keySet().stream()
            .filter(GraphEntity::isModel)
            .map(GraphEntity::modelId)
            .collect(Collectors.toCollection(TreeSet::new));
    for (int modelId : modelIds) {
      models.synchronize(modelId);
    }
    tables.markSynced(batch.values().stream().flatMap(List::stream).toList());
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
  public void close() throws SQLException {
    try {
      if (tables != null) {
        tables.close();
      }
    } finally {
      graph.close();
    }
  }
}
