package com.hartonomous.ingest.job.preflight;

import com.hartonomous.ingest.capture.sqlserver.SourceColumn;
import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.config.NearestKey;
import com.hartonomous.ingest.record.Segmentation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Looks at a table that is to be captured, as the database has it, and refuses what cannot be
 * captured. Reads only.
 */
final class TableInspection {

  /** Types whose values the capture source gives as text. */
  private static final Set<String> TEXT_TYPES = Set.of("char", "varchar", "nchar", "nvarchar");

  /** Types whose values the capture source gives as bytes; a row version is none that users set. */
  private static final Set<String> BINARY_TYPES = Set.of("binary", "varbinary");

  private static final String TEXT_CONTENT = "text/";

  private static final Pattern PLAIN_NAME = Pattern.compile("[\\p{L}\\p{M}\\p{N}_@#%&;:-]+");

  /** The connector cannot cut a snapshot into chunks by a key of these types. */
  private static final Set<String> TYPES_WITHOUT_CHUNKS =
      Set.of(
          "binary",
          "varbinary",
          "timestamp",
          "rowversion",
          "bit",
          "time",
          "datetimeoffset",
          "sql_variant",
          "hierarchyid");

  /**
   * What capture needs to know of a table.
   *
   * @param keyColumns in key order
   * @param contentColumns as configured, spelt as the database does
   * @param binaryColumns those content columns that hold bytes rather than text
   */
  record Table(
      String schema,
      String table,
      List<String> keyColumns,
      List<IngestOptions.Column> contentColumns,
      Set<String> binaryColumns) {
    String qualifiedName() {
      return schema + "." + table;
    }
  }

  private final Connection connection;
  private final String database;
  private List<String[]> tables;

  TableInspection(Connection connection, String database) {
    this.connection = connection;
    this.database = database;
  }

  /**
   * @throws ConfigurationException when the table is missing, has no primary key, is not enabled
   *     for CDC, or a content column is missing, there twice, not captured or holds neither text
   *     nor bytes
   */
  Table inspect(IngestOptions.Table wanted) throws ConfigurationException, SQLException {
    String[] name = findTable(wanted);
    String schema = name[0];
    String table = name[1];
    Map<String, String> columnTypes = columnTypes(schema, table);
    requirePlainDatabase(schema, table);
    List<String> keyColumns = keyColumns(schema, table, columnTypes);
    Set<String> capturedColumns = capturedColumns(schema, table);
    requireCaptured(schema, table, keyColumns, capturedColumns);
    List<IngestOptions.Column> contentColumns = new ArrayList<>();
    Set<String> binaryColumns = new HashSet<>();
    for (IngestOptions.Column column : wanted.columns()) {
      IngestOptions.Column found = contentColumn(schema, table, column, columnTypes);
      if (contentColumns.stream().anyMatch(other -> other.name().equals(found.name()))) {
        throw refuse(
            schema + "." + table,
            String.format("column %s is there twice. Remove one of the two.", found.name()));
      }
      contentColumns.add(found);
      if (BINARY_TYPES.contains(columnTypes.get(found.name()))) {
        binaryColumns.add(found.name());
      }
    }
    requireCaptured(
        schema,
        table,
        contentColumns.stream().map(IngestOptions.Column::name).toList(),
        capturedColumns);
    return new Table(schema, table, keyColumns, contentColumns, binaryColumns);
  }

  /** Schema and table as the database spells them: the connector compares exactly. */
  private String[] findTable(IngestOptions.Table wanted)
      throws ConfigurationException, SQLException {
    List<String[]> found =
        tables().stream()
            .filter(
                name ->
                    name[0].equalsIgnoreCase(wanted.schema())
                        && name[1].equalsIgnoreCase(wanted.table()))
            .toList();
    if (found.size() > 1) {
      throw refuse(
          wanted.qualifiedName(),
          "the capture connector cannot tell two tables apart whose names differ in case only."
              + " Rename one of the two.");
    }
    if (!found.isEmpty()) {
      return found.get(0);
    }
    List<String> names = tables().stream().map(name -> name[0] + "." + name[1]).toList();
    String hint =
        names.isEmpty()
            ? "The database has no tables."
            : "Did you mean " + NearestKey.find(wanted.qualifiedName(), names) + "?";
    throw refuse(
        wanted.qualifiedName(), "there is no such table in database " + database + ". " + hint);
  }

