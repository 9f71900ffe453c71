package com.hartonomous.ingest.sql;

import java.util.List;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.output.MigrateResult;

/**
 * Brings a database's schema to this version, with Flyway.
 *
 * <p>Running it again changes nothing. Two runs at once exclude each other (Flyway's application
 * lock). A migration that failed half-way leaves a failed entry in {@code
 * dbo.flyway_schema_history}; SQL Server rolls back those that run in a transaction, which are all
 * but the enabling of CDC and SNAPSHOT isolation.
 */
public final class SchemaMigrations {

  private static final String LOCATION = "classpath:com/hartonomous/ingest/sql/migrations";

  private final Flyway flyway;

  /**
   * @param dataSource connects to the database with rights to create tables and to enable CDC
   *     (db_owner)
   */
  public SchemaMigrations(DataSource dataSource) {
    this.flyway =
        Flyway.configure(SchemaMigrations.class.getClassLoader())
            .dataSource(dataSource)
            .locations(LOCATION)
            .defaultSchema("dbo")
            .baselineOnMigrate(true)
            .baselineVersion("0")
            .load();
  }

  /** Applies what is missing and returns the versions applied, oldest first. */
  public List<String> migrate() {
    MigrateResult result = flyway.migrate();
    return result.migrations.stream().map(output -> output.version).toList();
  }

  /** The versions that {@link #migrate} would apply, oldest first. */
  public List<String> pending() {
    return Stream.of(flyway.info().pending())
        .map(MigrationInfo::getVersion)
        .map(v -> v.getVersion())
        .toList();
  }
}
