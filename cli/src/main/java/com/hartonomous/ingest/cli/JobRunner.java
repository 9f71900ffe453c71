package com.hartonomous.ingest.cli;

import com.hartonomous.ingest.job.WebOptions;
import java.io.PrintWriter;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Runs a job in a Flink of this process until it ends or the process is told to. */
final class JobRunner {

  private JobRunner() {}

  /** Makes the environment start from a savepoint or checkpoint; null starts without state. */
  static void startFrom(StreamExecutionEnvironment environment, String path) {
    if (path != null) {
      Configuration configuration = new Configuration();
      configuration.set(StateRecoveryOptions.SAVEPOINT_PATH, path);
      environment.configure(configuration);
    }
  }

  /**
   * Starts the job that was built on the environment and waits for its end.
   *
   * @throws Exception when the job fails
   */
  static int run(
      StreamExecutionEnvironment environment, String name, WebOptions web, PrintWriter out)
      throws Exception {
    JobClient job = environment.executeAsync(name);
    out.printf("%s runs as job %s.%n", name, job.getJobID());
    if (web.port() != 0) {
      out.printf("Flink's web UI: http://%s:%d%n", web.bindAddress(), web.port());
    }
    out.println(
        "Ctrl-C ends it; start it again with --from-savepoint latest to go on where it was.");
    out.flush();
    job.getJobExecutionResult().get();
    return ExitCode.DONE;
  }
}
