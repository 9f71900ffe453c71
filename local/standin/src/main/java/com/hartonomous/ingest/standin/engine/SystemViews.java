package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.capture.CaptureInstance;
import com.hartonomous.ingest.standin.capture.ChangeCapture;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The catalogue views that exist, under their names in H2. */
final class SystemViews {

  private static final String INFORMATION_SCHEMA = "standin_information_schema";
  private static final Set<String> CAPTURE_TABLES =
      Set.of(
          "change_tables", "captured_columns", "index_columns", "lsn_time_mapping", "ddl_history");
  private static final String CHANGE_TABLE_SUFFIX = "_ct";

  private final Map<String, String> names = new HashMap<>();

  private SystemViews() {}

  /** Creates the views, replacing those of an earlier version. */
  static SystemViews create(Connection connection) throws SQLException {
    SystemViews views = new SystemViews();
    try (Statement statement = connection.createStatement()) {
      SqlScript.run(statement, "system-views.sql");
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.VIEWS WHERE TABLE_SCHEMA IN"
                  + " ('sys', '"
                  + INFORMATION_SCHEMA
                  + "')")) {
        while (rows.next()) {
          String schema = rows.getString(1);
          String name = rows.getString(2);
          views.names.put(
              key(schema, name), Definitions.quote(schema) + "." + Definitions.quote(name));
        }
      }
    }
    return views;
  }

  /** The H2 name of a view of {@code sys} or {@code INFORMATION_SCHEMA}. */
  Optional<String> physicalName(String schema, String name) {
    String physical = schema.equalsIgnoreCase("sys") ? "sys" : INFORMATION_SCHEMA;
    return Optional.ofNullable(names.get(key(physical, name)));
  }

  private static String key(String schema, String name) {
    return (schema + "." + name).toLowerCase(Locale.ROOT);
  }

  /** The H2 name of a table of {@code cdc}: its own ones and the change tables. */
  Optional<String> captureTable(String name, ChangeCapture capture) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (CAPTURE_TABLES.contains(lower)) {
      return Optional.of("cdc." + lower);
    }
    if (!lower.endsWith(CHANGE_TABLE_SUFFIX)) {
      return Optional.empty();
    }
    return capture
        .instance(name.substring(0, name.length() - CHANGE_TABLE_SUFFIX.length()))
        .map(CaptureInstance::changeTable);
  }
}
