package com.hartonomous.ingest.testing;

import com.hartonomous.ingest.runtime.Secret;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.sql.SchemaMigrations;
import com.hartonomous.ingest.standin.SqlServerStandIn;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.engine.H2Engine;
import com.hartonomous.ingest.standin.engine.LocalDatabase;
import com.hartonomous.ingest.standin.engine.SqlEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The one fixture that gives tests a SQL Server with a migrated database, a fresh one for each
 * test. A test that ran an ingest job on it must have required its {@link Balance}.
 *
 * <p>By default the stand-in, in this process. With {@code HARTONOMOUS_SQLSERVER_URL} set to {@code
 * jdbc:sqlserver://host:port;user=...;password=...} a real server, on which each test creates a
 * database and drops it. Faults can be injected on the stand-in only.
 */
public final class SqlServerExtension implements BeforeEachCallback, AfterEachCallback {

  private static final String REAL_SERVER = System.getenv("HARTONOMOUS_SQLSERVER_URL");
  private static final Pattern URL =
      Pattern.compile("jdbc:sqlserver://([^:;]+):(\\d+);user=([^;]+);password=([^;]+);?");
  private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(30);

  private final boolean migrated;
  private volatile FaultInjector faults = FaultInjector.NONE;
  private Path passwordFile;
  private SqlEngine engine;
  private SqlServerStandIn standIn;
  private SqlServerOptions options;

  public SqlServerExtension() {
    this(true);
  }

  private SqlServerExtension(boolean migrated) {
    this.migrated = migrated;
  }

  /** Gives an empty database. */
  public static SqlServerExtension withoutSchema() {
    return new SqlServerExtension(false);
  }

  @Override
  public void beforeEach(ExtensionContext context) throws Exception {
    if (REAL_SERVER == null) {
      startStandIn();
    } else {
      createDatabase();
    }
    if (migrated) {
      new SchemaMigrations(options.dataSource("test")).migrate();
    }
  }

  private void startStandIn() throws Exception {
    String password = UUID.randomUUID().toString();
    passwordFile = writePassword(password);
    engine =
        H2Engine.open(
            LocalDatabase.builder()
                .login(LocalDatabase.DEFAULT_USER, password)
                .faultInjector(
                    (point, application, kind, batch) ->
                        faults.reached(point, application, kind, batch))
                .build());
    standIn = SqlServerStandIn.builder().engine(engine).start();
    options =
        new SqlServerOptions(
            standIn.host(),
            standIn.port(),
            LocalDatabase.DEFAULT_NAME,
            LocalDatabase.DEFAULT_USER,
            Secret.fromFile(passwordFile.toString()),
            false,
            true,
            LOGIN_TIMEOUT);
  }

  private void createDatabase() throws IOException, SQLException {
    Matcher url = URL.matcher(REAL_SERVER);
    if (!url.matches()) {
      throw new IllegalStateException(
          "HARTONOMOUS_SQLSERVER_URL must have the form"
              + " jdbc:sqlserver://host:port;user=...;password=...");
    }
    passwordFile = writePassword(url.group(4));
    String database = "Hartonomous_" + UUID.randomUUID().toString().replace("-", "");
    SqlServerOptions master =
        new SqlServerOptions(
            url.group(1),
            Integer.parseInt(url.group(2)),
            "master",
            url.group(3),
            Secret.fromFile(passwordFile.toString()),
            true,
            true,
            LOGIN_TIMEOUT);
    try (Connection connection = master.open("test");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + database);
    }
    options = inDatabase(master, database);
  }

  private static SqlServerOptions inDatabase(SqlServerOptions server, String database) {
    return new SqlServerOptions(
        server.host(),
        server.port(),
        database,
        server.user(),
        server.password(),
        server.encrypt(),
        server.trustServerCertificate(),
        server.loginTimeout());
  }

  private static Path writePassword(String password) throws IOException {
    Path file = Files.createTempFile("sqlserver", ".password");
    return Files.writeString(file, password);
  }

  /** The database of the running test. */
  public SqlServerOptions options() {
    return options;
  }

  /** A connection to the database of the running test; the caller closes it. */
  public Sql connect() throws IOException, SQLException {
    return new Sql(options);
  }

  /** The part of the name of the server that people read in reports. */
  public String kind() {
    return (REAL_SERVER == null ? "stand-in" : "SQL Server").toLowerCase(Locale.ROOT);
  }

  /** From now on. A test that needs this is skipped on a real server, where it cannot be done. */
  public void injectFaults(FaultInjector injector) {
    Assumptions.assumeTrue(REAL_SERVER == null, "faults can be injected on the stand-in only");
    faults = injector;
  }

  /**
   * The section {@code sqlserver} of a job's configuration file, for the running test's database.
   */
  public String configuration() {
    return """
    sqlserver:
      host: %s
      port: %d
      database: %s
      user: %s
      password-file: '%s'
      encrypt: %s
      trust-server-certificate: true
    """
        .formatted(
            options.host(),
            options.port(),
            options.database(),
            options.user(),
            options.password().file(),
            options.encrypt());
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    faults = FaultInjector.NONE;
    try {
      if (context.getExecutionException().isEmpty()) {
        Balance.requirePaid(options);
      }
    } finally {
      stop();
    }
  }

  private void stop() throws Exception {
    if (standIn != null) {
      standIn.close();
      engine.close();
    } else {
      SqlServerOptions master = inDatabase(options, "master");
      try (Connection connection = master.open("test");
          Statement statement = connection.createStatement()) {
        statement.execute(
            "ALTER DATABASE "
                + options.database()
                + " SET SINGLE_USER WITH ROLLBACK IMMEDIATE; DROP DATABASE "
                + options.database());
      }
    }
    Files.deleteIfExists(passwordFile);
  }
}
