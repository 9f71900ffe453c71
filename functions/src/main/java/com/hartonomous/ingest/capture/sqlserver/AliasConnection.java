package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.capture.sqlserver.ChangeCoverage.Instance;
import io.debezium.connector.sqlserver.Lsn;
import io.debezium.connector.sqlserver.SqlServerChangeTable;
import io.debezium.connector.sqlserver.SqlServerConnection;
import io.debezium.connector.sqlserver.SqlServerConnectorConfig;
import io.debezium.connector.sqlserver.SqlServerValueConverters;
import io.debezium.jdbc.JdbcConfiguration;
import io.debezium.jdbc.JdbcConnection;
import io.debezium.relational.Column;
import io.debezium.relational.Table;
import io.debezium.relational.TableEditor;
import io.debezium.relational.TableId;
import io.debezium.relational.Tables;
import io.debezium.schema.DatabaseSchema;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.cdc.connectors.base.config.JdbcSourceConfig;
import org.apache.flink.cdc.connectors.sqlserver.source.offset.LsnOffset;
import org.apache.flink.cdc.connectors.sqlserver.source.utils.SqlServerUtils;
import org.apache.flink.runtime.execution.SuppressRestartsException;

/**
 * The connector's connection, but tables have their {@link TableAlias} in what is asked and
 * answered, names are quoted and are no patterns, and texts are {@link ExactText}.
 */
final class AliasConnection extends SqlServerConnection {

  /**
   * The metadata of up to so many tables of a schema are cheaper than those of the whole schema.
   */
  private static final int TABLES_ONE_BY_ONE_MAX = 10;

  /** Of SQL Server, for an interval that does not lie within that of the instance. */
  private static final int OUT_OF_INTERVAL = 313;

  private static final int ATTEMPTS_MAX = 3;

  private final ChangeTableCheck check;
  private final ChangeReads changeReads;

  /** Last definitions of capture instances behind which all content columns are there. */
  private final Map<String, com.hartonomous.ingest.record.Lsn> completeBehind = new HashMap<>();

  private QueuedBytes queuedBytes;
  private volatile boolean closed;

  /** Null while this connection does not stream. */
  private StreamProgress stream;

  AliasConnection(JdbcSourceConfig config, ChangeTableCheck check) {
    this((SqlServerConnectorConfig) config.getDbzConnectorConfig(), check, false);
  }

  /**
   * As {@code SqlServerConnectionUtils} makes one.
   *
   * @param cursors whether the server keeps results and sends them in blocks of the driver's 128
   *     rows, so that many may be open at once
   */
  private AliasConnection(
      SqlServerConnectorConfig config, ChangeTableCheck check, boolean cursors) {
    super(
        JdbcConfiguration.adapt(
            cursors
                ? config.getJdbcConfig().edit().with("selectMethod", "cursor").build()
                : config.getJdbcConfig()),
        config.getSourceTimestampMode(),
        new SqlServerValueConverters(
            config.getDecimalMode(),
            config.getTemporalPrecisionMode(),
            config.binaryHandlingMode()),
        AliasConnection.class::getClassLoader,
        config.getSkippedOperations(),
        false);
    this.check = check;
    changeReads =
        new ChangeReads(
            this,
            withCursors -> {
              AliasConnection other = new AliasConnection(config, check, withCursors);
              other.queuedBytes = queuedBytes;
              return other;
            });
  }

  /** From now on this connection reads the stream, and not the changes around a snapshot chunk. */
  void streams(StreamProgress progress) {
    stream = progress;
  }

  /** As the connector does; a database that has less than was read from it already is refused. */
  @Override
  public Lsn getMaxTransactionLsn(String database) throws SQLException {
    Lsn newest;
    try {
      newest = super.getMaxTransactionLsn(database);
    } catch (SQLException e) {
      throw explained(e, () -> check.requireEnabled(this));
    }
    if (stream != null && stream.read() != null && newest.isAvailable()) {
      if (Lsn.valueOf(stream.read().toBytes()).compareTo(newest) > 0) {
        check.requireHistoryOf(stream.read(), this);
      }
    }
    return newest;
  }

