package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.capture.CaptureInstance;
import com.hartonomous.ingest.standin.capture.ChangeCapture;
import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.Index;
import com.hartonomous.ingest.standin.engine.Catalogue.ObjectType;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableAdd;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableAlterColumn;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableDropColumns;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableDropConstraints;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableConstraint;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableElements;
import com.hartonomous.ingest.standin.tsql.EmittedSql;
import com.hartonomous.ingest.standin.tsql.H2Emitter;
import com.hartonomous.ingest.standin.tsql.ObjectName;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** ALTER TABLE, and the constraints of tables. */
final class TableAlterations {

  private final H2Session session;
  private final DefinitionRunner runner;

  TableAlterations(H2Session session, DefinitionRunner runner) {
    this.session = session;
    this.runner = runner;
  }

  void run(DefinitionStatement statement, Scope scope)
      throws SqlServerError, SQLException, IOException {
    if (statement instanceof AlterTableAdd add) {
      add(add, scope);
    } else if (statement instanceof AlterTableDropColumns drop) {
      dropColumns(drop, scope);
    } else if (statement instanceof AlterTableDropConstraints drop) {
      dropConstraints(drop, scope);
    } else if (statement instanceof AlterTableAlterColumn alter) {
      alterColumn(alter, scope);
    } else {
      throw new IllegalStateException("no execution for " + statement);
    }
  }

  private Table requirePermanent(ObjectName name, Scope scope) throws SqlServerError {
    if (name.isTemporaryTable()) {
      throw DefinitionRunner.unsupported("ALTER TABLE on a temporary table");
    }
    return runner.requireTable(name, scope);
  }

  private void add(AlterTableAdd add, Scope scope)
      throws SqlServerError, SQLException, IOException {
    Table table = requirePermanent(add.table(), scope);
    SessionEnvironment environment = session.environment(scope);
    TableElements[] named = new TableElements[1];
    List<byte[]> noted = new ArrayList<>();
    runner.define(
        (connection, statement, store) -> {
          TableBuilder builder =
              new TableBuilder(
                  table.object(),
                  table.columns(),
                  table.indexes(),
                  lastCapturedColumn(table),
                  store::nextObjectId);
          named[0] =
              builder.named(H2Emitter.withComputedTypes(add.elements(), add.table(), environment));
          TableBuilder.Additions additions = builder.read(named[0]);
          for (DatabaseObject constraint : additions.constraints) {
            if (session.catalogue().object(constraint.schema(), constraint.name()).isPresent()) {
              throw Definitions.nameTaken(constraint.name());
            }
          }
          DefinitionRunner.runAll(
              statement,
              H2Emitter.emit(
                  new AlterTableAdd(add.table(), named[0], add.checkExisting(), add.source()),
                  environment));
          int id = table.object().id();
          for (Column column : additions.columns) {
            store.addColumn(id, column);
          }
          for (Column column : additions.changedColumns) {
            store.replaceColumn(id, column);
          }
          for (Index index : additions.indexes) {
            store.addIndex(id, index);
          }
          List<Column> columns = new ArrayList<>(table.columns());
          columns.addAll(additions.columns);
          addConstraints(
              new Table(table.object(), columns, table.indexes()), additions, environment, store);
          if (!additions.columns.isEmpty()) {
            noted.addAll(note(connection, table, null, add.source()));
          }
          return null;
        });
    session.transaction().onRollback(() -> removeAdded(add.table(), named[0], noted, scope));
  }

  /** A captured column that was dropped keeps its number: a new one is another column. */
  private int lastCapturedColumn(Table table) {
    return session.capture().instancesOf(table.object().id()).stream()
        .flatMap(instance -> instance.columns().stream())
        .mapToInt(CaptureInstance.Column::columnId)
        .max()
        .orElse(0);
  }

  /**
   * Notes a change of the columns of a captured table for each of its instances.
   *
   * @param altered the column whose type changed, or null
   */
  private List<byte[]> note(Connection connection, Table table, String altered, String source)
      throws SQLException {
    ChangeCapture capture = session.capture();
    List<byte[]> lsns = new ArrayList<>();
    for (CaptureInstance instance : capture.instancesOf(table.object().id())) {
      boolean captured =
          altered != null
              && instance.columns().stream().anyMatch(c -> c.name().equalsIgnoreCase(altered));
      lsns.add(capture.noteDefinition(connection, instance, captured, source));
    }
    return lsns;
  }

