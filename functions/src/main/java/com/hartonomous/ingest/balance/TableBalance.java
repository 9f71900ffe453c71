package com.hartonomous.ingest.balance;

import com.hartonomous.ingest.capture.sqlserver.RegisteredTables;
import com.hartonomous.ingest.capture.sqlserver.SourceRows;
import com.hartonomous.ingest.record.CapturedNames;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.ContentValue;
import com.hartonomous.ingest.record.Lsn;
import com.hartonomous.ingest.record.Segment;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.RowBulkData;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.split.ValueSplitter;
import com.microsoft.sqlserver.jdbc.SQLServerConnection;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Of the segments that the present rows of a captured table have, each is a row of {@code
 * dbo.RowAtoms} or has a dead letter that is not resolved; nothing else is in {@code dbo.RowAtoms};
 * and {@code dbo.TableProgress} says as many.
 *
 * <p>The table is read once, cut and hashed as the ingest job does it, and what must be there is
 * staged in a temporary table (some 100 bytes a segment in tempdb); the server compares, only sums
 * and differences travel. Bounded memory: a page of staged rows, and the keys of rows that changed
 * behind the capture position, {@value #CHANGED_MAX} at most.
 *
 * <p>Ingestion may go on meanwhile: a difference in a row that changed at or behind the capture
 * position of the table's group is pending, as is every one while nothing of the group was streamed
 * yet, or the sweep behind the table's snapshot has not ended. SQL Server's capture job puts
 * changes into the change tables with a delay of some seconds: before anything is called a real
 * difference, these are asked again until the patience has passed.
 */
public final class TableBalance {

  /** Rows that changed behind the position; with more, all differences are pending. */
  private static final int CHANGED_MAX = 1_000_000;

  private static final int PAGE_ROWS = 5_000;

  /** Differences that wait to be judged, at most. */
  private static final int UNJUDGED_MAX = 10_000;

  private static final Duration ASK_AGAIN = Duration.ofSeconds(1);

  /** A value that is too large has one place, without a segment and a hash. */
  private static final int WHOLE_VALUE = -1;

  private static final String CREATE =
      "CREATE TABLE #Expected (RowKeyHash BINARY(32) NOT NULL, ColumnId INT NOT NULL,"
          + " Segment INT NOT NULL, AtomHash BINARY(32) NULL, RowKey NVARCHAR(MAX) NOT NULL,"
          + " PRIMARY KEY (RowKeyHash, ColumnId, Segment))";

  private static final List<RowBulkData.Column> EXPECTED =
      List.of(
          new RowBulkData.Column("RowKeyHash", Types.BINARY, Sha256.LENGTH),
          new RowBulkData.Column("ColumnId", Types.INTEGER, 0),
          new RowBulkData.Column("Segment", Types.INTEGER, 0),
          new RowBulkData.Column("AtomHash", Types.BINARY, Sha256.LENGTH),
          new RowBulkData.Column("RowKey", Types.LONGNVARCHAR, 0));

  private static final String POSITION =
      "SELECT MAX(LastLsn) FROM dbo.CdcCheckpoints WHERE SourceName = ?";

  private static final String STORED =
      "SELECT COUNT_BIG(*) FROM dbo.RowAtoms WHERE CapturedTableId = ?";

  private static final String PROGRESS =
      "SELECT COALESCE(SUM(StoredReferences), 0) FROM dbo.TableProgress WHERE CapturedTableId = ?";

  private static final String NOT_STORED =
      "SELECT x.RowKey, x.ColumnId, x.Segment, x.AtomHash,"
          + " CASE WHEN EXISTS (SELECT 1 FROM dbo.AtomizationErrors AS e"
          + " WHERE e.CapturedTableId = ? AND e.RowKeyHash = x.RowKeyHash"
          + " AND e.ColumnId = x.ColumnId AND e.ResolvedAt IS NULL"
          + " AND ((x.Segment = -1 AND e.Segment IS NULL)"
          + " OR (e.Segment = x.Segment AND e.AtomHash = x.AtomHash))) THEN 1 ELSE 0 END"
          + " FROM #Expected AS x LEFT JOIN dbo.Atoms AS a ON a.AtomHash = x.AtomHash"
          + " LEFT JOIN dbo.RowAtoms AS r ON r.CapturedTableId = ?"
          + " AND r.RowKeyHash = x.RowKeyHash AND r.ColumnId = x.ColumnId"
          + " AND r.Segment = x.Segment AND r.AtomId = a.AtomId WHERE r.AtomId IS NULL";

  private static final String SURPLUS =
      "SELECT r.RowKey, r.ColumnId, r.Segment, a.AtomHash FROM dbo.RowAtoms AS r"
          + " INNER JOIN dbo.Atoms AS a ON a.AtomId = r.AtomId"
          + " LEFT JOIN #Expected AS x ON x.RowKeyHash = r.RowKeyHash"
          + " AND x.ColumnId = r.ColumnId AND x.Segment = r.Segment AND x.AtomHash = a.AtomHash"
          + " WHERE r.CapturedTableId = ? AND x.RowKeyHash IS NULL";

  private static final String STORED_AND_DEAD =
      "SELECT e.ErrorId, r.RowKey, r.ColumnId, r.Segment, a.AtomHash"
          + " FROM dbo.AtomizationErrors AS e"
          + " INNER JOIN dbo.Atoms AS a ON a.AtomHash = e.AtomHash"
          + " INNER JOIN dbo.RowAtoms AS r ON r.CapturedTableId = e.CapturedTableId"
          + " AND r.RowKeyHash = e.RowKeyHash AND r.ColumnId = e.ColumnId"
          + " AND r.Segment = e.Segment AND r.AtomId = a.AtomId"
          + " WHERE e.CapturedTableId = ? AND e.ResolvedAt IS NULL";

  private record Unjudged(String rowKey, String key, String message, boolean isMissing) {}

  private final Connection session;
  private final Connection source;
  private final Findings findings;
  private final Duration patience;

  // Of the table that is being checked.
  private CapturedTable table;
  private CapturedNames names;
  private Lsn position;
  private boolean swept;
  private long missing;
  private long surplus;
  private long pendingMissing;
  private long dead;
  private final List<Unjudged> unjudged = new ArrayList<>();

  private TableBalance(
      Connection session, Connection source, Findings findings, Duration patience) {
    this.session = session;
    this.source = source;
    this.findings = findings;
    this.patience = patience;
  }

  /**
   * Checks every registered table, on connections of its own.
   *
   * @param patience how long SQL Server's capture job may be behind the log
   * @throws SQLException when the tables cannot be read to the end
   * @throws IOException when the password cannot be had
   */
  public static void check(SqlServerOptions server, Findings findings, Duration patience)
      throws SQLException, IOException {
    try (Connection session = server.open("hartonomous-balance");
        Connection source = server.open("hartonomous-balance-source")) {
      try (Statement statement = session.createStatement()) {
        statement.execute(CREATE);
      }
      TableBalance balance = new TableBalance(session, source, findings, patience);
      for (RegisteredTables.Registered registered : RegisteredTables.read(source)) {
        balance.check(registered);
      }
    }
  }

  private void check(RegisteredTables.Registered registered) throws SQLException {
    if (registered.removed() || registered.table() == null) {
      checkWithoutSource(registered);
      return;
    }
    table = registered.table();
    swept = registered.swept();
    names = new CapturedNames(List.of(table));
    missing = 0;
    surplus = 0;
    pendingMissing = 0;
    dead = 0;
    begin(session);
    begin(source);
    try {
      // Before the source is read: what it shows beyond the references has changed since then.
      position = position();
      long stored = number(session, STORED);
      long in = stage();
      checkProgress(stored);
      findNotStored();
      findSurplus();
      findStoredAndDead();
      judge();
      findings.balance(
          new SourceBalance(
              table.qualifiedName(), "segments", in, in - dead - missing, 0, dead, pendingMissing));
    } finally {
      source.rollback();
      session.rollback();
    }
  }

  private static void begin(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    connection.setTransactionIsolation(SQLServerConnection.TRANSACTION_SNAPSHOT);
  }

  private void checkWithoutSource(RegisteredTables.Registered registered) throws SQLException {
    long stored = 0;
    try (PreparedStatement statement = session.prepareStatement(STORED)) {
      statement.setInt(1, registered.tableId());
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        stored = row.getLong(1);
      }
    }
    if (registered.removed()) {
      // What it refers to is kept, whatever became of the table.
      findings.balance(
          new SourceBalance(
              registered.qualifiedName() + ", not captured any more",
              "segments",
              stored,
              stored,
              0,
              0,
              0));
      return;
    }
    if (stored > 0) {
      findings.difference(
          registered.qualifiedName(),
          String.format(
              "has %d references, but the table, its primary key or a content column of it is not"
                  + " there any more.",
              stored),
          false);
    }
    findings.balance(new SourceBalance(registered.qualifiedName(), "segments", 0, stored, 0, 0, 0));
  }

  private Lsn position() throws SQLException {
    try (PreparedStatement statement = session.prepareStatement(POSITION)) {
      statement.setString(1, table.group());
      try (ResultSet row = statement.executeQuery()) {
        byte[] lsn = row.next() ? row.getBytes(1) : null;
        return lsn == null ? Lsn.ZERO : Lsn.fromBytes(lsn);
      }
    }
  }

  /** Stages what the source's rows must have; returns how much that is. */
  private long stage() throws SQLException {
    try (Statement statement = session.createStatement()) {
      statement.execute("TRUNCATE TABLE #Expected");
    }
    ValueSplitter splitter = new ValueSplitter();
    List<Object[]> page = new ArrayList<>(PAGE_ROWS);
    long[] staged = new long[1];
    new SourceRows(source, table)
        .all(
            row -> {
              for (ContentValue value : row.values()) {
                ValueSplitter.Cut cut = splitter.cut(value);
                if (cut.isTooLarge()) {
                  page.add(place(row, value.columnId(), WHOLE_VALUE, null));
                }
                for (Segment segment : cut.segments()) {
                  page.add(
                      place(
                          row,
                          value.columnId(),
                          segment.segment(),
                          Sha256.of(segment.bytes()).toBytes()));
                }
              }
              if (page.size() >= PAGE_ROWS) {
                staged[0] += copy(page);
              }
            });
    staged[0] += copy(page);
    return staged[0];
  }

  private static Object[] place(SourceRows.SourceRow row, int columnId, int segment, byte[] hash) {
    return new Object[] {row.key().keyHash().toBytes(), columnId, segment, hash, row.keyText()};
  }

  private int copy(List<Object[]> page) throws SQLException {
    int rows = page.size();
    if (rows > 0) {
      RowBulkData.copy(session, "#Expected", EXPECTED, page.iterator());
      page.clear();
    }
    return rows;
  }

  private void checkProgress(long stored) throws SQLException {
    long progress = number(session, PROGRESS);
    if (progress != stored) {
      findings.difference(
          table.qualifiedName(),
          String.format("has %d references, but dbo.TableProgress says %d.", stored, progress),
          false);
    }
  }

  private void findNotStored() throws SQLException {
    try (PreparedStatement statement = session.prepareStatement(NOT_STORED)) {
      statement.setInt(1, table.tableId());
      statement.setInt(2, table.tableId());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          if (row.getInt(5) == 1) {
            dead++;
          } else {
            missing++;
            addUnjudged(row, 1, "is in the table, but neither stored nor a dead letter.", true);
          }
        }
      }
    }
  }

  private void findSurplus() throws SQLException {
    try (PreparedStatement statement = session.prepareStatement(SURPLUS)) {
      statement.setInt(1, table.tableId());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          surplus++;
          addUnjudged(row, 1, "is stored, but the table does not hold it.", false);
        }
      }
    }
  }

  private void findStoredAndDead() throws SQLException {
    try (PreparedStatement statement = session.prepareStatement(STORED_AND_DEAD)) {
      statement.setInt(1, table.tableId());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          findings.difference(
              place(row, 2),
              "is stored, but its dead letter " + row.getLong(1) + " is not resolved.",
              false);
        }
      }
    }
  }

  private String place(ResultSet row, int first) throws SQLException {
    int segment = row.getInt(first + 2);
    return String.format(
        "row %s of %s, column %s%s",
        row.getString(first),
        table.qualifiedName(),
        names.column(table.tableId(), row.getInt(first + 1)),
        segment == WHOLE_VALUE
            ? ""
            : " segment " + segment + ", atom " + Sha256.fromBytes(row.getBytes(first + 3)));
  }

  private void addUnjudged(ResultSet row, int first, String message, boolean isMissing)
      throws SQLException {
    if (unjudged.size() < UNJUDGED_MAX) {
      unjudged.add(new Unjudged(row.getString(first), place(row, first), message, isMissing));
    }
  }

  /** Tells which differences are about to vanish, once all are known. */
  private void judge() throws SQLException {
    long beyond = missing + surplus - unjudged.size();
    boolean allPending = position.equals(Lsn.ZERO) || !swept;
    List<Unjudged> real = allPending ? List.of() : List.copyOf(unjudged);
    long deadline = System.nanoTime() + patience.toNanos();
    boolean first = true;
    while (!real.isEmpty() && (first || System.nanoTime() < deadline)) {
      if (!first) {
        pause();
      }
      first = false;
      Set<Sha256> changed = new HashSet<>();
      allPending = !changedKeys(changed);
      real =
          allPending
              ? List.of()
              : real.stream().filter(u -> !changed.contains(Sha256.ofText(u.rowKey()))).toList();
    }
    Set<Unjudged> remaining = new HashSet<>(real);
    for (Unjudged one : unjudged) {
      boolean pending = !remaining.contains(one);
      pendingMissing += pending && one.isMissing() ? 1 : 0;
      findings.difference(one.key(), one.message(), pending);
    }
    if (beyond > 0) {
      findings.difference(
          table.qualifiedName(),
          "has " + beyond + " more differences of this kind.",
          real.isEmpty());
    }
    unjudged.clear();
  }

  /** Adds the keys of the rows that changed; false when there are too many. */
  private boolean changedKeys(Set<Sha256> changed) throws SQLException {
    source.rollback(); // Not the snapshot: what the change tables have got since counts too.
    new SourceRows(source, table)
        .changedSince(
            position.toBytes(),
            key -> {
              if (changed.size() <= CHANGED_MAX) {
                changed.add(Sha256.ofText(key));
              }
            });
    return changed.size() <= CHANGED_MAX;
  }

  private static void pause() throws SQLException {
    try {
      Thread.sleep(ASK_AGAIN.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException("Interrupted while waiting for changes.", e);
    }
  }

  private long number(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setInt(1, table.tableId());
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }
}
