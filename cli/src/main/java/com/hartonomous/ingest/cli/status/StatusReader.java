package com.hartonomous.ingest.cli.status;

import com.hartonomous.ingest.balance.Findings;
import com.hartonomous.ingest.balance.SourceBalance;
import com.hartonomous.ingest.balance.SubmissionBalance;
import com.hartonomous.ingest.capture.sqlserver.CaptureFigures;
import com.hartonomous.ingest.record.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Reads a {@link Status}. Every statement is a query; none counts over chunks, references or atoms:
 * a reading goes over models, submissions, dead letters, unsynced marks and progress rows.
 */
public final class StatusReader {

  private static final String MODELS =
      "SELECT ModelId, TenantId, ModelName, State, PercentComplete, ExpectedTensors,"
          + " ExpectedChunks, StoredChunks, ExpectedNodes, StoredNodes, ExpectedBytes, StoredBytes,"
          + " TotalAtoms, NewAtoms, NewBytes, BytesPerSecond, Failure"
          + " FROM dbo.vw_IngestionStatus ORDER BY ModelId";

  private static final String CAPTURE =
      "SELECT c.SourceName, c.LastLsn, c.LastCheckpoint, c.CheckpointId,"
          + " COALESCE(p.SnapshotRows, 0), COALESCE(p.InsertedRows, 0),"
          + " COALESCE(p.UpdatedRows, 0), COALESCE(p.DeletedRows, 0), n.SnapshotLsn"
          + " FROM dbo.CdcCheckpoints AS c"
          + " LEFT JOIN dbo.CaptureGroups AS n ON n.GroupName = c.SourceName LEFT JOIN ("
          + "SELECT SourceName, SUM(SnapshotRows) AS SnapshotRows,"
          + " SUM(InsertedRows) AS InsertedRows, SUM(UpdatedRows) AS UpdatedRows,"
          + " SUM(DeletedRows) AS DeletedRows FROM dbo.CaptureProgress GROUP BY SourceName"
          + ") AS p ON p.SourceName = c.SourceName"
          // A group whose tables were all read anew in another one is history.
          + " WHERE EXISTS (SELECT 1 FROM dbo.CapturedTables AS t WHERE t.GroupName = c.SourceName)"
          + " OR NOT EXISTS (SELECT 1 FROM dbo.CaptureGroups AS g WHERE g.GroupName = c.SourceName)"
          + " ORDER BY c.SourceName";

  /** Asks for no more than the metadata of the tables. */
  private static final String ROWS_OF_GROUPS =
      "SELECT c.GroupName, SUM(p.rows) FROM dbo.CapturedTables AS c"
          + " INNER JOIN sys.schemas AS s ON s.name = c.SchemaName"
          + " INNER JOIN sys.tables AS t ON t.schema_id = s.schema_id AND t.name = c.TableName"
          + " INNER JOIN sys.partitions AS p ON p.object_id = t.object_id AND p.index_id < 2"
          + " WHERE c.RemovedAt IS NULL GROUP BY c.GroupName";

  private static final String ROW_EVENTS =
      "SELECT COALESCE(SUM(SnapshotRows + InsertedRows + UpdatedRows + DeletedRows), 0)"
          + " FROM dbo.CaptureProgress";

  private static final String OUTBOX =
      "SELECT COUNT_BIG(*), MIN(CreatedAt) FROM dbo.Neo4jSyncQueue WHERE IsSynced = 0";

  private static final String DEAD_LETTERS =
      "SELECT Reason, COUNT_BIG(*), SUM(CASE WHEN ReplayedAt IS NULL THEN 1 ELSE 0 END)"
          + " FROM dbo.AtomizationErrors GROUP BY Reason ORDER BY Reason";

  private static final String MODEL_LETTERS =
      "SELECT ModelId, COUNT_BIG(*) FROM dbo.AtomizationErrors WHERE ModelId IS NOT NULL"
          + " AND ResolvedAt IS NULL GROUP BY ModelId";

