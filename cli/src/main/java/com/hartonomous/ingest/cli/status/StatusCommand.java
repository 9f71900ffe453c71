package com.hartonomous.ingest.cli.status;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.balance.SourceBalance;
import com.hartonomous.ingest.cli.ConfigurationArguments;
import com.hartonomous.ingest.cli.ExitCode;
import com.hartonomous.ingest.cli.TextTable;
import com.hartonomous.ingest.cli.Units;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.preflight.SqlServerCheck;
import com.hartonomous.ingest.job.preflight.UnreachableException;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows how far ingestion is. */
@Command(
    name = "status",
    description = "Models with progress, capture lag, outbox, dead letters, throughput.")
public final class StatusCommand implements Callable<Integer> {

  private static final long WATCH_INTERVAL_MS = 2_000;
  private static final String CLEAR_SCREEN = "\u001b[H\u001b[2J";

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationArguments configuration;

  @Option(names = "--json", description = "One JSON object; with --watch one a line.")
  private boolean json;

  @Option(names = "--watch", description = "Again every two seconds, until Ctrl-C.")
  private boolean watch;

  @Override
  public Integer call()
      throws ConfigurationException,
          UnreachableException,
          SQLException,
          JsonProcessingException,
          InterruptedException {
    SqlServerOptions server = configuration.sqlServer();
    PrintWriter out = spec.commandLine().getOut();
    try (Connection connection = SqlServerCheck.connect(server, "hartonomous-status")) {
      SqlServerCheck.requireSchema(connection, server);
      StatusReader reader = new StatusReader(connection);
      show(reader.read(), out);
      while (watch) {
        Thread.sleep(WATCH_INTERVAL_MS);
        if (!json && System.console() != null) {
          out.print(CLEAR_SCREEN);
        }
        show(reader.read(), out);
      }
    }
    return ExitCode.DONE;
  }

  private void show(Status status, PrintWriter out) throws JsonProcessingException {
    if (json) {
      out.println(new JsonMapper().writeValueAsString(status));
    } else {
      print(status, out);
    }
    out.flush();
  }

  static void print(Status status, PrintWriter out) {
    printModels(status, out);
    printCapture(status, out);
    Status.Outbox outbox = status.outbox();
    out.printf(
        "outbox        %d unsynced%s%n",
        outbox.unsynced(),
        outbox.oldestCreatedAt() == null ? "" : ", oldest of " + outbox.oldestCreatedAt());
    Status.DeadLetters dead = status.deadLetters();
    out.printf(
        "dead letters  %d, %d not replayed%s%n",
        dead.total(),
        dead.notReplayed(),
        dead.reasons().stream()
            .map(reason -> reason.reason() + " " + reason.count())
            .collect(Collectors.joining(", ", dead.reasons().isEmpty() ? "" : ": ", "")));
    printBalance(status, out);
    Status.Throughput throughput = status.throughput();
    out.printf(
        "throughput    %s of models stored, now %s/s; %d row events captured%n",
        Units.bytes(throughput.modelBytes()),
        Units.bytes(throughput.modelBytesPerSecond()),
        throughput.rowEvents());
    out.println("broker        not in use: this version captures directly");
  }

  private static void printBalance(Status status, PrintWriter out) {
    for (SourceBalance source : status.throughput().balance()) {
      long accounted = source.stored() + source.known() + source.dead() + source.underWay();
      out.printf(
          "balance       %s: %d %s in %s %d stored + %d known + %d dead + %d under way%s%n",
          source.source(),
          source.in(),
          source.unit(),
          source.in() == accounted ? "=" : "is not",
          source.stored(),
          source.known(),
          source.dead(),
          source.underWay(),
          source.in() == accounted ? "" : "; see ./hartonomous verify");
    }
    for (Status.Capture group : status.capture()) {
      for (Status.Table table : group.tables()) {
        out.printf(
            "balance       %s: %d references stored, %d dead letters; %d ever brought a new atom,"
                + " %d a known one%n",
            table.table(),
            table.stored(),
            table.deadLetters(),
            table.newAtoms(),
            table.knownAtoms());
      }
    }
  }

  private static void printModels(Status status, PrintWriter out) {
    if (status.models().isEmpty()) {
      out.println("No models.");
      return;
    }
    TextTable table =
        new TextTable(
            "model",
            "name",
            "state",
            "done",
            "tensors",
            "chunks",
            "nodes",
            "bytes",
            "new bytes",
            "shared bytes",
            "note");
    for (Status.Model model : status.models()) {
      table.add(
          model.modelId(),
          model.tenantId() == 0 ? model.name() : model.tenantId() + "/" + model.name(),
          model.state(),
          String.format(Locale.ROOT, "%.1f %%", model.percent()),
          model.tensors(),
          ofExpected(model.storedChunks(), model.chunks()),
          ofExpected(model.storedNodes(), model.nodes()),
          model.bytes() == null ? null : Units.bytes(model.bytes()),
          Units.bytes(model.newBytes()),
          Units.bytes(model.sharedBytes()),
          model.failure());
    }
    table.print(out);
  }

  private static String ofExpected(long stored, Long expected) {
    return expected == null ? null : stored + "/" + expected;
  }

  private static void printCapture(Status status, PrintWriter out) {
    if (status.capture().isEmpty()) {
      out.println("No tables captured.");
      return;
    }
    TextTable table =
        new TextTable(
            "group",
            "phase",
            "position",
            "checkpoint (UTC)",
            "lag",
            "pending",
            "headroom",
            "snapshot",
            "inserted",
            "updated",
            "deleted");
    for (Status.Capture group : status.capture()) {
      table.add(
          group.source(),
          group.phase(),
          group.lastLsn(),
          group.lastCheckpoint(),
          seconds(group.lagSeconds()),
          group.pendingTransactions(),
          seconds(group.headroomSeconds()),
          group.snapshotRowsExpected() == null
              ? group.snapshotRows()
              : group.snapshotRows() + "/~" + group.snapshotRowsExpected(),
          group.insertedRows(),
          group.updatedRows(),
          group.deletedRows());
    }
    table.print(out);
    for (Status.Capture group : status.capture()) {
      for (Status.Table captured : group.tables()) {
        printState(captured, out);
      }
    }
  }

  private static void printState(Status.Table table, PrintWriter out) {
    switch (table.state()) {
      case "REMOVED" ->
          out.printf(
              "capture       %s: not captured any more since %s; its references stay as they are%n",
              table.table(), table.since());
      case "TO_BE_READ_ANEW" ->
          out.printf(
              "capture       %s: to be read anew by the job's next start, since %s: %s%n",
              table.table(), table.since(), table.reason());
      case "BEING_READ" ->
          out.printf(
              "capture       %s: generation %d is being read and compared with what is stored%n",
              table.table(), table.generation());
      default -> {
        // Captured, as it should be.
      }
    }
  }

  private static String seconds(Double seconds) {
    return seconds == null ? null : String.format(Locale.ROOT, "%.1f s", seconds);
  }
}