  /**
   * As the connector does, but nothing is left out without a word. The connector asks each instance
   * from its minimum on when that is higher than what it needs. So it is asked before whether all
   * that is needed is there, and after whether it was there all the time: clean-up may have come
   * between. The connector also remembers minimums, and the database refuses to be asked for less
   * than it keeps: each round has the present ones.
   */
  @Override
  public void getChangesForTables(
      String database,
      SqlServerChangeTable[] tables,
      Lsn from,
      Lsn to,
      BlockingMultiResultSetConsumer consumer)
      throws SQLException, InterruptedException {
    if (!from.isAvailable()) {
      // There is no position yet, so nothing that could be missing.
      changeReads.read(database, tables, from, to, consumer);
    } else {
      if (stream != null && stream.read() != null) {
        check.requireHistoryOf(stream.read(), this);
      }
      com.hartonomous.ingest.record.Lsn needed = ours(from);
      if (stream != null) {
        needed = stream.needed(needed);
      }
      readCovered(database, tables, from, to, consumer, needed);
      check.requireChangesFrom(needed, this);
    }
    if (stream != null) {
      stream.readUpTo(ours(to));
    }
  }

  private void readCovered(
      String database,
      SqlServerChangeTable[] tables,
      Lsn from,
      Lsn to,
      BlockingMultiResultSetConsumer consumer,
      com.hartonomous.ingest.record.Lsn needed)
      throws SQLException, InterruptedException {
    boolean[] consumed = {false};
    for (int attempt = 1; ; attempt++) {
      List<Instance> instances = check.requireChangesFrom(needed, this);
      requireColumns(tables, instances, from, to);
      try {
        changeReads.read(
            database,
            Arrays.stream(tables)
                .map(table -> atPresent(table, instances))
                .toArray(SqlServerChangeTable[]::new),
            from,
            to,
            results -> {
              consumed[0] = true;
              consumer.accept(results);
            });
        return;
      } catch (SQLException e) {
        SQLException explained = explained(e, () -> check.requireChangesFrom(needed, this));
        // A minimum rose since it was asked for, over nothing.
        if (e.getErrorCode() != OUT_OF_INTERVAL || consumed[0] || attempt == ATTEMPTS_MAX) {
          throw explained;
        }
      }
    }
  }

  /** Asked when a table was altered since, and not of an instance that another one follows. */
  private void requireColumns(
      SqlServerChangeTable[] tables, List<Instance> instances, Lsn from, Lsn to)
      throws SQLException {
    Set<String> read =
        Arrays.stream(tables)
            .filter(
                table ->
                    !table.getStopLsn().isAvailable() || table.getStopLsn().compareTo(from) > 0)
            .map(SqlServerChangeTable::getCaptureInstance)
            .collect(Collectors.toSet());
    List<Instance> altered =
        instances.stream()
            .filter(instance -> instance.altered() != null)
            .filter(instance -> read.contains(escaped(instance.name())))
            .filter(instance -> !instance.altered().equals(completeBehind.get(instance.name())))
            .toList();
    if (!altered.isEmpty() && check.requireColumns(altered, ours(to), this)) {
      altered.forEach(instance -> completeBehind.put(instance.name(), instance.altered()));
    }
  }

  /**
   * Of a table as it is while its snapshot is read.
   *
   * @throws SuppressRestartsException by a {@link CaptureGapException} when a content column was
   *     dropped
   */
  void requireColumns(Table present) throws SQLException {
    TableId table = TableAlias.original(present.id());
    Set<String> columns = present.columns().stream().map(Column::name).collect(Collectors.toSet());
    check.requireColumns(table.schema(), table.table(), columns, this);
  }

  /**
   * Where the changes begin that follow the group's snapshot: the same position for each chunk, and
   * each time that one is read. A job that ends in the middle of a chunk may have passed on rows of
   * it, which the next attempt does not find any more; their deletion must still be delivered.
   *
   * @throws SuppressRestartsException by a {@link CaptureGapException} when changes behind it were
   *     cleaned up already: the rest of the snapshot would be read in vain
   */
  LsnOffset snapshotStart() throws SQLException {
    Lsn start = registeredStart();
    if (start == null) {
      prepareUpdate(
          "UPDATE dbo.CaptureGroups SET SnapshotLsn = (SELECT MAX(start_lsn)"
              + " FROM cdc.lsn_time_mapping WHERE tran_id <> 0x00)"
              + " WHERE GroupName = ? AND SnapshotLsn IS NULL",
          statement -> statement.setString(1, check.group()));
      commit();
      start = registeredStart();
    }
    if (start == null) {
      // Nothing was captured yet, or the group is not registered.
      return SqlServerUtils.currentLsn(this);
    }
    check.requireChangesOfSnapshot(ours(start), this);
    return new LsnOffset(start, start, null);
  }

