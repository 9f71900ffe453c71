package com.hartonomous.ingest.cli.deadletters;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.cli.ConfigurationArguments;
import com.hartonomous.ingest.cli.ExitCode;
import com.hartonomous.ingest.cli.TextTable;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.preflight.SqlServerCheck;
import com.hartonomous.ingest.job.preflight.UnreachableException;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Lists dead letters and has them tried again. */
@Command(name = "dead-letters", description = "Input that could not be ingested.")
public final class DeadLettersCommand implements Runnable {

  private static final String LIST =
      "SELECT TOP (?) l.ErrorId, l.SourceName, l.Position, l.Reason, l.ErrorMessage,"
          + " l.PayloadReference, l.ModelId, l.OccurredAt, l.ReplayedAt, l.State, l.Outcome"
          + " FROM dbo.vw_DeadLetters AS l WHERE ";

  @Spec private CommandSpec spec;

  /**
   * A dead letter; the names of the components are the keys of {@code --json}. Times are UTC.
   *
   * @param state stands, replaying, replayed (and failed again) or resolved
   * @param outcome what became of it; null when there is nothing to say
   */
  record Entry(
      long id,
      String source,
      String position,
      String reason,
      String message,
      String payloadReference,
      Integer modelId,
      String occurredAt,
      String replayedAt,
      String state,
      String outcome) {}

  /** Which letters. */
  static final class FilterArguments {

    @Option(
        names = "--source",
        paramLabel = "NAME",
        description = "Of this table or file, as the list shows it; * stands for any text.")
    private String source;

    @Option(
        names = "--reason",
        paramLabel = "REASON",
        description = "With this reason, for example FILE_CHANGED.")
    private String reason;

    @Option(
        names = "--id",
        paramLabel = "ID",
        split = ",",
        description = "With this number; may be given several times.")
    private List<Long> ids = List.of();

    DeadLetterFilter filter(CommandSpec spec) {
      if (ids.size() > DeadLetterFilter.IDS_MAX) {
        throw new ParameterException(
            spec.commandLine(),
            String.format(
                "--id: expected at most %d, found %d", DeadLetterFilter.IDS_MAX, ids.size()));
      }
      for (String text : new String[] {source, reason}) {
        if (text != null && text.isBlank()) {
          throw new ParameterException(
              spec.commandLine(), "--source and --reason: expected a text, found none");
        }
      }
      return new DeadLetterFilter(source, reason, ids);
    }
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing what to do: list or replay");
  }

  @Command(
      name = "list",
      description = "Lists dead letters, newest first, and what became of them.")
  int list(
      @Mixin ConfigurationArguments configuration,
      @Mixin FilterArguments filterArguments,
      @Option(names = "--json", description = "One JSON object a dead letter, a line each.")
          boolean json,
      @Option(
              names = "--limit",
              paramLabel = "ROWS",
              defaultValue = "100",
              description = "Dead letters to show at most (${DEFAULT-VALUE}).")
          int limit)
      throws ConfigurationException, UnreachableException, SQLException, JsonProcessingException {
    requireLimit(limit);
    DeadLetterFilter filter = filterArguments.filter(spec);
    SqlServerOptions server = configuration.sqlServer();
    List<Entry> entries;
    try (Connection connection = SqlServerCheck.connect(server, "hartonomous-dead-letters")) {
      SqlServerCheck.requireSchema(connection, server);
      entries = read(connection, filter, limit);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      printJson(entries, out);
    } else {
      print(entries, out);
    }
    return ExitCode.DONE;
  }

