package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.broker.BrokerObjects;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The permanent objects of a database at one moment, by name and id. Immutable: a definition makes
 * a new one. Names compare without letter case.
 */
final class Catalogue {

  /** The kinds of object, with the codes of sys.objects.type. */
  enum ObjectType {
    TABLE("U"),
    VIEW("V"),
    PROCEDURE("P"),
    QUEUE("SQ"),
    PRIMARY_KEY("PK"),
    UNIQUE("UQ"),
    DEFAULT("D"),
    FOREIGN_KEY("F"),
    CHECK("C");

    private final String code;

    ObjectType(String code) {
      this.code = code;
    }

    String code() {
      return code;
    }

    static ObjectType ofCode(String code) {
      for (ObjectType type : values()) {
        if (type.code.equals(code.trim())) {
          return type;
        }
      }
      throw new IllegalArgumentException("no kind of object has the code " + code);
    }
  }

  /**
   * An object.
   *
   * @param parentId of a constraint: its table; otherwise 0
   * @param definition T-SQL text of a view, procedure, default or check; otherwise null
   */
  record DatabaseObject(
      int id,
      int schemaId,
      String schema,
      String name,
      ObjectType type,
      int parentId,
      String definition,
      boolean systemNamed) {

    String qualifiedName() {
      return schema + "." + name;
    }
  }

  /**
   * A column of a table or view.
   *
   * @param identitySeed null when it is no identity column
   * @param computed definition of a computed column, or null
   * @param collation of a character column, or null
   * @param defaultId the object of its default, 0 for none
   */
  record Column(
      int id,
      String name,
      SqlType type,
      boolean nullable,
      Long identitySeed,
      Long identityIncrement,
      String computed,
      String collation,
      int defaultId) {

    boolean isIdentity() {
      return identitySeed != null;
    }

    boolean isComputed() {
      return computed != null;
    }

    boolean comparesByCodePoint() {
      return collation != null && collation.toUpperCase(Locale.ROOT).contains("_BIN");
    }
  }

  /** A key column of an index; {@code keyOrdinal} 0: only included. */
  record IndexColumn(int columnId, int keyOrdinal, boolean descending) {}

  /** An index or the index of a key. */
  record Index(
      int id,
      String name,
      boolean clustered,
      boolean unique,
      boolean primaryKey,
      boolean uniqueConstraint,
      String filter,
      List<IndexColumn> columns) {

    List<Integer> keyColumnIds() {
      return columns.stream()
          .filter(column -> column.keyOrdinal() > 0)
          .map(IndexColumn::columnId)
          .toList();
    }
  }

  /** A table or view with its columns and indexes. */
  record Table(DatabaseObject object, List<Column> columns, List<Index> indexes) {

    Optional<Column> column(String name) {
      return columns.stream().filter(c -> c.name().equalsIgnoreCase(name)).findFirst();
    }

    Optional<Column> column(int id) {
      return columns.stream().filter(c -> c.id() == id).findFirst();
    }

    Optional<Index> index(String name) {
      return indexes.stream().filter(i -> i.name().equalsIgnoreCase(name)).findFirst();
    }

    Optional<Index> primaryKey() {
      return indexes.stream().filter(Index::primaryKey).findFirst();
    }

    Optional<Column> identityColumn() {
      return columns.stream().filter(Column::isIdentity).findFirst();
    }

    List<String> keyColumnNames(Index index) {
      return index.keyColumnIds().stream()
          .map(id -> column(id).map(Column::name).orElseThrow())
          .toList();
    }
  }

  private final long version;
  private final Map<String, Integer> schemas = new HashMap<>();
  private final Map<String, String> schemaNames = new HashMap<>();
  private final Map<Integer, DatabaseObject> objects = new HashMap<>();
  private final Map<String, DatabaseObject> byName = new HashMap<>();
  private final Map<Integer, Table> tables = new HashMap<>();
  private final Map<String, String> options;
  private final BrokerObjects broker;

  Catalogue(
      long version,
      Map<String, Integer> schemaIds,
      List<DatabaseObject> allObjects,
      List<Table> allTables,
      Map<String, String> options,
      BrokerObjects broker) {
    this.version = version;
    this.broker = broker;
    this.options = Map.copyOf(options);
    schemaIds.forEach(
        (name, id) -> {
          schemas.put(key(name), id);
          schemaNames.put(key(name), name);
        });
    for (DatabaseObject object : allObjects) {
      objects.put(object.id(), object);
      byName.put(key(object.schema(), object.name()), object);
    }
    for (Table table : allTables) {
      tables.put(table.object().id(), table);
    }
  }

  private static String key(String... names) {
    return String.join("\u0000", names).toLowerCase(Locale.ROOT);
  }

  /** Grows with every definition. */
  long version() {
    return version;
  }

  Optional<Integer> schemaId(String name) {
    return Optional.ofNullable(schemas.get(key(name)));
  }

  /** The schema's name as it was created. */
  Optional<String> schemaName(String name) {
    return Optional.ofNullable(schemaNames.get(key(name)));
  }

  Optional<String> schemaName(int id) {
    return schemas.entrySet().stream()
        .filter(entry -> entry.getValue() == id)
        .map(entry -> schemaNames.get(entry.getKey()))
        .findFirst();
  }

  Optional<DatabaseObject> object(String schema, String name) {
    return Optional.ofNullable(byName.get(key(schema, name)));
  }

  Optional<DatabaseObject> object(int id) {
    return Optional.ofNullable(objects.get(id));
  }

  Collection<DatabaseObject> objects() {
    return objects.values();
  }

  Optional<Table> table(String schema, String name) {
    return object(schema, name).map(object -> tables.get(object.id()));
  }

  Optional<Table> table(int id) {
    return Optional.ofNullable(tables.get(id));
  }

  Collection<Table> tables() {
    return tables.values();
  }

  /** Service Broker's objects. */
  BrokerObjects broker() {
    return broker;
  }

  /** The queue of that name. */
  Optional<BrokerObjects.Queue> queue(String schema, String name) {
    return object(schema, name)
        .filter(object -> object.type() == ObjectType.QUEUE)
        .flatMap(object -> broker.queue(object.id()));
  }

  /** A database option such as ALLOW_SNAPSHOT_ISOLATION. */
  boolean isOn(String option) {
    return "ON".equals(options.get(option));
  }
}
