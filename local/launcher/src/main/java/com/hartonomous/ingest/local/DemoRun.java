package com.hartonomous.ingest.local;

import com.hartonomous.ingest.cli.ExitCode;
import com.hartonomous.ingest.cli.StartState;
import com.hartonomous.ingest.cli.status.Status;
import com.hartonomous.ingest.cli.status.StatusReader;
import com.hartonomous.ingest.job.GraphSyncOptions;
import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.preflight.Preflight;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.sql.SchemaMigrations;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import picocli.CommandLine;

/** One demo from the migration to the verification. */
final class DemoRun implements AutoCloseable {

  private static final String APPLICATION = "hartonomous-demo";
  private static final Duration LIMIT = Duration.ofMinutes(10);
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(1);

  /** Complete checkpoints after all has arrived, so that the counters are those of the end. */
  private static final int CHECKPOINTS_AFTER = 2;

  private final LocalServices services;
  private final DemoDirectory directory;
  private final PrintWriter out;
  private DemoConfiguration configuration;
  private DemoCluster cluster;

  DemoRun(LocalServices services, DemoDirectory directory, PrintWriter out) {
    this.services = services;
    this.directory = directory;
    this.out = out;
  }

  /**
   * Runs the demo.
   *
   * @param commandLine has the command {@code verify}
   * @return the exit code
   * @throws IOException when a job fails, or the limit passes before all has arrived
   */
  int run(CommandLine commandLine) throws Exception {
    long start = System.nanoTime();
    SqlServerOptions server = services.sqlServer();
    List<String> applied = new SchemaMigrations(server.dataSource(APPLICATION)).migrate();
    if (!applied.isEmpty()) {
      say("Migrated the schema: " + String.join(", ", applied) + ".");
    }
    List<Path> models = DemoModels.write(directory.models());
    say(models.size() + " model files are in " + directory.models() + ".");
    configuration = new DemoConfiguration(directory, services, models);
    try (Connection connection = server.open(APPLICATION);
        Connection looking = server.open(APPLICATION)) {
      DemoTable table = new DemoTable(connection);
      if (!directory.isPrepared()) {
        table.create();
        directory.markPrepared();
      }
      DemoWorkload workload = new DemoWorkload(table, DemoDocuments.load());
      if (workload.done() > 0) {
        say(
            String.format(
                "Going on: %d of %d steps of the workload are done.",
                workload.done(), workload.steps()));
      }
      workload.before();
      say(DemoTable.NAME + " has had " + workload.inserted() + " rows inserted.");
      startJobs();
      DemoTable.Captured captured = drain(workload, looking);
      say("All has arrived after " + DemoReport.since(start) + ".");
      out.println();
      Status status = new StatusReader(looking).read();
      DemoReport.print(status, captured, workload, out);
      DemoReport.printGraph(services.neo4j(), out);
      out.println();
      out.flush();
      int verified =
          commandLine.execute(
              "verify", "--config", configuration.graphSyncFile().toString(), "--read-data");
      int deadLetters = status.deadLetters().total() == 0 ? ExitCode.DONE : ExitCode.PROBLEM_FOUND;
      say("Demo ended after " + DemoReport.since(start) + ".");
      return Math.max(verified, deadLetters);
    }
  }

  private void startJobs() throws Exception {
    IngestOptions ingest = configuration.ingest();
    GraphSyncOptions graphSync = configuration.graphSync();
    cluster = DemoCluster.start(ingest.web(), directory.flink());
    Optional<String> ingestState = StartState.newest(ingest.checkpoint());
    cluster.submitIngest(ingest, Preflight.ingest(ingest, ingestState.isPresent()), ingestState);
    Preflight.graphSync(graphSync);
    Optional<String> graphSyncState = StartState.newest(graphSync.checkpoint());
    cluster.submitGraphSync(graphSync, graphSyncState);
    ingestState.ifPresent(state -> say("The job ingest goes on from " + state + "."));
    graphSyncState.ifPresent(state -> say("The job graph-sync goes on from " + state + "."));
    say("Started the jobs ingest and graph-sync. Flink's web UI: " + cluster.webAddress());
  }

  /** Lets the workload go on while the jobs run, and waits until everything has arrived. */
  private DemoTable.Captured drain(DemoWorkload workload, Connection looking) throws Exception {
    CompletableFuture<Void> writing =
        CompletableFuture.runAsync(
            () -> {
              try {
                workload.during();
              } catch (SQLException e) {
                throw new CompletionException(e);
              }
            });
    DemoTable table = new DemoTable(looking);
    StatusReader reader = new StatusReader(looking);
    DemoProgress progress = new DemoProgress(out);
    long end = System.nanoTime() + LIMIT.toNanos();
    long arrivedAtCheckpoint = Long.MAX_VALUE;
    while (System.nanoTime() < end) {
      Thread.sleep(LOOK_INTERVAL.toMillis());
      // Asked first: what is compared below was then compared after the last change.
      boolean written = writing.isDone();
      if (written) {
        writing.join();
      }
      Status status = reader.read();
      DemoTable.Captured captured = table.compare();
      progress.show(status, captured);
      requireHealth(status);
      long checkpoint = status.capture().stream().mapToLong(Status.Capture::checkpointId).sum();
      if (!written || !captured.equal() || !hasArrived(status)) {
        arrivedAtCheckpoint = Long.MAX_VALUE;
      } else if (arrivedAtCheckpoint == Long.MAX_VALUE) {
        arrivedAtCheckpoint = checkpoint;
      } else if (checkpoint >= arrivedAtCheckpoint + CHECKPOINTS_AFTER) {
        progress.end();
        return captured;
      }
    }
    progress.end();
    throw new IOException(
        "not everything arrived within "
            + LIMIT.toMinutes()
            + " minutes; see the last line of progress and the log in "
            + LocalServices.home().resolve(".local/logs"));
  }

  private boolean hasArrived(Status status) {
    return status.models().size() == configuration.ingest().models().paths().size()
        && status.models().stream().allMatch(model -> model.state().equals("COMPLETE"))
        && status.outbox().unsynced() == 0;
  }

  private void requireHealth(Status status) throws Exception {
    Optional<String> failure = cluster.failure();
    if (failure.isPresent()) {
      throw new IOException("job " + failure.get());
    }
    for (Status.Model model : status.models()) {
      if (model.state().equals("FAILED") || model.state().equals("DELETED")) {
        throw new IOException(
            "model " + model.name() + " is " + model.state() + ": " + model.failure());
      }
    }
  }

  /** Prints what is up and how to look at it. */
  void printAddresses() throws Exception {
    LocalCommand.printAddresses(services, out);
    out.printf("Flink's web UI       %s%n", cluster.webAddress());
    out.printf(
        "Look at it with      ./hartonomous status --config %s%n", configuration.ingestFile());
  }

  private void say(String message) {
    out.println(message);
    out.flush();
  }

  @Override
  public void close() throws Exception {
    if (cluster != null) {
      cluster.close();
    }
  }
}