  private Lsn registeredStart() throws SQLException {
    return prepareQueryAndMap(
        "SELECT SnapshotLsn FROM dbo.CaptureGroups WHERE GroupName = ?",
        statement -> statement.setString(1, check.group()),
        row -> {
          byte[] start = row.next() ? row.getBytes(1) : null;
          return start == null ? null : Lsn.valueOf(start);
        });
  }

  /** The same for a query, but for the minimum. */
  private static SqlServerChangeTable atPresent(
      SqlServerChangeTable table, List<Instance> instances) {
    return instances.stream()
        .filter(instance -> escaped(instance.name()).equals(table.getCaptureInstance()))
        .filter(instance -> instance.minimum() != null)
        .map(instance -> Lsn.valueOf(instance.minimum().toBytes()))
        .filter(minimum -> minimum.compareTo(table.getStartLsn()) > 0)
        .map(
            minimum ->
                new SqlServerChangeTable(
                    table.getSourceTableId(),
                    table.getCaptureInstance(),
                    table.getChangeTableObjectId(),
                    minimum,
                    table.getCapturedColumns()))
        .findFirst()
        .orElse(table);
  }

  private static com.hartonomous.ingest.record.Lsn ours(Lsn lsn) {
    return com.hartonomous.ingest.record.Lsn.fromBytes(lsn.getBinary());
  }

  private interface Question {
    void ask() throws SQLException;
  }

  /** The error, unless the question finds the better one and throws that. */
  private static SQLException explained(SQLException error, Question question) {
    try {
      question.ask();
    } catch (SQLException e) {
      error.addSuppressed(e);
    }
    return error;
  }

  /** Bounds what {@link #getChangesForTables} reads ahead. Set before the first read. */
  void bound(QueuedBytes bytes) {
    queuedBytes = bytes;
  }

  /**
   * Once closed it stays closed: the thread that reads changes would open it again, to ask for the
   * next ones, and nobody would close it.
   */
  @Override
  public synchronized Connection connection(boolean executeOnConnect) throws SQLException {
    if (closed) {
      throw new SQLException("The connection was closed.");
    }
    return super.connection(executeOnConnect);
  }

  @Override
  public void close() throws SQLException {
    closed = true;
    try {
      super.close();
    } finally {
      changeReads.close();
    }
  }

  /** The aliases of all tables of the database. */
  List<TableId> tables(String database) throws SQLException {
    return queryAndMap(
        "SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES"
            + " WHERE TABLE_TYPE = 'BASE TABLE'",
        row -> {
          List<TableId> tables = new ArrayList<>();
          while (row.next()) {
            tables.add(TableAlias.of(new TableId(database, row.getString(1), row.getString(2))));
          }
          return tables;
        });
  }

  /** Columns and key of a table as it is now. */
  Table table(TableId alias) throws SQLException {
    TableId table = TableAlias.original(alias);
    Table found = tables(Set.of(table), table.schema(), table.table()).get(table);
    if (found == null) {
      throw new SQLException("Expected the captured table " + table + ", which is not there.");
    }
    return found.edit().tableId(alias).create();
  }

  /**
   * Columns and keys of tables as they are now, by alias; without those that are not there. The
   * columns of many tables of one schema come by one statement.
   */
  Map<TableId, Table> tables(Collection<TableId> aliases) throws SQLException {
    Map<String, List<TableId>> bySchema =
        aliases.stream().collect(Collectors.groupingBy(TableId::schema));
    Map<TableId, Table> found = new HashMap<>();
    for (List<TableId> ofSchema : bySchema.values()) {
      Set<TableId> originals =
          ofSchema.stream().map(TableAlias::original).collect(Collectors.toSet());
      String schema = originals.iterator().next().schema();
      List<String> names = new ArrayList<>();
      if (originals.size() > TABLES_ONE_BY_ONE_MAX) {
        names.add(null);
      } else {
        originals.forEach(table -> names.add(table.table()));
      }
      for (String name : names) {
        tables(originals, schema, name)
            .forEach(
                (id, table) -> {
                  TableId alias = TableAlias.of(id);
                  found.put(alias, table.edit().tableId(alias).create());
                });
      }
    }
    return found;
  }

