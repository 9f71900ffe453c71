package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.capture.CaptureInstance;
import com.hartonomous.ingest.standin.capture.ChangeCapture;
import com.hartonomous.ingest.standin.capture.Lsn;
import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.engine.Catalogue.Index;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * sys.sp_cdc_*. There is no capture job: changes are captured when they are committed. Retention is
 * stored and shown, but only sp_cdc_cleanup_change_table removes anything.
 */
final class CaptureProcedures {

  private static final int INSTANCES_PER_TABLE_MAX = 2;
  private static final int INSTANCE_NAME_LENGTH_MAX = 100;
  private static final SqlType SYSNAME = SqlType.ofLength(Kind.NVARCHAR, 128);
  private static final SqlType LSN = SqlType.ofLength(Kind.BINARY, Lsn.LENGTH);

  private final H2Session session;

  CaptureProcedures(H2Session session) {
    this.session = session;
  }

  private ChangeCapture capture() {
    return session.capture();
  }

  private Definitions definitions() {
    return session.engine().definitions();
  }

  private void requireNoTransaction(String procedure) throws SqlServerError {
    if (session.transaction().isOpen()) {
      throw new SqlServerError(
          226, 16, 6, "The procedure '" + procedure + "' cannot be executed within a transaction.");
    }
  }

  private void requireEnabled() throws SqlServerError {
    if (!capture().isDatabaseEnabled()) {
      throw new SqlServerError(
          22901,
          16,
          1,
          "The database '"
              + session.database()
              + "' is not enabled for Change Data Capture. Ensure that the correct database context"
              + " is set and retry the operation.");
    }
  }

