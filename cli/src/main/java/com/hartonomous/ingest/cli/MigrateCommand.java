package com.hartonomous.ingest.cli;

import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.preflight.SqlServerCheck;
import com.hartonomous.ingest.job.preflight.UnreachableException;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.sql.SchemaMigrations;
import java.io.IOException;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "migrate",
    description =
        "Creates the tables, or brings them up to date; running it again changes nothing.")
final class MigrateCommand implements Callable<Integer> {

  private static final String APPLICATION = "hartonomous-migrate";

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationArguments configuration;

  @Option(names = "--dry-run", description = "Only say which migrations are missing.")
  private boolean dryRun;

  @Override
  public Integer call()
      throws ConfigurationException, UnreachableException, IOException, SQLException {
    SqlServerOptions server = configuration.sqlServer();
    try (Connection connection = SqlServerCheck.connect(server, APPLICATION)) {
      // Whatever is wrong with the connection is told better here than by the migration.
      connection.getMetaData().getDatabaseProductVersion();
    }
    SchemaMigrations migrations = new SchemaMigrations(server.dataSource(APPLICATION));
    PrintWriter out = spec.commandLine().getOut();
    List<String> versions = dryRun ? migrations.pending() : migrations.migrate();
    String what = dryRun ? "would apply" : "applied";
    out.println(
        versions.isEmpty()
            ? server.address() + ": the schema is up to date."
            : server.address() + ": " + what + " " + String.join(", ", versions) + ".");
    return ExitCode.DONE;
  }
}