  /**
   * As the connector does, but it lists all tables of the schema for each table.
   *
   * @param name null for all tables of the schema
   */
  private Map<TableId, Table> tables(Set<TableId> wanted, String schema, String name)
      throws SQLException {
    DatabaseMetaData metaData = connection().getMetaData();
    Map<TableId, List<Column>> columns =
        getColumnsDetails(
            database(),
            pattern(metaData, schema),
            name,
            wanted::contains,
            null,
            metaData,
            Set.of());
    Map<TableId, Table> found = new HashMap<>();
    for (Map.Entry<TableId, List<Column>> table : columns.entrySet()) {
      found.put(
          table.getKey(),
          Table.editor()
              .tableId(table.getKey())
              .setColumns(table.getValue().stream().sorted().toList())
              .setPrimaryKeyNames(readPrimaryKeyOrUniqueIndexNames(metaData, table.getKey()))
              .create());
    }
    return found;
  }

  @Override
  public List<SqlServerChangeTable> getChangeTables(String database, Lsn toLsn)
      throws SQLException {
    List<SqlServerChangeTable> aliased = new ArrayList<>();
    for (SqlServerChangeTable table : super.getChangeTables(database, toLsn)) {
      // Without a name when its source table was dropped.
      if (table.getSourceTableId().table() != null) {
        aliased.add(
            new SqlServerChangeTable(
                TableAlias.of(table.getSourceTableId()),
                escaped(table.getCaptureInstance()),
                table.getChangeTableObjectId(),
                table.getStartLsn(),
                table.getCapturedColumns()));
      }
    }
    return aliased;
  }

  /** As it is written between brackets. */
  static String escaped(String captureInstance) {
    return captureInstance.replace("]", "]]");
  }

  /** Reads these tables by this connection alone. */
  void readChanges(
      String database,
      SqlServerChangeTable[] tables,
      Lsn from,
      Lsn to,
      JdbcConnection.BlockingMultiResultSetConsumer consumer)
      throws SQLException, InterruptedException {
    super.getChangesForTables(database, tables, from, to, consumer);
  }

  @Override
  public Lsn getMinLsn(String database, String captureInstance) throws SQLException {
    return prepareQueryAndMap(
        "SELECT sys.fn_cdc_get_min_lsn(?)",
        statement -> statement.setString(1, captureInstance.replace("]]", "]")),
        row -> {
          row.next();
          return Lsn.valueOf(row.getBytes(1));
        });
  }

  @Override
  public Table getTableSchemaFromTable(String database, SqlServerChangeTable changeTable)
      throws SQLException {
    Table table = table(changeTable.getSourceTableId());
    TableEditor captured = table.edit();
    for (Column column : table.columns()) {
      if (!changeTable.getCapturedColumns().contains(column.name())) {
        captured.removeColumn(column.name());
      }
    }
    return captured.create();
  }

  @Override
  public JdbcConnection prepareQuery(
      String[] queries,
      JdbcConnection.StatementPreparer[] preparers,
      JdbcConnection.BlockingMultiResultSetConsumer consumer)
      throws SQLException, InterruptedException {
    return super.prepareQuery(
        queries,
        preparers,
        results ->
            consumer.accept(
                Arrays.stream(results)
                    .map(rows -> ChangeRows.of(rows, queuedBytes))
                    .toArray(ResultSet[]::new)));
  }

  @Override
  public <T extends DatabaseSchema<TableId>> Object getColumnValue(
      ResultSet row, int position, Column column, Table table, T schema) throws SQLException {
    return ExactText.exact(
        super.getColumnValue(row, position, column, table, schema), row, position);
  }

  @Override
  public String quotedColumnIdString(String column) {
    return SqlServerUtils.quote(column);
  }

  @Override
  public String quotedTableIdString(TableId table) {
    return SqlServerUtils.quote(table);
  }

  @Override
  protected Map<TableId, List<Column>> getColumnsDetails(
      String database,
      String schemaPattern,
      String table,
      Tables.TableFilter tables,
      Tables.ColumnNameFilter columns,
      DatabaseMetaData metaData,
      Set<TableId> views)
      throws SQLException {
    String tablePattern = table == null ? null : pattern(metaData, table);
    return super.getColumnsDetails(
        database, schemaPattern, tablePattern, tables, columns, metaData, views);
  }

  private static String pattern(DatabaseMetaData metaData, String name) throws SQLException {
    return SourceColumn.pattern(name, metaData.getSearchStringEscape());
  }
}
