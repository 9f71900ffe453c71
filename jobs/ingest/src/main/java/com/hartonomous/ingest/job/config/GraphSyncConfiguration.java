package com.hartonomous.ingest.job.config;

import com.hartonomous.ingest.job.GraphSyncOptions;
import com.hartonomous.ingest.runtime.Neo4jOptions;
import com.hartonomous.ingest.runtime.Secret;
import com.hartonomous.ingest.sink.graph.GraphLevel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Declares the options of the graph-sync job. */
public final class GraphSyncConfiguration {

  static final Option<String> NEO4J_URI =
      Option.required(
          "neo4j.uri",
          OptionTypes.text("an address such as bolt://127.0.0.1:7687", 1_000),
          "Address of the Neo4j server.");
  static final Option<String> NEO4J_USER =
      Option.unset(
          "neo4j.user",
          OptionTypes.text("a login", 255),
          "Neo4j login; unset for a server without authentication.");
  static final Option<String> NEO4J_PASSWORD_FILE =
      Option.unset(
          "neo4j.password-file",
          OptionTypes.location(),
          "File whose first line is the login's password, at the same path on every machine of the"
              + " cluster; with neo4j.user set this or neo4j.password-env.");
  static final Option<String> NEO4J_PASSWORD_ENV =
      Option.unset(
          "neo4j.password-env",
          OptionTypes.text("the name of an environment variable", 255),
          "Environment variable with the login's password, set on every machine of the cluster;"
              + " with neo4j.user set this or neo4j.password-file.");
  static final Option<String> NEO4J_DATABASE =
      Option.withDefault(
          "neo4j.database",
          OptionTypes.text("a database name", 63),
          "neo4j",
          "Database that holds the graph.");
  static final Option<Duration> NEO4J_CONNECTION_TIMEOUT =
      Option.withDefault(
          "neo4j.connection-timeout",
          OptionTypes.duration(Duration.ofMillis(100), Duration.ofMinutes(10)),
          Duration.ofSeconds(15),
          "Limit for opening a connection.");

  static final Option<GraphLevel> GRAPH_LEVEL =
      Option.withDefault(
          "graph.level",
          OptionTypes.choice(GraphLevel.class),
          GraphLevel.TENSOR,
          "How fine the graph of a model is: down to tensors, or to every chunk of its files.");
  static final Option<Duration> GRAPH_POLL_INTERVAL =
      Option.withDefault(
          "graph.poll-interval",
          OptionTypes.duration(Duration.ofMillis(10), Duration.ofMinutes(5)),
          Duration.ofMillis(500),
          "Pause between two looks at an outbox that had nothing new.");
  static final Option<Integer> GRAPH_BATCH_SIZE =
      Option.withDefault(
          "graph.batch-size",
          OptionTypes.integer(1, 10_000),
          1_000,
          "Entities, nodes and relationships in one graph transaction.");
  static final Option<Integer> GRAPH_SLOTS =
      Option.withDefault(
          "graph.slots",
          OptionTypes.integer(1, 4_096),
          16,
          "Parts of the graph with one writer each, at least job.parallelism.");

  static final Option<String> JOB_NAME = CommonOptions.jobName("hartonomous-graph-sync");

  static final List<Option<?>> OPTIONS =
      Stream.of(
              CommonOptions.SQLSERVER,
              List.<Option<?>>of(
                  NEO4J_URI,
                  NEO4J_USER,
                  NEO4J_PASSWORD_FILE,
                  NEO4J_PASSWORD_ENV,
                  NEO4J_DATABASE,
                  NEO4J_CONNECTION_TIMEOUT,
                  GRAPH_LEVEL,
                  GRAPH_POLL_INTERVAL,
                  GRAPH_BATCH_SIZE,
                  GRAPH_SLOTS),
              CommonOptions.CHECKPOINT,
              List.<Option<?>>of(JOB_NAME, CommonOptions.JOB_PARALLELISM),
              CommonOptions.WEB)
          .flatMap(List::stream)
          .toList();

  private GraphSyncConfiguration() {}

  /**
   * Reads a configuration file and overrides.
   *
   * @param overrides {@code key=value} each
   * @throws ConfigurationException at the first thing that does not fit
   */
  public static Effective<GraphSyncOptions> read(Path file, List<String> overrides)
      throws ConfigurationException {
    OptionValues values = OptionValues.read(OPTIONS, file, overrides);
    int slots = values.get(GRAPH_SLOTS);
    int parallelism = values.get(CommonOptions.JOB_PARALLELISM);
    if (slots < parallelism) {
      throw values
          .origin(GRAPH_SLOTS)
          .refuse(
              String.format(
                  "graph.slots: expected at least job.parallelism, which is %d, found %d.",
                  parallelism, slots));
    }
    GraphSyncOptions options =
        new GraphSyncOptions(
            CommonOptions.sqlServer(values),
            neo4j(values),
            new GraphSyncOptions.Graph(
                values.get(GRAPH_LEVEL),
                values.get(GRAPH_POLL_INTERVAL),
                values.get(GRAPH_BATCH_SIZE),
                slots),
            CommonOptions.checkpoint(values),
            CommonOptions.job(values, JOB_NAME),
            CommonOptions.web(values));
    return new Effective<>(options, values.describe());
  }

  private static Neo4jOptions neo4j(OptionValues values) throws ConfigurationException {
    String user = values.get(NEO4J_USER);
    Secret password = null;
    if (user != null) {
      password = CommonOptions.secret(values, NEO4J_PASSWORD_FILE, NEO4J_PASSWORD_ENV);
    } else if (values.get(NEO4J_PASSWORD_FILE) != null || values.get(NEO4J_PASSWORD_ENV) != null) {
      throw values
          .origin(
              values.get(NEO4J_PASSWORD_FILE) != null ? NEO4J_PASSWORD_FILE : NEO4J_PASSWORD_ENV)
          .refuse("found a password for Neo4j without neo4j.user. Set neo4j.user, or neither.");
    }
    return new Neo4jOptions(
        values.get(NEO4J_URI),
        user,
        password,
        values.get(NEO4J_DATABASE),
        values.get(NEO4J_CONNECTION_TIMEOUT));
  }
}
