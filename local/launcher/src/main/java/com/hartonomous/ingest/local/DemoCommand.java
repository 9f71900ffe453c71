package com.hartonomous.ingest.local;

import com.hartonomous.ingest.cli.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
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
      description = {
        "Keep everything in this directory. The same command goes on with it after a crash, and",
        "looks at it again after the end."
      })
  private Path data;

  /** Set by Ctrl-C: the services are being taken away from under the demo. */
  private volatile boolean interrupted;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    DemoDirectory directory = data == null ? DemoDirectory.temporary() : DemoDirectory.open(data);
    try {
      out.println("Starting the SQL Server stand-in and Neo4j ...");
      out.flush();
      LocalServices services =
          LocalServices.start(
              port != null ? port : LocalPorts.ifFree(LocalPorts.SQL_SERVER),
              LocalPorts.ifFree(LocalPorts.BOLT),
              directory.path());
      // The demo's Flink lives in this process and needs no farewell at Ctrl-C.
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> interrupt(services, directory), "end-demo"));
      return run(services, directory, out);
    } finally {
      close(directory);
    }
  }

  private int run(LocalServices services, DemoDirectory directory, PrintWriter out)
      throws Exception {
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
    } catch (Exception e) {
      if (!interrupted) {
        throw e;
      }
      LOG.info("Interrupted.", e);
      return ExitCode.DONE;
    } finally {
      LocalCommand.close(services);
    }
  }

  private void interrupt(LocalServices services, DemoDirectory directory) {
    interrupted = true;
    LocalCommand.close(services);
    close(directory);
  }

  private static synchronized void close(DemoDirectory directory) {
    try {
      directory.close();
    } catch (IOException e) {
      LOG.warn("The directory {} could not be removed.", directory.path(), e);
    }
  }
}