  private void removeAdded(ObjectName table, TableElements added, List<byte[]> noted, Scope scope)
      throws SQLException, SqlServerError {
    SessionEnvironment environment = session.environment(scope);
    Optional<Table> current = environment.findTable(table);
    if (current.isEmpty()) {
      return;
    }
    List<String> constraints = added.constraints().stream().map(TableConstraint::name).toList();
    List<String> columns = added.columns().stream().map(c -> c.name()).toList();
    Definitions definitions = session.engine().definitions();
    if (!noted.isEmpty()) {
      definitions.define(
          session.options().lockTimeout,
          (connection, statement, store) -> {
            for (byte[] lsn : noted) {
              session.capture().forgetDefinition(connection, lsn);
            }
            return null;
          });
    }
    if (!constraints.isEmpty()) {
      definitions.define(
          session.options().lockTimeout,
          dropConstraintsWork(
              current.get(),
              constraints,
              H2Emitter.emit(
                  new AlterTableDropConstraints(table, constraints, true), environment)));
    }
    if (!columns.isEmpty()) {
      definitions.define(
          session.options().lockTimeout,
          dropColumnsWork(
              current.get(),
              columns,
              H2Emitter.emit(new AlterTableDropColumns(table, columns, true, ""), environment)));
    }
  }

  /** Writes constraints and foreign keys of a table into the catalogue. */
  void addConstraints(
      Table table,
      TableBuilder.Additions additions,
      SessionEnvironment environment,
      CatalogueStore store)
      throws SQLException, SqlServerError {
    for (DatabaseObject constraint : additions.constraints) {
      store.addObject(constraint);
    }
    for (TableConstraint.ForeignKey key : additions.foreignKeys) {
      addForeignKey(table, key, environment, store);
    }
  }

  private static void addForeignKey(
      Table table,
      TableConstraint.ForeignKey key,
      SessionEnvironment environment,
      CatalogueStore store)
      throws SQLException, SqlServerError {
    boolean itself =
        SessionEnvironment.schemaOf(key.referencedTable()).equalsIgnoreCase(table.object().schema())
            && key.referencedTable().name().equalsIgnoreCase(table.object().name());
    Table referenced =
        itself
            ? table
            : environment
                .findTable(key.referencedTable())
                .orElseThrow(
                    () ->
                        new SqlServerError(
                            1767,
                            16,
                            0,
                            "Foreign key '"
                                + key.name()
                                + "' references invalid table '"
                                + key.referencedTable()
                                + "'."));
    List<Integer> referencedIds =
        key.referencedColumns().isEmpty()
            ? referenced.primaryKey().map(Index::keyColumnIds).orElse(List.of())
            : columnIds(referenced, key.referencedColumns());
    Index index =
        referenced.indexes().stream()
            .filter(i -> i.unique() && sameSet(i.keyColumnIds(), referencedIds))
            .findFirst()
            .orElseThrow(
                () ->
                    new SqlServerError(
                        1776,
                        16,
                        0,
                        "There are no primary or candidate keys in the referenced table '"
                            + key.referencedTable()
                            + "' that match the referencing column list in the foreign key '"
                            + key.name()
                            + "'."));
    DatabaseObject object =
        new DatabaseObject(
            store.nextObjectId(),
            table.object().schemaId(),
            table.object().schema(),
            key.name(),
            ObjectType.FOREIGN_KEY,
            table.object().id(),
            null,
            key.name().startsWith("FK__"));
    store.addForeignKey(
        object,
        referenced,
        index.id(),
        columnIds(table, key.columns()),
        referencedIds,
        key.onDelete() == null ? "NO ACTION" : key.onDelete(),
        key.onUpdate() == null ? "NO ACTION" : key.onUpdate());
  }

  private static boolean sameSet(List<Integer> left, List<Integer> right) {
    return left.size() == right.size() && left.containsAll(right);
  }

