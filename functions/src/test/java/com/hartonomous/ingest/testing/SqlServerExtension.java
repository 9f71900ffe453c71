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
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The one fixture that gives tests a SQL Server with a migrated database, a fresh one for each
 * test. A test that ran an ingest job on it must have required its {@link Balance}.
 *
 * <p>By default the stand-in, in this process. With {@code HARTONOMOUS_SQLSERVER_URL} set, or the
 * build's profile {@code sqlserver}, a {@link RealServer}, on which each test creates a database
 * and drops it. There, capture lags behind commits: a test awaits what was captured. Faults can be
 * injected on the stand-in only; a test that needs it says so by {@link StandInOnly}.
 */
public final class SqlServerExtension implements BeforeEachCallback, AfterEachCallback {

  private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(30);

  private final boolean migrated;
  private volatile FaultInjector faults = FaultInjector.NONE;
  private Path passwordFile;
  private SqlServerStandIn standIn;
  private RealServer realServer;
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
    realServer = RealServer.configured().orElse(null);
    if (realServer == null) {
      startStandIn();
    } else {
      options = realServer.createDatabase();
    }
    ServersReport.of(context).ran(context, kind());
    if (migrated) {
      new SchemaMigrations(options.dataSource("test")).migrate();
    }
  }

  private void startStandIn() throws Exception {
    String password = UUID.randomUUID().toString();
    passwordFile = writePassword(password);
    SqlEngine engine =
        H2Engine.open(
            LocalDatabase.builder()
                .login(LocalDatabase.DEFAULT_USER, password)
                .faultInjector(
                    (point, application, kind, batch) ->
                        faults.reached(point, application, kind, batch))
                .build());
    standIn = SqlServerStandIn.builder().engine(new RecordedStatements(engine)).start();
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

  /** The server that people read in reports. */
  private String kind() {
    return realServer == null ? "stand-in" : realServer.name();
  }

  /** Whether {@link #injectFaults} may be called, for a test that can do without. */
  public boolean canInjectFaults() {
    return realServer == null;
  }

  /** From now on. A test that needs this is {@link StandInOnly}. */
  public void injectFaults(FaultInjector injector) {
    if (!canInjectFaults()) {
      throw new IllegalStateException(
          "faults can be injected on the stand-in only: annotate the test with @StandInOnly");
    }
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
      trust-server-certificate: %s
    """
        .formatted(
            options.host(),
            options.port(),
            options.database(),
            options.user(),
            options.password().file(),
            options.encrypt(),
            options.trustServerCertificate());
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    faults = FaultInjector.NONE;
    try {
      if (options != null && context.getExecutionException().isEmpty()) {
        Balance.requirePaid(options);
      }
    } finally {
      stop();
    }
  }

  private void stop() throws Exception {
    if (standIn != null) {
      standIn.close();
      Files.deleteIfExists(passwordFile);
    } else if (options != null) {
      realServer.dropDatabase(options);
    }
  }
}
