package com.hartonomous.ingest.job;

import com.hartonomous.ingest.job.config.IngestConfiguration;
import com.hartonomous.ingest.job.preflight.Preflight;
import com.hartonomous.ingest.record.CapturedTable;
import java.util.List;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.configuration.ReadableConfig;
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
    List<CapturedTable> tables = Preflight.ingest(options, mayHaveState(env.getConfiguration()));
    IngestPipeline.build(env, options, tables);
    RetiredGroups.dropFromState(env, Preflight.retiredGroups(options));
    env.execute(options.job().name());
  }

  /**
   * With a savepoint the job has state; under high availability this runs again after the
   * JobManager failed, and the job goes on from a checkpoint that cannot be seen from here.
   */
  private static boolean mayHaveState(ReadableConfig configuration) {
    return configuration.getOptional(StateRecoveryOptions.SAVEPOINT_PATH).isPresent()
        || !configuration.get(HighAvailabilityOptions.HA_MODE).equalsIgnoreCase("none");
  }
}
