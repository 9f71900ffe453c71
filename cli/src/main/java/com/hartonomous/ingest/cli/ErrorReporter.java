package com.hartonomous.ingest.cli;

import com.hartonomous.ingest.capture.sqlserver.CaptureGapException;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.preflight.UnreachableException;
import java.net.BindException;
import java.sql.SQLException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what a command throws into one line on stderr and an exit code. */
final class ErrorReporter implements IExecutionExceptionHandler, IParameterExceptionHandler {

  private static final int CAUSES_MAX = 100;

  @Override
  public int handleParseException(ParameterException error, String[] arguments) {
    CommandLine command = error.getCommandLine();
    String suggestion =
        error instanceof UnmatchedArgumentException unmatched
                && !unmatched.getSuggestions().isEmpty()
            ? " Did you mean " + String.join(" or ", unmatched.getSuggestions()) + "?"
            : "";
    print(
        command,
        String.format(
            "%s%s See ./%s --help.",
            sentence(error.getMessage()), suggestion, command.getCommandSpec().qualifiedName()));
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception error, CommandLine command, ParseResult arguments) {
    if (arguments.commandSpec().root().userObject() instanceof Hartonomous root && root.debug()) {
      error.printStackTrace(command.getErr());
    }
    if (error instanceof ConfigurationException) {
      print(command, error.getMessage());
      return ExitCode.USAGE;
    }
    if (error instanceof ProblemException) {
      print(command, error.getMessage());
      return ExitCode.PROBLEM_FOUND;
    }
    if (error instanceof UnreachableException) {
      print(command, error.getMessage());
      return ExitCode.INFRASTRUCTURE;
    }
    if (error instanceof SQLException sql) {
      print(
          command,
          String.format(
              "sqlserver: error %d: %s Check the server, then run the command again.",
              sql.getErrorCode(), sentence(sql.getMessage())));
      return ExitCode.INFRASTRUCTURE;
    }
    Throwable cause = root(error);
    if (cause instanceof CaptureGapException) {
      print(command, cause.getMessage());
      return ExitCode.PROBLEM_FOUND;
    }
    if (cause instanceof BindException) {
      print(
          command,
          command.getCommandName()
              + ": a port that it should listen on is in use or not allowed: "
              + sentence(cause.getMessage())
              + " Choose another port (for Flink's web UI: web.port).");
      return ExitCode.INFRASTRUCTURE;
    }
    print(
        command,
        String.format(
            "%s failed: %s: %s Run it again with --debug for the stack trace.",
            command.getCommandName(),
            cause.getClass().getSimpleName(),
            sentence(String.valueOf(cause.getMessage()))));
    return ExitCode.INFRASTRUCTURE;
  }

  /** The innermost cause. */
  static Throwable root(Throwable error) {
    Throwable root = error;
    for (int depth = 0; depth < CAUSES_MAX && root.getCause() != null; depth++) {
      root = root.getCause();
    }
    return root;
  }

  private static void print(CommandLine command, String message) {
    command.getErr().println("hartonomous: " + message.replaceAll("\\s*\\R\\s*", " "));
    command.getErr().flush();
  }

  private static String sentence(String message) {
    String text = message.strip();
    return text.endsWith(".") || text.endsWith("?") ? text : text + ".";
  }
}
