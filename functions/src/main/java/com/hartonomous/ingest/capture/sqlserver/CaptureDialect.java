package com.hartonomous.ingest.capture.sqlserver;

import com.microsoft.sqlserver.jdbc.SQLServerConnection;
import io.debezium.connector.sqlserver.SqlServerConnection;
import io.debezium.connector.sqlserver.SqlServerConnectorConfig;
import io.debezium.jdbc.JdbcConnection;
import io.debezium.relational.Column;
import io.debezium.relational.SnapshotChangeRecordEmitter;
import io.debezium.relational.Table;
import io.debezium.relational.TableId;
import io.debezium.relational.history.TableChanges.TableChange;
import io.debezium.relational.history.TableChanges.TableChangeType;
import io.debezium.util.Clock;
import io.debezium.util.ColumnUtils;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.cdc.connectors.base.config.JdbcSourceConfig;
import org.apache.flink.cdc.connectors.base.source.assigner.splitter.ChunkSplitter;
import org.apache.flink.cdc.connectors.base.source.assigner.state.ChunkSplitterState;
import org.apache.flink.cdc.connectors.base.source.meta.offset.Offset;
import org.apache.flink.cdc.connectors.base.source.meta.split.SnapshotSplit;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitBase;
import org.apache.flink.cdc.connectors.base.source.meta.split.StreamSplit;
import org.apache.flink.cdc.connectors.base.source.reader.external.FetchTask;
import org.apache.flink.cdc.connectors.shaded.org.apache.kafka.connect.source.SourceRecord;
import org.apache.flink.cdc.connectors.sqlserver.source.config.SqlServerSourceConfig;
import org.apache.flink.cdc.connectors.sqlserver.source.dialect.SqlServerChunkSplitter;
import org.apache.flink.cdc.connectors.sqlserver.source.dialect.SqlServerDialect;
import org.apache.flink.cdc.connectors.sqlserver.source.reader.fetch.SqlServerScanFetchTask;
import org.apache.flink.cdc.connectors.sqlserver.source.reader.fetch.SqlServerSourceFetchTaskContext;
import org.apache.flink.cdc.connectors.sqlserver.source.reader.fetch.SqlServerStreamFetchTask;
import org.apache.flink.cdc.connectors.sqlserver.source.utils.SqlServerUtils;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * The connector's dialect, but tables have any name, and only the database orders keys that are not
 * numbers.
 *
 * <p>Names: the connector knows schemas and tables by their {@link TableAlias} alone, in its state
 * too. They have their own names in statements only: {@link AliasConnection}, {@link Splitter} and
 * {@link SnapshotTask}.
 *
 * <p>Order: a snapshot chunk is a range of keys in the database's order: a collation's, or that of
 * UNIQUEIDENTIFIER, and never compared here. The connector can merge the changes that are made
 * while it reads a chunk into the chunk, for which it holds all of it, and asks in Java's order
 * which chunk a change belongs to. This is off: rows are passed on as they are read, and all that
 * was committed after the first chunk was first begun is delivered behind the snapshot, in commit
 * order, though a chunk may have it already. Consumers compare with what they hold.
 *
 * <p>Memory: a few batches of {@value #QUEUED_BYTES_MAX} bytes at most for each reader, whatever
 * the size of a chunk or a transaction, and one row.
 */
final class CaptureDialect extends SqlServerDialect {

  private static final long serialVersionUID = 1L;

  /** Bytes of changes in the queue, and so in each of the few batches between it and the task. */
  private static final long QUEUED_BYTES_MAX = 16L << 20;

  /**
   * How long the queue waits for more changes before it hands on what it has. The connector waits a
   * whole poll interval, also for the end of each snapshot chunk.
   */
  private static final int QUEUE_WAIT_MILLIS = 20;

  private final SqlServerSourceConfig sourceConfig;
  private final ChangeTableCheck check;
  private final StreamProgress progress;
  private transient Map<TableId, TableChange> schemas;

  CaptureDialect(SqlServerSourceConfig config, ChangeTableCheck check, StreamProgress progress) {
    super(config);
    this.check = check;
    this.progress = progress;
    sourceConfig = config;
  }

  @Override
  public AliasConnection openJdbcConnection(JdbcSourceConfig config) {
    return new AliasConnection(config, check);
  }

  @Override
  public List<TableId> discoverDataCollections(JdbcSourceConfig config) {
    try (AliasConnection connection = openJdbcConnection(config)) {
      return connection.tables(config.getDatabaseList().get(0)).stream()
          .filter(table -> isIncludeDataCollection(config, table))
          .toList();
    } catch (SQLException e) {
      throw new FlinkRuntimeException("Could not list the tables of the database.", e);
    }
  }

  @Override
  public Map<TableId, TableChange> discoverDataCollectionSchemas(JdbcSourceConfig config) {
    try (AliasConnection connection = openJdbcConnection(config)) {
      return schemas(connection, discoverDataCollections(config));
    } catch (SQLException e) {
      throw new FlinkRuntimeException("Could not read the columns of the captured tables.", e);
    }
  }

  /** As the connector does, read once, and for all tables at once. */
  @Override
  public synchronized TableChange queryTableSchema(JdbcConnection connection, TableId table) {
    try {
      if (schemas == null) {
        schemas = schemas((AliasConnection) connection, discoverDataCollections(sourceConfig));
      }
      TableChange schema = schemas.get(table);
      if (schema == null) {
        schema =
            new TableChange(TableChangeType.CREATE, ((AliasConnection) connection).table(table));
        schemas.put(table, schema);
      }
      return schema;
    } catch (SQLException e) {
      throw new FlinkRuntimeException("Could not read the columns of " + table + ".", e);
    }
  }

  private static Map<TableId, TableChange> schemas(AliasConnection connection, List<TableId> tables)
      throws SQLException {
    Map<TableId, TableChange> schemas = new HashMap<>();
    connection
        .tables(tables)
        .forEach((id, table) -> schemas.put(id, new TableChange(TableChangeType.CREATE, table)));
    return schemas;
  }

  @Override
  public SqlServerSourceFetchTaskContext createFetchTaskContext(JdbcSourceConfig config) {
    return new FetchContext(
        config, this, openJdbcConnection(config), openJdbcConnection(config), progress);
  }

  @Override
  public FetchTask<SourceSplitBase> createFetchTask(SourceSplitBase split) {
    return split.isSnapshotSplit()
        ? new SnapshotTask(
            split.asSnapshotSplit(),
            isIncludeDataCollection(sourceConfig, split.asSnapshotSplit().getTableId()))
        : new StreamTask(split.asStreamSplit());
  }

  @Override
  public ChunkSplitter createChunkSplitter(JdbcSourceConfig config) {
    return createChunkSplitter(config, ChunkSplitterState.NO_SPLITTING_TABLE_STATE);
  }

  @Override
  public ChunkSplitter createChunkSplitter(JdbcSourceConfig config, ChunkSplitterState state) {
    return new Splitter(config, this, state);
  }

  /**
   * The thread of a task, which is to end when the task is closed. In a burst of changes or in the
   * middle of a chunk it waits for room in the queue, which nobody empties any more: each end of an
   * attempt would take half a minute longer, and leave that thread and a full queue behind.
   */
  private static final class TaskThread {

    private Thread running;

    synchronized void enter() {
      running = Thread.currentThread();
    }

    synchronized void leave() {
      running = null;
      // It was for the task, and the thread may be one of a pool.
      Thread.interrupted();
    }

    synchronized void interrupt() {
      if (running != null) {
        running.interrupt();
      }
    }
  }

  private static final class StreamTask extends SqlServerStreamFetchTask {

    private final TaskThread thread = new TaskThread();

    StreamTask(StreamSplit split) {
      super(split);
    }

    @Override
    public void execute(Context context) throws Exception {
      thread.enter();
      try {
        super.execute(context);
      } finally {
        thread.leave();
      }
    }

    @Override
    public void close() {
      super.close();
      thread.interrupt();
    }
  }

  /**
   * A chunk of a table's snapshot. State of the middle of a snapshot may hold chunks of a table
   * that has left the group since: nothing is read for them.
   */
  private static final class SnapshotTask extends SqlServerScanFetchTask {

    private final boolean included;
    private final TaskThread thread = new TaskThread();

    SnapshotTask(SnapshotSplit split, boolean included) {
      super(split);
      this.included = included;
    }

    /**
     * As the connector does, but it takes the present position for each chunk, and a connection for
     * it.
     */
    @Override
    public void execute(Context context) throws Exception {
      thread.enter();
      try {
        taskRunning = true;
        Offset low = ((FetchContext) context).connection.snapshotStart();
        dispatchLowWaterMarkEvent(context, snapshotSplit, low);
        executeDataSnapshot(context);
        // Changes from there on are streamed.
        dispatchHighWaterMarkEvent(context, snapshotSplit, low);
        dispatchEndWaterMarkEvent(context, createBackfillStreamSplit(low, low), low);
        taskRunning = false;
      } finally {
        thread.leave();
      }
    }

    @Override
    public void close() {
      super.close();
      thread.interrupt();
    }

    /**
     * As the connector does, but the statement has the table's own name, and the key's quoted; and
     * it reads under SNAPSHOT, as of its begin: rows wait for those who take them, and must not
     * keep anybody from writing them meanwhile.
     */
    @Override
    protected void executeDataSnapshot(Context context) throws Exception {
      if (!included) {
        return;
      }
      FetchContext task = (FetchContext) context;
      SqlServerConnection connection = task.getConnection();
      // A transaction keeps the level that it began with.
      connection.rollback();
      connection.connection().setTransactionIsolation(SQLServerConnection.TRANSACTION_SNAPSHOT);
      readRows(task, connection);
      connection.rollback();
      connection.connection().setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
      task.getSnapshotReceiver().completeSnapshot();
    }

    private void readRows(FetchContext task, SqlServerConnection connection) throws Exception {
      Table table = task.getDatabaseSchema().tableFor(snapshotSplit.getTableId());
      Object[] start = snapshotSplit.getSplitStart();
      Object[] end = snapshotSplit.getSplitEnd();
      RowType key = snapshotSplit.getSplitKeyType();
      String query =
          SqlServerUtils.buildSplitScanQuery(
              TableAlias.original(table.id()), quoted(key), start == null, end == null);
      try (PreparedStatement statement =
              SqlServerUtils.readTableSplitDataStatement(
                  connection,
                  query,
                  start == null,
                  end == null,
                  start,
                  end,
                  key.getFieldCount(),
                  task.getDbzConnectorConfig().getQueryFetchSize());
          ResultSet rows = statement.executeQuery()) {
        if (!columnsOf(rows).equals(columnsOf(table))) {
          table = present(task, table.id(), rows);
        }
        ColumnUtils.ColumnArray columns = ColumnUtils.toArray(rows, table);
        while (rows.next()) {
          task.queuedRows.awaitRoom();
          Object[] row = connection.rowToArray(table, task.getDatabaseSchema(), rows, columns);
          task.queuedRows.add(row);
          task.getOffsetContext().event(table.id(), Clock.SYSTEM.currentTime());
          task.getEventDispatcher()
              .dispatchSnapshotEvent(
                  task.getPartition(),
                  table.id(),
                  new SnapshotChangeRecordEmitter<>(
                      task.getPartition(), task.getOffsetContext(), row, Clock.SYSTEM),
                  task.getSnapshotReceiver());
        }
      }
    }

    /**
     * The table as it is, which was altered since the snapshot began: the state has its columns of
     * then, for all attempts to come. Asked on another connection: the driver would take all rows
     * of the chunk into memory to free this one.
     */
    private static Table present(FetchContext task, TableId alias, ResultSet rows)
        throws SQLException {
      Table present = task.metaDataConnection.table(alias);
      task.metaDataConnection.requireColumns(present);
      if (!columnsOf(rows).equals(columnsOf(present))) {
        throw new SQLException(
            String.format(
                "A chunk of %s was read with columns %s, and the table has %s: it was altered in"
                    + " between. The chunk is to be read again.",
                TableAlias.original(alias), columnsOf(rows), columnsOf(present)));
      }
      task.getDatabaseSchema().refresh(present);
      return present;
    }

    private static Set<String> columnsOf(Table table) {
      return table.columns().stream().map(Column::name).collect(Collectors.toSet());
    }

    private static Set<String> columnsOf(ResultSet rows) throws SQLException {
      ResultSetMetaData metaData = rows.getMetaData();
      Set<String> names = new HashSet<>();
      for (int i = 1; i <= metaData.getColumnCount(); i++) {
        names.add(metaData.getColumnName(i));
      }
      return names;
    }

    private static RowType quoted(RowType key) {
      return RowType.of(
          key.getChildren().toArray(LogicalType[]::new),
          key.getFieldNames().stream().map(SqlServerUtils::quote).toArray(String[]::new));
    }
  }

  private static final class FetchContext extends SqlServerSourceFetchTaskContext {

    private final AliasConnection connection;
    private final AliasConnection metaDataConnection;
    private final StreamProgress progress;

    /** While it streams. */
    private QueuedBytes queuedBytes;

    /** While it reads a chunk. */
    private QueuedRows queuedRows;

    FetchContext(
        JdbcSourceConfig config,
        SqlServerDialect dialect,
        AliasConnection connection,
        AliasConnection metaDataConnection,
        StreamProgress progress) {
      super(config, dialect, connection, metaDataConnection);
      this.connection = connection;
      this.metaDataConnection = metaDataConnection;
      this.progress = progress;
    }

    @Override
    public void configure(SourceSplitBase split) {
      queuedRows =
          new QueuedRows(
              QUEUED_BYTES_MAX, () -> getQueue().totalCapacity() - getQueue().remainingCapacity());
      queuedBytes =
          split.isStreamSplit()
              ? new QueuedBytes(
                  QUEUED_BYTES_MAX,
                  () -> getQueue().remainingCapacity() == getQueue().totalCapacity())
              : null;
      connection.bound(queuedBytes);
      // The queue of the task takes its wait from there.
      SqlServerConnectorConfig original = getDbzConnectorConfig();
      setDbzConnectorConfig(
          new SqlServerConnectorConfig(
              original.getConfig().edit().with("poll.interval.ms", QUEUE_WAIT_MILLIS).build()));
      super.configure(split);
      setDbzConnectorConfig(original);
      if (split.isStreamSplit()) {
        connection.streams(progress);
      }
    }

    /** Asked once for each record of a stream when it leaves the queue. */
    @Override
    public boolean isDataChangeRecord(SourceRecord event) {
      boolean change = super.isDataChangeRecord(event);
      if (change && queuedBytes != null) {
        queuedBytes.remove();
      }
      return change;
    }
  }

  private static final class Splitter extends SqlServerChunkSplitter {

    private long approximateRows;

    Splitter(JdbcSourceConfig config, SqlServerDialect dialect, ChunkSplitterState state) {
      super(config, dialect, state);
    }

    @Override
    protected Object[] queryMinMax(JdbcConnection connection, TableId table, Column column)
        throws SQLException {
      return super.queryMinMax(connection, TableAlias.original(table), column);
    }

    @Override
    protected Object queryMin(
        JdbcConnection connection, TableId table, Column column, Object excluded)
        throws SQLException {
      return super.queryMin(connection, TableAlias.original(table), column, excluded);
    }

    @Override
    protected Object queryNextChunkMax(
        JdbcConnection connection, TableId table, Column column, int rows, Object included)
        throws SQLException {
      return super.queryNextChunkMax(
          connection, TableAlias.original(table), column, rows, included);
    }

    /**
     * A table of no more rows than a chunk is one chunk, whatever its key; the connector asks for
     * the end of the chunk, and sleeps.
     */
    @Override
    protected boolean isEvenlySplitColumn(Column column) {
      return approximateRows <= sourceConfig.getSplitSize() || super.isEvenlySplitColumn(column);
    }

    @Override
    protected double calculateDistributionFactor(TableId table, Object min, Object max, long rows) {
      return rows <= sourceConfig.getSplitSize()
          ? 1
          : super.calculateDistributionFactor(table, min, max, rows);
    }

    @Override
    protected Long queryApproximateRowCnt(JdbcConnection connection, TableId table)
        throws SQLException {
      approximateRows = approximateRows(connection, table);
      return approximateRows;
    }

    /** Unlike the connector's question, this one needs no right to see the database's state. */
    private static long approximateRows(JdbcConnection connection, TableId table)
        throws SQLException {
      return connection.prepareQueryAndMap(
          "SELECT SUM(rows) FROM sys.partitions"
              + " WHERE object_id = OBJECT_ID(?) AND index_id < 2",
          statement -> statement.setString(1, SqlServerUtils.quote(TableAlias.original(table))),
          row -> {
            row.next();
            return row.getLong(1);
          });
    }

    @Override
    protected boolean isChunkEndLeMax(
        JdbcConnection connection, Object chunkEnd, Object max, Column column) {
      // It was asked before whether rows follow.
      return chunkEnd instanceof String || super.isChunkEndLeMax(connection, chunkEnd, max, column);
    }

    /**
     * In another order the first chunk that seems to reach the end would be the last, however many
     * rows follow. Null: all rows behind the last chunk were deleted meanwhile.
     */
    @Override
    protected boolean isChunkEndGeMax(
        JdbcConnection connection, Object chunkEnd, Object max, Column column) {
      if (chunkEnd == null) {
        return true;
      }
      return chunkEnd instanceof String
          ? !isFollowed(connection, chunkEnd, column)
          : super.isChunkEndGeMax(connection, chunkEnd, max, column);
    }

    private boolean isFollowed(JdbcConnection connection, Object chunkEnd, Column column) {
      TableId table = getCurrentSplittingTableId();
      String query =
          String.format(
              "SELECT TOP (1) 1 FROM %s WHERE %s > ?",
              SqlServerUtils.quote(TableAlias.original(table)),
              SqlServerUtils.quote(column.name()));
      try {
        return connection.prepareQueryAndMap(
            query, statement -> statement.setObject(1, chunkEnd), ResultSet::next);
      } catch (SQLException e) {
        throw new IllegalStateException(
            "Could not ask for the rows of " + table + " behind a snapshot chunk.", e);
      }
    }
  }
}