  private static List<Integer> columnIds(Table table, List<String> names) throws SqlServerError {
    List<Integer> ids = new ArrayList<>();
    for (String name : names) {
      ids.add(
          table
              .column(name)
              .orElseThrow(
                  () ->
                      new SqlServerError(
                          1769,
                          16,
                          1,
                          "Foreign key references invalid column '"
                              + name
                              + "' in table '"
                              + table.object().name()
                              + "'."))
              .id());
    }
    return ids;
  }

  private void dropColumns(AlterTableDropColumns drop, Scope scope)
      throws SqlServerError, SQLException, IOException {
    Table table = requirePermanent(drop.table(), scope);
    for (String name : drop.columns()) {
      Optional<Column> column = table.column(name);
      if (column.isEmpty() && !drop.ifExists()) {
        throw new SqlServerError(
            4924,
            16,
            1,
            "ALTER TABLE DROP COLUMN failed because column '"
                + name
                + "' does not exist in table '"
                + table.object().name()
                + "'.");
      }
      if (column.isPresent() && isUsed(table, column.get())) {
        throw new SqlServerError(
            4922,
            16,
            9,
            "ALTER TABLE DROP COLUMN "
                + name
                + " failed because one or more objects access this column.");
      }
    }
    List<String> present =
        drop.columns().stream().filter(name -> table.column(name).isPresent()).toList();
    if (present.isEmpty()) {
      return;
    }
    List<EmittedSql> sql =
        H2Emitter.emit(
            new AlterTableDropColumns(drop.table(), present, false, drop.source()),
            session.environment(scope));
    Definitions.Work<Void> work = dropColumnsWork(table, present, sql);
    runner.define(
        (connection, statement, store) -> {
          work.run(connection, statement, store);
          note(connection, table, null, drop.source());
          return null;
        });
    runner.irreversible("ALTER TABLE " + drop.table() + " DROP COLUMN");
  }

  private static boolean isUsed(Table table, Column column) {
    return column.defaultId() != 0
        || table.indexes().stream()
            .anyMatch(i -> i.columns().stream().anyMatch(c -> c.columnId() == column.id()));
  }

  private static Definitions.Work<Void> dropColumnsWork(
      Table table, List<String> columns, List<EmittedSql> sql) {
    return (connection, statement, store) -> {
      DefinitionRunner.runAll(statement, sql);
      for (String name : columns) {
        Optional<Column> column = table.column(name);
        if (column.isPresent()) {
          store.dropColumn(table.object().id(), column.get().id());
          if (column.get().defaultId() != 0) {
            store.dropObject(column.get().defaultId());
          }
        }
      }
      return null;
    };
  }

  private void dropConstraints(AlterTableDropConstraints drop, Scope scope)
      throws SqlServerError, SQLException, IOException {
    Table table = requirePermanent(drop.table(), scope);
    List<String> present = new ArrayList<>();
    for (String name : drop.constraints()) {
      Optional<DatabaseObject> constraint =
          session
              .catalogue()
              .object(table.object().schema(), name)
              .filter(o -> o.parentId() == table.object().id());
      if (constraint.isPresent()) {
        present.add(constraint.get().name());
      } else if (!drop.ifExists()) {
        throw new SqlServerError(3728, 16, 1, "'" + name + "' is not a constraint.");
      }
    }
    if (present.isEmpty()) {
      return;
    }
    for (String name : present) {
      for (CaptureInstance instance : session.capture().instancesOf(table.object().id())) {
        if (name.equalsIgnoreCase(instance.indexName())) {
          throw new SqlServerError(
              22979,
              16,
              1,
              "The unique index '"
                  + name
                  + "' on table '"
                  + table.object().qualifiedName()
                  + "' is used by Change Data Capture. The constraint using this index cannot be"
                  + " dropped or disabled.");
        }
      }
    }
    runner.define(
        dropConstraintsWork(table, present, constraintSql(table, drop.table(), present, scope)));
    runner.irreversible("ALTER TABLE " + drop.table() + " DROP CONSTRAINT");
  }