  /** Schema and table of all tables of the database, asked for once. */
  private List<String[]> tables() throws SQLException {
    if (tables == null) {
      List<String[]> found = new ArrayList<>();
      try (PreparedStatement statement =
              connection.prepareStatement(
                  "SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES"
                      + " WHERE TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_SCHEMA, TABLE_NAME");
          ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          found.add(new String[] {result.getString(1), result.getString(2)});
        }
      }
      tables = found;
    }
    return tables;
  }

  /**
   * The connector quotes the database in its statements without escaping what the name contains,
   * and reads it back out of its own state joined to others by dots. Schemas and tables it knows by
   * aliases of ours.
   */
  private void requirePlainDatabase(String schema, String table) throws ConfigurationException {
    if (!PLAIN_NAME.matcher(database).matches()) {
      throw refuse(
          schema + "." + table,
          String.format(
              "the capture connector cannot take this name of a database: expected letters, digits"
                  + " and _ @ # %% & ; : - only, found %s. Rename it.",
              database));
    }
  }

  /** Lower-case type names by column, in the table's order. */
  private Map<String, String> columnTypes(String schema, String table) throws SQLException {
    Map<String, String> types = new LinkedHashMap<>();
    for (SourceColumn column : SourceColumn.ofTable(connection, schema, table)) {
      types.put(column.name(), column.type());
    }
    return types;
  }

  private List<String> keyColumns(String schema, String table, Map<String, String> columnTypes)
      throws ConfigurationException, SQLException {
    List<String> columns = SourceColumn.keyOfTable(connection, schema, table);
    String name = schema + "." + table;
    if (columns.isEmpty()) {
      throw refuse(
          name, "the table has no primary key, by which its rows are known. Add a primary key.");
    }
    String first = columns.get(0);
    String type = columnTypes.get(first);
    if (TYPES_WITHOUT_CHUNKS.contains(type)) {
      throw refuse(
          name,
          String.format(
              "the first column of the primary key, %s, is of type %s, by which the snapshot cannot"
                  + " be cut into chunks. Put a number or text column first.",
              first, type));
    }
    return columns;
  }

  private Set<String> capturedColumns(String schema, String table)
      throws ConfigurationException, SQLException {
    Set<String> columns = new HashSet<>();
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT c.column_name FROM cdc.change_tables AS t"
                + " INNER JOIN cdc.captured_columns AS c ON c.object_id = t.object_id"
                + " WHERE t.source_object_id = OBJECT_ID(?)")) {
      statement.setString(1, SourceColumn.quote(schema) + "." + SourceColumn.quote(table));
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          columns.add(result.getString(1));
        }
      }
    }
    if (columns.isEmpty()) {
      throw refuse(
          schema + "." + table,
          String.format(
              "change data capture is not enabled for the table. Run EXEC sys.sp_cdc_enable_table"
                  + " @source_schema = N'%s', @source_name = N'%s', @role_name = NULL;",
              schema.replace("'", "''"), table.replace("'", "''")));
    }
    return columns;
  }

  private IngestOptions.Column contentColumn(
      String schema, String table, IngestOptions.Column wanted, Map<String, String> columnTypes)
      throws ConfigurationException {
    String name = schema + "." + table;
    // Where the database tells case in names, the exact one is meant.
    String column =
        columnTypes.containsKey(wanted.name())
            ? wanted.name()
            : columnTypes.keySet().stream()
                .filter(wanted.name()::equalsIgnoreCase)
                .findFirst()
                .orElse(null);
    if (column == null) {
      throw refuse(
          name,
          String.format(
              "there is no column %s. Did you mean %s?",
              wanted.name(), NearestKey.find(wanted.name(), List.copyOf(columnTypes.keySet()))));
    }
    String type = columnTypes.get(column);
    if (BINARY_TYPES.contains(type)) {
      requireFitForBytes(name, column, type, wanted);
    } else if (!TEXT_TYPES.contains(type)) {
      throw refuse(
          name,
          String.format(
              "expected text (char, varchar, nchar, nvarchar) or bytes (binary, varbinary) in"
                  + " content column %s, found %s. Leave this column out.",
              column, type));
    }
    return new IngestOptions.Column(column, wanted.contentType(), wanted.segments());
  }

  private static void requireFitForBytes(
      String table, String column, String type, IngestOptions.Column wanted)
      throws ConfigurationException {
    if (wanted.contentType().startsWith(TEXT_CONTENT)) {
      throw refuse(
          table,
          String.format(
              "content column %s is of type %s, whose bytes are taken as they are: expected a content"
                  + " type that is not text, such as application/octet-stream, found %s.",
              column, type, wanted.contentType()));
    }
    if (wanted.segments() != Segmentation.VALUE) {
      throw refuse(
          table,
          String.format(
              "content column %s is of type %s, which has no %ss to cut at. Leave its segments"
                  + " out.",
              column, type, wanted.segments().label()));
    }
  }

  private static void requireCaptured(
      String schema, String table, List<String> columns, Set<String> captured)
      throws ConfigurationException {
    for (String column : columns) {
      if (!captured.contains(column)) {
        throw refuse(
            schema + "." + table,
            String.format(
                "column %s is not among the columns that the table's change data capture was"
                    + " enabled for. Enable it again with this column.",
                column));
      }
    }
  }

  private static ConfigurationException refuse(String table, String message) {
    return new ConfigurationException("capture.tables: " + table + ": " + message);
  }
}
