package com.hartonomous.ingest.local;

import com.hartonomous.ingest.cli.Hartonomous;
import java.util.Arrays;
import picocli.CommandLine;

/** The main class of {@code ./hartonomous}. */
public final class Main {

  private Main() {}

  /** Runs the command and exits with its code. */
  public static void main(String[] arguments) {
    // Before anything makes a logger: conf/log4j2.xml reads this.
    if (Arrays.asList(arguments).contains("--debug")) {
      System.setProperty("hartonomous.console.level", "info");
    }
    int exitCode = commandLine().execute(arguments);
    System.out.flush();
    System.exit(exitCode);
  }

  static CommandLine commandLine() {
    return Hartonomous.commandLine()
        .addSubcommand(new LocalCommand())
        .addSubcommand(new DemoCommand());
  }
}
