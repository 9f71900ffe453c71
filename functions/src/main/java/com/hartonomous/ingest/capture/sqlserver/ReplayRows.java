package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.ContentValue;
import com.hartonomous.ingest.record.RowChange;
import com.hartonomous.ingest.runtime.SqlErrors;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes everything on, and sends rows that {@code dbo.ReplayRequests} names behind it, with the
 * content that they have now (first subtask only).
 *
 * <p>A page of requests is taken at a time. Requests end when a checkpoint behind their rows is
 * complete, since by then the writers have tried; then their dead letters say what came of it. No
 * state: after a restore, requests that have not ended are taken again, which changes nothing that
 * is stored.
 */
final class ReplayRows extends AbstractStreamOperator<RowChange>
    implements OneInputStreamOperator<RowChange, RowChange> {

  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(ReplayRows.class);

  /** Requests in a page: bounds what is in flight, and the parameters of a statement. */
  private static final int PAGE_SIZE = 500;

  private static final long POLL_MILLIS = 1_000;
  private static final int OUTCOME_CHARACTERS_MAX = 400;

  private static final String ROW_IS_GONE = "the row is not in the table any more";
  private static final String VALUE_IS_NULL = "the value is NULL now";

  private static final String END_REQUESTS =
      "UPDATE dbo.ReplayRequests SET State = 'DONE', EndedAt = SYSUTCDATETIME()"
          + " WHERE State = 'NEW' AND RequestId IN (%s)";

  private static final String RESOLVE =
      "UPDATE dbo.AtomizationErrors SET ResolvedAt = SYSUTCDATETIME(), Resolution = ?"
          + " WHERE ResolvedAt IS NULL AND ErrorId = ?";

  private static final String KEEP =
      "UPDATE dbo.AtomizationErrors SET Resolution = ? WHERE ResolvedAt IS NULL AND ErrorId = ?";

  private static final String RESOLVE_STORED_VALUES =
      "UPDATE e SET ResolvedAt = SYSUTCDATETIME(), Resolution = N'the value is stored'"
          + " FROM dbo.AtomizationErrors AS e WHERE e.ResolvedAt IS NULL AND e.Segment IS NULL"
          + " AND EXISTS (SELECT 1 FROM dbo.RowAtoms AS r"
          + " WHERE r.CapturedTableId = e.CapturedTableId AND r.RowKeyHash = e.RowKeyHash"
          + " AND r.ColumnId = e.ColumnId) AND e.ErrorId IN (%s)";

  private static final String KEEP_THE_OTHERS =
      "UPDATE dbo.AtomizationErrors SET Resolution = CASE WHEN Reason = 'VALUE_TOO_LARGE'"
          + " THEN N'replayed: the value is still too large; shorten it'"
          + " ELSE N'replayed: it still cannot be stored' END"
          + " WHERE ResolvedAt IS NULL AND Resolution IS NULL AND ErrorId IN (%s)";

  /**
   * A request that was taken.
   *
   * @param columnId 0 when the letter does not say
   */
  private record Request(
      long requestId, long errorId, int tableId, String rowKey, int columnId, boolean wholeValue) {}

  /**
   * What is known of a request before its row was tried.
   *
   * @param resolution null when the writers decide
   */
  private record Taken(Request request, String resolution, boolean resolved) {}

  private final SqlServerOptions server;
  private final List<CapturedTable> tables;

  private transient CaptureConnection connection;

  /** Sent on, or decided, and not ended; at most a page. */
  private transient List<Taken> inFlight;

  // By the checkpoint that ends them: bounded by the concurrent checkpoints.
  private transient NavigableMap<Long, List<Taken>> ending;

  ReplayRows(SqlServerOptions server, List<CapturedTable> tables) {
    this.server = server;
    this.tables = List.copyOf(tables);
  }

  @Override
  public void open() throws Exception {
    super.open();
    connection = new CaptureConnection(server, "hartonomous-replay");
    inFlight = List.of();
    ending = new TreeMap<>();
    if (getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() == 0) {
      getProcessingTimeService().scheduleWithFixedDelay(time -> poll(), POLL_MILLIS, POLL_MILLIS);
    }
  }

  @Override
  public void processElement(StreamRecord<RowChange> element) {
    output.collect(element);
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    if (!inFlight.isEmpty()) {
      ending.put(context.getCheckpointId(), inFlight);
    }
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) throws Exception {
    super.notifyCheckpointComplete(checkpointId);
    // Of an earlier checkpoint if this one came before the next page: the page is the same.
    Map.Entry<Long, List<Taken>> complete = ending.floorEntry(checkpointId);
    if (complete == null) {
      return;
    }
    try {
      end(complete.getValue());
      connection.succeeded();
      inFlight = List.of();
      ending.clear();
    } catch (IOException | SQLException e) {
      // The next checkpoint ends them.
      connection.failed("end requests of dbo.ReplayRequests", e);
    }
  }

  private void poll() throws IOException {
    if (!inFlight.isEmpty()) {
      return;
    }
    try {
      List<Request> requests = newRequests();
      List<Taken> taken = new ArrayList<>();
      for (CapturedTable table : tables) {
        take(
            table,
            requests.stream().filter(request -> request.tableId() == table.tableId()).toList(),
            taken);
      }
      connection.succeeded();
      inFlight = List.copyOf(taken);
      if (!taken.isEmpty()) {
        LOG.info("Rows of {} dead letters were read again.", taken.size());
      }
    } catch (IOException | SQLException e) {
      connection.failed("read rows of dbo.ReplayRequests", e);
    }
  }

  private List<Request> newRequests() throws IOException, SQLException {
    String sql =
        "SELECT TOP (?) r.RequestId, r.ErrorId, r.CapturedTableId, r.RowKey, e.ColumnId, e.Segment"
            + " FROM dbo.ReplayRequests AS r"
            + " INNER JOIN dbo.AtomizationErrors AS e ON e.ErrorId = r.ErrorId"
            + " WHERE r.State = 'NEW' AND r.CapturedTableId IN ("
            + placeholders(tables.size())
            + ") ORDER BY r.RequestId";
    List<Request> requests = new ArrayList<>();
    try (PreparedStatement statement = connection.prepare(sql)) {
      statement.setInt(1, PAGE_SIZE);
      for (int i = 0; i < tables.size(); i++) {
        statement.setInt(2 + i, tables.get(i).tableId());
      }
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          requests.add(
              new Request(
                  row.getLong(1),
                  row.getLong(2),
                  row.getInt(3),
                  row.getString(4),
                  row.getInt(5),
                  row.getObject(6) == null));
        }
      }
    }
    return requests;
  }

  private void take(CapturedTable table, List<Request> requests, List<Taken> taken)
      throws IOException, SQLException {
    if (requests.isEmpty()) {
      return;
    }
    try {
      send(table, requests, taken);
    } catch (SQLException e) {
      if (!isOfTheRequest(e)) {
        throw e;
      }
      // One of them is no key of the table any more: each for itself.
      for (Request request : requests) {
        takeAlone(table, request, taken);
      }
    }
  }

  private void takeAlone(CapturedTable table, Request request, List<Taken> taken)
      throws IOException, SQLException {
    try {
      send(table, List.of(request), taken);
    } catch (SQLException e) {
      if (!isOfTheRequest(e)) {
        throw e;
      }
      String reason = "replayed: the row cannot be looked up: " + e.getMessage();
      taken.add(
          new Taken(
              request,
              reason.substring(0, Math.min(reason.length(), OUTCOME_CHARACTERS_MAX)),
              false));
    }
  }

  /** Whether the row cannot be had at all, rather than the server: a key, a column, a right. */
  private static boolean isOfTheRequest(SQLException e) {
    SqlErrors.Kind kind = SqlErrors.kind(e);
    return e instanceof SQLDataException
        || (kind != SqlErrors.Kind.TRANSIENT && kind != SqlErrors.Kind.CONNECTION);
  }

  /** Sends rows on as they are read, so that one is in memory; adds what is known of all. */
  private void send(CapturedTable table, List<Request> requests, List<Taken> taken)
      throws IOException, SQLException {
    Map<String, List<Request>> byKey =
        requests.stream().collect(Collectors.groupingBy(Request::rowKey));
    List<Taken> found = new ArrayList<>();
    Set<String> foundKeys = new LinkedHashSet<>();
    new SourceRows(connection.open(), table)
        .byKey(
            byKey.keySet(),
            row -> {
              output.collect(
                  new StreamRecord<>(
                      RowChange.replay(
                          row.key(), row.keyText(), table.generation(), row.values())));
              foundKeys.add(row.keyText());
              for (Request request : byKey.get(row.keyText())) {
                boolean isNull = request.wholeValue() && isNull(row.values(), request.columnId());
                found.add(new Taken(request, isNull ? VALUE_IS_NULL : null, isNull));
              }
            });
    taken.addAll(found);
    for (Request request : requests) {
      if (!foundKeys.contains(request.rowKey())) {
        taken.add(new Taken(request, ROW_IS_GONE, true));
      }
    }
  }

  private static boolean isNull(ContentValue[] values, int columnId) {
    for (ContentValue value : values) {
      if (value.columnId() == columnId) {
        return value.bytes() == null;
      }
    }
    return false;
  }

  private void end(List<Taken> taken) throws IOException, SQLException {
    for (Taken one : taken) {
      if (one.resolution() != null) {
        decide(one);
      }
    }
    String ids = placeholders(taken.size());
    updateAll(String.format(RESOLVE_STORED_VALUES, ids), taken, false);
    updateAll(String.format(KEEP_THE_OTHERS, ids), taken, false);
    updateAll(String.format(END_REQUESTS, ids), taken, true);
  }

  private void decide(Taken one) throws IOException, SQLException {
    try (PreparedStatement statement = connection.prepare(one.resolved() ? RESOLVE : KEEP)) {
      statement.setString(1, one.resolution());
      statement.setLong(2, one.request().errorId());
      statement.executeUpdate();
    }
  }

  private void updateAll(String sql, List<Taken> taken, boolean byRequest)
      throws IOException, SQLException {
    try (PreparedStatement statement = connection.prepare(sql)) {
      for (int i = 0; i < taken.size(); i++) {
        Request request = taken.get(i).request();
        statement.setLong(i + 1, byRequest ? request.requestId() : request.errorId());
      }
      statement.executeUpdate();
    }
  }

  private static String placeholders(int number) {
    return String.join(", ", Collections.nCopies(number, "?"));
  }

  @Override
  public void close() throws Exception {
    if (connection != null) {
      connection.close();
    }
    super.close();
  }
}
