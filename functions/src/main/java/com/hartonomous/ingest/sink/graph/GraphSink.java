package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.OutboxMark;
import com.hartonomous.ingest.runtime.Neo4jOptions;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;

/**
 * Makes the parts of the graph that outbox marks name equal to the tables, then marks them as
 * synced. Its input must be keyed by {@code mark.entity().slot(slots)}: a slot has one writer.
 *
 * <p>Guarantees: a mark is set as synced only after the graph was made equal to rows that were read
 * after the mark was seen; so every committed change reaches the graph, however often the job or a
 * server dies. A mark may be worked on more than once, which changes nothing. Between two marks the
 * graph may be behind the tables; parts of one model's graph may become visible before others.
 *
 * <p>It keeps no state in Flink: the outbox is the state.
 */
public final class GraphSink implements Sink<OutboxMark> {

  private static final long serialVersionUID = 1L;

  private final SqlServerOptions sqlServer;
  private final Neo4jOptions neo4j;
  private final GraphLevel level;
  private final int batchSize;
  private final int slots;

  /**
   * @param level how fine the graph of a model is
   * @param batchSize marks in a batch, and elements in a graph transaction, at least 1
   * @param slots parts of the graph with one writer each, at least 1
   */
  public GraphSink(
      SqlServerOptions sqlServer, Neo4jOptions neo4j, GraphLevel level, int batchSize, int slots) {
    this.sqlServer = sqlServer;
    this.neo4j = neo4j;
    this.level = level;
    this.batchSize = batchSize;
    this.slots = slots;
  }

  /**
   * Connects to Neo4j, creates the graph's constraints where they are missing, and takes the next
   * epoch.
   *
   * @throws IOException when it cannot be reached; the marks stay where they are
   */
  @Override
  public SinkWriter<OutboxMark> createWriter(WriterInitContext context) throws IOException {
    return open(context.getProcessingTimeService(), context.metricGroup());
  }

  /** The same for runtimes that still call the older method. */
  @Override
  @SuppressWarnings("deprecation") // Abstract in Flink 1.20.
  public SinkWriter<OutboxMark> createWriter(Sink.InitContext context) throws IOException {
    return open(context.getProcessingTimeService(), context.metricGroup());
  }

  private SinkWriter<OutboxMark> open(ProcessingTimeService timers, SinkWriterMetricGroup metrics)
      throws IOException {
    return new GraphSinkWriter(
        GraphSynchronizer.open(sqlServer, neo4j, level, batchSize, slots),
        sqlServer.address(),
        neo4j.uri(),
        batchSize,
        timers,
        metrics);
  }
}
