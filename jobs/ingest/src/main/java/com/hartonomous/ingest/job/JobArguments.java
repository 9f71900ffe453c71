package com.hartonomous.ingest.job;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The arguments of a job's main class when it is submitted to a cluster. */
public final class JobArguments {

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The job's configuration, YAML; readable where the job is submitted.")
  private Path config;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Sets one option, over what the file says. May be repeated.")
  private List<String> overrides = new ArrayList<>();

  private JobArguments() {}

  /**
   * @throws CommandLine.ParameterException for arguments that are unknown, missing or malformed
   */
  public static JobArguments parse(String... arguments) {
    JobArguments parsed = new JobArguments();
    new CommandLine(parsed).parseArgs(arguments);
    return parsed;
  }

  public Path config() {
    return config;
  }

  /** {@code key=value} each. */
  public List<String> overrides() {
    return List.copyOf(overrides);
  }
}
