package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.capture.CaptureInstance;
import com.hartonomous.ingest.standin.capture.CdcFunctions;
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
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * sys.sp_cdc_*. There is no capture job: changes are captured when they are committed. There is no
 * schedule for the clean-up job either, which a real server runs once a day: sys.sp_cdc_start_job
 * runs it, at once and to its end. Error numbers and messages are those of sys.messages; their
 * choice for wrong arguments was not compared with a real server.
 */
final class CaptureProcedures {

  private static final int INSTANCES_PER_TABLE_MAX = 2;
  private static final int INSTANCE_NAME_LENGTH_MAX = 100;
  private static final long THRESHOLD_DEFAULT = 5000;
  private static final long RETENTION_MINUTES_MAX = 52_594_800;
  private static final long POLLING_SECONDS_MAX = 86_399;
  private static final Set<String> RESERVED_COLUMNS =
      Set.of("__$start_lsn", "__$end_lsn", "__$seqval", "__$operation", "__$update_mask");
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

  /** What a real server does within a transaction, too. */
  private void refuseTransaction(String procedure) throws SqlServerError {
    if (session.transaction().isOpen()) {
      throw DefinitionRunner.unsupported("'" + procedure + "' within a transaction");
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
              + " is set and retry the operation. To report on the databases enabled for Change"
              + " Data Capture, query the is_cdc_enabled column in the sys.databases catalog"
              + " view.");
    }
  }

  int enableDatabase(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    requireNoTransaction("sys.sp_cdc_enable_db");
    if (capture().isDatabaseEnabled()) {
      results.info(
          22905,
          10,
          "Database '"
              + session.database()
              + "' is already enabled for Change Data Capture. Ensure that the correct database"
              + " context is set, and retry the operation. To report on the databases enabled for"
              + " Change Data Capture, query the is_cdc_enabled column in the sys.databases catalog"
              + " view.");
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
            arguments.text("@role_name", 2), arguments.text("@filegroup_name", 7));
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
                      keyColumns,
                      index.map(Index::name).orElse(null),
                      netChanges);
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
          22927,
          16,
          1,
          "Capture instance name '"
              + instance
              + "' exceeds the length limit of "
              + INSTANCE_NAME_LENGTH_MAX
              + " characters. Specify a name that satisfies the length constraint.");
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
    Index index =
        table
            .index(name)
            .orElseThrow(
                () ->
                    new SqlServerError(
                        22928,
                        16,
                        1,
                        "Index name '"
                            + name
                            + "' is not an index for table '"
                            + table.object().qualifiedName()
                            + "'. Specify a valid index name for the table."));
    if (!index.unique()) {
      throw new SqlServerError(
          22929,
          16,
          1,
          "Index '"
              + name
              + "' must be either a primary key or a unique index for table '"
              + table.object().qualifiedName()
              + "'. Specify an index that meets at least one of these requirements.");
    }
    return Optional.of(index);
  }

  private static List<CaptureInstance.Column> capturedColumns(
      Table table, String list, List<String> keyColumns) throws SqlServerError {
    List<CaptureInstance.Column> columns = new ArrayList<>();
    List<String> wanted = list == null ? List.of() : names(list);
    for (String name : wanted) {
      if (table.column(name).isEmpty()) {
        throw new SqlServerError(
            22942,
            16,
            1,
            "Columns specified in the captured column list could not be mapped to columns in source"
                + " table '"
                + table.object().qualifiedName()
                + "'. Verify that the columns specified in the parameter @captured_column_list are"
                + " delimited properly and match columns in the source table. ('"
                + name
                + "')");
      }
    }
    for (Column column : table.columns()) {
      boolean captured =
          wanted.isEmpty() || wanted.stream().anyMatch(n -> n.equalsIgnoreCase(column.name()));
      boolean key = keyColumns.stream().anyMatch(n -> n.equalsIgnoreCase(column.name()));
      if (!captured && key) {
        throw new SqlServerError(
            22943,
            16,
            1,
            "Columns used to uniquely identify a row for net change tracking must be included in"
                + " the list of captured columns. Add either the primary key columns of the source"
                + " table, or the columns defined for the index specified in the parameter"
                + " @index_name to the list of captured columns and retry the operation. ('"
                + column.name()
                + "')");
      }
      if (captured && RESERVED_COLUMNS.contains(column.name().toLowerCase(Locale.ROOT))) {
        throw new SqlServerError(
            22975,
            16,
            1,
            "Source table '"
                + table.object().qualifiedName()
                + "' contains one of the following reserved column names: __$start_lsn, __$end_lsn,"
                + " __$seqval, __$operation, and __$update_mask. To enable Change Data Capture for"
                + " this table, specify a captured column list and ensure that these columns are"
                + " excluded from the list.");
      }
      if (captured) {
        columns.add(
            new CaptureInstance.Column(
                column.name(), column.id(), typeName(column), column.isComputed()));
      }
    }
    return columns;
  }

  /** The type as cdc.captured_columns shows it: without its size. */
  static String typeName(Column column) {
    return column.type().kind().name().toLowerCase(Locale.ROOT);
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
    if (capture().instancesOf(table.object().id()).isEmpty()) {
      throw new SqlServerError(
          22985,
          16,
          1,
          "Change data capture has not been enabled for source table '"
              + table.object().qualifiedName()
              + "'. Specify the name of a table enabled for Change Data Capture. To report on the"
              + " tables enabled for Change Data Capture, query the is_tracked_by_cdc column in the"
              + " sys.tables catalog view.");
    }
    if (instances.isEmpty()) {
      throw new SqlServerError(
          22960,
          16,
          1,
          "Change data capture instance '"
              + name
              + "' has not been enabled for the source table '"
              + table.object().qualifiedName()
              + "'. Use sys.sp_cdc_help_change_data_capture to verify the capture instance name and"
              + " retry the operation.");
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

  private CaptureInstance requireInstance(ProcedureArguments arguments) throws SqlServerError {
    String name = arguments.requiredText("@capture_instance", 0);
    return capture()
        .instance(name)
        .orElseThrow(
            () ->
                new SqlServerError(
                    22920,
                    16,
                    1,
                    "The named capture instance "
                        + name
                        + " does not exist for database "
                        + session.database()
                        + "."));
  }

  int cleanUp(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException {
    refuseTransaction("sys.sp_cdc_cleanup_change_table");
    requireEnabled();
    CaptureInstance instance = requireInstance(arguments);
    if (!arguments.isGiven("@low_water_mark", 1)) {
      arguments.requiredText("@low_water_mark", 1);
    }
    Object mark = arguments.value("@low_water_mark", 1);
    if (mark != null && !(mark instanceof byte[] lsn && lsn.length <= Lsn.LENGTH)) {
      throw new SqlServerError(
          8114,
          16,
          5,
          "Error converting data type to binary(10): parameter '@low_water_mark' of"
              + " 'sys.sp_cdc_cleanup_change_table'.");
    }
    long threshold = arguments.number("@threshold", 2, THRESHOLD_DEFAULT);
    if (threshold < 1) {
      throw new SqlServerError(
          22850,
          16,
          1,
          "The threshold value specified for the Change Data Capture cleanup process must be"
              + " greater than 0. When creating or modifying the cleanup job, specify a positive"
              + " threshold value. If this error is encountered when executing the"
              + " sys.sp_cdc_cleanup_change_table stored procedure, reset the threshold value"
              + " associated with the job to a non-negative value by using the"
              + " sp_cdc_change_job stored procedure.");
    }
    session.connection().commit();
    if (mark != null) {
      byte[] lsn = Arrays.copyOf((byte[]) mark, Lsn.LENGTH);
      definitions()
          .define(
              session.options().lockTimeout,
              (connection, statement, store) -> {
                capture().raiseLowEnd(connection, instance, lsn);
                return null;
              });
    }
    deleteObsolete(List.of(instance), threshold);
    arguments.output("@fCleanupFailed", 3, false);
    return 0;
  }

  /** In rounds, between which others may commit. */
  private void deleteObsolete(List<CaptureInstance> instances, long threshold)
      throws SqlServerError, SQLException {
    for (CaptureInstance instance : instances) {
      boolean more = true;
      while (more) {
        more =
            definitions()
                .define(
                    session.options().lockTimeout,
                    (connection, statement, store) ->
                        capture().instance(instance.name()).isPresent()
                            && capture().deleteObsolete(connection, instance, threshold));
      }
    }
  }

  /** What the clean-up job does: lets go what is older than the retention time. */
  int runCleanUpJob(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException {
    refuseTransaction("sys.sp_MScdc_cleanup_job");
    requireEnabled();
    session.connection().commit();
    List<CaptureInstance> instances = List.copyOf(capture().instances());
    long threshold =
        definitions()
            .define(
                session.options().lockTimeout,
                (connection, statement, store) -> {
                  try (ResultSet job =
                      statement.executeQuery(
                          "SELECT retention, threshold FROM standin_catalogue.cdc_jobs WHERE"
                              + " job_type = 'cleanup'")) {
                    job.next();
                    long found = job.getLong(2);
                    Optional<byte[]> low = capture().lowEndAfter(connection, job.getLong(1));
                    for (CaptureInstance instance : instances) {
                      if (low.isPresent()
                          && Lsn.compare(
                                  low.get(), CdcFunctions.minLsn(connection, instance.name()))
                              > 0) {
                        capture().raiseLowEnd(connection, instance, low.get());
                      }
                    }
                    return found;
                  }
                });
    deleteObsolete(instances, threshold);
    return 0;
  }

  int startJob(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException {
    requireEnabled();
    if (jobType(arguments).equals("capture")) {
      throw new SqlServerError(
          22022,
          16,
          1,
          "SQLServerAgent Error: Request to run job cdc."
              + session.database()
              + "_capture refused because the job is already running: the stand-in captures when a"
              + " transaction commits.");
    }
    return runCleanUpJob(arguments, results);
  }

  private static String jobType(ProcedureArguments arguments) throws SqlServerError {
    String type = arguments.text("@job_type", 0);
    String job = type == null ? "capture" : type.strip().toLowerCase(Locale.ROOT);
    if (!job.equals("capture") && !job.equals("cleanup")) {
      throw new SqlServerError(
          22992,
          16,
          1,
          "The specified @job_type, "
              + type
              + ", is not supported. The value specified for the parameter @job_type must be"
              + " N'capture' to indicate a capture job, or N'cleanup' to indicate a cleanup job.");
    }
    return job;
  }

  int changeJob(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException {
    requireEnabled();
    String job = jobType(arguments);
    checkJob(job, arguments);
    definitions()
        .define(
            session.options().lockTimeout,
            (connection, statement, store) -> {
              change(connection, job, "max_trans", arguments, "@maxtrans", 1);
              change(connection, job, "max_scans", arguments, "@maxscans", 2);
              change(connection, job, "continuous", arguments, "@continuous", 3);
              change(connection, job, "polling_interval", arguments, "@pollinginterval", 4);
              change(connection, job, "retention", arguments, "@retention", 5);
              change(connection, job, "threshold", arguments, "@threshold", 6);
              return null;
            });
    return 0;
  }

  private static void checkJob(String job, ProcedureArguments arguments) throws SqlServerError {
    boolean capture = job.equals("capture");
    if (capture && arguments.value("@retention", 5) != null) {
      throw new SqlServerError(
          22995,
          16,
          1,
          "A value for the parameter @retention cannot be specified when the job type is"
              + " 'capture'. Specify NULL for the parameter, or omit the parameter from the"
              + " statement.");
    }
    if (!capture
        && (arguments.value("@maxtrans", 1) != null
            || arguments.value("@maxscans", 2) != null
            || arguments.value("@continuous", 3) != null
            || arguments.value("@pollinginterval", 4) != null)) {
      throw new SqlServerError(
          22996,
          16,
          1,
          "When adding or modifying the CDC cleanup job, @pollinginterval, @maxtrans, @maxscans,"
              + " and @continuous may not be assigned non-null values.");
    }
    long retention = arguments.number("@retention", 5, 1);
    if (retention < 1 || retention > RETENTION_MINUTES_MAX) {
      throw new SqlServerError(
          22994,
          16,
          1,
          "The retention value specified for the Change Data Capture cleanup process must be"
              + " greater than 0 and less than or equal to "
              + RETENTION_MINUTES_MAX
              + ". When creating or modifying the cleanup job, specify a retention value (in"
              + " minutes) that is within that range.");
    }
    requirePositive(
        arguments,
        "@maxtrans",
        1,
        22991,
        "The value specified for the parameter @maxtrans must be greater than 0.");
    requirePositive(
        arguments,
        "@maxscans",
        2,
        22970,
        "The value for parameter @maxscans specified for the Change Data Capture job must be"
            + " greater than 0.");
    requirePositive(
        arguments,
        "@threshold",
        6,
        22850,
        "The threshold value specified for the Change Data Capture cleanup process must be greater"
            + " than 0.");
    long continuous = arguments.number("@continuous", 3, 1);
    if (continuous != 0 && continuous != 1) {
      throw new SqlServerError(
          22998, 16, 1, "The value specified for the parameter @continuous must be 0 or 1.");
    }
    long polling = arguments.number("@pollinginterval", 4, 0);
    if (polling < 0 || polling > POLLING_SECONDS_MAX) {
      throw new SqlServerError(
          22990,
          16,
          1,
          "The value specified for the parameter @pollinginterval must be greater than or equal to"
              + " 0 and less than 24 hours(Max: "
              + POLLING_SECONDS_MAX
              + " seconds). Specify a polling interval (in seconds) that is less than 24 hours"
              + " (86,400 seconds).");
    }
  }

  private static void requirePositive(
      ProcedureArguments arguments, String parameter, int position, int number, String message)
      throws SqlServerError {
    if (arguments.number(parameter, position, 1) < 1) {
      throw new SqlServerError(number, 16, 1, message);
    }
  }

  private static void change(
      java.sql.Connection connection,
      String job,
      String column,
      ProcedureArguments arguments,
      String parameter,
      int position)
      throws SQLException, SqlServerError {
    if (arguments.value(parameter, position) == null) {
      return;
    }
    try (PreparedStatement update =
        connection.prepareStatement(
            "UPDATE standin_catalogue.cdc_jobs SET " + column + " = ? WHERE job_type = ?")) {
      long value = arguments.number(parameter, position, 0);
      if (column.equals("continuous")) {
        update.setBoolean(1, value != 0);
      } else {
        update.setLong(1, value);
      }
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

  int ddlHistory(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    requireEnabled();
    CaptureInstance instance = requireInstance(arguments);
    results.columns(
        List.of(
            new ResultColumn("source_schema", SYSNAME, true, false),
            new ResultColumn("source_table", SYSNAME, true, false),
            new ResultColumn("capture_instance", SYSNAME, true, false),
            new ResultColumn("required_column_update", SqlType.of(Kind.BIT), true, false),
            new ResultColumn(
                "ddl_command", SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX), true, false),
            new ResultColumn("ddl_lsn", LSN, true, false),
            new ResultColumn("ddl_time", SqlType.of(Kind.DATETIME), true, false)));
    PreparedStatement query =
        session
            .prepared()
            .prepare(
                "SELECT required_column_update, ddl_command, ddl_lsn, ddl_time FROM"
                    + " cdc.ddl_history WHERE object_id = ? ORDER BY ddl_lsn");
    query.setInt(1, instance.objectId());
    int count = 0;
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        results.row(
            new Object[] {
              instance.schema(),
              instance.table(),
              instance.name(),
              rows.getBoolean(1),
              rows.getString(2),
              rows.getBytes(3),
              rows.getTimestamp(4).toLocalDateTime()
            });
        count++;
      }
    }
    results.done(ResultConsumer.Command.SELECT, count);
    return 0;
  }

  int capturedColumns(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    requireEnabled();
    CaptureInstance instance = requireInstance(arguments);
    results.columns(
        List.of(
            new ResultColumn("source_schema", SYSNAME, true, false),
            new ResultColumn("source_table", SYSNAME, true, false),
            new ResultColumn("capture_instance", SYSNAME, true, false),
            new ResultColumn("column_name", SYSNAME, true, false),
            new ResultColumn("column_id", SqlType.of(Kind.INT), true, false),
            new ResultColumn("ordinal_position", SqlType.of(Kind.INT), true, false),
            new ResultColumn("data_type", SYSNAME, true, false),
            new ResultColumn("is_computed", SqlType.of(Kind.BIT), true, false)));
    PreparedStatement query =
        session
            .prepared()
            .prepare(
                "SELECT column_name, column_id, column_ordinal, column_type, is_computed FROM"
                    + " cdc.captured_columns WHERE object_id = ? ORDER BY column_ordinal");
    query.setInt(1, instance.objectId());
    int count = 0;
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        results.row(
            new Object[] {
              instance.schema(),
              instance.table(),
              instance.name(),
              rows.getString(1),
              rows.getInt(2),
              rows.getInt(3),
              rows.getString(4),
              rows.getBoolean(5)
            });
        count++;
      }
    }
    results.done(ResultConsumer.Command.SELECT, count);
    return 0;
  }

  private static String bracketed(List<String> names) {
    return names.isEmpty() ? null : "[" + String.join("], [", names) + "]";
  }
}