  int enableDatabase(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException {
    requireNoTransaction("sys.sp_cdc_enable_db");
    if (capture().isDatabaseEnabled()) {
      return 0;
    }
    definitions()
        .define(
            session.options().lockTimeout,
            (connection, statement, store) -> {
              capture().enableDatabase(connection);
              store.addSchema(CatalogueStore.CDC_SCHEMA_ID, "cdc");
              statement.execute(
                  "MERGE INTO standin_catalogue.cdc_jobs KEY (job_type) VALUES ('capture', 500, 10,"
                      + " TRUE, 5, 0, 0)");
              statement.execute(
                  "MERGE INTO standin_catalogue.cdc_jobs KEY (job_type) VALUES ('cleanup', 0, 0,"
                      + " FALSE, 0, 4320, 5000)");
              return null;
            });
    return 0;
  }

  int disableDatabase(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException {
    requireNoTransaction("sys.sp_cdc_disable_db");
    if (!capture().isDatabaseEnabled()) {
      return 0;
    }
    definitions()
        .define(
            session.options().lockTimeout,
            (connection, statement, store) -> {
              capture().disableDatabase(connection);
              store.dropSchema("cdc");
              statement.execute("DELETE FROM standin_catalogue.cdc_jobs");
              return null;
            });
    return 0;
  }

  int enableTable(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    requireNoTransaction("sys.sp_cdc_enable_table");
    requireEnabled();
    String schema = arguments.requiredText("@source_schema", 0);
    String name = arguments.requiredText("@source_name", 1);
    if (!arguments.isGiven("@role_name", 2)) {
      arguments.requiredText("@role_name", 2);
    }
    Table table = requireTable(schema, name);
    String instanceName = arguments.text("@capture_instance", 3);
    if (instanceName == null) {
      instanceName = table.object().schema() + "_" + table.object().name();
    }
    checkInstance(instanceName, table);
    boolean netChanges =
        arguments.number("@supports_net_changes", 4, table.primaryKey().isPresent() ? 1 : 0) != 0;
    Optional<Index> index = keyIndex(table, arguments.text("@index_name", 5));
    if (netChanges && index.isEmpty()) {
      throw new SqlServerError(
          22939,
          16,
          1,
          "The parameter @supports_net_changes is set to 1, but the source table does not have a"
              + " primary key defined and no alternate unique index has been specified.");
    }
    List<String> keyColumns = index.map(table::keyColumnNames).orElse(List.of());
    CaptureInstance[] made = new CaptureInstance[1];
    List<CaptureInstance.Column> columns =
        capturedColumns(table, arguments.text("@captured_column_list", 6), keyColumns);
    ChangeCapture.Options options =
        new ChangeCapture.Options(
            netChanges,
            arguments.text("@role_name", 2),
            index.map(Index::name).orElse(null),
            arguments.text("@filegroup_name", 7));
    String finalName = instanceName;
    session.connection().commit();
    definitions()
        .define(
            session.options().lockTimeout,
            (connection, statement, store) -> {
              made[0] =
                  new CaptureInstance(
                      finalName,
                      store.nextObjectId(),
                      table.object().id(),
                      table.object().schema(),
                      table.object().name(),
                      columns,
                      keyColumns);
              capture().enableTable(connection, made[0], options);
              return null;
            });
    return 0;
  }

  private Table requireTable(String schema, String name) throws SqlServerError {
    return session
        .catalogue()
        .table(schema, name)
        .filter(t -> t.object().type() == Catalogue.ObjectType.TABLE)
        .orElseThrow(
            () ->
                new SqlServerError(
                    22931,
                    16,
                    1,
                    "Source table '"
                        + schema
                        + "."
                        + name
                        + "' does not exist in the current database. Ensure that the correct"
                        + " database context is set. Specify a valid schema and table name for the"
                        + " database."));
  }

  private void checkInstance(String instance, Table table) throws SqlServerError {
    if (instance.length() > INSTANCE_NAME_LENGTH_MAX) {
      throw new SqlServerError(
          22924,
          16,
          1,
          "The name of the capture instance '"
              + instance
              + "' is longer than "
              + INSTANCE_NAME_LENGTH_MAX
              + " characters.");
    }
    if (capture().instance(instance).isPresent()) {
      throw new SqlServerError(
          22926,
          16,
          1,
          "Could not create a capture instance because the capture instance name '"
              + instance
              + "' already exists in the current database. Specify an explicit unique name for the"
              + " parameter @capture_instance.");
    }
    if (capture().instancesOf(table.object().id()).size() >= INSTANCES_PER_TABLE_MAX) {
      throw new SqlServerError(
          22962,
          16,
          1,
          "Two capture instances already exist for source table '"
              + table.object().qualifiedName()
              + "'. A table can have at most two capture instances. If the current tracking options"
              + " are not appropriate, disable change tracking for the obsolete instance by using"
              + " sys.sp_cdc_disable_table and retry the operation.");
    }
  }

  private static Optional<Index> keyIndex(Table table, String name) throws SqlServerError {
    if (name == null) {
      return table.primaryKey();
    }
    return Optional.of(
        table
            .index(name)
            .filter(Index::unique)
            .orElseThrow(
                () ->
                    new SqlServerError(
                        22940,
                        16,
                        1,
                        "Could not find a unique index named '"
                            + name
                            + "' on the source table '"
                            + table.object().qualifiedName()
                            + "'.")));
  }

  private static List<CaptureInstance.Column> capturedColumns(
      Table table, String list, List<String> keyColumns) throws SqlServerError {
    List<CaptureInstance.Column> columns = new ArrayList<>();
    List<String> wanted = list == null ? List.of() : names(list);
    for (String name : wanted) {
      if (table.column(name).isEmpty()) {
        throw new SqlServerError(
            22911,
            16,
            1,
            "The capture instance cannot be created: column '"
                + name
                + "' of @captured_column_list is not in source table '"
                + table.object().qualifiedName()
                + "'.");
      }
    }
    for (Column column : table.columns()) {
      boolean captured =
          wanted.isEmpty() || wanted.stream().anyMatch(n -> n.equalsIgnoreCase(column.name()));
      boolean key = keyColumns.stream().anyMatch(n -> n.equalsIgnoreCase(column.name()));
      if (!captured && key) {
        throw new SqlServerError(
            22941,
            16,
            1,
            "The columns of the index that identifies a row must be among the captured columns: '"
                + column.name()
                + "' is missing.");
      }
      if (captured) {
        columns.add(
            new CaptureInstance.Column(
                column.name(), column.id(), column.type().kind().name().toLowerCase(Locale.ROOT)));
      }
    }
    return columns;
  }

  private static List<String> names(String list) {
    List<String> names = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < list.length(); i++) {
      char c = list.charAt(i);
      quoted = c == '[' || (quoted && c != ']');
      if (c == ',' && !quoted) {
        names.add(NameParts.of(part.toString()).get(0));
        part.setLength(0);
      } else {
        part.append(c);
      }
    }
    names.add(NameParts.of(part.toString()).get(0));
    return names;
  }

  int disableTable(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException {
    requireNoTransaction("sys.sp_cdc_disable_table");
    requireEnabled();
    Table table =
        requireTable(
            arguments.requiredText("@source_schema", 0), arguments.requiredText("@source_name", 1));
    String name = arguments.requiredText("@capture_instance", 2);
    List<CaptureInstance> instances =
        capture().instancesOf(table.object().id()).stream()
            .filter(i -> name.equalsIgnoreCase("all") || name.equalsIgnoreCase(i.name()))
            .toList();
    if (instances.isEmpty()) {
      throw noInstance(name);
    }
    session.connection().commit();
    definitions()
        .define(
            session.options().lockTimeout,
            (connection, statement, store) -> {
              for (CaptureInstance instance : instances) {
                capture().disableTable(connection, instance);
              }
              return null;
            });
    return 0;
  }

  private static SqlServerError noInstance(String name) {
    return new SqlServerError(
        22960,
        16,
        1,
        "Change data capture instance '"
            + name
            + "' has not been enabled for the source table. Use"
            + " sys.sp_cdc_help_change_data_capture to verify the capture instance name and retry"
            + " the operation.");
  }

  int cleanUp(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException {
    requireEnabled();
    String name = arguments.requiredText("@capture_instance", 0);
    CaptureInstance instance = capture().instance(name).orElseThrow(() -> noInstance(name));
    Object mark = arguments.value("@low_water_mark", 1);
    if (!(mark instanceof byte[] lsn) || lsn.length != Lsn.LENGTH) {
      throw new SqlServerError(
          22964,
          16,
          1,
          "The value for the parameter @low_water_mark of sys.sp_cdc_cleanup_change_table must be an"
              + " LSN of "
              + Lsn.LENGTH
              + " bytes.");
    }
    definitions()
        .define(
            session.options().lockTimeout,
            (connection, statement, store) -> {
              capture().cleanUp(connection, instance, lsn);
              return null;
            });
    return 0;
  }

  int changeJob(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException {
    requireEnabled();
    String type = arguments.text("@job_type", 0);
    String job = type == null ? "capture" : type;
    if (!job.equalsIgnoreCase("capture") && !job.equalsIgnoreCase("cleanup")) {
      throw new SqlServerError(
          22992,
          16,
          1,
          "The specified @job_type '"
              + job
              + "' is not valid. Specify N'capture' to indicate a capture job, or N'cleanup' to"
              + " indicate a cleanup job.");
    }
    definitions()
        .define(
            session.options().lockTimeout,
            (connection, statement, store) -> {
              change(connection, job, "max_trans", arguments, "@maxtrans", 1);
              change(connection, job, "max_scans", arguments, "@maxscans", 2);
              change(connection, job, "polling_interval", arguments, "@pollinginterval", 4);
              change(connection, job, "retention", arguments, "@retention", 5);
              change(connection, job, "threshold", arguments, "@threshold", 6);
              return null;
            });
    return 0;
  }

  private static void change(
      java.sql.Connection connection,
      String job,
      String column,
      ProcedureArguments arguments,
      String parameter,
      int position)
      throws SQLException, SqlServerError {
    if (!arguments.isGiven(parameter, position)) {
      return;
    }
    try (PreparedStatement update =
        connection.prepareStatement(
            "UPDATE standin_catalogue.cdc_jobs SET " + column + " = ? WHERE job_type = ?")) {
      update.setLong(1, arguments.number(parameter, position, 0));
      update.setString(2, job);
      update.executeUpdate();
    }
  }

  int helpJobs(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    requireEnabled();
    results.columns(
        List.of(
            new ResultColumn("job_id", SqlType.of(Kind.UNIQUEIDENTIFIER), true, false),
            new ResultColumn("job_type", SqlType.ofLength(Kind.NVARCHAR, 20), true, false),
            new ResultColumn("job_name", SYSNAME, true, false),
            new ResultColumn("maxtrans", SqlType.of(Kind.INT), true, false),
            new ResultColumn("maxscans", SqlType.of(Kind.INT), true, false),
            new ResultColumn("continuous", SqlType.of(Kind.BIT), true, false),
            new ResultColumn("pollinginterval", SqlType.of(Kind.BIGINT), true, false),
            new ResultColumn("retention", SqlType.of(Kind.BIGINT), true, false),
            new ResultColumn("threshold", SqlType.of(Kind.BIGINT), true, false)));
    PreparedStatement query =
        session
            .prepared()
            .prepare(
                "SELECT job_type, max_trans, max_scans, continuous, polling_interval, retention,"
                    + " threshold FROM standin_catalogue.cdc_jobs ORDER BY job_type");
    int count = 0;
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        results.row(
            new Object[] {
              null,
              rows.getString(1),
              "cdc." + session.database() + "_" + rows.getString(1),
              rows.getInt(2),
              rows.getInt(3),
              rows.getBoolean(4),
              rows.getLong(5),
              rows.getLong(6),
              rows.getLong(7)
            });
        count++;
      }
    }
    results.done(ResultConsumer.Command.SELECT, count);
    return 0;
  }

  int help(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    requireEnabled();
    String schema = arguments.text("@source_schema", 0);
    String table = arguments.text("@source_name", 1);
    results.columns(
        List.of(
            new ResultColumn("source_schema", SYSNAME, true, false),
            new ResultColumn("source_table", SYSNAME, true, false),
            new ResultColumn("capture_instance", SYSNAME, true, false),
            new ResultColumn("object_id", SqlType.of(Kind.INT), true, false),
            new ResultColumn("source_object_id", SqlType.of(Kind.INT), true, false),
            new ResultColumn("start_lsn", LSN, true, false),
            new ResultColumn("end_lsn", LSN, true, false),
            new ResultColumn("supports_net_changes", SqlType.of(Kind.BIT), true, false),
            new ResultColumn("has_drop_pending", SqlType.of(Kind.BIT), true, false),
            new ResultColumn("role_name", SYSNAME, true, false),
            new ResultColumn("index_name", SYSNAME, true, false),
            new ResultColumn("filegroup_name", SYSNAME, true, false),
            new ResultColumn("create_date", SqlType.of(Kind.DATETIME), true, false),
            new ResultColumn(
                "index_column_list", SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX), true, false),
            new ResultColumn(
                "captured_column_list",
                SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX),
                true,
                false)));
    PreparedStatement query =
        session
            .prepared()
            .prepare(
                "SELECT start_lsn, supports_net_changes, role_name, index_name, filegroup_name,"
                    + " create_date FROM cdc.change_tables WHERE object_id = ?");
    int count = 0;
    for (CaptureInstance instance : capture().instances()) {
      if ((schema != null && !schema.equalsIgnoreCase(instance.schema()))
          || (table != null && !table.equalsIgnoreCase(instance.table()))) {
        continue;
      }
      query.setInt(1, instance.objectId());
      try (ResultSet rows = query.executeQuery()) {
        if (rows.next()) {
          results.row(helpRow(instance, rows));
          count++;
        }
      }
    }
    results.done(ResultConsumer.Command.SELECT, count);
    return 0;
  }

  private static Object[] helpRow(CaptureInstance instance, ResultSet rows) throws SQLException {
    return new Object[] {
      instance.schema(),
      instance.table(),
      instance.name(),
      instance.objectId(),
      instance.sourceObjectId(),
      rows.getBytes(1),
      null,
      rows.getBoolean(2),
      false,
      rows.getString(3),
      rows.getString(4),
      rows.getString(5),
      rows.getTimestamp(6).toLocalDateTime(),
      bracketed(instance.keyColumns()),
      bracketed(instance.columns().stream().map(CaptureInstance.Column::name).toList())
    };
  }

  private static String bracketed(List<String> names) {
    return names.isEmpty() ? null : "[" + String.join("], [", names) + "]";
  }
}
