package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.capture.sqlserver.ChangeCoverage.Gap;
import com.hartonomous.ingest.capture.sqlserver.ChangeCoverage.Instance;
import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.Lsn;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import io.debezium.jdbc.JdbcConnection;
import java.io.IOException;
import java.io.Serializable;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.runtime.execution.SuppressRestartsException;

/**
 * Asks the database whether changes were lost, and fails the job by name if so. Compares with the
 * minimums of capture instances only, never with the transaction log, which a replica does not
 * share. A few rows of metadata a question.
 */
final class ChangeTableCheck implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final String INSTANCES =
      "SELECT s.name, t.name, c.capture_instance, c.start_lsn, (SELECT MAX(d.ddl_lsn)"
          + " FROM cdc.ddl_history AS d WHERE d.object_id = c.object_id) FROM cdc.change_tables AS c"
          + " INNER JOIN sys.tables AS t ON t.object_id = c.source_object_id"
          + " INNER JOIN sys.schemas AS s ON s.schema_id = t.schema_id";

  /**
   * What an instance captures and its table has as other than text: the present type, NULL when the
   * table has it no more. A column that was dropped and made again is another one, with another
   * number: the instance does not capture it.
   */
  private static final String OTHER_THAN_TEXT =
      "SELECT c.capture_instance, k.column_name, t.name FROM cdc.change_tables AS c"
          + " INNER JOIN cdc.captured_columns AS k ON k.object_id = c.object_id"
          + " LEFT JOIN sys.columns AS s ON s.object_id = c.source_object_id"
          + " AND s.column_id = k.column_id"
          + " LEFT JOIN sys.types AS t ON t.user_type_id = s.system_type_id"
          + " WHERE t.name IS NULL OR t.name NOT IN ('char', 'varchar', 'nchar', 'nvarchar')";

  private static final Set<String> BINARY_TYPES = Set.of("binary", "varbinary");

  private static final String DEFINITIONS =
      "SELECT TOP (100) d.ddl_lsn, d.ddl_command FROM cdc.ddl_history AS d"
          + " INNER JOIN cdc.change_tables AS c ON c.object_id = d.object_id"
          + " WHERE c.capture_instance = ? AND d.ddl_lsn <= ? ORDER BY d.ddl_lsn DESC";

  private static final String COMMIT =
      "SELECT COUNT(*) FROM cdc.lsn_time_mapping WHERE start_lsn = ?";

  private static final String BOUNDS =
      "SELECT MIN(start_lsn), MAX(start_lsn) FROM cdc.lsn_time_mapping";

  /** The heartbeat's do not count: they change nothing else. */
  private static final String COMMITS_BETWEEN =
      "SELECT COUNT(*) FROM cdc.lsn_time_mapping AS m"
          + " WHERE m.start_lsn >= ? AND m.start_lsn < ? AND m.tran_id <> 0x00 AND NOT EXISTS"
          + " (SELECT 1 FROM cdc.dbo_Heartbeat_CT AS h WHERE h.[__$start_lsn] = m.start_lsn)";

  /** Both by the clock of the server; in the same tick counts as after. */
  private static final String CREATED_BEFORE =
      "SELECT COUNT(*) FROM cdc.change_tables AS c WHERE c.capture_instance = ? AND c.create_date <"
          + " (SELECT MAX(m.tran_end_time) FROM cdc.lsn_time_mapping AS m WHERE m.start_lsn <= ?)";

  private static final String COMMITTED_UP_TO =
      "SELECT MAX(tran_end_time) FROM cdc.lsn_time_mapping WHERE start_lsn <= ?";

  private static final String LAST_CHECKPOINT =
      "SELECT LastCheckpoint FROM dbo.CdcCheckpoints WHERE SourceName = ?";

  private static final String IS_ENABLED =
      "SELECT is_cdc_enabled FROM sys.databases WHERE name = DB_NAME()";

  private static final String APPLICATION = "hartonomous-on-gap";

  private static final Lsn HIGHEST = new Lsn(-1L, 0xFFFF);

  private final SqlServerOptions server;
  private final String group;
  private final List<CapturedTable> tables;
  private final ZoneId serverTimeZone;
  private final OnGap onGap;

  /**
   * @param server where tables are marked; what is asked is asked on the reader's connection
   * @param tables of one group, at least one
   * @param serverTimeZone of the database server's clock
   */
  ChangeTableCheck(
      SqlServerOptions server, List<CapturedTable> tables, ZoneId serverTimeZone, OnGap onGap) {
    this.server = server;
    this.group = tables.get(0).group();
    this.tables = List.copyOf(tables);
    this.serverTimeZone = serverTimeZone;
    this.onGap = onGap;
  }

  /** Whose tables these are. */
  String group() {
    return group;
  }

  /**
   * Returns when all changes that were committed from {@code from} on are there.
   *
   * @return the capture instances of the database. The minimum of one may still be above {@code
   *     from}, when nothing was captured in between.
   * @throws SuppressRestartsException by a {@link CaptureGapException} otherwise
   */
  List<Instance> requireChangesFrom(Lsn from, JdbcConnection connection) throws SQLException {
    List<Instance> instances = instances(connection);
    List<Gap> gaps = new ArrayList<>();
    for (Gap gap : ChangeCoverage.gaps(tables, instances, from)) {
      if (gap.kept() == null || !isEmpty(from, gap.kept(), connection)) {
        gaps.add(gap);
      }
    }
    if (!gaps.isEmpty()) {
      throw lost(describe(gaps, connection), gaps.stream().map(Gap::table).toList());
    }
    return instances;
  }

  /**
   * The same for the position of a snapshot that is still read. Asked for each chunk, hence by one
   * row as long as all tables of the database keep that much. A table that is not captured any more
   * is not noticed before the stream.
   */
  void requireChangesOfSnapshot(Lsn from, JdbcConnection connection) throws SQLException {
    Lsn kept =
        connection.queryAndMap(CaptureFigures.LEAST_KEPT, row -> row.next() ? lsn(row, 1) : null);
    if (kept != null && kept.compareTo(from) > 0) {
      requireChangesFrom(from, connection);
    }
  }

  /**
   * Whether the instance was there from then on and nothing was captured until its minimum. Known
   * only while the database still knows the commits from there on. Of an instance that was created
   * since, nothing is known: what was committed without capture has left no trace.
   */
  private static boolean isEmpty(Lsn from, Instance instance, JdbcConnection connection)
      throws SQLException {
    Lsn oldest = connection.queryAndMap(BOUNDS, row -> row.next() ? lsn(row, 1) : null);
    return oldest != null
        && oldest.compareTo(from) <= 0
        && connection.prepareQueryAndMap(
                CREATED_BEFORE,
                statement -> {
                  statement.setString(1, instance.name());
                  statement.setBytes(2, from.toBytes());
                },
                ChangeTableCheck::number)
            > 0
        && connection.prepareQueryAndMap(
                COMMITS_BETWEEN,
                statement -> {
                  statement.setBytes(1, from.toBytes());
                  statement.setBytes(2, instance.minimum().toBytes());
                },
                ChangeTableCheck::number)
            == 0;
  }

  /**
   * Returns when the database goes on from a position that was read from it.
   *
   * @throws SuppressRestartsException by a {@link CaptureGapException} otherwise
   */
  void requireHistoryOf(Lsn position, JdbcConnection connection) throws SQLException {
    boolean known =
        connection.prepareQueryAndMap(
                COMMIT,
                statement -> statement.setBytes(1, position.toBytes()),
                ChangeTableCheck::number)
            > 0;
    if (known) {
      return;
    }
    Lsn newest = connection.queryAndMap(BOUNDS, row -> row.next() ? lsn(row, 2) : null);
    Lsn minimum =
        connection.queryAndMap(
            "SELECT MIN(start_lsn) FROM cdc.change_tables", row -> row.next() ? lsn(row, 1) : null);
    if (!ChangeCoverage.continues(position, newest, false, minimum)) {
      throw fatal(
          String.format(
              "Capture group '%s' had read the database up to LSN %s (%s), which the database does"
                  + " not know; its newest captured change is LSN %s (%s): it was restored to an"
                  + " earlier time, or is another one. What was read of the time that it does not"
                  + " know is not taken back, and what it did since may be missed. Connect to the"
                  + " database that this state belongs to. If it was restored on purpose: %s",
              group,
              position,
              time(position, connection),
              newest,
              time(newest, connection),
              remedy(tables, false)),
          tables,
          false);
    }
  }

  /**
   * Returns when the changes of these instances have the values of all content columns. A column
   * that was dropped is NULL in the changes behind that: passed on, they would take back what the
   * rows refer to. One that was made a number or a date has values that the connector writes as it
   * likes.
   *
   * @param to the last change that is about to be read
   * @return whether all content columns of them are as they were: then they need not be looked at
   *     again before one is altered
   * @throws SuppressRestartsException by a {@link CaptureGapException} when one was
   */
  boolean requireColumns(Collection<Instance> instances, Lsn to, JdbcConnection connection)
      throws SQLException {
    Map<String, Map<String, String>> others = otherThanText(connection);
    boolean complete = true;
    for (Instance instance : instances) {
      Map<String, String> types = others.getOrDefault(instance.name(), Map.of());
      Optional<CapturedTable> table = tables.stream().filter(instance::isOf).findFirst();
      if (table.isEmpty()) {
        continue;
      }
      for (CapturedColumn column : table.get().contentColumns()) {
        boolean text = !types.containsKey(column.name());
        String type = text ? "text" : types.get(column.name());
        boolean fits = column.binary() ? type != null && BINARY_TYPES.contains(type) : text;
        if (!fits) {
          requireBehind(to, table.get(), column, type == null, instance, connection);
          complete = false;
        }
      }
    }
    return complete;
  }

  /**
   * Returns when a table whose snapshot is read has all content columns, or nothing is known yet of
   * one that it has not.
   *
   * @param present all columns of the table
   * @throws SuppressRestartsException by a {@link CaptureGapException} when one was dropped
   */
  void requireColumns(String schema, String name, Set<String> present, JdbcConnection connection)
      throws SQLException {
    for (Instance instance : instances(connection)) {
      Optional<CapturedTable> table = tables.stream().filter(instance::isOf).findFirst();
      if (instance.schema().equals(schema) && instance.table().equals(name) && table.isPresent()) {
        for (CapturedColumn column : table.get().contentColumns()) {
          if (!present.contains(column.name())) {
            requireBehind(HIGHEST, table.get(), column, true, instance, connection);
          }
        }
      }
    }
  }

  /** By instance and column; the type is null when the column was dropped. */
  private static Map<String, Map<String, String>> otherThanText(JdbcConnection connection)
      throws SQLException {
    return connection.queryAndMap(
        OTHER_THAN_TEXT,
        row -> {
          Map<String, Map<String, String>> columns = new HashMap<>();
          while (row.next()) {
            columns
                .computeIfAbsent(row.getString(1), instance -> new HashMap<>())
                .put(row.getString(2), row.getString(3));
          }
          return columns;
        });
  }

  private record Definition(Lsn lsn, String command) {}

  /**
   * The table shows at once that a column is gone, the history what it was gone behind: what lies
   * before all definitions is still read.
   */
  private static void requireBehind(
      Lsn to,
      CapturedTable table,
      CapturedColumn column,
      boolean dropped,
      Instance instance,
      JdbcConnection connection)
      throws SQLException {
    List<Definition> reached =
        connection.prepareQueryAndMap(
            DEFINITIONS,
            statement -> {
              statement.setString(1, instance.name());
              statement.setBytes(2, to.toBytes());
            },
            row -> {
              List<Definition> found = new ArrayList<>();
              while (row.next()) {
                found.add(new Definition(lsn(row, 1), row.getString(2)));
              }
              return found;
            });
    if (reached.isEmpty()) {
      return;
    }
    String kind = dropped ? "DROP" : "ALTER\\s+COLUMN";
    Definition cause =
        reached.stream()
            .filter(definition -> names(definition.command(), kind, column.name()))
            .findFirst()
            .orElse(reached.get(0));
    String where = String.format("at LSN %s by \"%s\"", cause.lsn(), cause.command());
    if (!dropped) {
      throw fatal(
          String.format(
              "The content column %s of %s was captured as %s, and is no more since its type was"
                  + " changed, %s. Nothing is lost: the job stands before the changes behind that."
                  + " What to do: give the column its old type back, and start the job again from"
                  + " its last checkpoint; or change capture.tables, and run ./hartonomous"
                  + " resnapshot %s before.",
              column.name(),
              table.qualifiedName(),
              column.binary() ? "bytes" : "text",
              where,
              table.qualifiedName()),
          List.of(table),
          false);
    }
    throw fatal(
        String.format(
            "The content column %s of %s was dropped, %s: capture instance %s has"
                + " NULL for it in all changes behind that. Nothing is lost: the job stands before"
                + " them. What to do: take the column out of capture.tables (or, if the table has a"
                + " column of that name again, make a capture instance that has it, and disable this"
                + " one), run ./hartonomous resnapshot %s, and start the job again from its last"
                + " checkpoint.",
            column.name(), table.qualifiedName(), where, instance.name(), table.qualifiedName()),
        List.of(table),
        false);
  }

  /**
   * Whether it seems to do this to the column: good enough to show people the right statement.
   *
   * @param kind a pattern
   */
  static boolean names(String command, String kind, String column) {
    String part = "[\\p{L}\\p{N}_@#$]";
    String name = Pattern.quote(column) + '|' + Pattern.quote(column.replace("]", "]]"));
    return Pattern.compile(
            "\\b" + kind + "\\b.*(?<!" + part + ")(?:" + name + ")(?!" + part + ")",
            Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.DOTALL)
        .matcher(command)
        .find();
  }

  /**
   * To be called when reading failed: names the cause when change data capture was disabled for the
   * whole database.
   *
   * @throws SuppressRestartsException by a {@link CaptureGapException} then
   */
  void requireEnabled(JdbcConnection connection) throws SQLException {
    if (!connection.queryAndMap(IS_ENABLED, row -> row.next() && row.getBoolean(1))) {
      throw lost(
          String.format(
              "Change data capture was disabled for the database: changes of %s are lost since."
                  + " Enable it for the database (EXEC sys.sp_cdc_enable_db) and for each table,"
                  + " also dbo.Heartbeat.",
              names(tables)),
          tables);
    }
  }

  /**
   * The end of the job. If the process dies once the tables are marked, they stay so, and the next
   * start reads them anew; if it dies before, the restored job finds the same gap.
   *
   * @throws SQLException when the tables could not be marked: to be tried again
   */
  private SuppressRestartsException lost(String message, List<CapturedTable> tables)
      throws SQLException {
    boolean mark = onGap == OnGap.RESNAPSHOT;
    if (mark) {
      try (Connection connection = server.open(APPLICATION)) {
        connection.setAutoCommit(false);
        for (CapturedTable table : tables) {
          ResnapshotRequests.request(connection, table.tableId(), "capture.on-gap: " + message);
        }
        connection.commit();
      } catch (IOException | SQLException e) {
        throw new SQLException(
            String.format("Could not mark %s to be read anew: %s", names(tables), message), e);
      }
    }
    return fatal(message + " What to do: " + remedy(tables, mark), tables, mark);
  }

  private static List<Instance> instances(JdbcConnection connection) throws SQLException {
    return connection.queryAndMap(
        INSTANCES,
        row -> {
          List<Instance> instances = new ArrayList<>();
          while (row.next()) {
            instances.add(
                new Instance(
                    row.getString(1),
                    row.getString(2),
                    row.getString(3),
                    lsn(row, 4),
                    lsn(row, 5)));
          }
          return instances;
        });
  }

  private String describe(List<Gap> gaps, JdbcConnection connection) throws SQLException {
    List<String> parts = new ArrayList<>();
    Instant read = time(gaps.get(0).from(), connection);
    if (read == null) {
      // The database has forgotten the commit, with the changes.
      read = lastCheckpoint(connection);
    }
    for (Gap gap : gaps) {
      if (gap.kept() == null) {
        parts.add(
            String.format(
                "%s is not captured any more (position LSN %s, %s)",
                gap.table().qualifiedName(), gap.from(), read == null ? "time not known" : read));
      } else {
        Instant kept = time(gap.kept().minimum(), connection);
        parts.add(
            String.format(
                "%s is needed from LSN %s (%s) on, and its capture instance %s begins at LSN %s"
                    + " (%s)%s",
                gap.table().qualifiedName(),
                gap.from(),
                read == null ? "time not known" : read,
                gap.kept().name(),
                gap.kept().minimum(),
                kept == null ? "time not known" : kept,
                read == null || kept == null ? "" : ": " + span(read, kept) + " are missing"));
      }
    }
    return String.format(
        "Changes may be lost that were not read yet: %s. They were cleaned up, or capture was"
            + " disabled meanwhile. So that it does not happen again, keep changes longer than the"
            + " job may stand still: EXEC sys.sp_cdc_change_job @job_type = N'cleanup',"
            + " @retention = <minutes>.",
        String.join("; ", parts));
  }

  private static String remedy(List<CapturedTable> tables, boolean marked) {
    if (marked) {
      return String.format(
          "start the job again from its last checkpoint; %s will be read anew then"
              + " (capture.on-gap: resnapshot).",
          names(tables));
    }
    return String.format(
        "have the tables read anew, by ./hartonomous resnapshot %s, and start the job again from"
            + " its last checkpoint.",
        tables.stream().map(CapturedTable::qualifiedName).collect(Collectors.joining(" ")));
  }

  private static String names(List<CapturedTable> tables) {
    return tables.stream().map(CapturedTable::qualifiedName).collect(Collectors.joining(", "));
  }

  private static String span(Instant from, Instant to) {
    Duration span = Duration.between(from, to).truncatedTo(ChronoUnit.MILLIS);
    return span.isNegative() ? "0s" : span.toString().substring(2).toLowerCase(Locale.ROOT);
  }

  /** When the last commit up to a position was made; null when the database does not know it. */
  private Instant time(Lsn position, JdbcConnection connection) throws SQLException {
    return connection.prepareQueryAndMap(
        COMMITTED_UP_TO,
        statement -> statement.setBytes(1, position.toBytes()),
        row -> {
          Timestamp time = row.next() ? row.getTimestamp(1) : null;
          return time == null ? null : time.toLocalDateTime().atZone(serverTimeZone).toInstant();
        });
  }

  private Instant lastCheckpoint(JdbcConnection connection) throws SQLException {
    return connection.prepareQueryAndMap(
        LAST_CHECKPOINT,
        statement -> statement.setString(1, group),
        row -> {
          Timestamp time = row.next() ? row.getTimestamp(1) : null;
          return time == null
              ? null
              : time.toLocalDateTime()
                  .atZone(ZoneOffset.UTC)
                  .toInstant()
                  .truncatedTo(ChronoUnit.MILLIS);
        });
  }

  private static Lsn lsn(ResultSet row, int column) throws SQLException {
    byte[] bytes = row.getBytes(column);
    return bytes == null ? null : Lsn.fromBytes(bytes);
  }

  private static long number(ResultSet row) throws SQLException {
    row.next();
    return row.getLong(1);
  }

  private static SuppressRestartsException fatal(
      String message, List<CapturedTable> tables, boolean marked) {
    return new SuppressRestartsException(new CaptureGapException(message, tables, marked));
  }
}
