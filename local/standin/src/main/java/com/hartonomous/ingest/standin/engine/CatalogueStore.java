package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.broker.BrokerTables;
import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.Index;
import com.hartonomous.ingest.standin.engine.Catalogue.IndexColumn;
import com.hartonomous.ingest.standin.engine.Catalogue.ObjectType;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Clock;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The catalogue in H2 tables. All methods work on the definitions connection, under the lock of
 * {@link Definitions}, and leave the commit to it.
 */
final class CatalogueStore {

  static final String DEFAULT_COLLATION = "SQL_Latin1_General_CP1_CI_AS";
  static final int DBO_SCHEMA_ID = 1;
  static final int CDC_SCHEMA_ID = 6;

  /** The schema of temporary tables; no schema of the database has this id. */
  static final int TEMPORARY_SCHEMA_ID = -1;

  private static final String SCHEMA = "standin_catalogue.";
  private static final String UNFINISHED = SCHEMA + "unfinished";
  private static final int FIRST_OBJECT_ID = 245_575_913;
  private static final int OBJECT_ID_STEP = 16;

  private final Connection connection;
  private long version;
  private int lastObjectId;
  private int lastTemporaryId;

  CatalogueStore(Connection connection) {
    this.connection = connection;
  }

  /** Creates what a new database lacks and forgets the temporary tables of an earlier run. */
  void open() throws SQLException {
    BrokerTables.create(connection);
    try (Statement statement = connection.createStatement()) {
      SqlScript.run(statement, "catalogue-tables.sql");
      statement.execute("MERGE INTO " + SCHEMA + "schemas KEY (schema_id) VALUES (1, 'dbo', 1)");
      statement.execute("MERGE INTO " + SCHEMA + "schemas KEY (schema_id) VALUES (2, 'guest', 2)");
      statement.execute(
          "MERGE INTO " + SCHEMA + "schemas KEY (schema_id) VALUES (3, 'INFORMATION_SCHEMA', 3)");
      statement.execute("MERGE INTO " + SCHEMA + "schemas KEY (schema_id) VALUES (4, 'sys', 4)");
      statement.execute("CREATE SCHEMA IF NOT EXISTS dbo");
      for (TypeCatalogue type : TypeCatalogue.all()) {
        mergeType(type);
      }
      for (String table : List.of("objects", "columns", "indexes", "index_columns")) {
        statement.execute("DELETE FROM " + SCHEMA + table + " WHERE object_id < 0");
      }
      statement.execute(
          "INSERT INTO "
              + SCHEMA
              + "options SELECT 'create_date', CAST(LOCALTIMESTAMP(3) AS VARCHAR) WHERE NOT EXISTS"
              + " (SELECT 1 FROM "
              + SCHEMA
              + "options WHERE name = 'create_date')");
      try (ResultSet rows =
          statement.executeQuery("SELECT MAX(object_id) FROM " + SCHEMA + "objects")) {
        rows.next();
        lastObjectId = Math.max(FIRST_OBJECT_ID, rows.getInt(1));
      }
    }
  }

  static String insertUnfinished(long transaction) {
    return "INSERT INTO " + UNFINISHED + " VALUES (" + transaction + ")";
  }

  static String deleteUnfinished(long transaction) {
    return "DELETE FROM " + UNFINISHED + " WHERE transaction_id = " + transaction;
  }

