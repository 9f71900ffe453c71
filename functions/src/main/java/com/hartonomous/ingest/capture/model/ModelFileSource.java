package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.record.ModelPart;
import com.hartonomous.ingest.runtime.SqlServerTransactions;
import java.io.Serializable;
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

  /** Makes what the enumerator leads models by, on the JobManager. */
  @FunctionalInterface
  interface LifecycleFactory extends Serializable {
    ModelLifecycle create(ModelSourceOptions options);
  }

  private final ModelSourceOptions options;
  private final LifecycleFactory lifecycles;

  public ModelFileSource(ModelSourceOptions options) {
    this(options, ModelFileSource::databaseLifecycle);
  }

  ModelFileSource(ModelSourceOptions options, LifecycleFactory lifecycles) {
    this.options = options;
    this.lifecycles = lifecycles;
  }

  private static ModelLifecycle databaseLifecycle(ModelSourceOptions options) {
    return new DatabaseModelLifecycle(
        options,
        new SqlServerTransactions(
            options.sqlServer(), "hartonomous-models", ModelRegistry::prepareSession),
        new ModelRegistry(),
        new ModelHeaderReader(ModelFormats.installed(), LayoutLimits.DEFAULT));
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
    return new ModelSplitEnumerator(
        context, lifecycles.create(options), options.jobName(), options.pollInterval(), state);
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
