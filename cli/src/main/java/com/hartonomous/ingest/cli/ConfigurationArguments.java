package com.hartonomous.ingest.cli;

import com.hartonomous.ingest.job.GraphSyncOptions;
import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.config.Effective;
import com.hartonomous.ingest.job.config.GraphSyncConfiguration;
import com.hartonomous.ingest.job.config.IngestConfiguration;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The arguments by which a command gets its configuration. */
public final class ConfigurationArguments {

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Configuration file; by default conf/ingest.yaml, for graph-sync and verify"
              + " conf/graph-sync.yaml.")
  private Path file;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Sets an option instead of the file, for example --set job.parallelism=4.")
  private List<String> overrides = List.of();

  /** The ingest job's configuration. */
  public Effective<IngestOptions> ingest() throws ConfigurationException {
    return ingest(List.of());
  }

  /**
   * The same.
   *
   * @param more overrides, {@code key=value} each, from options of a command
   */
  Effective<IngestOptions> ingest(List<String> more) throws ConfigurationException {
    List<String> all = new ArrayList<>(overrides);
    all.addAll(more);
    return IngestConfiguration.read(fileOr("ingest.yaml"), all);
  }

  /** The graph-sync job's configuration. */
  public Effective<GraphSyncOptions> graphSync() throws ConfigurationException {
    return GraphSyncConfiguration.read(fileOr("graph-sync.yaml"), overrides);
  }

  /** The SQL Server of the ingest job, for commands that need nothing else. */
  public SqlServerOptions sqlServer() throws ConfigurationException {
    return ingest().options().sqlServer();
  }

  private Path fileOr(String name) {
    return file != null
        ? file
        : Path.of(System.getProperty("hartonomous.home", ".")).resolve("conf").resolve(name);
  }
}
