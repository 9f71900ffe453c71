package com.hartonomous.ingest.capture.outbox;

import com.hartonomous.ingest.record.OutboxMark;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.time.Duration;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * The unsynced rows of {@code dbo.Neo4jSyncQueue}, without end, one reader.
 *
 * <p>Every committed mark is emitted at least once before it is synced, and again after each
 * restart until it is. Marks come in any order: identities are given out before transactions
 * commit, so a lower id may become visible after a higher one, and no position in the queue says
 * that everything before it was seen. That is why the source has no position: each poll looks at
 * all unsynced rows.
 */
public final class OutboxSource implements Source<OutboxMark, OutboxSplit, Boolean> {

  private static final long serialVersionUID = 1L;

  private final SqlServerOptions server;
  private final Duration pollInterval;
  private final int inFlightLimit;

  /**
   * @param pollInterval pause after a poll that found nothing new
   * @param inFlightLimit marks emitted and not yet synced, at most; at least 1
   */
  public OutboxSource(SqlServerOptions server, Duration pollInterval, int inFlightLimit) {
    this.server = server;
    this.pollInterval = pollInterval;
    this.inFlightLimit = inFlightLimit;
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SourceReader<OutboxMark, OutboxSplit> createReader(SourceReaderContext context) {
    return new OutboxReader(
        () -> new OutboxSplitReader(server, pollInterval, inFlightLimit), context);
  }

  @Override
  public SplitEnumerator<OutboxSplit, Boolean> createEnumerator(
      SplitEnumeratorContext<OutboxSplit> context) {
    return new OutboxEnumerator(context, false);
  }

  @Override
  public SplitEnumerator<OutboxSplit, Boolean> restoreEnumerator(
      SplitEnumeratorContext<OutboxSplit> context, Boolean assigned) {
    return new OutboxEnumerator(context, assigned);
  }

  @Override
  public SimpleVersionedSerializer<OutboxSplit> getSplitSerializer() {
    return new OutboxSplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<Boolean> getEnumeratorCheckpointSerializer() {
    return new AssignmentSerializer();
  }
}
