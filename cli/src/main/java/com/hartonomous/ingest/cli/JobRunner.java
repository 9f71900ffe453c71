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
   * @param resumption how to go on after that, for people; null when there is nothing to say
   * @throws Exception when the job fails
   */
  static int run(
      StreamExecutionEnvironment environment,
      String name,
      WebOptions web,
      String resumption,
      PrintWriter out)
      throws Exception {
    JobClient job = environment.executeAsync(name);
    out.printf("%s runs as job %s.%n", name, job.getJobID());
    if (web.port() != 0) {
      out.printf("Flink's web UI: http://%s:%d%n", web.bindAddress(), web.port());
    }
    out.println("Ctrl-C ends it." + (resumption == null ? "" : " " + resumption));
    out.flush();
    job.getJobExecutionResult().get();
    return ExitCode.DONE;
  }
}
