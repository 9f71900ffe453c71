package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.RowChange;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.cdc.connectors.base.options.StartupOptions;
import org.apache.flink.cdc.connectors.sqlserver.source.config.SqlServerSourceConfigFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;

/**
 * One capture group as a Flink CDC source: reads each table once in chunks of its primary key, then
 * streams the change tables in commit order. The heartbeat table belongs to every group.
 *
 * <p>Guarantees: every change committed after the start is delivered at least once, and in commit
 * order for each row, or the job fails by a {@link CaptureGapException} because changes were
 * cleaned up before they were read. Rows read by the snapshot may already contain changes that are
 * delivered again behind it, each in its turn; consumers compare with what they hold, and pass
 * through earlier states of such a row once more.
 */
public final class SqlServerCapture {

  private static final int QUEUED_RECORDS_MAX = 2_048;
  private static final int BATCH_RECORDS_MAX = 512;

  private SqlServerCapture() {}

  /**
   * The source of a group.
   *
   * @param tables all of the same group, each enabled for CDC and with a primary key
   * @param snapshotSplitSize rows in a snapshot chunk
   * @throws IOException when the password cannot be had. It becomes part of the job graph, since
   *     the connector takes it as a value.
   */
  public static Source<RowChange, ?, ?> source(
      SqlServerOptions server,
      List<CapturedTable> tables,
      Duration pollInterval,
      int snapshotSplitSize,
      String serverTimeZone,
      OnGap onGap)
      throws IOException {
    List<String> tableNames = new ArrayList<>();
    tableNames.add(
        includePattern(
            RowChangeDeserializer.HEARTBEAT_SCHEMA, RowChangeDeserializer.HEARTBEAT_TABLE));
    for (CapturedTable table : tables) {
      tableNames.add(includePattern(table.schema(), table.table()));
    }
    SqlServerSourceConfigFactory config = new SqlServerSourceConfigFactory();
    config.hostname(server.host());
    config.port(server.port());
    config.databaseList(server.database());
    config.tableList(tableNames.toArray(String[]::new));
    config.username(server.user());
    config.password(server.password().resolve());
    config.serverTimeZone(serverTimeZone);
    config.startupOptions(StartupOptions.initial());
    config.splitSize(snapshotSplitSize);
    config.skipSnapshotBackfill(true);
    config.includeSchemaChanges(false);
    config.debeziumProperties(debeziumProperties(server, pollInterval));
    return new CaptureSource(
        config, tables, new ChangeTableCheck(server, tables, ZoneId.of(serverTimeZone), onGap));
  }

  /**
   * The operator that stands directly behind a group's source and sends the rows of its tables on
   * once more when their snapshot has ended, to be compared with their state.
   */
  public static OneInputStreamOperator<RowChange, RowChange> sweep(
      SqlServerOptions server, List<CapturedTable> tables) {
    return new SweepRows(server, tables);
  }

  /**
   * The operator that stands behind the sweep and sends rows on once more whose dead letters people
   * want tried again.
   */
  public static OneInputStreamOperator<RowChange, RowChange> replay(
      SqlServerOptions server, List<CapturedTable> tables) {
    return new ReplayRows(server, tables);
  }

  /**
   * The operator that stands behind the sweep and the replay and reports how far it has come.
   *
   * @param heartbeatInterval how often the heartbeat row is moved
   */
  public static OneInputStreamOperator<RowChange, RowChange> position(
      SqlServerOptions server, String group, Duration heartbeatInterval) {
    return new TrackPosition(server, group, heartbeatInterval);
  }

  private static Properties debeziumProperties(SqlServerOptions server, Duration pollInterval) {
    Properties properties = new Properties();
    properties.setProperty("poll.interval.ms", Long.toString(pollInterval.toMillis()));
    // Records between the connector's thread and the task: the queue, and some batches of it.
    properties.setProperty("max.queue.size", Integer.toString(QUEUED_RECORDS_MAX));
    properties.setProperty("max.batch.size", Integer.toString(BATCH_RECORDS_MAX));
    // Every "database.*" property becomes a property of the driver.
    properties.setProperty("database.encrypt", Boolean.toString(server.encrypt()));
    properties.setProperty(
        "database.trustServerCertificate", Boolean.toString(server.trustServerCertificate()));
    properties.setProperty("database.applicationName", "hartonomous-capture");
    return properties;
  }

  /** The connector takes regular expressions; a name's alias is one that matches itself alone. */
  private static String includePattern(String schema, String table) {
    return TableAlias.of(schema) + "\\." + TableAlias.of(table);
  }
}
