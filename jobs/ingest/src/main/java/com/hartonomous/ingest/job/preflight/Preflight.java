package com.hartonomous.ingest.job.preflight;

import com.hartonomous.ingest.capture.model.WatchedDirectory;
import com.hartonomous.ingest.job.GraphSyncOptions;
import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.runtime.Neo4jOptions;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.neo4j.driver.Driver;
import org.neo4j.driver.QueryConfig;
import org.neo4j.driver.exceptions.ClientException;
import org.neo4j.driver.exceptions.Neo4jException;
import org.neo4j.driver.exceptions.SecurityException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What must hold before a job starts. Each refusal is one line that says what to do; nothing was
 * started or changed then.
 */
public final class Preflight {

  private static final Logger LOG = LoggerFactory.getLogger(Preflight.class);
  private static final String APPLICATION = "hartonomous-preflight";

  private Preflight() {}

  /**
   * Checks everything that the ingest job needs and registers its captured tables.
   *
   * @param withState whether the job starts from a savepoint or checkpoint. Without one, a table
   *     that has references from an earlier run is refused, unless it was marked to be read anew,
   *     or that run never completed a checkpoint: then the sweep removes what is not found again.
   * @param notices takes a line for each table that is read anew, or not captured any more
   * @return the tables as the pipeline needs them, each in its group, in the configuration's order
   * @throws ConfigurationException when the configuration does not fit what is there
   * @throws UnreachableException when the SQL Server does not answer
   */
  public static List<CapturedTable> ingest(
      IngestOptions options, boolean withState, Consumer<String> notices)
      throws ConfigurationException, UnreachableException {
    SqlServerOptions server = options.sqlServer();
    try (Connection connection = SqlServerCheck.connect(server, APPLICATION)) {
      List<TableInspection.Table> tables = inspect(connection, options);
      CaptureReadiness.await(connection, server, tables);
      CapturedTableRegistry registry = new CapturedTableRegistry(connection);
      // Once here without a lock, so that what is refused does not depend on it.
      registry.assign(tables, options.capture().group(), withState);
      requireFiles(options);
      return registry.register(
          tables,
          options.capture().group(),
          withState,
          options.writer().takeOverTimeout(),
          notices);
    } catch (SQLException e) {
      throw SqlServerCheck.explain(server, e);
    }
  }

  /** As {@link #ingest(IngestOptions, boolean, Consumer)}, with the notices in the log. */
  public static List<CapturedTable> ingest(IngestOptions options, boolean withState)
      throws ConfigurationException, UnreachableException {
    return ingest(options, withState, LOG::warn);
  }

  /**
   * The capture groups of the job that have no table any more: all of theirs were read anew in
   * another group, or are not captured any more.
   */
  public static Set<String> retiredGroups(IngestOptions options)
      throws ConfigurationException, UnreachableException {
    SqlServerOptions server = options.sqlServer();
    try (Connection connection = SqlServerCheck.connect(server, APPLICATION)) {
      return new CapturedTableRegistry(connection).retiredGroups(options.capture().group());
    } catch (SQLException e) {
      throw SqlServerCheck.explain(server, e);
    }
  }

  /**
   * The checks of {@link #ingest} alone: nothing is registered.
   *
   * @return a line for each table and model file, for people
   */
  public static List<String> planIngest(IngestOptions options, boolean withState)
      throws ConfigurationException, UnreachableException {
    SqlServerOptions server = options.sqlServer();
    List<String> plan = new ArrayList<>();
    try (Connection connection = SqlServerCheck.connect(server, APPLICATION)) {
      plan.addAll(
          new CapturedTableRegistry(connection)
              .assign(inspect(connection, options), options.capture().group(), withState)
              .describe());
      requireFiles(options);
    } catch (SQLException e) {
      throw SqlServerCheck.explain(server, e);
    }
    for (IngestOptions.ModelPath path : options.models().paths()) {
      plan.add(String.format("ingest %s as model %s", path.uri(), path.name()));
    }
    for (String pattern : options.models().patterns()) {
      plan.add(
          String.format(
              "ingest the files that match %s: %d", pattern, FileCheck.requireMatches(pattern)));
    }
    for (WatchedDirectory watched : options.models().watched()) {
      plan.add(
          String.format(
              "watch %s for %s%s",
              watched.uri(),
              watched.pattern(),
              watched.recursive() ? ", and its subdirectories" : ""));
    }
    return plan;
  }

  private static List<TableInspection.Table> inspect(Connection connection, IngestOptions options)
      throws ConfigurationException, SQLException {
    SqlServerCheck.requireSchema(connection, options.sqlServer());
    TableInspection inspection = new TableInspection(connection, options.sqlServer().database());
    List<TableInspection.Table> tables = new ArrayList<>();
    for (IngestOptions.Table wanted : options.capture().tables()) {
      tables.add(inspection.inspect(wanted));
    }
    return tables;
  }

  private static void requireFiles(IngestOptions options) throws ConfigurationException {
    for (IngestOptions.ModelPath path : options.models().paths()) {
      FileCheck.requireReadable(path);
    }
    for (String pattern : options.models().patterns()) {
      FileCheck.requireMatches(pattern);
    }
    for (WatchedDirectory watched : options.models().watched()) {
      FileCheck.requireWatchable(watched);
    }
    FileCheck.requireDirectory(options.checkpoint().directory());
  }

  /**
   * Checks everything that the graph-sync job needs.
   *
   * @throws ConfigurationException when the configuration does not fit what is there
   * @throws UnreachableException when SQL Server or Neo4j does not answer
   */
  public static void graphSync(GraphSyncOptions options)
      throws ConfigurationException, UnreachableException {
    SqlServerOptions server = options.sqlServer();
    try (Connection connection = SqlServerCheck.connect(server, APPLICATION)) {
      SqlServerCheck.requireSchema(connection, server);
    } catch (SQLException e) {
      throw SqlServerCheck.explain(server, e);
    }
    requireGraph(options.neo4j());
    FileCheck.requireDirectory(options.checkpoint().directory());
  }

  /** Refuses a Neo4j that does not answer or does not let us in. */
  public static void requireGraph(Neo4jOptions neo4j)
      throws ConfigurationException, UnreachableException {
    try (Driver driver = neo4j.open()) {
      driver
          .executableQuery("RETURN 1")
          .withConfig(QueryConfig.builder().withDatabase(neo4j.database()).build())
          .execute();
    } catch (IOException e) {
      throw new ConfigurationException(
          String.format(
              "neo4j: the password cannot be had from %s: %s Make it readable, or name another one"
                  + " with neo4j.password-file or neo4j.password-env.",
              neo4j.password(), SqlServerCheck.sentence(e)),
          e);
    } catch (SecurityException e) {
      throw new ConfigurationException(
          String.format(
              "neo4j: %s refused the login: %s Check neo4j.user, its password, and the"
                  + " certificate.",
              neo4j.uri(), SqlServerCheck.sentence(e)),
          e);
    } catch (ClientException | IllegalArgumentException e) {
      throw new ConfigurationException(
          String.format(
              "neo4j: %s, database %s: %s Check neo4j.uri and neo4j.database.",
              neo4j.uri(), neo4j.database(), SqlServerCheck.sentence(e)),
          e);
    } catch (Neo4jException e) {
      throw new UnreachableException(
          String.format(
              "neo4j: %s does not answer: %s Check neo4j.uri, and that the server runs (on this"
                  + " machine: ./hartonomous local).",
              neo4j.uri(), SqlServerCheck.sentence(e)),
          e);
    }
  }
}
