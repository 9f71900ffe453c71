package com.hartonomous.ingest.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
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

@Command(name = "dead-letters", description = "Input that could not be ingested.")
final class DeadLettersCommand implements Runnable {

  private static final String QUERY =
      "SELECT TOP (?) ErrorId, SourceName, Position, Reason, ErrorMessage, PayloadReference,"
          + " ModelId, OccurredAt, ReplayedAt FROM dbo.AtomizationErrors ORDER BY ErrorId DESC";

  @Spec private CommandSpec spec;

  /** One row of {@code dbo.AtomizationErrors}; times are UTC. */
  record Entry(
      long id,
      String source,
      String position,
      String reason,
      String message,
      String payloadReference,
      Integer modelId,
      String occurredAt,
      String replayedAt) {}

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing what to do: list");
  }

  @Command(name = "list", description = "Lists dead letters, newest first.")
  int list(
      @Mixin ConfigurationArguments configuration,
      @Option(names = "--json", description = "One JSON object a dead letter, a line each.")
          boolean json,
      @Option(
              names = "--limit",
              paramLabel = "ROWS",
              defaultValue = "100",
              description = "Dead letters to show at most (${DEFAULT-VALUE}).")
          int limit)
      throws ConfigurationException, UnreachableException, SQLException, JsonProcessingException {
    if (limit < 1) {
      throw new ParameterException(
          spec.commandLine(), "--limit: expected at least 1, found " + limit);
    }
    SqlServerOptions server = configuration.sqlServer();
    List<Entry> entries;
    try (Connection connection = SqlServerCheck.connect(server, "hartonomous-dead-letters")) {
      SqlServerCheck.requireSchema(connection, server);
      entries = read(connection, limit);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      JsonMapper mapper = new JsonMapper();
      for (Entry entry : entries) {
        out.println(mapper.writeValueAsString(entry));
      }
    } else {
      print(entries, out);
    }
    return ExitCode.DONE;
  }

  private static List<Entry> read(Connection connection, int limit) throws SQLException {
    List<Entry> entries = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(QUERY)) {
      statement.setInt(1, limit);
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
                  result.getString(9)));
        }
      }
    }
    return entries;
  }

  private static void print(List<Entry> entries, PrintWriter out) {
    if (entries.isEmpty()) {
      out.println("No dead letters.");
      return;
    }
    TextTable table =
        new TextTable("id", "occurred (UTC)", "source", "position", "reason", "message");
    for (Entry entry : entries) {
      table.add(
          entry.id(),
          entry.occurredAt(),
          entry.source(),
          entry.position(),
          entry.reason(),
          entry.message());
    }
    table.print(out);
  }
}
