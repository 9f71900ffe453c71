package com.hartonomous.ingest.job.preflight;

import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Waits until change data capture has begun with each table. It runs behind the transactions, by
 * SQL Server Agent: a table that was enabled a moment ago has no capture instance that has begun,
 * and without the agent never will have. Behind this, an instance that begins later than what was
 * read of its table leaves a gap, and no excuse.
 */
final class CaptureReadiness {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long POLL_MILLIS = 200;

  private static final String BEGUN =
      "SELECT s.name, t.name FROM cdc.change_tables AS c"
          + " INNER JOIN sys.tables AS t ON t.object_id = c.source_object_id"
          + " INNER JOIN sys.schemas AS s ON s.schema_id = t.schema_id"
          + " WHERE c.start_lsn <= (SELECT MAX(start_lsn) FROM cdc.lsn_time_mapping"
          + " WHERE tran_id <> 0x00)";

  /** A change that is captured: behind it, all that was enabled before has begun. */
  private static final String BEAT =
      "UPDATE dbo.Heartbeat SET Beat = Beat + 1, BeatAt = SYSUTCDATETIME() WHERE HeartbeatId = 1";

  private CaptureReadiness() {}

  /**
   * @throws UnreachableException when it has not begun within half a minute
   */
  static void await(
      Connection connection, SqlServerOptions server, List<TableInspection.Table> tables)
      throws SQLException, UnreachableException {
    await(connection, server, tables, PATIENCE);
  }

  static void await(
      Connection connection,
      SqlServerOptions server,
      List<TableInspection.Table> tables,
      Duration patience)
      throws SQLException, UnreachableException {
    List<String> waiting = waiting(connection, tables);
    long deadline = System.nanoTime() + patience.toNanos();
    if (!waiting.isEmpty()) {
      try (PreparedStatement beat = connection.prepareStatement(BEAT)) {
        beat.executeUpdate();
      }
    }
    while (!waiting.isEmpty()) {
      if (System.nanoTime() - deadline >= 0) {
        throw new UnreachableException(
            String.format(
                "sqlserver: %s: change data capture has not begun with %s within %d s. SQL Server"
                    + " Agent runs it: start the agent and the job cdc.%s_capture, then start"
                    + " again.",
                server.address(),
                String.join(", ", waiting),
                patience.toSeconds(),
                server.database()),
            null);
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UnreachableException("Interrupted while waiting for change data capture.", e);
      }
      waiting = waiting(connection, tables);
    }
  }

  private static List<String> waiting(Connection connection, List<TableInspection.Table> tables)
      throws SQLException {
    Set<List<String>> begun = new HashSet<>();
    if (!tables.isEmpty()) {
      try (PreparedStatement statement = connection.prepareStatement(BEGUN);
          ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          begun.add(List.of(row.getString(1), row.getString(2)));
        }
      }
    }
    List<String> waiting = new ArrayList<>();
    for (TableInspection.Table table : tables) {
      if (!begun.contains(List.of(table.schema(), table.table()))) {
        waiting.add(table.qualifiedName());
      }
    }
    return waiting;
  }
}
