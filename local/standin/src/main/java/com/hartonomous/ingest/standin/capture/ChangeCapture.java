package com.hartonomous.ingest.standin.capture;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.LocalDateTime;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.h2.engine.Session;
import org.h2.jdbc.JdbcConnection;

/**
 * Change data capture of one database: its instances, its clock and its sessions. Definitions are
 * made on a connection that the caller owns, commits and serialises; everything else is
 * thread-safe.
 */
public final class ChangeCapture {

  /** The trigger is made by H2 and knows only the connection that fired it. */
  private static final Map<Session, SessionCapture> SESSIONS = new ConcurrentHashMap<>();

  private final LsnClock clock;
  private final CommitNumbering numbering;
  private final Map<Integer, CaptureInstance> instances = new ConcurrentHashMap<>();
  private final AtomicInteger version = new AtomicInteger();
  private volatile boolean databaseEnabled;

  private ChangeCapture(LsnClock clock) {
    this.clock = clock;
    this.numbering = new CommitNumbering(clock);
  }

  /** Opens the capture of a database, creating what a new one lacks. The caller commits. */
  public static ChangeCapture open(Connection definitions) throws SQLException {
    try (Statement statement = definitions.createStatement()) {
      ChangeTables.createBase(statement);
      statement.execute(
          "CREATE TABLE IF NOT EXISTS "
              + ChangeTables.SCHEMA
              + ".sources (object_id INT PRIMARY KEY, schema_name VARCHAR(128), table_name"
              + " VARCHAR(128))");
      long greatest = 0;
      try (ResultSet rows =
          statement.executeQuery("SELECT MAX(start_lsn) FROM " + ChangeTables.TRANSACTIONS)) {
        rows.next();
        byte[] lsn = rows.getBytes(1);
        if (lsn != null) {
          greatest = Lsn.number(lsn);
        }
      }
      ChangeCapture capture = new ChangeCapture(new LsnClock(greatest, Clock.systemUTC()::millis));
      capture.databaseEnabled = ChangeTables.isEnabled(statement);
      if (capture.databaseEnabled) {
        for (CaptureInstance instance : ChangeTables.load(definitions, statement)) {
          capture.instances.put(instance.objectId(), instance);
        }
      }
      return capture;
    }
  }

  /** Registers a connection whose changes are to be captured. */
  public SessionCapture openSession(Connection connection) throws SQLException {
    SessionCapture session = new SessionCapture(this, connection);
    SESSIONS.put(h2Session(connection), session);
    return session;
  }

  void unregister(SessionCapture session) {
    SESSIONS.values().remove(session);
  }

  static SessionCapture sessionOf(Connection connection) throws SQLException {
    SessionCapture session = SESSIONS.get(h2Session(connection));
    if (session == null) {
      throw new SQLException(
          "the connection is no session of the stand-in: changes that it captures would have no log"
              + " sequence number");
    }
    return session;
  }

  private static Session h2Session(Connection connection) throws SQLException {
    return connection.unwrap(JdbcConnection.class).getSession();
  }

  LsnClock clock() {
    return clock;
  }

  /** Commits through here, always: it is what orders LSNs. */
  public CommitNumbering numbering() {
    return numbering;
  }

  /** Changes whenever an instance is added or removed. */
  int version() {
    return version.get();
  }

  /** True after sp_cdc_enable_db. */
  public boolean isDatabaseEnabled() {
    return databaseEnabled;
  }

  /** All instances, by the object id of their change table. */
  public Collection<CaptureInstance> instances() {
    return instances.values().stream()
        .sorted(Comparator.comparingInt(CaptureInstance::objectId))
        .toList();
  }

  /** The instances of a table; at most two. */
  public List<CaptureInstance> instancesOf(int sourceObjectId) {
    return instances().stream().filter(i -> i.sourceObjectId() == sourceObjectId).toList();
  }

  /** The instance of that name; letter case does not matter. */
  public Optional<CaptureInstance> instance(String name) {
    return instances().stream().filter(i -> i.name().equalsIgnoreCase(name)).findFirst();
  }

