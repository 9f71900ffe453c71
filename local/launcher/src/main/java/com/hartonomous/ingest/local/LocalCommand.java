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
    name = "local",
    description = {
      "Runs the SQL Server stand-in and Neo4j on this machine until Ctrl-C.",
      "The configuration in conf/ points at them."
    })
final class LocalCommand implements Callable<Integer> {

  private static final Logger LOG = LoggerFactory.getLogger(LocalCommand.class);

  @Spec private CommandSpec spec;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "" + LocalPorts.SQL_SERVER,
      description = "Port of the SQL Server stand-in (${DEFAULT-VALUE}); 0 takes a free one.")
  private int port;

  @Option(
      names = "--bolt-port",
      paramLabel = "PORT",
      defaultValue = "" + LocalPorts.BOLT,
      description = "Port of Neo4j (${DEFAULT-VALUE}); 0 takes a free one.")
  private int boltPort;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Keep the data in this directory; otherwise they are gone at the end.")
  private Path data;

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    LocalServices services = LocalServices.start(port, boltPort, data);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(services), "close-local-services"));
    printAddresses(services, out);
    out.println("ready (Ctrl-C ends it)");
    out.flush();
    // Ctrl-C ends the process, and the hook closes the services.
    new CountDownLatch(1).await();
    return ExitCode.DONE;
  }

  static void printAddresses(LocalServices services, PrintWriter out) {
    out.printf(
        "SQL Server stand-in  %s, login %s, password in %s%n",
        services.sqlServer().address(), services.sqlServer().user(), services.passwordFile());
    out.printf("Neo4j                %s, no login%n", services.neo4j().uri());
  }

  static void close(LocalServices services) {
    try {
      services.close();
    } catch (IOException | RuntimeException e) {
      LOG.error("The local services did not end as they should.", e);
    }
  }
}
