package com.hartonomous.ingest.cli.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.balance.SourceBalance;
import com.hartonomous.ingest.cli.ConfigurationArguments;
import com.hartonomous.ingest.cli.ExitCode;
import com.hartonomous.ingest.cli.TextTable;
import com.hartonomous.ingest.content.DatabaseContentStore;
import com.hartonomous.ingest.job.GraphSyncOptions;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.preflight.SqlServerCheck;
import com.hartonomous.ingest.job.preflight.UnreachableException;
import java.io.IOException;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.neo4j.driver.exceptions.Neo4jException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Proves that database and graph are consistent. */
@Command(
    name = "verify",
    description = {
      "Proves that counts equal references, atoms have their content, models are complete, what came"
          + " in is stored or a dead letter, and the graph equals the tables; names every difference.",
      "Without --read-data content is looked at only for its length: a changed byte goes unnoticed."
    })
public final class VerifyCommand implements Callable<Integer> {

  /** The capture job reads the log every five seconds, unless somebody changed it. */
  private static final Duration CAPTURE_PATIENCE = Duration.ofSeconds(10);

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationArguments configuration;

  @Option(
      names = "--read-data",
      paramLabel = "PERCENT",
      arity = "0..1",
      fallbackValue = "100",
      defaultValue = "0",
      description =
          "Read and hash the content of all atoms, or of a sample of so many percent; give it as"
              + " --read-data=5.")
  private double readPercent;

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      description = "Chooses the sample of --read-data=PERCENT; the clock does, unless given.")
  private Long seed;

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Override
  public Integer call()
      throws ConfigurationException, UnreachableException, SQLException, IOException {
    if (!(readPercent >= 0 && readPercent <= 100)) {
      throw new ParameterException(
          spec.commandLine(),
          "--read-data: expected a percentage from 0 to 100, found " + readPercent);
    }
    GraphSyncOptions options = configuration.graphSync().options();
    try (Connection connection =
        SqlServerCheck.connect(options.sqlServer(), "hartonomous-verify")) {
      SqlServerCheck.requireSchema(connection, options.sqlServer());
    }
    VerificationReport report = verify(options);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(json(report));
    } else {
      print(report, out);
    }
    out.flush();
    return report.passed() ? ExitCode.DONE : ExitCode.PROBLEM_FOUND;
  }

  private VerificationReport verify(GraphSyncOptions options)
      throws SQLException, IOException, UnreachableException {
    VerificationOptions verification =
        new VerificationOptions(
            options.sqlServer(),
            options.neo4j(),
            options.graph().level(),
            readPercent,
            seed == null ? System.currentTimeMillis() : seed,
            CAPTURE_PATIENCE);
    try {
      return new Verification(verification, new DatabaseContentStore()).run();
    } catch (Neo4jException e) {
      throw new UnreachableException(
          String.format(
              "neo4j: %s cannot be read: %s Check neo4j.uri and the login, and that the server runs"
                  + " (on this machine: ./hartonomous local).",
              options.neo4j().uri(), e.getMessage()),
          e);
    }
  }

  /** Prints what became of the input of each source. */
  private static void printBalance(List<SourceBalance> sources, PrintWriter out) {
    TextTable table =
        new TextTable("source", "in", "stored", "known", "dead letters", "under way", "of");
    for (SourceBalance source : sources) {
      table.add(
          source.source(),
          source.in(),
          source.stored(),
          source.known(),
          source.dead(),
          source.underWay(),
          source.unit());
    }
    table.print(out);
  }

  private static String json(VerificationReport report) throws JsonProcessingException {
    return new JsonMapper().writeValueAsString(report);
  }

  /** Prints a report for people. */
  public static void print(VerificationReport report, PrintWriter out) {
    TextTable checks = new TextTable("check", "examined", "differences", "pending");
    for (VerificationReport.Check check : report.checks()) {
      checks.add(check.name(), check.examined(), check.differences(), check.pending());
    }
    checks.print(out);
    printBalance(report.balance(), out);
    if (report.read() != null) {
      out.printf(
          "content read  %s %% of the atoms: %d atoms, %d bytes%s%n",
          report.read().percent(),
          report.read().atoms(),
          report.read().bytes(),
          report.read().percent() < 100 ? ", --seed " + report.read().seed() : "");
    }
    out.printf("outbox        %d unsynced%n", report.unsyncedMarks());
    for (Difference difference : report.shown()) {
      out.printf(
          "%s  %s: %s %s%n",
          difference.pending() ? "pending   " : "DIFFERENCE",
          difference.check(),
          TextTable.printable(difference.key()),
          TextTable.printable(difference.message()));
    }
    long hidden = report.differences() + report.pending() - report.shown().size();
    if (hidden > 0) {
      out.printf("and %d more%n", hidden);
    }
    if (report.pending() > 0) {
      out.printf(
          "%d differences are pending: the graph is behind there; graph-sync mends them.%n",
          report.pending());
    }
    out.println(
        report.passed()
            ? "verification passed"
            : "verification FAILED: " + report.differences() + " differences");
  }
}
