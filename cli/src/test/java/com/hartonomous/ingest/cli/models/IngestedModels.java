package com.hartonomous.ingest.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.IngestPipeline;
import com.hartonomous.ingest.job.JobEnvironment;
import com.hartonomous.ingest.job.config.IngestConfiguration;
import com.hartonomous.ingest.job.preflight.Preflight;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.awaitility.Awaitility;

/** Ingests models with the job itself, in this process. */
final class IngestedModels {

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private IngestedModels() {}

  /**
   * Ingests files and directories, until each is complete or failed, and ends the job.
   *
   * @param paths by the name that the model is to have
   * @return the configuration file, for commands
   */
  static Path ingest(
      SqlServerExtension server,
      Path directory,
      String job,
      String chunkSize,
      Map<String, Path> paths)
      throws Exception {
    StringBuilder yaml =
        new StringBuilder(server.configuration())
            .append("checkpoint: {directory: '%s', interval: 500 ms}%n".formatted(directory))
            .append("job: {name: %s, parallelism: 2}%n".formatted(job))
            .append("models:%n  chunk-size: %s%n  paths:%n".formatted(chunkSize));
    paths.forEach(
        (name, path) -> yaml.append("    - {path: '%s', name: '%s'}%n".formatted(path, name)));
    Path configuration = Files.writeString(directory.resolve(job + ".yaml"), yaml);
    IngestOptions options = IngestConfiguration.read(configuration, List.of()).options();
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(
            JobEnvironment.jobConfiguration(options.job(), options.checkpoint()));
    IngestPipeline.build(environment, options, Preflight.ingest(options, false));
    JobClient client = environment.executeAsync(job);
    try (Sql sql = server.connect()) {
      Awaitility.await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(
                          sql.rows(
                              "SELECT ModelName FROM dbo.ModelSubmissions WHERE ClaimedBy = ?"
                                  + " AND State = 'DONE'",
                              job))
                      .containsAll(paths.keySet()));
    } finally {
      client.cancel().get();
    }
    return configuration;
  }
}