  CaptureInstance instance(int objectId) throws SQLException {
    CaptureInstance instance = instances.get(objectId);
    if (instance == null) {
      throw new SQLException("no capture instance has the change table with id " + objectId);
    }
    return instance;
  }

  /** Creates the schema {@code cdc}. */
  public void enableDatabase(Connection definitions) throws SQLException {
    try (Statement statement = definitions.createStatement()) {
      ChangeTables.enableDatabase(statement);
    }
    databaseEnabled = true;
  }

  /** Drops the schema {@code cdc} and all instances. */
  public void disableDatabase(Connection definitions) throws SQLException {
    for (CaptureInstance instance : instances()) {
      disableTable(definitions, instance);
    }
    try (Statement statement = definitions.createStatement()) {
      ChangeTables.disableDatabase(statement);
    }
    databaseEnabled = false;
  }

  /** How an instance was asked for; shown in cdc.change_tables and without effect. */
  public record Options(String roleName, String filegroupName) {}

  /**
   * Begins to capture a table. The definitions connection must be able to lock the table: nobody
   * has uncommitted changes in it then, so the instance's first LSN is below all its changes.
   */
  public void enableTable(Connection definitions, CaptureInstance instance, Options options)
      throws SQLException {
    instances.put(instance.objectId(), instance);
    version.incrementAndGet();
    try (Statement statement = definitions.createStatement()) {
      ChangeTables.create(statement, instance);
      insertDefinition(definitions, instance, options);
    } catch (SQLException e) {
      instances.remove(instance.objectId());
      version.incrementAndGet();
      try (Statement statement = definitions.createStatement()) {
        ChangeTables.drop(statement, instance);
      } catch (SQLException cleanup) {
        e.addSuppressed(cleanup);
      }
      throw e;
    }
  }

  private void insertDefinition(Connection definitions, CaptureInstance instance, Options options)
      throws SQLException {
    byte[] startLsn = numbering.commitMarker(definitions);
    try (PreparedStatement insert =
        definitions.prepareStatement(
            "INSERT INTO cdc.change_tables VALUES (?, 0, ?, ?, ?, NULL, ?, FALSE, ?, ?, ?, ?,"
                + " TRUE)")) {
      insert.setInt(1, instance.objectId());
      insert.setInt(2, instance.sourceObjectId());
      insert.setString(3, instance.name());
      insert.setBytes(4, startLsn);
      insert.setBoolean(5, instance.netChanges());
      insert.setString(6, options.roleName());
      insert.setString(7, instance.indexName());
      insert.setString(8, options.filegroupName());
      insert.setTimestamp(9, Timestamp.valueOf(LocalDateTime.now(Clock.systemUTC())));
      insert.executeUpdate();
    }
    try (PreparedStatement insert =
        definitions.prepareStatement(
            "INSERT INTO cdc.captured_columns VALUES (?, ?, ?, ?, ?, ?, NULL)")) {
      int ordinal = 1;
      for (CaptureInstance.Column column : instance.columns()) {
        insert.setInt(1, instance.objectId());
        insert.setString(2, column.name());
        insert.setInt(3, column.columnId());
        insert.setString(4, column.typeName());
        insert.setInt(5, ordinal++);
        insert.setBoolean(6, column.computed());
        insert.executeUpdate();
      }
    }
    try (PreparedStatement insert =
        definitions.prepareStatement("INSERT INTO cdc.index_columns VALUES (?, ?, ?, ?)")) {
      int ordinal = 1;
      for (String name : instance.keyColumns()) {
        insert.setInt(1, instance.objectId());
        insert.setString(2, name);
        insert.setInt(3, ordinal++);
        insert.setInt(4, columnId(instance, name));
        insert.executeUpdate();
      }
    }
    try (PreparedStatement insert =
        definitions.prepareStatement(
            "INSERT INTO " + ChangeTables.SCHEMA + ".sources VALUES (?, ?, ?)")) {
      insert.setInt(1, instance.objectId());
      insert.setString(2, instance.schema());
      insert.setString(3, instance.table());
      insert.executeUpdate();
    }
  }

