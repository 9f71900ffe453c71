package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.broker.BrokerSession;
import com.hartonomous.ingest.standin.capture.ChangeCapture;
import com.hartonomous.ingest.standin.capture.SessionCapture;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.h2.jdbc.JdbcConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection of a client, on one connection of H2. Owns what lives as long as the connection:
 * options, transaction, temporary tables, application locks, prepared statements.
 */
final class H2Session implements EngineSession {

  private static final Logger LOG = LoggerFactory.getLogger(H2Session.class);

  /** Functions that H2 calls know only H2's session. */
  private static final Map<org.h2.engine.Session, H2Session> SESSIONS = new ConcurrentHashMap<>();

  private final H2Engine engine;
  private final Connection connection;
  private final int id;
  private final String user;
  private final String application;
  private final SessionCapture sessionCapture;
  private final BrokerSession broker;
  private final ReceivedMessages received = new ReceivedMessages();
  private final Transaction transaction;
  private final TemporaryTables temporaryTables;
  private final PreparedStatementCache prepared;
  private final ErrorMap errors;
  private final Interpreter interpreter;

  private SessionOptions options = new SessionOptions();
  private BulkInsert pendingBulk;
  private volatile boolean cancelled;
  private volatile Statement running;
  private boolean closed;

  H2Session(H2Engine engine, Connection connection, int id, String user, String application)
      throws SQLException {
    this.engine = engine;
    this.connection = connection;
    this.id = id;
    this.user = user;
    this.application = application;
    this.sessionCapture = engine.capture().openSession(connection);
    this.broker = engine.broker().openSession(connection, this::isCancelled);
    this.temporaryTables = new TemporaryTables(engine.definitions(), id);
    this.transaction =
        new Transaction(
            connection, engine.capture(), sessionCapture, this::faultAt, this::transactionEnded);
    this.prepared = new PreparedStatementCache(connection);
    this.errors = new ErrorMap(this::tableOfH2);
    this.interpreter = new Interpreter(this);
    SESSIONS.put(connection.unwrap(JdbcConnection.class).getSession(), this);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET SCHEMA dbo");
    }
    applyLockTimeout();
    connection.commit();
  }

  /** The session whose connection H2 gives to a function. */
  static H2Session of(Connection connection) throws SQLException {
    H2Session session = SESSIONS.get(connection.unwrap(JdbcConnection.class).getSession());
    if (session == null) {
      throw new SQLException("the function was called outside a session of the stand-in");
    }
    return session;
  }

  @Override
  public void execute(String batch, List<Parameter> parameters, ResultConsumer results)
      throws IOException {
    cancelled = false;
    interpreter.executeBatch(batch, parameters, results);
  }

  @Override
  public boolean isQuery(String batch) throws SqlServerError {
    return Interpreter.isQuery(engine.parse(batch));
  }

  @Override
  public void query(String batch, List<Parameter> parameters, ResultConsumer results)
      throws IOException {
    cancelled = false;
    try (RowByRow rows = RowByRow.begin(connection)) {
      LOG.debug("Session {}: {} {}", id, rows, batch);
      interpreter.executeBatch(batch, parameters, results);
    }
  }

  @Override
  public void call(String procedure, List<Parameter> parameters, ResultConsumer results)
      throws IOException {
    cancelled = false;
    interpreter.callProcedure(procedure, parameters, results);
  }

  @Override
  public boolean awaitsBulkData() {
    return pendingBulk != null;
  }

  void awaitBulkData(BulkInsert bulk) {
    pendingBulk = bulk;
  }

  @Override
  public void bulkInsert(BulkRows rows, ResultConsumer results) throws IOException {
    cancelled = false;
    BulkInsert bulk = pendingBulk;
    if (bulk == null) {
      throw new IllegalStateException("no INSERT BULK was accepted before");
    }
    pendingBulk = null;
    interpreter.executeBulk(bulk, rows, results);
  }

  @Override
  public void cancel() {
    cancelled = true;
    engine.applicationLocks().cancel(this);
    engine.broker().wakeWaiting();
    Statement statement = running;
    if (statement != null) {
      try {
        statement.cancel();
      } catch (SQLException e) {
        LOG.debug("Session {}: the statement ended while it was being cancelled", id, e);
      }
    }
  }

  /** Whether the client has asked the running batch to stop. */
  boolean isCancelled() {
    return cancelled;
  }

  /**
   * To be called between two steps of a batch.
   *
   * @throws SqlServerError {@link ErrorMap#CANCELLED} when the client has asked it to stop; it is
   *     not told to the client, and is what rolls back under XACT_ABORT
   */
  void requireNotCancelled() throws SqlServerError {
    if (cancelled) {
      throw new SqlServerError(ErrorMap.CANCELLED, 16, 1, "Cancelled by the client.");
    }
  }

  /** Says which H2 statement to cancel; null for none. */
  void running(Statement statement) {
    running = statement;
  }

  @Override
  public void reset(boolean keepTransaction) {
    pendingBulk = null;
    SessionOptions defaults = new SessionOptions();
    try {
      if (keepTransaction && transaction.isOpen()) {
        temporaryTables.forgetAll();
        defaults.isolation = options.isolation;
      } else {
        transaction.rollbackWork();
        temporaryTables.dropAll();
      }
    } catch (SQLException | SqlServerError e) {
      throw new IllegalStateException("session " + id + " could not be reset", e);
    } finally {
      engine.applicationLocks().releaseAll(this, ApplicationLocks.Owner.SESSION);
    }
    options = defaults;
    try {
      applyOptions();
    } catch (SQLException e) {
      throw new IllegalStateException("session " + id + " could not be reset", e);
    }
    interpreter.reset();
  }

  @Override
  public String database() {
    return engine.database();
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    engine.forget(this);
    try {
      transaction.rollbackWork();
      prepared.close();
      broker.close();
      temporaryTables.dropAll();
    } catch (SQLException | SqlServerError e) {
      LOG.warn("Session {}: what was open could not be undone", id, e);
    } finally {
      broker.ended(false);
      engine.applicationLocks().releaseAll(this, ApplicationLocks.Owner.TRANSACTION);
      engine.applicationLocks().releaseAll(this, ApplicationLocks.Owner.SESSION);
      sessionCapture.close();
      SESSIONS.values().remove(this);
      try {
        connection.close();
      } catch (SQLException e) {
        LOG.warn("Session {}: H2's connection could not be closed", id, e);
      }
    }
  }

  private void transactionEnded(boolean committed) {
    engine.applicationLocks().releaseAll(this, ApplicationLocks.Owner.TRANSACTION);
    broker.ended(committed);
    try {
      temporaryTables.transactionEnded();
    } catch (SQLException e) {
      LOG.warn("Session {}: a temporary table could not be dropped", id, e);
    }
  }

  private void faultAt(FaultInjector.Point point, String kind) throws SqlServerError, IOException {
    engine
        .configuration()
        .faultInjector()
        .reached(point, application, kind, interpreter.batchText());
  }

  /** Gives the fault injector its say before a statement. */
  void beforeStatement(String kind) throws SqlServerError, IOException {
    faultAt(FaultInjector.Point.BEFORE_STATEMENT, kind);
  }

  private Optional<Catalogue.Table> tableOfH2(String schema, String name) {
    Optional<Catalogue.Table> temporary = temporaryTables.findPhysical(schema, name);
    return temporary.isPresent() ? temporary : engine.definitions().catalogue().table(schema, name);
  }

  /** Makes H2 follow the options that concern it. */
  void applyOptions() throws SQLException {
    if (connection.getTransactionIsolation() != options.isolation.h2Level()) {
      // H2 commits when the level changes: callers make sure that nothing is uncommitted.
      connection.setTransactionIsolation(options.isolation.h2Level());
    }
    applyLockTimeout();
  }

  private void applyLockTimeout() throws SQLException {
    int timeout = options.lockTimeout;
    int round =
        timeout < 0 ? LockWait.ROUND_MILLIS : Math.max(1, Math.min(timeout, LockWait.ROUND_MILLIS));
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET LOCK_TIMEOUT " + round);
    }
  }

  H2Engine engine() {
    return engine;
  }

  ChangeCapture capture() {
    return engine.capture();
  }

  Connection connection() {
    return connection;
  }

  int id() {
    return id;
  }

  String user() {
    return user;
  }

  String application() {
    return application;
  }

  Transaction transaction() {
    return transaction;
  }

  BrokerSession broker() {
    return broker;
  }

  /** What the running RECEIVE has taken. */
  ReceivedMessages received() {
    return received;
  }

  TemporaryTables temporaryTables() {
    return temporaryTables;
  }

  PreparedStatementCache prepared() {
    return prepared;
  }

  ErrorMap errors() {
    return errors;
  }

  SessionOptions options() {
    return options;
  }

  void restoreOptions(SessionOptions saved) throws SQLException {
    options = saved;
    applyOptions();
  }

  /** Where an error of the engine's own work happened. */
  ErrorMap.Context errorContext(String verb, Catalogue.Table table) {
    return new ErrorMap.Context(
        database(),
        verb,
        table,
        options.isolation == SessionOptions.Isolation.SNAPSHOT,
        options.lockTimeout < 0);
  }

  Catalogue catalogue() {
    return engine.definitions().catalogue();
  }

  SessionEnvironment environment(Scope scope) {
    return new SessionEnvironment(
        engine.database(),
        engine.definitions(),
        engine.systemViews(),
        engine.capture(),
        temporaryTables,
        scope);
  }
}
