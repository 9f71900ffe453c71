package com.hartonomous.ingest.cli;

import com.hartonomous.ingest.capture.sqlserver.CaptureGapException;
import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.IngestPipeline;
import com.hartonomous.ingest.job.JobEnvironment;
import com.hartonomous.ingest.job.RetiredGroups;
import com.hartonomous.ingest.job.config.Effective;
import com.hartonomous.ingest.job.preflight.Preflight;
import com.hartonomous.ingest.record.CapturedTable;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "ingest",
    description = {
      "Ingests the configured tables and model files, in a Flink of its own process.",
      "For a cluster, give the job's jar to flink run instead; see README.md."
    })
final class IngestCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationArguments configuration;

  @Option(
      names = "--dry-run",
      description = "Check everything, print the effective configuration and plan, start nothing.")
  private boolean dryRun;

  @Option(
      names = "--from-savepoint",
      paramLabel = "PATH",
      description =
          "Go on from a savepoint or retained checkpoint; 'latest' is the newest one in"
              + " checkpoint.directory.")
  private String fromSavepoint;

  @Option(
      names = "--on-gap",
      paramLabel = "fail|resnapshot",
      description =
          "Sets capture.on-gap: with resnapshot, tables whose changes were cleaned up before they"
              + " were read are read anew, each up to three times in a row.")
  private String onGap;

  @Override
  public Integer call() throws Exception {
    Effective<IngestOptions> effective =
        configuration.ingest(onGap == null ? List.of() : List.of("capture.on-gap=" + onGap));
    IngestOptions options = effective.options();
    PrintWriter out = spec.commandLine().getOut();
    String state =
        fromSavepoint == null ? null : StartState.resolve(fromSavepoint, options.checkpoint());
    if (dryRun) {
      out.print(effective.description());
      Preflight.planIngest(options, state != null).forEach(out::println);
      out.println(state == null ? "start without state" : "start from " + state);
      return ExitCode.DONE;
    }
    return run(options, state, out);
  }

  /**
   * Runs the job, and once more from its last checkpoint when it ended because changes were lost
   * and it marked their tables to be read anew: only a start can take that up.
   */
  private int run(IngestOptions options, String firstState, PrintWriter out) throws Exception {
    String state = firstState;
    ResnapshotLimit limit = new ResnapshotLimit();
    while (true) {
      long startedAt = System.nanoTime();
      JobClient job = start(options, state, out);
      try {
        return JobRunner.awaitEnd(job);
      } catch (ExecutionException e) {
        Duration ran = Duration.ofNanos(System.nanoTime() - startedAt);
        if (!(ErrorReporter.root(e) instanceof CaptureGapException gap)
            || !gap.isMarked()
            || !limit.allows(gap.tables(), ran)) {
          throw e;
        }
        state = StartState.newest(options.checkpoint(), job.getJobID()).orElse(state);
        out.println(gap.getMessage());
        out.printf("Starting again %s.%n", state == null ? "without state" : "from " + state);
        out.flush();
        JobRunner.awaitPort(options.web());
      }
    }
  }

  private JobClient start(IngestOptions options, String state, PrintWriter out) throws Exception {
    List<CapturedTable> tables = Preflight.ingest(options, state != null, out::println);
    StreamExecutionEnvironment environment =
        JobEnvironment.inProcess(options.job(), options.checkpoint(), options.web());
    JobRunner.startFrom(environment, state);
    IngestPipeline.build(environment, options, tables);
    RetiredGroups.dropFromState(environment, Preflight.retiredGroups(options));
    return JobRunner.start(
        environment,
        options.job().name(),
        options.web(),
        "Start it again with --from-savepoint latest to go on where it was.",
        out);
  }
}