  private static int columnId(CaptureInstance instance, String name) {
    return instance.columns().stream()
        .filter(c -> c.name().toLowerCase(Locale.ROOT).equals(name.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "key column "
                        + name
                        + " is not among the captured columns of "
                        + instance.name()))
        .columnId();
  }

  /**
   * Ends the capture of an instance and drops its change table. With the last instance all commits
   * are forgotten.
   */
  public void disableTable(Connection definitions, CaptureInstance instance) throws SQLException {
    try (Statement statement = definitions.createStatement()) {
      ChangeTables.drop(statement, instance);
      for (String table :
          List.of(
              "cdc.change_tables",
              "cdc.captured_columns",
              "cdc.index_columns",
              "cdc.ddl_history",
              ChangeTables.SCHEMA + ".sources")) {
        statement.execute("DELETE FROM " + table + " WHERE object_id = " + instance.objectId());
      }
      statement.execute(
          "DELETE FROM "
              + ChangeTables.TRANSACTIONS
              + " WHERE NOT EXISTS (SELECT 1 FROM cdc.change_tables)");
    }
    instances.remove(instance.objectId());
    version.incrementAndGet();
  }

  /**
   * Makes an LSN the low end point of an instance, or that of the first commit at the same time.
   * The rows below it stay until {@link #deleteObsolete}. The caller commits.
   *
   * @throws SqlServerError 22964 for an LSN that is no commit, 22957 for one below the present low
   *     end point
   */
  public void raiseLowEnd(Connection definitions, CaptureInstance instance, byte[] lsn)
      throws SQLException, SqlServerError {
    byte[] lowest = null;
    try (PreparedStatement query =
        definitions.prepareStatement(
            "SELECT MIN(start_lsn) FROM "
                + ChangeTables.TRANSACTIONS
                + " WHERE tran_end_time = (SELECT tran_end_time FROM "
                + ChangeTables.TRANSACTIONS
                + " WHERE start_lsn = ?)")) {
      query.setBytes(1, lsn);
      try (ResultSet rows = query.executeQuery()) {
        rows.next();
        lowest = rows.getBytes(1);
      }
    }
    if (lowest == null) {
      throw new SqlServerError(
          22964,
          16,
          1,
          "LSN "
              + hex(lsn)
              + ", specified as the new low end point for change table cleanup must represent the"
              + " start_lsn value of a current entry in the cdc.lsn_time_mapping table. Choose an"
              + " LSN value that satisfies this requirement.");
    }
    byte[] present = CdcFunctions.minLsn(definitions, instance.name());
    if (Lsn.compare(lsn, present) < 0) {
      throw new SqlServerError(
          22957,
          16,
          1,
          "LSN "
              + hex(lsn)
              + ", specified as the new low end point for the change table associated with capture"
              + " instance '"
              + instance.name()
              + "', is not within the Change Data Capture timeline ["
              + hex(present)
              + ", "
              + hex(CdcFunctions.maxLsn(definitions))
              + "].");
    }
    if (Lsn.compare(lowest, present) > 0) {
      try (PreparedStatement raise =
          definitions.prepareStatement(
              "UPDATE cdc.change_tables SET start_lsn = ? WHERE object_id = ?")) {
        raise.setBytes(1, lowest);
        raise.setInt(2, instance.objectId());
        raise.executeUpdate();
      }
    }
  }

  private static String hex(byte[] lsn) {
    return "0x" + HexFormat.of().withUpperCase().formatHex(lsn);
  }

  /**
   * Deletes changes below the low end point of an instance, and once none are left the commits that
   * no instance needs any more. The caller commits, and calls again while the answer is true.
   *
   * @param threshold the most rows to delete, positive
   * @return true when there may be more
   */
  public boolean deleteObsolete(Connection definitions, CaptureInstance instance, long threshold)
      throws SQLException {
    try (PreparedStatement delete =
            definitions.prepareStatement(
                "DELETE FROM "
                    + instance.rowsTable()
                    + " WHERE \"__$tran\" IN (SELECT tran FROM "
                    + ChangeTables.TRANSACTIONS
                    + " WHERE start_lsn < ?) FETCH FIRST "
                    + threshold
                    + " ROWS ONLY");
        Statement forget = definitions.createStatement()) {
      delete.setBytes(1, CdcFunctions.minLsn(definitions, instance.name()));
      if (delete.executeLargeUpdate() >= threshold) {
        return true;
      }
      forget.executeUpdate(
          "DELETE FROM "
              + ChangeTables.TRANSACTIONS
              + " WHERE start_lsn < (SELECT MIN(start_lsn) FROM cdc.change_tables)");
      return false;
    }
  }

