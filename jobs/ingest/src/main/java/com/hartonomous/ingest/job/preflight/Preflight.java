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
import org.neo4j.driver.Driver;
import org.neo4j.driver.QueryConfig;
import org.neo4j.driver.exceptions.ClientException;
import org.neo4j.driver.exceptions.Neo4jException;
import org.neo4j.driver.exceptions.SecurityException;

/**
 * What must hold before a job starts. Each refusal is one line that says what to do; nothing was
 * started or changed then.
 */
public final class Preflight {

  private static final String APPLICATION = "hartonomous-preflight";

  private Preflight() {}

  /**
   * Checks everything that the ingest job needs and registers its captured tables.
   *
   * @param withState whether the job starts from a savepoint or checkpoint. Without one, a table
   *     that has references from an earlier run is refused, unless that run never completed a
   *     checkpoint: then the table is read anew, and the sweep removes what is not found again.
   * @return the tables as the pipeline needs them, in the configuration's order
   * @throws ConfigurationException when the configuration does not fit what is there
   * @throws UnreachableException when the SQL Server does not answer
   */
  public static List<CapturedTable> ingest(IngestOptions options, boolean withState)
      throws ConfigurationException, UnreachableException {
    SqlServerOptions server = options.sqlServer();
    try (Connection connection = SqlServerCheck.connect(server, APPLICATION)) {
      List<TableInspection.Table> tables = inspect(connection, options, withState);
      CaptureReadiness.await(connection, server, tables);
      return new CapturedTableRegistry(connection).register(tables, options.capture().group());
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
      for (TableInspection.Table table : inspect(connection, options, withState)) {
        plan.add(
            String.format(
                "capture %s by key (%s), content %s",
                table.qualifiedName(),
                String.join(", ", table.keyColumns()),
                String.join(
                    ", ",
                    table.contentColumns().stream().map(IngestOptions.Column::toString).toList())));
      }
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

  private static List<TableInspection.Table> inspect(
      Connection connection, IngestOptions options, boolean withState)
      throws ConfigurationException, SQLException {
    SqlServerCheck.requireSchema(connection, options.sqlServer());
    TableInspection inspection = new TableInspection(connection, options.sqlServer().database());
    CapturedTableRegistry registry = new CapturedTableRegistry(connection);
    List<TableInspection.Table> tables = new ArrayList<>();
    for (IngestOptions.Table wanted : options.capture().tables()) {
      TableInspection.Table table = inspection.inspect(wanted);
      if (!withState && registry.hasState(table)) {
        throw new ConfigurationException(
            String.format(
                "capture.tables: %s has references from an earlier run, and this start has no"
                    + " state: start with --from-savepoint PATH (a savepoint or a retained"
                    + " checkpoint of that run).",
                table.qualifiedName()));
      }
      if (withState && registry.isNewToState(table, options.capture().group())) {
        throw new ConfigurationException(
            String.format(
                "capture.tables: %s is new to group '%s', whose state knows nothing of its rows:"
                    + " leave it out here and capture it in a group of its own, by another ingest"
                    + " job.",
                table.qualifiedName(), options.capture().group()));
      }
      tables.add(table);
    }
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
    return tables;
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
