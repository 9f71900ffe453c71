package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.GraphEntity;
import com.hartonomous.ingest.record.OutboxMark;
import com.hartonomous.ingest.runtime.SqlErrors;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  private final GraphSynchronizer synchronizer;
  private final String sqlServerAddress;
  private final String neo4jUri;
  private final int batchSize;
  private final ProcessingTimeService timers;
  private final Counter marksSynced;
  private final Counter retries;

  // Queue ids by entity: emptied by each flush, bounded by batchSize.
  private final Map<GraphEntity, List<Long>> batch = new LinkedHashMap<>();
  private int batchMarks;
  private boolean timerSet;

  GraphSinkWriter(
      GraphSynchronizer synchronizer,
      String sqlServerAddress,
      String neo4jUri,
      int batchSize,
      ProcessingTimeService timers,
      SinkWriterMetricGroup metrics) {
    this.synchronizer = synchronizer;
    this.sqlServerAddress = sqlServerAddress;
    this.neo4jUri = neo4jUri;
    this.batchSize = batchSize;
    this.timers = timers;
    this.marksSynced = metrics.counter("marksSynced");
    this.retries = metrics.counter("retries");
    metrics.gauge("epoch", synchronizer::epoch);
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
        synchronizer.synchronize(
            batch.keySet(), batch.values().stream().flatMap(List::stream).toList());
        marksSynced.inc(batchMarks);
        batch.clear();
        batchMarks = 0;
      } catch (SQLException e) {
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
                neo4jUri, e.code(), e.getMessage()),
            e);
      }
    }
  }

  private static boolean mayPass(SQLException error) {
    SqlErrors.Kind kind = SqlErrors.kind(error);
    return kind == SqlErrors.Kind.TRANSIENT || kind == SqlErrors.Kind.CONNECTION;
  }

  @Override
  public void close() {
    synchronizer.close();
  }
}
