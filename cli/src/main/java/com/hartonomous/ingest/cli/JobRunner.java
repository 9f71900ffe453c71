package com.hartonomous.ingest.cli;

import com.hartonomous.ingest.job.WebOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Runs a job in a Flink of this process until it ends or the process is told to. */
final class JobRunner {

  private static final int PORT_FREE_WAIT_SECONDS = 30;
  private static final int PORT_FREE_POLL_MILLIS = 100;

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
    return awaitEnd(start(environment, name, web, null, out));
  }

  /**
   * Starts the job that was built on the environment.
   *
   * @param resumption how to go on after its end, for people; null when there is nothing to say
   */
  static JobClient start(
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
    return job;
  }

  /**
   * Waits for the end of a job.
   *
   * @throws Exception when the job fails
   */
  static int awaitEnd(JobClient job) throws Exception {
    job.getJobExecutionResult().get();
    return ExitCode.DONE;
  }

  /**
   * Waits until the web UI's port is free: Flink says that a job has ended before it has closed.
   * Gives up after {@value #PORT_FREE_WAIT_SECONDS} s; the next start says then who is to blame.
   */
  static void awaitPort(WebOptions web) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PORT_FREE_WAIT_SECONDS);
    while (web.port() != 0 && !isFree(web) && System.nanoTime() < deadline) {
      Thread.sleep(PORT_FREE_POLL_MILLIS);
    }
  }

  private static boolean isFree(WebOptions web) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(web.bindAddress(), web.port()));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
