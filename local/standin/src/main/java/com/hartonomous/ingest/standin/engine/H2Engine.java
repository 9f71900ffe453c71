package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.broker.ServiceBroker;
import com.hartonomous.ingest.standin.capture.ChangeCapture;
import com.hartonomous.ingest.standin.tsql.BuiltinFunctions;
import com.hartonomous.ingest.standin.tsql.ParsedBatch;
import com.hartonomous.ingest.standin.tsql.TsqlParser;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.h2.engine.Mode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One SQL Server database on H2, with the single login of its {@link LocalDatabase}.
 *
 * <p>Durability of a database in a file: H2 writes a transaction to the file before its commit
 * returns (WRITE_DELAY 0), so committed work survives the death of the process. H2 does not force
 * the file to the disk at each commit: it may not survive the death of the machine.
 *
 * <p>Thread-safe.
 */
public final class H2Engine implements SqlEngine {

  private static final Logger LOG = LoggerFactory.getLogger(H2Engine.class);
  private static final int PARSED_BATCHES_MAX = 500;
  private static final int PARSED_BATCH_LENGTH_MAX = 20_000;

  /** Without LOCK_TIMEOUT; a longer wait counts as a deadlock. */
  static final int LOCK_WAIT_MAX_MILLIS = 60_000;

  /**
   * H2's own cache of statements is off: sessions have theirs, and a statement that they prepare
   * anew must be a new one. Space that nothing uses any more is used again after a second: H2 waits
   * 45 s in case the disk writes out of order, which matters only where the machine dies, and the
   * file of a busy database grows by a few hundred megabytes meanwhile.
   */
  private static final String SETTINGS =
      ";MODE=MSSQLServer;DATABASE_TO_UPPER=FALSE;CASE_INSENSITIVE_IDENTIFIERS=TRUE"
          + ";DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0;DEFAULT_LOCK_TIMEOUT="
          + LOCK_WAIT_MAX_MILLIS
          + ";QUERY_CACHE_SIZE=0"
          + ";RETENTION_TIME=1000";

  static {
    // A value that IDENTITY_INSERT supplies moves the identity in SQL Server; H2's mode of that
    // name
    // leaves this out, while other modes have it.
    Mode.getInstance("MSSQLServer").updateSequenceOnManualIdentityInsertion = true;
  }

  private final LocalDatabase configuration;
  private final String url;
  private final Definitions definitions;
  private final SystemViews systemViews;
  private final ChangeCapture capture;
  private final ServiceBroker broker;

  /** Null for a database in memory. */
  private final FileHousekeeping housekeeping;

