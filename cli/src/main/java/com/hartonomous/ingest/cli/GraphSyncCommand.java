package com.hartonomous.ingest.cli;

import com.hartonomous.ingest.job.GraphSyncOptions;
import com.hartonomous.ingest.job.GraphSyncPipeline;
import com.hartonomous.ingest.job.JobEnvironment;
import com.hartonomous.ingest.job.config.Effective;
import com.hartonomous.ingest.job.preflight.Preflight;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "graph-sync",
    description = {
      "Keeps the Neo4j graph equal to the tables, in a Flink of its own process.",
      "It needs no state: started anew, it takes up what is unsynced."
    })
final class GraphSyncCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationArguments configuration;

  @Option(
      names = "--dry-run",
      description = "Check everything, print the effective configuration, start nothing.")
  private boolean dryRun;

  @Override
  public Integer call() throws Exception {
    Effective<GraphSyncOptions> effective = configuration.graphSync();
    GraphSyncOptions options = effective.options();
    PrintWriter out = spec.commandLine().getOut();
    if (dryRun) {
      out.print(effective.description());
    }
    Preflight.graphSync(options);
    if (dryRun) {
      return ExitCode.DONE;
    }
    StreamExecutionEnvironment environment =
        JobEnvironment.inProcess(options.job(), options.checkpoint(), options.web());
    GraphSyncPipeline.build(environment, options);
    return JobRunner.run(environment, options.job().name(), options.web(), out);
  }
}
