package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.ObjectType;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.tsql.ObjectName;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The temporary tables and table variables of one session. In H2 they are tables of a schema of the
 * session's own, made and dropped on the definitions connection, so that making one inside a
 * transaction does not commit it. A table that the transaction still holds locks on is dropped when
 * the transaction ends; until then its name is free again.
 */
final class TemporaryTables {

  /** Begins the name of each session's schema. */
  static final String SCHEMA_PREFIX = "standin_temp_";

  /** A table with its name in H2. */
  record TemporaryTable(Table table, String physicalName) {}

  private final Definitions definitions;
  private final String schema;
  private final Map<String, TemporaryTable> tables = new HashMap<>();
  private final List<TemporaryTable> dropLater = new ArrayList<>();
  private final List<String> indexLater = new ArrayList<>();
  private boolean schemaExists;
  private long version;
  private int physicalNames;

  TemporaryTables(Definitions definitions, int sessionId) {
    this.definitions = definitions;
    this.schema = SCHEMA_PREFIX + sessionId;
  }

  /** Changes whenever a name begins or ceases to mean a table. */
  long version() {
    return version;
  }

  Optional<TemporaryTable> find(String name) {
    return Optional.ofNullable(tables.get(key(name)));
  }

  Optional<TemporaryTable> find(int objectId) {
    return tables.values().stream().filter(t -> t.table().object().id() == objectId).findFirst();
  }

  /** By the name in H2, for error messages. */
  Optional<Table> findPhysical(String physicalSchema, String physicalName) {
    if (!physicalSchema.equalsIgnoreCase(schema)) {
      return Optional.empty();
    }
    return tables.values().stream()
        .filter(t -> t.physicalName().equalsIgnoreCase(physicalName))
        .map(TemporaryTable::table)
        .findFirst();
  }

  private static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  String qualified(TemporaryTable table) {
    return qualified(table.physicalName());
  }

  private String qualified(String physicalName) {
    return Definitions.quote(schema) + "." + Definitions.quote(physicalName);
  }

  /** The H2 name for a table that is about to be made. */
  String reserve(ObjectName name) throws SqlServerError, SQLException {
    if (tables.containsKey(key(name.name()))) {
      throw Definitions.nameTaken(name.name());
    }
    if (!schemaExists) {
      definitions.execute(List.of("CREATE SCHEMA " + Definitions.quote(schema)));
      schemaExists = true;
    }
    return qualified(physicalName(name.name()));
  }

  private String physicalName(String name) {
    return name + "_" + physicalNames;
  }

  /** The object of a table that is about to be made. */
  DatabaseObject newObject(String name, int objectId) {
    return new DatabaseObject(
        objectId,
        CatalogueStore.TEMPORARY_SCHEMA_ID,
        "dbo",
        name,
        ObjectType.TABLE,
        0,
        null,
        false);
  }

  /** Makes the reserved name mean the table that was made. */
  TemporaryTable add(Table table) {
    TemporaryTable made = new TemporaryTable(table, physicalName(table.object().name()));
    physicalNames++;
    tables.put(key(table.object().name()), made);
    version++;
    return made;
  }

  void replace(Table table) {
    TemporaryTable old = tables.get(key(table.object().name()));
    tables.put(key(table.object().name()), new TemporaryTable(table, old.physicalName()));
    version++;
  }

  /** Makes a dropped table's name mean it again: the drop was rolled back. */
  void restore(TemporaryTable table) {
    dropLater.remove(table);
    tables.put(key(table.table().object().name()), table);
    version++;
  }

  /** Forgets the name at once and the table as soon as nothing holds it. */
  TemporaryTable drop(String name) {
    TemporaryTable table = tables.remove(key(name));
    version++;
    dropLater.add(table);
    return table;
  }

  /** An index that cannot be made while the transaction holds the table. */
  void indexAtEnd(String sql) {
    indexLater.add(sql);
  }

  /** The transaction ended: nothing holds the tables now. */
  void transactionEnded() throws SQLException {
    if (!dropLater.isEmpty()) {
      List<String> statements = new ArrayList<>();
      for (TemporaryTable table : dropLater) {
        statements.add("DROP TABLE IF EXISTS " + qualified(table));
      }
      definitions.dropTemporary(
          statements, dropLater.stream().map(t -> t.table().object().id()).toList());
      dropLater.clear();
    }
    if (!indexLater.isEmpty()) {
      List<String> statements = List.copyOf(indexLater);
      indexLater.clear();
      definitions.execute(statements);
    }
  }

  /** Forgets all names at once, and the tables when the transaction ends. */
  void forgetAll() {
    for (String name : List.copyOf(tables.keySet())) {
      drop(name);
    }
    indexLater.clear();
  }

  /** Drops everything; no transaction may be open. */
  void dropAll() throws SQLException {
    forgetAll();
    transactionEnded();
    if (schemaExists) {
      definitions.execute(List.of("DROP SCHEMA " + Definitions.quote(schema) + " CASCADE"));
      schemaExists = false;
    }
  }
}
