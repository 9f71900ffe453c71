package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.record.ModelPart;
import com.hartonomous.ingest.runtime.SqlServerTransactions;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Model files as unread chunk descriptors and node texts. Unbounded: it watches {@code
 * dbo.ModelSubmissions} until the job ends.
 *
 * <p>It also owns the state of models in the database: it claims submissions, and completes or
 * fails the models that came of them. What can go wrong with a file is a dead letter and fails its
 * model, never the job; a database that stays away, or refuses, fails the job.
 *
 * <p>Parts of one model reach the readers in no particular order. After a failure parts may be
 * emitted again; none is left out.
 */
public final class ModelFileSource implements Source<ModelPart, ModelSplit, ModelEnumeratorState> {

  private static final long serialVersionUID = 1L;

  private final ModelSourceOptions options;

  public ModelFileSource(ModelSourceOptions options) {
    this.options = options;
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SplitEnumerator<ModelSplit, ModelEnumeratorState> createEnumerator(
      SplitEnumeratorContext<ModelSplit> context) {
    return restoreEnumerator(context, null);
  }

  @Override
  public SplitEnumerator<ModelSplit, ModelEnumeratorState> restoreEnumerator(
      SplitEnumeratorContext<ModelSplit> context, ModelEnumeratorState state) {
    ModelLifecycle lifecycle =
        new DatabaseModelLifecycle(
            options,
            new SqlServerTransactions(
                options.sqlServer(), "hartonomous-models", ModelRegistry::prepareSession),
            new ModelRegistry(),
            new ModelHeaderReader(ModelFormats.installed(), LayoutLimits.DEFAULT));
    return new ModelSplitEnumerator(
        context, lifecycle, options.jobName(), options.pollInterval(), state);
  }

  @Override
  public SourceReader<ModelPart, ModelSplit> createReader(SourceReaderContext context) {
    return new ModelSourceReader(context);
  }

  @Override
  public SimpleVersionedSerializer<ModelSplit> getSplitSerializer() {
    return new ModelSplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<ModelEnumeratorState> getEnumeratorCheckpointSerializer() {
    return new ModelEnumeratorStateSerializer();
  }
}
