package com.hartonomous.ingest.capture.sqlserver;

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
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.cdc.connectors.base.config.JdbcSourceConfig;
import org.apache.flink.cdc.connectors.sqlserver.source.utils.SqlServerUtils;

/**
 * The connector's connection, but tables have their {@link TableAlias} in what is asked and
 * answered, names are quoted and are no patterns, and texts are {@link ExactText}.
 */
final class AliasConnection extends SqlServerConnection {

  private final ChangeTableCheck check;

  /** Null while this connection does not stream. */
  private StreamProgress stream;

  AliasConnection(JdbcSourceConfig config, ChangeTableCheck check) {
    this((SqlServerConnectorConfig) config.getDbzConnectorConfig(), check);
  }

  /** As {@code SqlServerConnectionUtils} makes one. */
  private AliasConnection(SqlServerConnectorConfig config, ChangeTableCheck check) {
    super(
        JdbcConfiguration.adapt(config.getJdbcConfig()),
        config.getSourceTimestampMode(),
        new SqlServerValueConverters(
            config.getDecimalMode(),
            config.getTemporalPrecisionMode(),
            config.binaryHandlingMode()),
        AliasConnection.class::getClassLoader,
        config.getSkippedOperations(),
        false);
    this.check = check;
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
   * between.
   */
  @Override
  public void getChangesForTables(
      String database,
      SqlServerChangeTable[] tables,
      Lsn from,
      Lsn to,
      BlockingMultiResultSetConsumer consumer)
      throws SQLException, InterruptedException {
    com.hartonomous.ingest.record.Lsn needed = needed(from);
    if (stream != null && stream.read() != null) {
      check.requireHistoryOf(stream.read(), this);
    }
    requireChangesFrom(needed);
    try {
      super.getChangesForTables(database, tables, from, to, consumer);
    } catch (SQLException e) {
      throw explained(e, () -> requireChangesFrom(needed));
    }
    requireChangesFrom(needed);
    if (stream != null) {
      stream.readUpTo(com.hartonomous.ingest.record.Lsn.fromBytes(to.getBinary()));
    }
  }

  /** Null when the source has no position yet: there is nothing that could be missing. */
  private com.hartonomous.ingest.record.Lsn needed(Lsn from) {
    if (!from.isAvailable()) {
      return null;
    }
    com.hartonomous.ingest.record.Lsn first =
        com.hartonomous.ingest.record.Lsn.fromBytes(from.getBinary());
    return stream == null ? first : stream.needed(first);
  }

  private void requireChangesFrom(com.hartonomous.ingest.record.Lsn needed) throws SQLException {
    if (needed != null) {
      check.requireChangesFrom(needed, this);
    }
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
    Tables found = new Tables();
    String schema = pattern(connection().getMetaData(), table.schema());
    readSchema(found, table.catalog(), schema, table::equals, null, false);
    if (found.forTable(table) == null) {
      throw new SQLException("Expected the captured table " + table + ", which is not there.");
    }
    return found.forTable(table).edit().tableId(alias).create();
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
                // It is written between brackets.
                table.getCaptureInstance().replace("]", "]]"),
                table.getChangeTableObjectId(),
                table.getStartLsn(),
                table.getCapturedColumns()));
      }
    }
    return aliased;
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
            consumer.accept(Arrays.stream(results).map(ExactText::rows).toArray(ResultSet[]::new)));
  }

  @Override
  public <T extends DatabaseSchema<TableId>> Object getColumnValue(
      ResultSet row, int position, Column column, Table table, T schema) throws SQLException {
    return ExactText.exact(
        super.getColumnValue(row, position, column, table, schema), row, position);
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
