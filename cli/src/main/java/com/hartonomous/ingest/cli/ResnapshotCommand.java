package com.hartonomous.ingest.cli;

import com.hartonomous.ingest.capture.sqlserver.ResnapshotRequests;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.config.NearestKey;
import com.hartonomous.ingest.job.config.TableName;
import com.hartonomous.ingest.job.preflight.SqlServerCheck;
import com.hartonomous.ingest.job.preflight.UnreachableException;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Marks captured tables to be read anew. */
@Command(
    name = "resnapshot",
    description = {
      "Has captured tables read anew, from the beginning, at the ingest job's next start.",
      "The job may run meanwhile; it goes on as it is until it is stopped and started again, from"
          + " its state or, if all its tables are marked, without. Tables that are marked together"
          + " share one capture group then. References that the new snapshot does not confirm are"
          + " removed when it has ended, not before."
    })
final class ResnapshotCommand implements Callable<Integer> {

  private static final String REASON = "asked for with ./hartonomous resnapshot";

  private static final String TABLES =
      "SELECT CapturedTableId, SchemaName, TableName, GroupName, Generation, RemovedAt"
          + " FROM dbo.CapturedTables ORDER BY CapturedTableId";

  private record Captured(
      int tableId, TableName name, String group, int generation, Timestamp removedAt) {}

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationArguments configuration;

  @Parameters(
      paramLabel = "TABLE",
      arity = "1..*",
      description = "A captured table, such as dbo.Documents.")
  private List<String> names;

  @Option(names = "--dry-run", description = "Only say what would be done.")
  private boolean dryRun;

  @Override
  public Integer call() throws ConfigurationException, UnreachableException, SQLException {
    List<TableName> wanted = new ArrayList<>();
    for (String name : names) {
      wanted.add(
          TableName.parse(name)
              .orElseThrow(
                  () ->
                      new ConfigurationException(
                          "TABLE: expected schema and table such as dbo.Documents, found '"
                              + name
                              + "'.")));
    }
    SqlServerOptions server = configuration.sqlServer();
    try (Connection connection = SqlServerCheck.connect(server, "hartonomous-resnapshot")) {
      SqlServerCheck.requireSchema(connection, server);
      connection.setAutoCommit(false);
      Map<Integer, Captured> tables = new LinkedHashMap<>();
      List<Captured> captured = captured(connection);
      for (TableName name : wanted) {
        Captured table = find(captured, name);
        tables.put(table.tableId(), table);
      }
      PrintWriter out = spec.commandLine().getOut();
      for (Captured table : tables.values()) {
        // A dry run does the same, and undoes it.
        boolean marked = ResnapshotRequests.request(connection, table.tableId(), REASON);
        out.println(describe(table, marked));
      }
      if (dryRun) {
        connection.rollback();
        out.println("Nothing was done: --dry-run.");
      } else {
        connection.commit();
      }
    }
    return ExitCode.DONE;
  }

  private static String describe(Captured table, boolean marked) {
    return marked
        ? String.format(
            "%s: generation %d, in group '%s': the job's next start reads it anew, as generation %d"
                + " in a new group.",
            table.name(), table.generation(), table.group(), table.generation() + 1)
        : String.format("%s: is to be read anew already.", table.name());
  }

  private static Captured find(List<Captured> tables, TableName name)
      throws ConfigurationException {
    for (Captured table : tables) {
      if (table.name().equalsIgnoreCase(name)) {
        if (table.removedAt() != null) {
          throw new ConfigurationException(
              String.format(
                  "%s is not captured any more since %s: name it in capture.tables again, and the"
                      + " job's next start reads it anew.",
                  table.name(), table.removedAt().toLocalDateTime()));
        }
        return table;
      }
    }
    List<String> known = tables.stream().map(table -> table.name().toString()).toList();
    throw new ConfigurationException(
        String.format(
            "%s is not captured. %s",
            name,
            known.isEmpty()
                ? "No table is: name it in capture.tables and start the ingest job."
                : "Did you mean "
                    + NearestKey.find(name.toString(), known)
                    + "? A new table is named in capture.tables, and read at the job's next"
                    + " start."));
  }

  private static List<Captured> captured(Connection connection) throws SQLException {
    List<Captured> tables = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(TABLES);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        tables.add(
            new Captured(
                row.getInt(1),
                new TableName(row.getString(2), row.getString(3)),
                row.getString(4),
                row.getInt(5),
                row.getTimestamp(6)));
      }
    }
    return tables;
  }
}
