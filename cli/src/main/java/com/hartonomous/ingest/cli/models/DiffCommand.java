package com.hartonomous.ingest.cli.models;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.cli.ConfigurationArguments;
import com.hartonomous.ingest.cli.ExitCode;
import com.hartonomous.ingest.cli.ProblemException;
import com.hartonomous.ingest.cli.TextTable;
import com.hartonomous.ingest.cli.Units;
import com.hartonomous.ingest.content.DatabaseContentStore;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.preflight.SqlServerCheck;
import com.hartonomous.ingest.job.preflight.UnreachableException;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what differs between two models. */
@Command(
    name = "diff",
    description = {
      "Compares the tensors of two complete models: equal, changed, added, removed; and the bytes that"
          + " the models share.",
      "Exit code 0 when all tensors are equal, 1 when one is not, or a model is not complete."
    })
public final class DiffCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationArguments configuration;

  @Parameters(index = "0", paramLabel = "MODEL", description = ModelReference.DESCRIPTION)
  private String left;

  @Parameters(index = "1", paramLabel = "MODEL", description = "The one to compare with.")
  private String right;

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Override
  public Integer call()
      throws ConfigurationException,
          UnreachableException,
          ProblemException,
          SQLException,
          IOException {
    SqlServerOptions server = configuration.sqlServer();
    PrintWriter out = spec.commandLine().getOut();
    DiffReport report;
    try (Connection connection = SqlServerCheck.connect(server, "hartonomous-diff")) {
      SqlServerCheck.requireSchema(connection, server);
      StoredModels models = new StoredModels(connection);
      PrintWriter progress = json ? new PrintWriter(Writer.nullWriter()) : out;
      report =
          new ModelDiff(connection, new DatabaseContentStore(), progress)
              .compare(models.find(left), models.find(right));
    }
    if (json) {
      out.println(new JsonMapper().writeValueAsString(report));
    } else {
      print(report, out);
    }
    out.flush();
    return report.tensorsAreEqual() ? ExitCode.DONE : ExitCode.PROBLEM_FOUND;
  }

  private static void print(DiffReport report, PrintWriter out) {
    TextTable models = new TextTable("", "model", "digest", "tensors", "files", "bytes");
    addSide(models, "left", report.left());
    addSide(models, "right", report.right());
    models.print(out);
    if (!report.tensorsAreEqual()) {
      TextTable tensors = new TextTable("", "tensor", "left", "right", "differs");
      for (DiffReport.Changed changed : report.changed()) {
        tensors.add(
            "changed",
            changed.left().name(),
            shown(changed.left()),
            shown(changed.right()),
            String.join(", ", changed.differs()));
      }
      report.removed().forEach(t -> tensors.add("removed", t.name(), shown(t), null, null));
      report.added().forEach(t -> tensors.add("added", t.name(), null, shown(t), null));
      tensors.print(out);
    }
    out.printf(
        "tensors  %d equal (%s), %d changed, %d added, %d removed%n",
        report.equalTensors(),
        Units.bytes(report.equalBytes()),
        report.changed().size(),
        report.added().size(),
        report.removed().size());
    out.printf(
        "shared   %d atoms, %s%n", report.shared().atoms(), Units.bytes(report.shared().bytes()));
  }

  private static void addSide(TextTable table, String which, DiffReport.Side side) {
    table.add(
        which,
        side.tenantId() + "/" + side.name(),
        side.digest(),
        side.tensors(),
        side.files(),
        Units.bytes(side.bytes()));
  }

  private static String shown(DiffReport.Tensor tensor) {
    return tensor.dtype() + " " + tensor.shape();
  }
}