  /**
   * Refuses a database whose process died inside a transaction with definitions, such as a
   * migration, or could not undo one: a part of it is there, and who could undo that is gone.
   */
  void requireFinished() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT 1 FROM " + UNFINISHED)) {
      if (row.next()) {
        throw new SQLException(
            "a process died inside a transaction that had defined something, such as a migration,"
                + " or could not undo it; expected that it had ended, since the stand-in cannot"
                + " undo definitions then. Remove the directory and start anew, or put back a copy"
                + " of it");
      }
    }
  }

  private void mergeType(TypeCatalogue type) throws SQLException {
    try (PreparedStatement merge =
        connection.prepareStatement(
            "MERGE INTO " + SCHEMA + "types KEY (system_type_id) VALUES (?, ?, ?, ?, ?, ?)")) {
      merge.setInt(1, type.id());
      merge.setString(2, type.typeName());
      merge.setInt(3, type.storage() == 0 ? 8000 : type.storage());
      merge.setInt(4, type.precision());
      merge.setInt(5, type.scale());
      merge.setString(6, TypeCatalogue.isCharacter(type.kind()) ? DEFAULT_COLLATION : null);
      merge.executeUpdate();
    }
  }

  int nextObjectId() {
    lastObjectId += OBJECT_ID_STEP;
    return lastObjectId;
  }

  int nextTemporaryId() {
    return --lastTemporaryId;
  }

  /** Reads the whole catalogue of permanent objects. */
  Catalogue load() throws SQLException {
    version++;
    Map<String, Integer> schemas = loadSchemas();
    Map<Integer, String> names = new HashMap<>();
    schemas.forEach((name, id) -> names.put(id, name));
    List<DatabaseObject> objects = loadObjects(names);
    Map<Integer, List<Column>> columns = loadColumns();
    Map<Integer, List<Index>> indexes = loadIndexes();
    List<Table> tables = new ArrayList<>();
    for (DatabaseObject object : objects) {
      if (object.type() == ObjectType.TABLE || object.type() == ObjectType.VIEW) {
        tables.add(
            new Table(
                object,
                columns.getOrDefault(object.id(), List.of()),
                indexes.getOrDefault(object.id(), List.of())));
      }
    }
    return new Catalogue(
        version, schemas, objects, tables, loadOptions(), BrokerTables.load(connection));
  }

  private Map<String, Integer> loadSchemas() throws SQLException {
    Map<String, Integer> schemas = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT name, schema_id FROM " + SCHEMA + "schemas")) {
      while (rows.next()) {
        schemas.put(rows.getString(1), rows.getInt(2));
      }
    }
    return schemas;
  }

  private Map<String, String> loadOptions() throws SQLException {
    Map<String, String> options = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT name, option_value FROM " + SCHEMA + "options")) {
      while (rows.next()) {
        options.put(rows.getString(1), rows.getString(2));
      }
    }
    return options;
  }

  private List<DatabaseObject> loadObjects(Map<Integer, String> schemaNames) throws SQLException {
    List<DatabaseObject> objects = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT object_id, schema_id, name, type, parent_object_id, definition,"
                    + " is_system_named FROM "
                    + SCHEMA
                    + "objects WHERE object_id > 0 ORDER BY object_id")) {
      while (rows.next()) {
        objects.add(
            new DatabaseObject(
                rows.getInt(1),
                rows.getInt(2),
                schemaNames.get(rows.getInt(2)),
                rows.getString(3),
                ObjectType.ofCode(rows.getString(4)),
                rows.getInt(5),
                rows.getString(6),
                rows.getBoolean(7)));
      }
    }
    return objects;
  }

  private Map<Integer, List<Column>> loadColumns() throws SQLException {
    Map<Integer, List<Column>> columns = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT object_id, column_id, name, system_type_id, max_length, type_precision,"
                    + " type_scale, is_nullable, identity_seed, identity_increment,"
                    + " computed_definition, collation_name, default_object_id FROM "
                    + SCHEMA
                    + "columns WHERE object_id > 0 ORDER BY object_id, column_id")) {
      while (rows.next()) {
        columns
            .computeIfAbsent(rows.getInt(1), id -> new ArrayList<>())
            .add(
                new Column(
                    rows.getInt(2),
                    rows.getString(3),
                    TypeCatalogue.declared(
                        rows.getInt(4), rows.getInt(5), rows.getInt(6), rows.getInt(7)),
                    rows.getBoolean(8),
                    rows.getObject(9, Long.class),
                    rows.getObject(10, Long.class),
                    rows.getString(11),
                    rows.getString(12),
                    rows.getInt(13)));
      }
    }
    return columns;
  }

  private Map<Integer, List<Index>> loadIndexes() throws SQLException {
    Map<Long, List<IndexColumn>> columns = new LinkedHashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT object_id, index_id, column_id, key_ordinal, is_descending_key FROM "
                    + SCHEMA
                    + "index_columns WHERE object_id > 0"
                    + " ORDER BY object_id, index_id, index_column_id")) {
      while (rows.next()) {
        columns
            .computeIfAbsent(indexKey(rows.getInt(1), rows.getInt(2)), id -> new ArrayList<>())
            .add(new IndexColumn(rows.getInt(3), rows.getInt(4), rows.getBoolean(5)));
      }
    }
    Map<Integer, List<Index>> indexes = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT object_id, index_id, name, is_clustered, is_unique, is_primary_key,"
                    + " is_unique_constraint, filter_definition FROM "
                    + SCHEMA
                    + "indexes WHERE object_id > 0 ORDER BY object_id, index_id")) {
      while (rows.next()) {
        int objectId = rows.getInt(1);
        indexes
            .computeIfAbsent(objectId, id -> new ArrayList<>())
            .add(
                new Index(
                    rows.getInt(2),
                    rows.getString(3),
                    rows.getBoolean(4),
                    rows.getBoolean(5),
                    rows.getBoolean(6),
                    rows.getBoolean(7),
                    rows.getString(8),
                    columns.getOrDefault(indexKey(objectId, rows.getInt(2)), List.of())));
      }
    }
    return indexes;
  }

  private static long indexKey(int objectId, int indexId) {
    return ((long) objectId << 32) | indexId;
  }

  void addSchema(int id, String name) throws SQLException {
    update("INSERT INTO " + SCHEMA + "schemas VALUES (?, ?, 1)", id, name);
  }

  void dropSchema(String name) throws SQLException {
    update("DELETE FROM " + SCHEMA + "schemas WHERE name = ?", name);
  }

  void setOption(String name, String value) throws SQLException {
    update("MERGE INTO " + SCHEMA + "options KEY (name) VALUES (?, ?)", name, value);
  }

  void addObject(DatabaseObject object) throws SQLException {
    LocalDateTime now = LocalDateTime.now(Clock.systemUTC());
    update(
        "INSERT INTO " + SCHEMA + "objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        object.id(),
        object.schemaId(),
        object.parentId(),
        object.name(),
        object.type().code(),
        object.definition(),
        now,
        now,
        object.systemNamed());
  }

  void addTable(Table table) throws SQLException {
    addObject(table.object());
    for (Column column : table.columns()) {
      addColumn(table.object().id(), column);
    }
    for (Index index : table.indexes()) {
      addIndex(table.object().id(), index);
    }
  }

  void addColumn(int objectId, Column column) throws SQLException {
    update(
        "INSERT INTO " + SCHEMA + "columns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        objectId,
        column.id(),
        column.name(),
        TypeCatalogue.of(column.type().kind()).id(),
        TypeCatalogue.maxLength(column.type()),
        TypeCatalogue.precision(column.type()),
        TypeCatalogue.scale(column.type()),
        column.nullable(),
        column.identitySeed(),
        column.identityIncrement(),
        column.computed(),
        column.collation(),
        column.defaultId());
  }

  void replaceColumn(int objectId, Column column) throws SQLException {
    dropColumn(objectId, column.id());
    addColumn(objectId, column);
  }

  void dropColumn(int objectId, int columnId) throws SQLException {
    update(
        "DELETE FROM " + SCHEMA + "columns WHERE object_id = ? AND column_id = ?",
        objectId,
        columnId);
  }

  void addIndex(int objectId, Index index) throws SQLException {
    update(
        "INSERT INTO " + SCHEMA + "indexes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        objectId,
        index.id(),
        index.name(),
        index.clustered(),
        index.unique(),
        index.primaryKey(),
        index.uniqueConstraint(),
        index.filter());
    int position = 1;
    for (IndexColumn column : index.columns()) {
      update(
          "INSERT INTO " + SCHEMA + "index_columns VALUES (?, ?, ?, ?, ?, ?)",
          objectId,
          index.id(),
          position++,
          column.columnId(),
          column.keyOrdinal(),
          column.descending());
    }
  }

  void dropIndex(int objectId, int indexId) throws SQLException {
    update(
        "DELETE FROM " + SCHEMA + "indexes WHERE object_id = ? AND index_id = ?",
        objectId,
        indexId);
    update(
        "DELETE FROM " + SCHEMA + "index_columns WHERE object_id = ? AND index_id = ?",
        objectId,
        indexId);
  }

  /** A foreign key; the column lists are column ids, in order. */
  void addForeignKey(
      DatabaseObject object,
      Table referenced,
      int keyIndexId,
      List<Integer> columns,
      List<Integer> referencedColumns,
      String onDelete,
      String onUpdate)
      throws SQLException {
    addObject(object);
    update(
        "INSERT INTO " + SCHEMA + "foreign_keys VALUES (?, ?, ?, ?, ?, ?)",
        object.id(),
        object.parentId(),
        referenced.object().id(),
        keyIndexId,
        onDelete,
        onUpdate);
    for (int i = 0; i < columns.size(); i++) {
      update(
          "INSERT INTO " + SCHEMA + "foreign_key_columns VALUES (?, ?, ?, ?, ?, ?)",
          object.id(),
          i + 1,
          object.parentId(),
          columns.get(i),
          referenced.object().id(),
          referencedColumns.get(i));
    }
  }

  /** Forgets an object with everything that belongs to it. */
  void dropObject(int objectId) throws SQLException {
    update("DELETE FROM " + SCHEMA + "foreign_key_columns WHERE parent_object_id = ?", objectId);
    update(
        "DELETE FROM " + SCHEMA + "foreign_key_columns WHERE constraint_object_id = ?", objectId);
    update(
        "DELETE FROM " + SCHEMA + "foreign_keys WHERE ? IN (object_id, parent_object_id)",
        objectId);
    for (String table : List.of("index_columns", "indexes", "columns")) {
      update("DELETE FROM " + SCHEMA + table + " WHERE object_id = ?", objectId);
    }
    update(
        "DELETE FROM " + SCHEMA + "objects WHERE object_id = ? OR parent_object_id = ?",
        objectId,
        objectId);
  }

  private void update(String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        if (values[i] == null) {
          statement.setNull(i + 1, Types.NULL);
        } else {
          statement.setObject(i + 1, values[i]);
        }
      }
      statement.executeUpdate();
    }
  }
}
