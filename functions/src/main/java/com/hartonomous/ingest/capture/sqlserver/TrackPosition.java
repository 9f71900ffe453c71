package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.Lsn;
import com.hartonomous.ingest.record.RowChange;
import com.hartonomous.ingest.record.RowEvent;
import com.hartonomous.ingest.record.RowVersion;
import com.hartonomous.ingest.runtime.SqlBatch;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Follows the capture position of a group: moves the heartbeat row (first subtask only), takes the
 * heartbeat's changes out of the stream, and, when a checkpoint is complete, writes {@code
 * dbo.CdcCheckpoints} and {@code dbo.CaptureProgress} for people to see. Flink's state is the
 * authority: nothing here is read back.
 *
 * <p>A failing heartbeat or report is tried again at the next beat or checkpoint.
 */
final class TrackPosition extends AbstractStreamOperator<RowChange>
    implements OneInputStreamOperator<RowChange, RowChange> {

  private static final long serialVersionUID = 1L;

  private static final String BEAT =
      "UPDATE dbo.Heartbeat SET Beat = Beat + 1, BeatAt = SYSUTCDATETIME() WHERE HeartbeatId = 1";

  private static final String REPORT_POSITION =
      "UPDATE dbo.CdcCheckpoints SET LastLsn = CASE WHEN LastLsn < ? THEN ? ELSE LastLsn END,"
          + " LastCheckpoint = SYSUTCDATETIME(), CheckpointId = ? WHERE SourceName = ?;"
          + " IF @@ROWCOUNT = 0 INSERT INTO dbo.CdcCheckpoints (SourceName, LastLsn, CheckpointId)"
          + " VALUES (?, ?, ?)";

  private static final String REPORT_PROGRESS =
      "UPDATE dbo.CaptureProgress SET SnapshotRows = ?, InsertedRows = ?, UpdatedRows = ?,"
          + " DeletedRows = ? WHERE SourceName = ? AND Reader = ?;"
          + " IF @@ROWCOUNT = 0 INSERT INTO dbo.CaptureProgress (SourceName, Reader, SnapshotRows,"
          + " InsertedRows, UpdatedRows, DeletedRows) VALUES (?, ?, ?, ?, ?, ?)";

  /** From where the changes are needed while no reader of the group streams yet. */
  private static final String SNAPSHOT_POSITION =
      "SELECT g.SnapshotLsn FROM dbo.CaptureGroups AS g INNER JOIN dbo.CdcCheckpoints AS c"
          + " ON c.SourceName = g.GroupName"
          + " WHERE g.GroupName = ? AND c.LastLsn = 0x00000000000000000000";

  private static final String FORGET_READERS =
      "DELETE FROM dbo.CaptureProgress WHERE SourceName = ? AND Reader >= ?";

  private static final double UNKNOWN = -1;

  private final SqlServerOptions server;
  private final String group;
  private final Duration heartbeatInterval;

  // One element a subtask: bounded by the parallelism.
  private transient ListState<PositionState> positionState;
  // Read by the metric reporters' threads.
  private transient volatile PositionState position;
  // Snapshots whose checkpoint is not complete yet: bounded by the concurrent checkpoints.
  private transient NavigableMap<Long, PositionState> pending;
  // One each, so that a report that goes well does not hide a heartbeat that fails.
  private transient CaptureConnection heartbeat;
  private transient CaptureConnection reports;
  private transient boolean readersForgotten;
  private transient boolean streaming;
  // Of the last complete checkpoint; read by the metric reporters' threads.
  private transient volatile CaptureFigures figures;

  TrackPosition(SqlServerOptions server, String group, Duration heartbeatInterval) {
    this.server = server;
    this.group = group;
    this.heartbeatInterval = heartbeatInterval;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    positionState =
        context
            .getOperatorStateStore()
            .getListState(new ListStateDescriptor<>("position", PositionState.class));
    position = PositionState.START;
    for (PositionState restored : positionState.get()) {
      position = position.merge(restored);
    }
  }

  @Override
  public void open() throws Exception {
    super.open();
    pending = new TreeMap<>();
    heartbeat = new CaptureConnection(server, "hartonomous-heartbeat");
    reports = new CaptureConnection(server, "hartonomous-position");
    figures = new CaptureFigures(null, null, null);
    registerMetrics();
    if (subtask() == 0) {
      long interval = heartbeatInterval.toMillis();
      getProcessingTimeService().scheduleWithFixedDelay(time -> beat(), interval, interval);
    }
  }

  /**
   * Of the reader that streams; the others have -1, as long as nothing is known. While the snapshot
   * is read, the first one has those of the position that its changes will be read from, which
   * clean-up must not overtake. The source has the standard ones: currentFetchEventTimeLag,
   * currentEmitEventTimeLag, rows by operation and table, and snapshot splits done and remaining.
   */
  private void registerMetrics() {
    MetricGroup metrics = getMetricGroup().addGroup("capture").addGroup("group", group);
    metrics.gauge("positionLsn", () -> position.lsn().toString());
    metrics.gauge("lagSeconds", () -> known(figures.lagSeconds()));
    metrics.gauge("headroomSeconds", () -> known(figures.headroomSeconds()));
    metrics.gauge("pendingTransactions", () -> known(figures.pendingTransactions()));
    metrics.gauge("snapshotRows", () -> position.snapshotRows());
    metrics.gauge("insertedRows", () -> position.insertedRows());
    metrics.gauge("updatedRows", () -> position.updatedRows());
    metrics.gauge("deletedRows", () -> position.deletedRows());
  }

  private static double known(Number figure) {
    return figure == null ? UNKNOWN : figure.doubleValue();
  }

  @Override
  public void processElement(StreamRecord<RowChange> element) {
    RowChange change = element.getValue();
    if (change.event() != RowEvent.CHANGE) {
      output.collect(element);
      return;
    }
    RowVersion version = change.version();
    streaming |= !version.isSnapshot();
    Lsn lsn = version.commit().compareTo(position.lsn()) > 0 ? version.commit() : position.lsn();
    boolean isHeartbeat = change.key().tableId() == RowChangeDeserializer.HEARTBEAT_TABLE_ID;
    int operation = isHeartbeat ? -1 : version.operation();
    position =
        new PositionState(
            lsn,
            position.snapshotRows() + (operation == 0 ? 1 : 0),
            position.insertedRows() + (operation == 2 ? 1 : 0),
            position.updatedRows() + (operation == 4 ? 1 : 0),
            position.deletedRows() + (operation == 1 ? 1 : 0));
    if (!isHeartbeat) {
      output.collect(element);
    }
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    positionState.update(List.of(position));
    pending.put(context.getCheckpointId(), position);
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) throws Exception {
    super.notifyCheckpointComplete(checkpointId);
    PositionState complete = pending.get(checkpointId);
    pending.headMap(checkpointId, true).clear();
    if (complete != null) {
      try {
        report(checkpointId, complete);
        reports.succeeded();
      } catch (IOException | SQLException e) {
        reports.failed("report the capture position", e);
      }
    }
  }

  private void beat() throws IOException {
    try (PreparedStatement statement = heartbeat.prepare(BEAT)) {
      int rows = statement.executeUpdate();
      if (rows != 1) {
        throw new SQLException(
            "Expected the row HeartbeatId = 1 in dbo.Heartbeat, found "
                + rows
                + ". Insert it again: without it idle tables look as if capture stood still.");
      }
      heartbeat.succeeded();
    } catch (IOException | SQLException e) {
      heartbeat.failed("move the heartbeat", e);
    }
  }

  private void report(long checkpointId, PositionState complete) throws IOException, SQLException {
    byte[] lsn = complete.lsn().toBytes();
    try (PreparedStatement statement = reports.prepare(REPORT_POSITION)) {
      statement.setBytes(1, lsn);
      statement.setBytes(2, lsn);
      statement.setLong(3, checkpointId);
      statement.setString(4, group);
      statement.setString(5, group);
      statement.setBytes(6, lsn);
      statement.setLong(7, checkpointId);
      statement.execute();
      SqlBatch.drain(statement);
    }
    try (PreparedStatement statement = reports.prepare(REPORT_PROGRESS)) {
      statement.setLong(1, complete.snapshotRows());
      statement.setLong(2, complete.insertedRows());
      statement.setLong(3, complete.updatedRows());
      statement.setLong(4, complete.deletedRows());
      statement.setString(5, group);
      statement.setInt(6, subtask());
      statement.setString(7, group);
      statement.setInt(8, subtask());
      statement.setLong(9, complete.snapshotRows());
      statement.setLong(10, complete.insertedRows());
      statement.setLong(11, complete.updatedRows());
      statement.setLong(12, complete.deletedRows());
      statement.execute();
      SqlBatch.drain(statement);
    }
    figures = CaptureFigures.read(reports.open(), streaming ? complete.lsn() : snapshotPosition());
    if (subtask() == 0 && !readersForgotten) {
      try (PreparedStatement statement = reports.prepare(FORGET_READERS)) {
        statement.setString(1, group);
        statement.setInt(2, getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks());
        statement.executeUpdate();
      }
      readersForgotten = true;
    }
  }

  /** Zero when there is none, a reader streams, or another one tells. */
  private Lsn snapshotPosition() throws IOException, SQLException {
    if (subtask() != 0) {
      return Lsn.ZERO;
    }
    try (PreparedStatement statement = reports.prepare(SNAPSHOT_POSITION)) {
      statement.setString(1, group);
      try (ResultSet row = statement.executeQuery()) {
        byte[] lsn = row.next() ? row.getBytes(1) : null;
        return lsn == null ? Lsn.ZERO : Lsn.fromBytes(lsn);
      }
    }
  }

  private int subtask() {
    return getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
  }

  @Override
  public void close() throws Exception {
    if (heartbeat != null) {
      heartbeat.close();
      reports.close();
    }
    super.close();
  }
}