  private static final String TABLES =
      "SELECT t.GroupName, CONCAT(t.SchemaName, N'.', t.TableName), COALESCE(p.Stored, 0),"
          + " COALESCE(p.NewAtoms, 0), COALESCE(p.KnownAtoms, 0), COALESCE(e.Letters, 0),"
          + " t.Generation, CASE WHEN t.RemovedAt IS NOT NULL THEN 'REMOVED'"
          + " WHEN t.ResnapshotRequestedAt IS NOT NULL THEN 'TO_BE_READ_ANEW'"
          + " WHEN t.SweptGeneration < t.Generation THEN 'BEING_READ' ELSE 'CAPTURED' END,"
          + " COALESCE(t.RemovedAt, t.ResnapshotRequestedAt), t.ResnapshotReason"
          + " FROM dbo.CapturedTables AS t LEFT JOIN ("
          + "SELECT CapturedTableId, SUM(StoredReferences) AS Stored, SUM(NewAtoms) AS NewAtoms,"
          + " SUM(KnownAtoms) AS KnownAtoms FROM dbo.TableProgress GROUP BY CapturedTableId"
          + ") AS p ON p.CapturedTableId = t.CapturedTableId LEFT JOIN ("
          + "SELECT CapturedTableId, COUNT_BIG(*) AS Letters FROM dbo.AtomizationErrors"
          + " WHERE CapturedTableId IS NOT NULL AND ResolvedAt IS NULL GROUP BY CapturedTableId"
          + ") AS e ON e.CapturedTableId = t.CapturedTableId"
          + " ORDER BY t.GroupName, t.SchemaName, t.TableName";

  private final Connection connection;

  public StatusReader(Connection connection) {
    this.connection = connection;
  }

  /** Reads everything anew. */
  public Status read() throws SQLException {
    List<Status.Model> models = models();
    List<Status.Capture> capture = capture();
    return new Status(models, capture, null, outbox(), deadLetters(), throughput(models));
  }

