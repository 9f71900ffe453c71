package com.hartonomous.ingest.cli;

import com.hartonomous.ingest.cli.deadletters.DeadLettersCommand;
import com.hartonomous.ingest.cli.models.DiffCommand;
import com.hartonomous.ingest.cli.models.ExportCommand;
import com.hartonomous.ingest.cli.status.StatusCommand;
import com.hartonomous.ingest.cli.verify.VerifyCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The root of all commands. */
@Command(
    name = "hartonomous",
    mixinStandardHelpOptions = true,
    version = "Hartonomous Ingest 0.1.0",
    scope = ScopeType.INHERIT,
    sortOptions = false,
    description = "Ingests AI models and SQL Server changes into content-addressed atoms.",
    footer = {
      "",
      "Exit codes: 0 done, 1 the work found a problem, 2 usage or configuration, 3 infrastructure."
    },
    subcommands = {
      MigrateCommand.class,
      IngestCommand.class,
      GraphSyncCommand.class,
      StatusCommand.class,
      VerifyCommand.class,
      DeadLettersCommand.class,
      ResnapshotCommand.class,
      InspectCommand.class,
      ExportCommand.class,
      DiffCommand.class
    })
public final class Hartonomous implements Runnable {

  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show stack traces and log messages on stderr.")
  private boolean debug;

  private Hartonomous() {}

  /**
   * The command line with all commands of this module; a caller may add subcommands.
   *
   * <p>Every error is one line on its error writer, and an exit code of {@link ExitCode}.
   */
  public static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new Hartonomous());
    ErrorReporter reporter = new ErrorReporter();
    commandLine.setExecutionExceptionHandler(reporter);
    commandLine.setParameterExceptionHandler(reporter);
    return commandLine;
  }

  /** Whether {@code --debug} was given. */
  public boolean debug() {
    return debug;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing a command");
  }
}
