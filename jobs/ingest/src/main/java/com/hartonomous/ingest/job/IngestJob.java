package com.hartonomous.ingest.job;

import com.hartonomous.ingest.job.config.IngestConfiguration;
import com.hartonomous.ingest.job.preflight.Preflight;
import com.hartonomous.ingest.record.CapturedTable;
import java.util.List;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The ingest job's entry for {@code flink run}: {@code --config FILE} and any number of {@code
 * --set key=value}. Checks everything that can be checked before it submits.
 */
public final class IngestJob {

  private IngestJob() {}

  public static void main(String[] args) throws Exception {
    JobArguments arguments = JobArguments.parse(args);
    IngestOptions options =
        IngestConfiguration.read(arguments.config(), arguments.overrides()).options();
    StreamExecutionEnvironment env = JobEnvironment.onCluster(options.job(), options.checkpoint());
    boolean withState =
        env.getConfiguration().getOptional(StateRecoveryOptions.SAVEPOINT_PATH).isPresent();
    List<CapturedTable> tables = Preflight.ingest(options, withState);
    IngestPipeline.build(env, options, tables);
    env.execute(options.job().name());
  }
}