  private List<Status.Model> models() throws SQLException {
    Map<Integer, Long> letters = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(MODEL_LETTERS);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        letters.put(row.getInt(1), row.getLong(2));
      }
    }
    List<Status.Model> models = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(MODELS);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        long storedBytes = row.getLong("StoredBytes");
        long newBytes = row.getLong("NewBytes");
        models.add(
            new Status.Model(
                row.getInt("ModelId"),
                row.getInt("TenantId"),
                row.getString("ModelName"),
                row.getString("State"),
                row.getDouble("PercentComplete"),
                row.getObject("ExpectedTensors", Long.class),
                row.getObject("ExpectedChunks", Long.class),
                row.getLong("StoredChunks"),
                row.getObject("ExpectedNodes", Long.class),
                row.getLong("StoredNodes"),
                row.getObject("ExpectedBytes", Long.class),
                storedBytes,
                row.getLong("TotalAtoms"),
                row.getLong("NewAtoms"),
                newBytes,
                Math.max(0, storedBytes - newBytes),
                number(row, "BytesPerSecond"),
                letters.getOrDefault(row.getInt("ModelId"), 0L),
                row.getString("Failure")));
      }
    }
    return models;
  }

  private static Double number(ResultSet row, String column) throws SQLException {
    double value = row.getDouble(column);
    return row.wasNull() ? null : value;
  }

  private List<Status.Capture> capture() throws SQLException {
    Map<String, List<Status.Table>> tables = tables();
    Map<String, Long> rows = rowsOfGroups();
    List<Status.Capture> groups = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(CAPTURE);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        Lsn lsn = Lsn.fromBytes(row.getBytes(2));
        byte[] snapshot = row.getBytes(9);
        // While the snapshot is read, the changes behind its begin must be kept.
        boolean snapshots = lsn.equals(Lsn.ZERO) && snapshot != null;
        CaptureFigures figures =
            CaptureFigures.read(connection, snapshots ? Lsn.fromBytes(snapshot) : lsn);
        List<Status.Table> ofGroup = tables.getOrDefault(row.getString(1), List.of());
        // A group that nothing is captured for any more lags behind nothing.
        boolean stands =
            !ofGroup.isEmpty() && ofGroup.stream().allMatch(t -> t.state().equals("REMOVED"));
        groups.add(
            new Status.Capture(
                row.getString(1),
                HexFormat.of().formatHex(lsn.toBytes()),
                iso(row.getTimestamp(3)),
                row.getLong(4),
                stands ? null : figures.lagSeconds(),
                stands ? null : figures.headroomSeconds(),
                lsn.equals(Lsn.ZERO) ? "SNAPSHOT" : "STREAM",
                figures.pendingTransactions(),
                row.getLong(5),
                lsn.equals(Lsn.ZERO) ? rows.get(row.getString(1)) : null,
                row.getLong(6),
                row.getLong(7),
                row.getLong(8),
                ofGroup));
      }
    }
    return groups;
  }

  private Map<String, Long> rowsOfGroups() throws SQLException {
    Map<String, Long> rows = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(ROWS_OF_GROUPS);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        rows.put(row.getString(1), row.getLong(2));
      }
    }
    return rows;
  }

  /** By group. */
  private Map<String, List<Status.Table>> tables() throws SQLException {
    Map<String, List<Status.Table>> tables = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(TABLES);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        tables
            .computeIfAbsent(row.getString(1), group -> new ArrayList<>())
            .add(
                new Status.Table(
                    row.getString(2),
                    row.getLong(3),
                    row.getLong(4),
                    row.getLong(5),
                    row.getLong(6),
                    row.getInt(7),
                    row.getString(8),
                    iso(row.getTimestamp(9)),
                    row.getString(10)));
      }
    }
    return tables;
  }

  private Status.Outbox outbox() throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(OUTBOX);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return new Status.Outbox(row.getLong(1), iso(row.getTimestamp(2)));
    }
  }

  private Status.DeadLetters deadLetters() throws SQLException {
    long total = 0;
    long notReplayed = 0;
    List<Status.Reason> reasons = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(DEAD_LETTERS);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        reasons.add(new Status.Reason(row.getString(1), row.getLong(2)));
        total += row.getLong(2);
        notReplayed += row.getLong(3);
      }
    }
    return new Status.DeadLetters(total, notReplayed, reasons);
  }

  private Status.Throughput throughput(List<Status.Model> models) throws SQLException {
    List<SourceBalance> balance = new ArrayList<>();
    SubmissionBalance.check(connection, new SumsOnly(balance));
    balance.add(balanceOf(models));
    return new Status.Throughput(
        models.stream().mapToLong(Status.Model::storedBytes).sum(),
        models.stream()
            .filter(model -> model.state().equals("INGESTING") && model.bytesPerSecond() != null)
            .mapToDouble(Status.Model::bytesPerSecond)
            .sum(),
        rowEvents(),
        balance);
  }

  private long rowEvents() throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(ROW_EVENTS);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  /** As the models' writers have counted; {@code verify} counts the references themselves. */
  private static SourceBalance balanceOf(List<Status.Model> models) {
    long in = 0;
    long stored = 0;
    long known = 0;
    long dead = 0;
    long underWay = 0;
    for (Status.Model model : models) {
      Long expected =
          model.chunks() == null || model.nodes() == null ? null : model.chunks() + model.nodes();
      if (model.state().equals("FAILED")) {
        // One whose header could not be read counts as one.
        long parts = expected == null ? 1 : expected;
        in += parts;
        dead += model.deadLetters() == 0 ? 0 : parts;
      } else if (expected != null && !model.state().startsWith("DELET")) {
        long found = model.storedChunks() + model.storedNodes();
        in += expected;
        stored += Math.min(model.newAtoms(), found);
        known += Math.max(0, found - model.newAtoms());
        underWay += model.state().equals("INGESTING") ? Math.max(0, expected - found) : 0;
      }
    }
    return new SourceBalance("models", "chunks and nodes", in, stored, known, dead, underWay);
  }

  /** Differences are named by {@code verify}. */
  private record SumsOnly(List<SourceBalance> sums) implements Findings {
    @Override
    public void balance(SourceBalance source) {
      sums.add(source);
    }

    @Override
    public void difference(String key, String message, boolean pending) {
      // The sums do not come out even then, which is shown.
    }
  }

  /** The database's clock columns are UTC; the driver gives them without a zone. */
  private static String iso(Timestamp time) {
    return time == null ? null : time.toLocalDateTime().atOffset(ZoneOffset.UTC).toString();
  }
}
