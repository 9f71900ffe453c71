package com.hartonomous.ingest.capture.outbox;

import com.hartonomous.ingest.record.GraphEntity;
import com.hartonomous.ingest.record.OutboxMark;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;

/**
 * Polls the outbox. Runs in the fetcher thread, but for {@link #wakeUp}. An error of the database
 * fails the job, whose restart begins with all unsynced marks.
 */
final class OutboxSplitReader implements SplitReader<OutboxMark, OutboxSplit> {

  private static final int STATEMENT_TIMEOUT_SECONDS = 60;

  // READPAST: rows of transactions that are not committed are left for a later poll, not waited
  // for.
  private static final String POLL =
      "SELECT TOP (?) QueueId, EntityType, EntityId, EntityKey"
          + " FROM dbo.Neo4jSyncQueue WITH (READPAST) WHERE IsSynced = 0 ORDER BY QueueId";

  private final SqlServerOptions server;
  private final Duration pollInterval;
  private final int limit;
  private final InFlightMarks inFlight;
  private final Semaphore wakeUps = new Semaphore(0);
  private Connection connection;
  private boolean assigned;

  /**
   * @param limit marks in flight at most
   */
  OutboxSplitReader(SqlServerOptions server, Duration pollInterval, int limit) {
    this.server = server;
    this.pollInterval = pollInterval;
    this.limit = limit;
    this.inFlight = new InFlightMarks(limit);
  }

  @Override
  public void handleSplitsChanges(SplitsChange<OutboxSplit> change) {
    assigned |= !change.splits().isEmpty();
  }

  @Override
  public RecordsWithSplitIds<OutboxMark> fetch() throws IOException {
    RecordsBySplits.Builder<OutboxMark> records = new RecordsBySplits.Builder<>();
    if (assigned) {
      List<OutboxMark> lowest = poll();
      List<OutboxMark> admitted = inFlight.admit(lowest, lowest.size() < limit);
      records.addAll(OutboxSplit.ID, admitted);
      if (admitted.isEmpty()) {
        pause();
      }
    }
    return records.build();
  }

  private void pause() throws IOException {
    try {
      if (wakeUps.tryAcquire(pollInterval.toMillis(), TimeUnit.MILLISECONDS)) {
        wakeUps.drainPermits();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted between two polls of the outbox.", e);
    }
  }

  private List<OutboxMark> poll() throws IOException {
    try {
      if (connection == null) {
        connection = server.open("hartonomous-graph-outbox");
      }
      try (PreparedStatement statement = connection.prepareStatement(POLL)) {
        statement.setQueryTimeout(STATEMENT_TIMEOUT_SECONDS);
        statement.setInt(1, limit);
        try (ResultSet rows = statement.executeQuery()) {
          List<OutboxMark> marks = new ArrayList<>();
          while (rows.next()) {
            marks.add(mark(rows));
          }
          return marks;
        }
      }
    } catch (SQLException e) {
      throw new IOException(
          "Cannot read dbo.Neo4jSyncQueue on " + server.address() + ": " + e.getMessage(), e);
    }
  }

  private static OutboxMark mark(ResultSet row) throws SQLException, IOException {
    long queueId = row.getLong(1);
    String type = row.getString(2);
    long entityId = row.getLong(3);
    byte[] key = row.getBytes(4);
    boolean fits = entityId > 0 && entityId <= Integer.MAX_VALUE;
    if (fits && type.equals("Model") && key == null) {
      return new OutboxMark(queueId, GraphEntity.model((int) entityId));
    }
    if (fits && type.equals("Row") && key != null) {
      RowKey rowKey = new RowKey((int) entityId, Sha256.fromBytes(key));
      return new OutboxMark(queueId, GraphEntity.row(rowKey));
    }
    throw new IOException(
        String.format(
            "dbo.Neo4jSyncQueue, QueueId %d: EntityType '%s' with EntityId %d and %s EntityKey is"
                + " neither a 'Model' (no key) nor a 'Row' (with key). Correct or delete that row,"
                + " or use the version of graph-sync that knows it.",
            queueId, type, entityId, key == null ? "no" : "an"));
  }

  @Override
  public void wakeUp() {
    wakeUps.release();
  }

  @Override
  public void close() throws SQLException {
    if (connection != null) {
      connection.close();
    }
  }
}
