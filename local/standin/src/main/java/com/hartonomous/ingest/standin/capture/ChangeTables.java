package com.hartonomous.ingest.standin.capture;

import com.hartonomous.ingest.standin.capture.CaptureInstance.Column;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The tables of capture in H2.
 *
 * <p>A change table holds its rows under (transaction, ordinal); the commit writes one row into
 * {@link #TRANSACTIONS} that gives the transaction its LSNs. The views {@code cdc.<instance>_CT}
 * and {@code cdc.lsn_time_mapping} join them to what SQL Server shows. So a commit costs one row,
 * however many changes it numbers.
 */
final class ChangeTables {

  /** The H2 schema of the physical tables. */
  static final String SCHEMA = "standin_capture";

  /** One row a committed transaction that changed captured tables. */
  static final String TRANSACTIONS = SCHEMA + ".transactions";

  /** The alias that makes an LSN of a number. */
  static final String LSN_FUNCTION = SCHEMA + ".lsn_of";

  private static final String CHECK_FUNCTION = SCHEMA + ".check_interval";
  private static final String FUNCTIONS = CdcFunctions.class.getName();

  private ChangeTables() {}

  static String quote(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  /** Creates what every database has, enabled for capture or not. */
  static void createBase(Statement statement) throws SQLException {
    statement.execute("CREATE SCHEMA IF NOT EXISTS " + SCHEMA);
    statement.execute(
        "CREATE TABLE IF NOT EXISTS "
            + TRANSACTIONS
            + " (start_lsn BINARY(10) NOT NULL PRIMARY KEY, tran_begin_time TIMESTAMP(3) NOT NULL,"
            + " tran_end_time TIMESTAMP(3) NOT NULL, tran_id VARBINARY(10) NOT NULL,"
            + " tran_begin_lsn BINARY(10) NOT NULL, tran BIGINT NOT NULL UNIQUE,"
            + " begin_number BIGINT NOT NULL)");
    statement.execute("DROP ALIAS IF EXISTS " + SCHEMA + ".checked_from_lsn");
    alias(statement, LSN_FUNCTION, "lsnOf");
    alias(statement, SCHEMA + ".keeps_before_images", "keepsBeforeImages");
    alias(statement, SCHEMA + ".normalized_filter", "normalized");
    statement.execute(
        "CREATE ALIAS IF NOT EXISTS " + CHECK_FUNCTION + " FOR '" + FUNCTIONS + ".checkInterval'");
  }

  private static void alias(Statement statement, String name, String method) throws SQLException {
    statement.execute(
        "CREATE ALIAS IF NOT EXISTS "
            + name
            + " DETERMINISTIC FOR '"
            + FUNCTIONS
            + "."
            + method
            + "'");
  }

  /** Creates the schema {@code cdc} with its tables. */
  static void enableDatabase(Statement statement) throws SQLException {
    statement.execute("CREATE SCHEMA cdc");
    statement.execute(
        "CREATE TABLE cdc.change_tables (object_id INT NOT NULL PRIMARY KEY, version INT,"
            + " source_object_id INT, capture_instance VARCHAR_IGNORECASE(128) NOT NULL UNIQUE,"
            + " start_lsn BINARY(10), end_lsn BINARY(10), supports_net_changes BOOLEAN,"
            + " has_drop_pending BOOLEAN, role_name VARCHAR_IGNORECASE(128),"
            + " index_name VARCHAR_IGNORECASE(128), filegroup_name VARCHAR_IGNORECASE(128),"
            + " create_date TIMESTAMP(3), partition_switch BOOLEAN)");
    statement.execute(
        "CREATE TABLE cdc.captured_columns (object_id INT NOT NULL,"
            + " column_name VARCHAR_IGNORECASE(128) NOT NULL, column_id INT,"
            + " column_type VARCHAR_IGNORECASE(128) NOT NULL, column_ordinal INT NOT NULL,"
            + " is_computed BOOLEAN, masking_function VARCHAR(4000),"
            + " PRIMARY KEY (object_id, column_ordinal))");
    statement.execute(
        "CREATE TABLE cdc.index_columns (object_id INT NOT NULL,"
            + " column_name VARCHAR_IGNORECASE(128) NOT NULL, index_ordinal SMALLINT NOT NULL,"
            + " column_id INT NOT NULL, PRIMARY KEY (object_id, index_ordinal))");
    statement.execute(
        "CREATE TABLE cdc.ddl_history (source_object_id INT, object_id INT,"
            + " required_column_update BOOLEAN, ddl_command VARCHAR, ddl_lsn BINARY(10),"
            + " ddl_time TIMESTAMP(3))");
    statement.execute(
        "CREATE VIEW cdc.lsn_time_mapping AS SELECT start_lsn, tran_begin_time, tran_end_time,"
            + " tran_id, tran_begin_lsn FROM "
            + TRANSACTIONS);
  }

  static void disableDatabase(Statement statement) throws SQLException {
    statement.execute("DROP SCHEMA cdc CASCADE");
  }

  static boolean isEnabled(Statement statement) throws SQLException {
    try (ResultSet rows =
        statement.executeQuery(
            "SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'cdc' AND TABLE_NAME ="
                + " 'change_tables'")) {
      return rows.next();
    }
  }

  static List<CaptureInstance> load(Connection connection, Statement statement)
      throws SQLException {
    List<CaptureInstance> instances = new ArrayList<>();
    try (ResultSet rows =
        statement.executeQuery(
            "SELECT c.capture_instance, c.object_id, c.source_object_id, s.schema_name,"
                + " s.table_name, c.index_name, c.supports_net_changes FROM cdc.change_tables c"
                + " JOIN "
                + SCHEMA
                + ".sources s ON s.object_id = c.object_id ORDER BY c.object_id")) {
      while (rows.next()) {
        int objectId = rows.getInt(2);
        instances.add(
            new CaptureInstance(
                rows.getString(1),
                objectId,
                rows.getInt(3),
                rows.getString(4),
                rows.getString(5),
                loadColumns(connection, objectId),
                loadKeyColumns(connection, objectId),
                rows.getString(6),
                rows.getBoolean(7)));
      }
    }
    return instances;
  }

  private static List<Column> loadColumns(Connection connection, int objectId) throws SQLException {
    List<Column> columns = new ArrayList<>();
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT column_name, column_id, column_type, is_computed FROM cdc.captured_columns"
                + " WHERE object_id = ? ORDER BY column_ordinal")) {
      query.setInt(1, objectId);
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          columns.add(
              new Column(rows.getString(1), rows.getInt(2), rows.getString(3), rows.getBoolean(4)));
        }
      }
    }
    return columns;
  }

  private static List<String> loadKeyColumns(Connection connection, int objectId)
      throws SQLException {
    List<String> columns = new ArrayList<>();
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT column_name FROM cdc.index_columns WHERE object_id = ? ORDER BY"
                + " index_ordinal")) {
      query.setInt(1, objectId);
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          columns.add(rows.getString(1));
        }
      }
    }
    return columns;
  }

  /** Creates the change table, its view and, last, the trigger that fills it. */
  static void create(Statement statement, CaptureInstance instance) throws SQLException {
    StringBuilder columns = new StringBuilder();
    for (Column column : instance.columns()) {
      columns.append(", s.").append(quote(column.name()));
    }
    String source = quote(instance.schema()) + "." + quote(instance.table());
    statement.execute(
        "CREATE TABLE "
            + instance.rowsTable()
            + " AS SELECT CAST(0 AS BIGINT) AS \"__$tran\", CAST(0 AS INT) AS \"__$ordinal\","
            + " CAST(0 AS INT) AS \"__$operation\", CAST(NULL AS VARBINARY(128)) AS"
            + " \"__$update_mask\""
            + columns
            + " FROM "
            + source
            + " s WHERE 1 = 0");
    statement.execute(
        "CREATE UNIQUE INDEX "
            + SCHEMA
            + "."
            + quote("PK_" + instance.name() + "_CT")
            + " ON "
            + instance.rowsTable()
            + " (\"__$tran\", \"__$ordinal\", \"__$operation\")");
    createView(statement, instance);
    statement.execute(
        "CREATE TRIGGER "
            + quote(instance.schema())
            + "."
            + quote(instance.triggerName())
            + " AFTER INSERT, UPDATE, DELETE ON "
            + source
            + " FOR EACH ROW CALL '"
            + CaptureTrigger.class.getName()
            + "'");
  }

  private static void createView(Statement statement, CaptureInstance instance)
      throws SQLException {
    StringBuilder names = new StringBuilder();
    for (Column column : instance.columns()) {
      names.append(", c.").append(quote(column.name()));
    }
    statement.execute(
        "CREATE VIEW "
            + instance.changeTable()
            + " AS SELECT t.start_lsn AS \"__$start_lsn\", CAST(NULL AS BINARY(10)) AS"
            + " \"__$end_lsn\", "
            + sequenceValue()
            + " AS \"__$seqval\", c.\"__$operation\", c.\"__$update_mask\""
            + names
            + ", c.\"__$ordinal\" AS \"__$command_id\" FROM "
            + TRANSACTIONS
            + " t JOIN "
            + instance.rowsTable()
            + " c ON c.\"__$tran\" = t.tran");
  }

  /** Gives a column of a change table the type of its column in the source table. */
  static void alterColumn(
      Statement statement, CaptureInstance instance, String column, String h2Type)
      throws SQLException {
    statement.execute("DROP VIEW " + instance.changeTable());
    statement.execute(
        "ALTER TABLE "
            + instance.rowsTable()
            + " ALTER COLUMN "
            + quote(column)
            + " SET DATA TYPE "
            + h2Type);
    createView(statement, instance);
  }

  static void drop(Statement statement, CaptureInstance instance) throws SQLException {
    statement.execute(
        "DROP TRIGGER IF EXISTS " + quote(instance.schema()) + "." + quote(instance.triggerName()));
    statement.execute("DROP VIEW IF EXISTS " + instance.changeTable());
    statement.execute("DROP TABLE IF EXISTS " + instance.rowsTable());
  }

  /**
   * The query in parentheses that stands for {@code fn_cdc_get_all_changes_<instance>(from, to,
   * filter)}: the whole interval, ends included.
   *
   * @param arguments the three arguments as H2 expressions; all three stand there, in order, twice
   */
  static String allChanges(CaptureInstance instance, List<String> arguments) {
    StringBuilder names = new StringBuilder();
    for (Column column : instance.columns()) {
      names.append(", c.").append(quote(column.name()));
    }
    return "("
        + nulls(instance, "__$start_lsn", "__$seqval", "__$operation", "__$update_mask")
        + refused(instance, false, arguments)
        + " UNION ALL SELECT t.start_lsn AS \"__$start_lsn\", "
        + sequenceValue()
        + " AS \"__$seqval\", c.\"__$operation\", c.\"__$update_mask\""
        + names
        + interval(instance, arguments)
        + " AND CASE WHEN "
        + SCHEMA
        + ".keeps_before_images("
        + arguments.get(2)
        + ") THEN TRUE ELSE c.\"__$operation\" <> 3 END)";
  }

  /** A row that exists for no arguments, and an error for wrong ones. */
  private static String refused(
      CaptureInstance instance, boolean netChanges, List<String> arguments) {
    return " FROM SYSTEM_RANGE(1, 1) WHERE NOT "
        + CHECK_FUNCTION
        + "("
        + instance.objectId()
        + ", "
        + netChanges
        + ", CAST("
        + arguments.get(0)
        + " AS VARBINARY(10)), CAST("
        + arguments.get(1)
        + " AS VARBINARY(10)), "
        + arguments.get(2)
        + ")";
  }

  private static String interval(CaptureInstance instance, List<String> arguments) {
    return " FROM "
        + TRANSACTIONS
        + " t JOIN "
        + instance.rowsTable()
        + " c ON c.\"__$tran\" = t.tran WHERE t.start_lsn >= CAST("
        + arguments.get(0)
        + " AS VARBINARY(10)) AND t.start_lsn <= CAST("
        + arguments.get(1)
        + " AS VARBINARY(10))";
  }

  /**
   * The query in parentheses that stands for {@code fn_cdc_get_net_changes_<instance>(from, to,
   * filter)}: for each key the row after its last change, and what its changes come to together.
   *
   * @param arguments the three arguments as H2 expressions; all three stand there, in order, twice
   */
  static String netChanges(CaptureInstance instance, List<String> arguments) {
    StringBuilder names = new StringBuilder();
    StringBuilder captured = new StringBuilder();
    for (Column column : instance.columns()) {
      names.append(", ").append(quote(column.name()));
      captured.append(", c.").append(quote(column.name()));
    }
    String key =
        "OVER (PARTITION BY "
            + instance.keyColumns().stream()
                .map(name -> "c." + quote(name))
                .collect(Collectors.joining(", "));
    return "("
        + nulls(instance, "__$start_lsn", "__$operation", "__$update_mask")
        + refused(instance, true, arguments)
        + " UNION ALL SELECT \"__$start_lsn\", CASE WHEN \"__$filter\" = 'all with merge' THEN CASE"
        + " \"__$last\" WHEN 1 THEN 1 ELSE 5 END WHEN \"__$changes\" = 1 THEN \"__$last\" WHEN"
        + " \"__$first\" = 2 THEN 2 WHEN \"__$last\" = 1 THEN 1 ELSE 4 END, CASE WHEN"
        + " \"__$filter\" = 'all with mask' AND \"__$first\" <> 2 AND \"__$last\" <> 1 THEN"
        + " \"__$mask\" END"
        + names
        + " FROM (SELECT t.start_lsn AS \"__$start_lsn\", c.\"__$operation\" AS \"__$last\","
        + " FIRST_VALUE(c.\"__$operation\") "
        + key
        + " ORDER BY t.start_lsn, c.\"__$ordinal\") AS \"__$first\", COUNT(*) "
        + key
        + ") AS \"__$changes\", BIT_OR_AGG(c.\"__$update_mask\") "
        + key
        + ") AS \"__$mask\", ROW_NUMBER() "
        + key
        + " ORDER BY t.start_lsn DESC, c.\"__$ordinal\" DESC) AS \"__$back\""
        + captured
        + interval(instance, arguments)
        + " AND c.\"__$operation\" <> 3) n CROSS JOIN (SELECT "
        + SCHEMA
        + ".normalized_filter("
        + arguments.get(2)
        + ") AS \"__$filter\" FROM SYSTEM_RANGE(1, 1)) f WHERE \"__$back\" = 1 AND NOT"
        + " (\"__$first\" = 2 AND \"__$last\" = 1))";
  }

  /** The head of a query that gives nulls under the names of a function's columns. */
  private static String nulls(CaptureInstance instance, String... metadata) {
    return Stream.concat(
            Stream.of(metadata), instance.columns().stream().map(CaptureInstance.Column::name))
        .map(name -> "NULL AS " + quote(name))
        .collect(Collectors.joining(", ", "SELECT ", ""));
  }

  private static String sequenceValue() {
    return "CAST(" + LSN_FUNCTION + "(t.begin_number + c.\"__$ordinal\") AS BINARY(10))";
  }
}
