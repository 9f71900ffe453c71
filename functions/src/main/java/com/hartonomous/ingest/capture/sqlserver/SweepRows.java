package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.RowChange;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.record.StoredSegment;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes changes on, and once a table's snapshot has ended sends each of its rows that has
 * references in the database behind it, to be compared with the row's state.
 *
 * <p>Why: a snapshot chunk that is read again after a crash sees newer rows. What the first reading
 * wrote behind the last checkpoint, and the second did not see, the rows' state does not know: the
 * events of the changes between find nothing to remove. The same goes for all that was written when
 * the job is started without state, and for rows that a new snapshot of a table does not find any
 * more.
 *
 * <p>The connector streams only when all snapshot chunks are read: the first streamed change of any
 * table, at the latest the heartbeat's, shows that. The sweep begins when a checkpoint behind that
 * change is complete. Then every snapshot row is in the rows' state, and the writers have their
 * locks: no earlier attempt's writer can add a reference behind the sweep's back. The database's
 * references are read in pages, between which changes pass. Each table is swept once a generation;
 * a restore goes on where its checkpoint was.
 *
 * <p>The state also tells which tables its source captured. The connector would stream a further
 * one without ever reading its rows: it is refused.
 */
final class SweepRows extends AbstractStreamOperator<RowChange>
    implements OneInputStreamOperator<RowChange, RowChange> {

  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(SweepRows.class);

  /** References in a page: bounds what is in memory and how long changes wait. */
  private static final int PAGE_SIZE = 2_000;

  private static final long NONE = Long.MAX_VALUE;
  private static final long PAUSE_MILLIS = 10;
  private static final long PAUSE_AFTER_FAILURE_MILLIS = 2_000;

  private static final String REPORT =
      "UPDATE dbo.CapturedTables SET SweptGeneration = Generation"
          + " WHERE CapturedTableId = ? AND Generation = ? AND SweptGeneration <> Generation";

  private static final String PAGE =
      "SELECT TOP (?) r.RowKeyHash, r.RowKey, r.ColumnId, r.Segment, r.AtomId, a.AtomHash"
          + " FROM dbo.RowAtoms AS r INNER JOIN dbo.Atoms AS a ON a.AtomId = r.AtomId"
          + " WHERE r.CapturedTableId = ? AND r.RowKeyHash >= ?"
          + " AND (r.RowKeyHash > ? OR r.ColumnId > ? OR (r.ColumnId = ? AND (r.Segment > ?"
          + " OR (r.Segment = ? AND r.AtomId > ?))))"
          + " ORDER BY r.RowKeyHash, r.ColumnId, r.Segment, r.AtomId";

  private final SqlServerOptions server;
  private final List<CapturedTable> tables;

  // Union: whichever subtask comes to stream goes on. One element a table and subtask.
  private transient ListState<SweepPosition> sweepState;
  private transient Map<Integer, SweepPosition> positions;
  private transient CaptureConnection connection;
  private transient boolean streaming;
  private transient boolean sweeping;
  // The first checkpoint behind the first streamed change.
  private transient long sweepCheckpoint;
  // The first checkpoint behind the end of each table's sweep; bounded by the tables.
  private transient Map<CapturedTable, Long> ended;
  private transient Set<CapturedTable> reported;

  SweepRows(SqlServerOptions server, List<CapturedTable> tables) {
    this.server = server;
    this.tables = List.copyOf(tables);
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    sweepState =
        context
            .getOperatorStateStore()
            .getUnionListState(new ListStateDescriptor<>("sweep", SweepPosition.class));
    positions = new HashMap<>();
    for (CapturedTable table : tables) {
      positions.put(table.tableId(), SweepPosition.start(table.tableId(), table.generation()));
    }
    Map<Integer, Integer> captured = new HashMap<>();
    for (SweepPosition restored : sweepState.get()) {
      captured.put(restored.tableId(), restored.generation());
      positions.computeIfPresent(
          restored.tableId(), (tableId, position) -> position.further(restored));
    }
    if (!captured.isEmpty()) {
      requireCaptured(captured);
    }
  }

  /**
   * Else the table's rows would not be read, and all its references be swept away.
   *
   * @param captured generation by table
   */
  private void requireCaptured(Map<Integer, Integer> captured) {
    for (CapturedTable table : tables) {
      Integer generation = captured.get(table.tableId());
      if (generation == null || generation != table.generation()) {
        throw new SuppressRestartsException(
            new IllegalStateException(
                String.format(
                    "%s, generation %d, was not captured in group '%s' when the state that this job"
                        + " starts from was made (%s): its rows of before would never be read. Run"
                        + " ./hartonomous resnapshot %s and start again: it is read anew then, in a"
                        + " group of its own.",
                    table.qualifiedName(),
                    table.generation(),
                    table.group(),
                    generation == null
                        ? "it was not captured"
                        : "generation " + generation + " was",
                    table.qualifiedName())));
      }
    }
  }

  @Override
  public void open() throws Exception {
    super.open();
    connection = new CaptureConnection(server, "hartonomous-sweep");
    sweepCheckpoint = NONE;
    ended = new HashMap<>();
    reported = new HashSet<>();
  }

  @Override
  public void processElement(StreamRecord<RowChange> element) {
    output.collect(element);
    streaming |= !element.getValue().version().isSnapshot();
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    sweepState.update(List.copyOf(positions.values()));
    if (streaming && sweepCheckpoint == NONE) {
      sweepCheckpoint = context.getCheckpointId();
    }
    for (CapturedTable table : tables) {
      if (streaming && positions.get(table.tableId()).done()) {
        ended.putIfAbsent(table, context.getCheckpointId());
      }
    }
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) throws Exception {
    super.notifyCheckpointComplete(checkpointId);
    if (!sweeping && checkpointId >= sweepCheckpoint) {
      sweeping = true;
      sweepLater(PAUSE_MILLIS);
    }
    for (Map.Entry<CapturedTable, Long> end : ended.entrySet()) {
      if (checkpointId >= end.getValue() && !reported.contains(end.getKey())) {
        report(end.getKey());
      }
    }
  }

  /** For people to see; tried again at the next checkpoint. */
  private void report(CapturedTable table) throws IOException {
    try (PreparedStatement statement = connection.prepare(REPORT)) {
      statement.setInt(1, table.tableId());
      statement.setInt(2, table.generation());
      statement.executeUpdate();
      reported.add(table);
      connection.succeeded();
    } catch (IOException | SQLException e) {
      connection.failed("report that " + table.qualifiedName() + " is swept", e);
    }
    if (reported.size() == tables.size()) {
      // Nothing is left to do: a connection less on the server.
      connection.close();
    }
  }

  private void sweepLater(long pauseMillis) {
    var timers = getProcessingTimeService();
    timers.registerTimer(timers.getCurrentProcessingTime() + pauseMillis, timestamp -> sweepPage());
  }

  private void sweepPage() throws IOException {
    for (CapturedTable table : tables) {
      SweepPosition position = positions.get(table.tableId());
      if (!position.done()) {
        try {
          positions.put(table.tableId(), sweepPage(table, position));
          connection.succeeded();
          sweepLater(PAUSE_MILLIS);
        } catch (IOException | SQLException e) {
          connection.failed("read the references of " + table.qualifiedName(), e);
          sweepLater(PAUSE_AFTER_FAILURE_MILLIS);
        }
        return;
      }
    }
  }

  /** Sends a page of references on, grouped by row, and returns where it ended. */
  private SweepPosition sweepPage(CapturedTable table, SweepPosition from)
      throws IOException, SQLException {
    List<RowChange> rows = new ArrayList<>();
    List<StoredSegment> stored = new ArrayList<>();
    SweepPosition position = from;
    String keyText = null;
    int references = 0;
    try (PreparedStatement statement = connection.prepare(PAGE)) {
      bind(statement, from);
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          Sha256 keyHash = Sha256.fromBytes(result.getBytes(1));
          if (!stored.isEmpty() && !keyHash.equals(position.keyHash())) {
            rows.add(row(table, position.keyHash(), keyText, stored));
            stored.clear();
          }
          keyText = result.getString(2);
          position = from.at(keyHash, result.getInt(3), result.getInt(4), result.getLong(5));
          stored.add(
              new StoredSegment(
                  position.columnId(), position.segment(), Sha256.fromBytes(result.getBytes(6))));
          references++;
        }
      }
    }
    if (!stored.isEmpty()) {
      rows.add(row(table, position.keyHash(), keyText, stored));
    }
    // Only now: a page that failed half-way is read again.
    rows.forEach(row -> output.collect(new StreamRecord<>(row)));
    if (references == PAGE_SIZE) {
      return position;
    }
    LOG.info(
        "The references of {} are swept (generation {}).",
        table.qualifiedName(),
        table.generation());
    return position.end();
  }

  private static void bind(PreparedStatement statement, SweepPosition from) throws SQLException {
    byte[] keyHash = from.keyHash().toBytes();
    statement.setInt(1, PAGE_SIZE);
    statement.setInt(2, from.tableId());
    statement.setBytes(3, keyHash);
    statement.setBytes(4, keyHash);
    statement.setInt(5, from.columnId());
    statement.setInt(6, from.columnId());
    statement.setInt(7, from.segment());
    statement.setInt(8, from.segment());
    statement.setLong(9, from.atomId());
  }

  private static RowChange row(
      CapturedTable table, Sha256 keyHash, String keyText, List<StoredSegment> stored) {
    return RowChange.sweep(
        new RowKey(table.tableId(), keyHash),
        keyText,
        table.generation(),
        stored.toArray(StoredSegment[]::new));
  }

  @Override
  public void close() throws Exception {
    if (connection != null) {
      connection.close();
    }
    super.close();
  }
}