  @Command(
      name = "replay",
      description = {
        "Has dead letters tried again: submits a failed model's file once more, and has the ingest"
            + " job read a row once more. It does so while it runs; see list for the outcome.",
        "Without --id those that stand. Exit code 1 when one cannot be replayed."
      })
  int replay(
      @Mixin ConfigurationArguments configuration,
      @Mixin FilterArguments filterArguments,
      @Option(names = "--dry-run", description = "Only say what would be done.") boolean dryRun,
      @Option(names = "--json", description = "One JSON object a dead letter, a line each.")
          boolean json,
      @Option(
              names = "--limit",
              paramLabel = "ROWS",
              defaultValue = "100",
              description = "Dead letters to show at most; all are replayed (${DEFAULT-VALUE}).")
          int limit)
      throws ConfigurationException, UnreachableException, SQLException, JsonProcessingException {
    requireLimit(limit);
    DeadLetterFilter filter = filterArguments.filter(spec);
    SqlServerOptions server = configuration.sqlServer();
    DeadLetterReplay.Result result;
    try (Connection connection = SqlServerCheck.connect(server, "hartonomous-dead-letters")) {
      SqlServerCheck.requireSchema(connection, server);
      result = new DeadLetterReplay(connection).run(filter, dryRun, limit);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      printJson(result.shown(), out);
    } else {
      print(result, dryRun, out);
    }
    long notFound =
        filter.ids().isEmpty() ? 0 : filter.ids().stream().distinct().count() - result.chosen();
    if (notFound > 0) {
      spec.commandLine()
          .getErr()
          .printf(
              "hartonomous: %d of the numbers given with --id are no dead letters that are meant."
                  + " See ./hartonomous dead-letters list.%n",
              notFound);
    }
    return notFound > 0 || result.impossible() > 0 ? ExitCode.PROBLEM_FOUND : ExitCode.DONE;
  }

  private void requireLimit(int limit) {
    if (limit < 1) {
      throw new ParameterException(
          spec.commandLine(), "--limit: expected at least 1, found " + limit);
    }
  }

  private static List<Entry> read(Connection connection, DeadLetterFilter filter, int limit)
      throws SQLException {
    List<Entry> entries = new ArrayList<>();
    String sql = LIST + filter.condition() + " ORDER BY l.ErrorId DESC";
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setInt(1, limit);
      filter.bind(statement, 2);
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          entries.add(
              new Entry(
                  result.getLong(1),
                  result.getString(2),
                  result.getString(3),
                  result.getString(4),
                  result.getString(5),
                  result.getString(6),
                  result.getObject(7, Integer.class),
                  result.getString(8),
                  result.getString(9),
                  result.getString(10),
                  result.getString(11)));
        }
      }
    }
    return entries;
  }

  private static void printJson(List<?> lines, PrintWriter out) throws JsonProcessingException {
    JsonMapper mapper = new JsonMapper();
    for (Object line : lines) {
      out.println(mapper.writeValueAsString(line));
    }
  }

  private static void print(List<Entry> entries, PrintWriter out) {
    if (entries.isEmpty()) {
      out.println("No dead letters.");
      return;
    }
    TextTable table =
        new TextTable(
            "id", "occurred (UTC)", "source", "position", "reason", "state", "message", "outcome");
    for (Entry entry : entries) {
      table.add(
          entry.id(),
          entry.occurredAt(),
          entry.source(),
          entry.position(),
          entry.reason(),
          entry.state(),
          entry.message(),
          entry.outcome());
    }
    table.print(out);
  }

  private static void print(DeadLetterReplay.Result result, boolean dryRun, PrintWriter out) {
    if (result.chosen() == 0) {
      out.println("No dead letters to replay.");
      return;
    }
    TextTable table = new TextTable("id", "source", "position", dryRun ? "would be" : "done");
    for (DeadLetterReplay.Chosen letter : result.shown()) {
      table.add(letter.id(), letter.source(), letter.position(), words(letter));
    }
    table.print(out);
    long hidden = result.chosen() - result.shown().size();
    if (hidden > 0) {
      out.printf("and %d more%n", hidden);
    }
    out.printf(
        "%s%d of models, %d of rows; %d cannot be replayed, %d need no replay%n",
        dryRun ? "dry run: " : "",
        result.submitted(),
        result.rows(),
        result.impossible(),
        result.others());
  }

  private static String words(DeadLetterReplay.Chosen letter) {
    return switch (letter.action()) {
      case SUBMIT ->
          letter.submissionId() == null
              ? "file submitted again"
              : "file submitted again, submission " + letter.submissionId();
      case READ_ROW -> "row read again by the ingest job";
      case NONE -> "nothing: it is " + letter.state();
      case IMPOSSIBLE -> "nothing: " + letter.reason() + ": " + letter.obstacle();
    };
  }
}
