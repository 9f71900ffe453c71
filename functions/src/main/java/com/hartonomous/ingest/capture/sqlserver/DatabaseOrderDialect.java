package com.hartonomous.ingest.capture.sqlserver;

import io.debezium.connector.sqlserver.SqlServerConnection;
import io.debezium.jdbc.JdbcConnection;
import io.debezium.relational.Column;
import io.debezium.relational.RelationalDatabaseConnectorConfig;
import io.debezium.relational.TableId;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.apache.flink.cdc.connectors.base.config.JdbcSourceConfig;
import org.apache.flink.cdc.connectors.base.source.assigner.splitter.ChunkSplitter;
import org.apache.flink.cdc.connectors.base.source.assigner.state.ChunkSplitterState;
import org.apache.flink.cdc.connectors.shaded.org.apache.kafka.connect.source.SourceRecord;
import org.apache.flink.cdc.connectors.sqlserver.source.config.SqlServerSourceConfig;
import org.apache.flink.cdc.connectors.sqlserver.source.dialect.SqlServerChunkSplitter;
import org.apache.flink.cdc.connectors.sqlserver.source.dialect.SqlServerDialect;
import org.apache.flink.cdc.connectors.sqlserver.source.reader.fetch.SqlServerSourceFetchTaskContext;
import org.apache.flink.cdc.connectors.sqlserver.source.utils.SqlServerConnectionUtils;
import org.apache.flink.cdc.connectors.sqlserver.source.utils.SqlServerUtils;

/**
 * The connector's dialect, but only the database orders keys that are not numbers.
 *
 * <p>A snapshot chunk is a range of keys in the database's order: a collation's, or that of
 * UNIQUEIDENTIFIER. The connector asks in Java's order, and for dates even compares numbers with
 * texts, which chunk a change belongs to, and drops those that this chunk seems to hold already.
 * With two orders that is the wrong chunk, and changes made while the snapshot runs would be lost.
 * So for such keys every change counts as one of the chunk that is asked about: what was committed
 * after the first chunk was read is delivered once more, in commit order, and consumers compare
 * with what they hold.
 */
final class DatabaseOrderDialect extends SqlServerDialect {

  private static final long serialVersionUID = 1L;

  DatabaseOrderDialect(SqlServerSourceConfig config) {
    super(config);
  }

  @Override
  public SqlServerSourceFetchTaskContext createFetchTaskContext(JdbcSourceConfig config) {
    RelationalDatabaseConnectorConfig connector = config.getDbzConnectorConfig();
    return new FetchContext(
        config,
        this,
        SqlServerConnectionUtils.createSqlServerConnection(connector),
        SqlServerConnectionUtils.createSqlServerConnection(connector));
  }

  @Override
  public ChunkSplitter createChunkSplitter(JdbcSourceConfig config) {
    return createChunkSplitter(config, ChunkSplitterState.NO_SPLITTING_TABLE_STATE);
  }

  @Override
  public ChunkSplitter createChunkSplitter(JdbcSourceConfig config, ChunkSplitterState state) {
    return new Splitter(config, this, state);
  }

  private static final class FetchContext extends SqlServerSourceFetchTaskContext {

    FetchContext(
        JdbcSourceConfig config,
        SqlServerDialect dialect,
        SqlServerConnection connection,
        SqlServerConnection metaDataConnection) {
      super(config, dialect, connection, metaDataConnection);
    }

    @Override
    public boolean isRecordBetween(SourceRecord change, Object[] start, Object[] end) {
      return !isNumber(start) || !isNumber(end) || super.isRecordBetween(change, start, end);
    }

    /** Null is the open end of the first or last chunk. */
    private static boolean isNumber(Object[] bound) {
      return bound == null || bound[0] instanceof Number;
    }
  }

  private static final class Splitter extends SqlServerChunkSplitter {

    Splitter(JdbcSourceConfig config, SqlServerDialect dialect, ChunkSplitterState state) {
      super(config, dialect, state);
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
              SqlServerUtils.quote(table), SqlServerUtils.quote(column.name()));
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
