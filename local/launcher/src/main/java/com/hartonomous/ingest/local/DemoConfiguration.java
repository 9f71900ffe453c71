package com.hartonomous.ingest.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.job.GraphSyncOptions;
import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.config.GraphSyncConfiguration;
import com.hartonomous.ingest.job.config.IngestConfiguration;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The demo's configuration files, which other commands can use while it runs. */
final class DemoConfiguration {

  private final Path ingestFile;
  private final Path graphSyncFile;
  private final IngestOptions ingest;
  private final GraphSyncOptions graphSync;

  /**
   * Writes the files into the directory, and reads them as any command does.
   *
   * @param modelFiles to ingest, in this order
   */
  DemoConfiguration(DemoDirectory directory, LocalServices services, List<Path> modelFiles)
      throws IOException, ConfigurationException {
    this.ingestFile = directory.path().resolve("ingest.yaml");
    this.graphSyncFile = directory.path().resolve("graph-sync.yaml");
    String server = serverSection(services.sqlServer(), services.passwordFile());
    Files.writeString(
        ingestFile,
        server
            + "capture:\n"
            + "  poll-interval: 200 ms\n"
            + "  heartbeat-interval: 1 s\n"
            + ("  tables: " + DemoTable.CAPTURE + "\n")
            + "models:\n  paths:\n"
            + String.join("", modelFiles.stream().map(DemoConfiguration::listItem).toList())
            + checkpointSection(directory.checkpoints("ingest")));
    Files.writeString(
        graphSyncFile,
        server
            + ("neo4j:\n  uri: " + quote(services.neo4j().uri()) + "\n")
            + checkpointSection(directory.checkpoints("graph-sync")));
    this.ingest = IngestConfiguration.read(ingestFile, List.of()).options();
    this.graphSync = GraphSyncConfiguration.read(graphSyncFile, List.of()).options();
  }

  private static String serverSection(SqlServerOptions server, Path passwordFile) {
    return "sqlserver:\n"
        + ("  host: " + quote(server.host()) + "\n")
        + ("  port: " + server.port() + "\n")
        + ("  database: " + quote(server.database()) + "\n")
        + ("  user: " + quote(server.user()) + "\n")
        + ("  password-file: " + quote(passwordFile.toString()) + "\n")
        + "  trust-server-certificate: true\n";
  }

  private static String checkpointSection(Path directory) {
    return "checkpoint:\n  interval: 2 s\n  directory: " + quote(directory.toString()) + "\n";
  }

  private static String listItem(Path file) {
    return "    - " + quote(file.toString()) + "\n";
  }

  /** A JSON string is a YAML string, whatever is in it. */
  private static String quote(String text) {
    try {
      return new JsonMapper().writeValueAsString(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Every text has a JSON form.", e);
    }
  }

  Path ingestFile() {
    return ingestFile;
  }

  Path graphSyncFile() {
    return graphSyncFile;
  }

  IngestOptions ingest() {
    return ingest;
  }

  GraphSyncOptions graphSync() {
    return graphSync;
  }
}
