package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.Lsn;
import com.hartonomous.ingest.record.RowChange;
import io.debezium.connector.sqlserver.SourceInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.cdc.connectors.base.config.JdbcSourceConfig;
import org.apache.flink.cdc.connectors.base.dialect.DataSourceDialect;
import org.apache.flink.cdc.connectors.base.source.meta.offset.Offset;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceRecords;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitBase;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitSerializer;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitState;
import org.apache.flink.cdc.connectors.base.source.meta.split.StreamSplit;
import org.apache.flink.cdc.connectors.base.source.metrics.SourceReaderMetrics;
import org.apache.flink.cdc.connectors.base.source.reader.IncrementalSourceReader;
import org.apache.flink.cdc.connectors.base.source.reader.IncrementalSourceReaderContext;
import org.apache.flink.cdc.connectors.base.source.reader.IncrementalSourceSplitReader;
import org.apache.flink.cdc.connectors.sqlserver.source.SqlServerSourceBuilder;
import org.apache.flink.cdc.connectors.sqlserver.source.config.SqlServerSourceConfigFactory;
import org.apache.flink.cdc.connectors.sqlserver.source.offset.LsnFactory;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.synchronization.FutureCompletingBlockingQueue;

/**
 * The connector's source, but its state also holds up to where the stream is proved to have no gap
 * (see {@link StreamProgress}). Older states do not have that, and older versions leave it out.
 */
final class CaptureSource extends SqlServerSourceBuilder.SqlServerIncrementalSource<RowChange> {

  private static final long serialVersionUID = 1L;

  /** Beside the connector's own entries of an offset. */
  private static final String PROVED_KEY = "proved_lsn";

  private final StreamProgress progress;

  CaptureSource(
      SqlServerSourceConfigFactory config, List<CapturedTable> tables, ChangeTableCheck check) {
    this(config, tables, check, new StreamProgress());
  }

  private CaptureSource(
      SqlServerSourceConfigFactory config,
      List<CapturedTable> tables,
      ChangeTableCheck check,
      StreamProgress progress) {
    super(
        config,
        new RowChangeDeserializer(tables, progress),
        new Offsets(),
        new CaptureDialect(config.create(0), check, progress));
    this.progress = progress;
  }

  /** As the connector makes it, but for the reader's class. */
  @Override
  public IncrementalSourceReader<RowChange, JdbcSourceConfig> createReader(
      SourceReaderContext context) {
    JdbcSourceConfig config = configFactory.create(context.getIndexOfSubtask());
    FutureCompletingBlockingQueue<RecordsWithSplitIds<SourceRecords>> elements =
        new FutureCompletingBlockingQueue<>();
    IncrementalSourceReaderContext readerContext = new IncrementalSourceReaderContext(context);
    return new Reader(
        elements,
        () ->
            new IncrementalSourceSplitReader<>(
                context.getIndexOfSubtask(),
                dataSourceDialect,
                config,
                readerContext,
                snapshotHooks),
        createRecordEmitter(config, new SourceReaderMetrics(context.metricGroup())),
        context.getConfiguration(),
        readerContext,
        config,
        sourceSplitSerializer,
        dataSourceDialect,
        progress);
  }

  private static Lsn commit(Offset offset) {
    String commit = offset.getOffset().get(SourceInfo.COMMIT_LSN_KEY);
    return commit == null ? null : Lsn.parse(commit);
  }

  private static final class Reader extends IncrementalSourceReader<RowChange, JdbcSourceConfig> {

    private final StreamProgress progress;

    Reader(
        FutureCompletingBlockingQueue<RecordsWithSplitIds<SourceRecords>> elements,
        Supplier<IncrementalSourceSplitReader<JdbcSourceConfig>> splitReader,
        RecordEmitter<SourceRecords, RowChange, SourceSplitState> emitter,
        Configuration configuration,
        IncrementalSourceReaderContext context,
        JdbcSourceConfig config,
        SourceSplitSerializer serializer,
        DataSourceDialect<JdbcSourceConfig> dialect,
        StreamProgress progress) {
      super(elements, splitReader, emitter, configuration, context, config, serializer, dialect);
      this.progress = progress;
    }

    @Override
    public void addSplits(List<SourceSplitBase> splits) {
      for (SourceSplitBase split : splits) {
        if (split.isStreamSplit()) {
          StreamSplit stream = split.asStreamSplit();
          Offset offset = stream.getStartingOffset();
          Lsn position = commit(offset);
          String proved = offset.getOffset().get(PROVED_KEY);
          if (proved != null) {
            progress.start(position, Lsn.parse(proved));
          } else {
            // What a snapshot has read it needs no changes for.
            progress.start(position, stream.isSnapshotCompleted() ? position : null);
          }
        }
      }
      super.addSplits(splits);
    }

    @Override
    public List<SourceSplitBase> snapshotState(long checkpointId) {
      Lsn proved = progress.proved();
      return super.snapshotState(checkpointId).stream()
          .map(
              split ->
                  split.isStreamSplit() && proved != null
                      ? withProved(split.asStreamSplit(), proved)
                      : split)
          .collect(Collectors.toCollection(ArrayList::new));
    }

    private static StreamSplit withProved(StreamSplit split, Lsn proved) {
      Map<String, String> offset = new HashMap<>(split.getStartingOffset().getOffset());
      offset.put(PROVED_KEY, proved.toString());
      return new StreamSplit(
          split.splitId(),
          new Offsets().newOffset(offset),
          split.getEndingOffset(),
          split.getFinishedSnapshotSplitInfos(),
          split.getTableSchemas(),
          split.getTotalFinishedSplitSize(),
          split.isSuspended(),
          split.isSnapshotCompleted());
    }
  }

  /** The connector's offsets, which would leave our entry out. */
  private static final class Offsets extends LsnFactory {

    private static final long serialVersionUID = 1L;

    @Override
    public Offset newOffset(Map<String, String> entries) {
      Offset offset = super.newOffset(entries);
      String proved = entries.get(PROVED_KEY);
      if (proved != null) {
        offset.getOffset().put(PROVED_KEY, proved);
      }
      return offset;
    }
  }
}
