package com.hartonomous.ingest.cli.models;

import com.hartonomous.ingest.cli.ConfigurationArguments;
import com.hartonomous.ingest.cli.ExitCode;
import com.hartonomous.ingest.cli.ProblemException;
import com.hartonomous.ingest.cli.Progress;
import com.hartonomous.ingest.cli.TextTable;
import com.hartonomous.ingest.cli.Units;
import com.hartonomous.ingest.content.DatabaseContentStore;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.preflight.SqlServerCheck;
import com.hartonomous.ingest.job.preflight.UnreachableException;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Gives a model's files back. */
@Command(
    name = "export",
    description = {
      "Writes the files of a complete model, byte for byte what was ingested, and checks them against"
          + " its digest; nothing is overwritten, and no file appears before all are checked.",
      "Exit code 1 when the model is not complete or its content is damaged."
    })
public final class ExportCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationArguments configuration;

  @Parameters(paramLabel = "MODEL", description = ModelReference.DESCRIPTION)
  private String model;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Where the files go, at their paths in the model; created if need be.")
  private Path directory;

  @Override
  public Integer call()
      throws ConfigurationException,
          UnreachableException,
          ProblemException,
          SQLException,
          IOException {
    SqlServerOptions server = configuration.sqlServer();
    PrintWriter out = spec.commandLine().getOut();
    StoredModel found;
    try (Connection connection = SqlServerCheck.connect(server, "hartonomous-export")) {
      SqlServerCheck.requireSchema(connection, server);
      found = new StoredModels(connection).find(model);
      try (Progress progress = Progress.of(out, "export", found.byteLength())) {
        new ModelExport(connection, new DatabaseContentStore(), found, progress).write(directory);
      }
    }
    out.printf(
        "%s: %d files, %s, as ingested, in %s%n",
        TextTable.printable(found.reference()),
        found.files().size(),
        Units.bytes(found.byteLength()),
        directory);
    out.flush();
    return ExitCode.DONE;
  }
}
