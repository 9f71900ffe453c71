package com.hartonomous.ingest.local;

import com.hartonomous.ingest.job.config.ConfigurationException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "demo",
    description = {
      "The main job on this machine, end to end: starts the SQL Server stand-in, Neo4j and Flink,",
      "ingests real model files and row changes, waits until all has arrived, and verifies it."
    })
final class DemoCommand implements Callable<Integer> {

  private static final Logger LOG = LoggerFactory.getLogger(DemoCommand.class);

  @Spec private CommandSpec spec;

  @Option(
      names = "--keep",
      description = "Leave everything running at the end, until Ctrl-C, and print the addresses.")
  private boolean keep;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description =
          "Port of the SQL Server stand-in; by default "
              + LocalPorts.SQL_SERVER
              + " or a free one.")
  private Integer port;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Keep the data in this directory, which must be new or empty.")
  private Path data;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Path directory = data == null ? Files.createTempDirectory("hartonomous-demo-") : newDirectory();
    out.println("Starting the SQL Server stand-in and Neo4j ...");
    out.flush();
    LocalServices services =
        LocalServices.start(
            port != null ? port : LocalPorts.ifFree(LocalPorts.SQL_SERVER),
            LocalPorts.ifFree(LocalPorts.BOLT),
            directory);
    // Also after Ctrl-C. The demo's Flink lives in this process and needs no farewell then.
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> cleanUp(services, directory), "end-demo"));
    LocalCommand.printAddresses(services, out);
    try (DemoRun run = new DemoRun(services, directory, out)) {
      int exitCode = run.run(spec.root().commandLine());
      if (keep) {
        run.printAddresses();
        out.println("Everything keeps running until Ctrl-C.");
        out.flush();
        new CountDownLatch(1).await();
      }
      return exitCode;
    } finally {
      cleanUp(services, directory);
    }
  }

  private Path newDirectory() throws IOException, ConfigurationException {
    Path directory = data.toAbsolutePath().normalize();
    if (Files.exists(directory)) {
      try (Stream<Path> entries = Files.list(directory)) {
        if (entries.findAny().isPresent()) {
          throw new ConfigurationException(
              "--data "
                  + data
                  + ": expected a new or empty directory. Name another one; ./hartonomous local"
                  + " --data opens one that an earlier demo made.");
        }
      }
    }
    return Files.createDirectories(directory);
  }

  private synchronized void cleanUp(LocalServices services, Path directory) {
    LocalCommand.close(services);
    if (data == null && Files.exists(directory)) {
      try (Stream<Path> paths = Files.walk(directory)) {
        List<Path> deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
        for (Path path : deepestFirst) {
          Files.deleteIfExists(path);
        }
      } catch (IOException | UncheckedIOException e) {
        LOG.warn("The temporary directory {} could not be removed.", directory, e);
      }
    }
  }
}