  /** A default is a constraint in SQL Server, but a property of its column in H2. */
  private List<EmittedSql> constraintSql(
      Table table, ObjectName name, List<String> constraints, Scope scope) throws SqlServerError {
    List<String> named = new ArrayList<>();
    List<EmittedSql> sql = new ArrayList<>();
    for (String constraint : constraints) {
      Optional<DatabaseObject> object =
          session.catalogue().object(table.object().schema(), constraint);
      if (object.isPresent() && object.get().type() == ObjectType.DEFAULT) {
        for (Column column : table.columns()) {
          if (column.defaultId() == object.get().id()) {
            sql.add(
                new EmittedSql(
                    "ALTER TABLE "
                        + SessionEnvironment.physical(table)
                        + " ALTER COLUMN "
                        + Definitions.quote(column.name())
                        + " DROP DEFAULT",
                    List.of(),
                    EmittedSql.Command.DEFINITION,
                    false,
                    List.of()));
          }
        }
      } else {
        named.add(constraint);
      }
    }
    if (!named.isEmpty()) {
      sql.addAll(
          H2Emitter.emit(
              new AlterTableDropConstraints(name, named, false), session.environment(scope)));
    }
    return sql;
  }

  private Definitions.Work<Void> dropConstraintsWork(
      Table table, List<String> constraints, List<EmittedSql> sql) {
    return (connection, statement, store) -> {
      DefinitionRunner.runAll(statement, sql);
      for (String name : constraints) {
        Optional<DatabaseObject> object = session.catalogue().object(table.object().schema(), name);
        if (object.isEmpty()) {
          continue;
        }
        Optional<Index> index = table.index(name);
        if (index.isPresent()) {
          store.dropIndex(table.object().id(), index.get().id());
        }
        for (Column column : table.columns()) {
          if (column.defaultId() == object.get().id()) {
            store.replaceColumn(table.object().id(), TableBuilder.withDefault(column, 0));
          }
        }
        store.dropObject(object.get().id());
      }
      return null;
    };
  }

  private void alterColumn(AlterTableAlterColumn alter, Scope scope)
      throws SqlServerError, SQLException, IOException {
    Table table = requirePermanent(alter.table(), scope);
    Column old =
        table
            .column(alter.column().name())
            .orElseThrow(
                () ->
                    new SqlServerError(
                        4924,
                        16,
                        1,
                        "ALTER TABLE ALTER COLUMN failed because column '"
                            + alter.column().name()
                            + "' does not exist in table '"
                            + table.object().name()
                            + "'."));
    Column read = TableBuilder.column(old.id(), alter.column(), old.defaultId());
    Column changed =
        new Column(
            old.id(),
            old.name(),
            read.type(),
            read.nullable(),
            old.identitySeed(),
            old.identityIncrement(),
            old.computed(),
            read.collation(),
            old.defaultId());
    List<EmittedSql> sql = H2Emitter.emit(alter, session.environment(scope));
    runner.define(
        (connection, statement, store) -> {
          DefinitionRunner.runAll(statement, sql);
          store.replaceColumn(table.object().id(), changed);
          String typeName = CaptureProcedures.typeName(changed);
          String h2Type = H2Emitter.columnType(alter.column());
          for (CaptureInstance instance : session.capture().instancesOf(table.object().id())) {
            if (!old.type().equals(changed.type())
                && instance.columns().stream().anyMatch(c -> c.name().equals(old.name()))) {
              session.capture().alterColumn(connection, instance, old.name(), typeName, h2Type);
            }
          }
          note(
              connection,
              table,
              old.type().equals(changed.type()) ? null : old.name(),
              alter.source());
          return null;
        });
    runner.irreversible("ALTER TABLE " + alter.table() + " ALTER COLUMN");
  }

  /** True when another table's foreign key points at this one. */
  boolean isReferenced(Table table) throws SQLException {
    PreparedStatement query =
        session
            .prepared()
            .prepare(
                "SELECT 1 FROM standin_catalogue.foreign_keys WHERE referenced_object_id = ? AND"
                    + " parent_object_id <> referenced_object_id");
    query.setInt(1, table.object().id());
    try (ResultSet rows = query.executeQuery()) {
      return rows.next();
    }
  }
}