  /**
   * The low end point that a retention time leads to: the first of the commits at the latest commit
   * time that lies at least that long before the newest one. Empty when there is none.
   */
  public Optional<byte[]> lowEndAfter(Connection definitions, long retentionMinutes)
      throws SQLException {
    try (PreparedStatement query =
        definitions.prepareStatement(
            "SELECT MIN(start_lsn) FROM "
                + ChangeTables.TRANSACTIONS
                + " WHERE tran_end_time = (SELECT MAX(tran_end_time) FROM "
                + ChangeTables.TRANSACTIONS
                + " WHERE tran_end_time <= DATEADD(MINUTE, ?, (SELECT MAX(tran_end_time) FROM "
                + ChangeTables.TRANSACTIONS
                + ")))")) {
      query.setLong(1, -retentionMinutes);
      try (ResultSet rows = query.executeQuery()) {
        rows.next();
        return Optional.ofNullable(rows.getBytes(1));
      }
    }
  }

  /**
   * Notes in cdc.ddl_history that a captured table was altered; commits.
   *
   * @param alteredColumn true when a captured column has another type now
   * @return the LSN of the definition
   */
  public byte[] noteDefinition(
      Connection definitions, CaptureInstance instance, boolean alteredColumn, String command)
      throws SQLException {
    byte[] lsn = numbering.commitMarker(definitions);
    try (PreparedStatement insert =
        definitions.prepareStatement("INSERT INTO cdc.ddl_history VALUES (?, ?, ?, ?, ?, ?)")) {
      insert.setInt(1, instance.sourceObjectId());
      insert.setInt(2, instance.objectId());
      insert.setBoolean(3, alteredColumn);
      insert.setString(4, command);
      insert.setBytes(5, lsn);
      insert.setObject(6, LocalDateTime.now(Clock.systemUTC()));
      insert.executeUpdate();
    }
    return lsn;
  }

  /** Takes back {@link #noteDefinition}: the definition was rolled back. The caller commits. */
  public void forgetDefinition(Connection definitions, byte[] lsn) throws SQLException {
    try (PreparedStatement delete =
        definitions.prepareStatement("DELETE FROM cdc.ddl_history WHERE ddl_lsn = ?")) {
      delete.setBytes(1, lsn);
      delete.executeUpdate();
    }
  }

  /**
   * Gives a captured column the type that it now has in the source table.
   *
   * @param typeName in T-SQL
   * @param h2Type of the column in H2
   */
  public void alterColumn(
      Connection definitions,
      CaptureInstance instance,
      String column,
      String typeName,
      String h2Type)
      throws SQLException {
    try (Statement statement = definitions.createStatement();
        PreparedStatement update =
            definitions.prepareStatement(
                "UPDATE cdc.captured_columns SET column_type = ? WHERE object_id = ? AND"
                    + " column_name = ?")) {
      ChangeTables.alterColumn(statement, instance, column, h2Type);
      update.setString(1, typeName);
      update.setInt(2, instance.objectId());
      update.setString(3, column);
      update.executeUpdate();
    }
  }

  /**
   * The H2 table expression for {@code cdc.fn_cdc_get_all_changes_<instance>(..)}.
   *
   * @param arguments three H2 expressions, used twice each: all three in order, then again
   */
  public String allChanges(CaptureInstance instance, List<String> arguments) {
    return ChangeTables.allChanges(instance, arguments);
  }

  /**
   * The H2 table expression for {@code cdc.fn_cdc_get_net_changes_<instance>(..)} of an instance
   * that has key columns.
   *
   * @param arguments three H2 expressions, used twice each: all three in order, then again
   */
  public String netChanges(CaptureInstance instance, List<String> arguments) {
    return ChangeTables.netChanges(instance, arguments);
  }
}