  private final ApplicationLocks applicationLocks = new ApplicationLocks();
  private final AtomicInteger sessionIds = new AtomicInteger(50);
  private final Set<H2Session> sessions = ConcurrentHashMap.newKeySet();
  private final Map<String, ParsedBatch> parsed =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, ParsedBatch> eldest) {
          return size() > PARSED_BATCHES_MAX;
        }
      };

  private H2Engine(LocalDatabase configuration, String url) throws SQLException {
    this.configuration = configuration;
    this.url = url;
    Connection first = connect();
    try {
      this.definitions = new Definitions(first);
    } catch (SQLException e) {
      first.close();
      throw e;
    }
    definitions.prepare(BuiltinFunctions::registerAliases);
    definitions.prepare(CatalogueFunctions::registerAliases);
    this.capture = definitions.openCapture();
    SystemViews[] views = new SystemViews[1];
    definitions.prepare(connection -> views[0] = SystemViews.create(connection));
    this.systemViews = views[0];
    this.broker = new ServiceBroker(new BrokerHost(definitions, capture), connectPostman());
    this.housekeeping =
        configuration.dataDirectory().isPresent()
            ? FileHousekeeping.start(first, capture.numbering(), configuration.name())
            : null;
  }

  /**
   * Opens or creates the database.
   *
   * @throws IOException when its directory or file cannot be opened, for instance because another
   *     process has it
   */
  public static H2Engine open(LocalDatabase configuration) throws IOException {
    try {
      return new H2Engine(configuration, url(configuration));
    } catch (SQLException e) {
      throw new IOException(
          "cannot open the stand-in's database "
              + configuration.name()
              + configuration.dataDirectory().map(d -> " in " + d).orElse(" in memory")
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private static String url(LocalDatabase configuration) throws IOException {
    if (configuration.dataDirectory().isEmpty()) {
      // The part before the slash keeps databases of one name in one process apart.
      return "jdbc:h2:mem:" + UUID.randomUUID() + "/" + configuration.name() + SETTINGS;
    }
    Path directory = configuration.dataDirectory().get();
    Files.createDirectories(directory);
    Path file = directory.resolve(configuration.name()).toAbsolutePath();
    return "jdbc:h2:file:" + file + SETTINGS;
  }

  private Connection connect() throws SQLException {
    Connection connection = DriverManager.getConnection(url, "standin", "");
    connection.setAutoCommit(false);
    return connection;
  }

  private Connection connectPostman() throws SQLException {
    Connection connection = connect();
    try (java.sql.Statement statement = connection.createStatement()) {
      statement.execute("SET LOCK_TIMEOUT 1000");
    }
    return connection;
  }

  /** The database's name. */
  public String database() {
    return configuration.name();
  }

  @Override
  public EngineSession login(String user, char[] password, String database, String application)
      throws SqlServerError {
    byte[] expected = configuration.password().getBytes(StandardCharsets.UTF_8);
    byte[] given = new String(password).getBytes(StandardCharsets.UTF_8);
    if (!MessageDigest.isEqual(expected, given) || !configuration.user().equalsIgnoreCase(user)) {
      throw new SqlServerError(18456, 14, 1, "Login failed for user '" + user + "'.");
    }
    if (!database.isEmpty() && !isKnownDatabase(database)) {
      throw new SqlServerError(
          4060,
          11,
          1,
          "Cannot open database \"" + database + "\" requested by the login. The login failed.");
    }
    try {
      H2Session session =
          new H2Session(this, connect(), sessionIds.incrementAndGet(), user, application);
      sessions.add(session);
      return session;
    } catch (SQLException e) {
      throw new SqlServerError(
          17803, 20, 1, "The stand-in could not open a session: " + e.getMessage(), e);
    }
  }

  boolean isKnownDatabase(String name) {
    return name.equalsIgnoreCase(configuration.name());
  }

  /** Parses a batch, or takes it from the cache. */
  ParsedBatch parse(String batch) throws SqlServerError {
    if (batch.length() > PARSED_BATCH_LENGTH_MAX) {
      return TsqlParser.parse(batch);
    }
    synchronized (parsed) {
      ParsedBatch known = parsed.get(batch);
      if (known != null) {
        return known;
      }
    }
    ParsedBatch statements = TsqlParser.parse(batch);
    synchronized (parsed) {
      parsed.put(batch, statements);
    }
    return statements;
  }

  LocalDatabase configuration() {
    return configuration;
  }

  Definitions definitions() {
    return definitions;
  }

  SystemViews systemViews() {
    return systemViews;
  }

  ChangeCapture capture() {
    return capture;
  }

  ServiceBroker broker() {
    return broker;
  }

  ApplicationLocks applicationLocks() {
    return applicationLocks;
  }

  void forget(H2Session session) {
    sessions.remove(session);
  }

  /** Rolls back and closes all sessions, then the database. */
  @Override
  public void close() {
    for (H2Session session : sessions) {
      session.close();
    }
    broker.close();
    if (housekeeping != null) {
      housekeeping.close();
    }
    try {
      definitions.close();
    } catch (SQLException e) {
      LOG.warn("Closing the stand-in's database {} failed", configuration.name(), e);
    }
  }
}
