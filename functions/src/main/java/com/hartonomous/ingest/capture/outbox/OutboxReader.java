package com.hartonomous.ingest.capture.outbox;

import com.hartonomous.ingest.record.OutboxMark;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.SingleThreadMultiplexSourceReaderBase;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;

/** Takes marks from the fetcher thread and emits them. */
final class OutboxReader
    extends SingleThreadMultiplexSourceReaderBase<
        OutboxMark, OutboxMark, OutboxSplit, OutboxSplit> {

  OutboxReader(
      Supplier<SplitReader<OutboxMark, OutboxSplit>> splitReaders, SourceReaderContext context) {
    super(
        splitReaders,
        (mark, output, split) -> output.collect(mark),
        context.getConfiguration(),
        context);
  }

  @Override
  protected OutboxSplit initializedState(OutboxSplit split) {
    return split;
  }

  @Override
  protected OutboxSplit toSplitType(String splitId, OutboxSplit split) {
    return split;
  }

  @Override
  protected void onSplitFinished(Map<String, OutboxSplit> finished) {
    // The outbox has no end.
  }
}
