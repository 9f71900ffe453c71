package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.capture.CaptureInstance;
import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.Index;
import com.hartonomous.ingest.standin.engine.Catalogue.ObjectType;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.engine.TemporaryTables.TemporaryTable;
import com.hartonomous.ingest.standin.tsql.ControlStatement.DeclareTable;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterDatabaseSet;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableSet;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateDatabase;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateIndex;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateProcedure;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateSchema;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateTable;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateView;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.Drop;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.DropIndex;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ObjectKind;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableElements;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TruncateTable;
import com.hartonomous.ingest.standin.tsql.EmittedSql;
import com.hartonomous.ingest.standin.tsql.H2Emitter;
import com.hartonomous.ingest.standin.tsql.ObjectName;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.h2.api.ErrorCode;

/**
 * Definitions inside and outside transactions. What CREATE and ALTER TABLE ADD made inside a
 * transaction is taken away again when it is rolled back. What DROP and ALTER took away is not
 * given back: such a rollback ends with an error that names it. A definition on a table that the
 * transaction has written commits what the transaction did so far.
 */
final class DefinitionRunner {

  private final H2Session session;
  private final TableAlterations alterations;

  DefinitionRunner(H2Session session) {
    this.session = session;
    this.alterations = new TableAlterations(session, this);
  }

  void run(DefinitionStatement statement, Scope scope)
      throws SqlServerError, SQLException, IOException {
    if (statement instanceof CreateTable create) {
      createTable(create, scope);
    } else if (statement instanceof CreateIndex index) {
      createIndex(index, scope);
    } else if (statement instanceof AlterTableSet set) {
      requireTable(set.table(), scope);
    } else if (statement instanceof TruncateTable truncate) {
      truncate(truncate, scope);
    } else if (statement instanceof CreateView view) {
      createView(view, scope);
    } else if (statement instanceof CreateProcedure procedure) {
      createProcedure(procedure);
    } else if (statement instanceof CreateSchema schema) {
      createSchema(schema, scope);
    } else if (statement instanceof Drop drop) {
      drop(drop, scope);
    } else if (statement instanceof DropIndex index) {
      dropIndex(index, scope);
    } else if (statement instanceof AlterDatabaseSet set) {
      alterDatabase(set);
    } else if (statement instanceof CreateDatabase database) {
      throw unsupported("CREATE DATABASE '" + database.name() + "': it has one database");
    } else {
      alterations.run(statement, scope);
    }
  }

  static SqlServerError unsupported(String what) {
    return new SqlServerError(40000, 16, 1, "The stand-in does not support " + what + ".");
  }

  /** Defines; when the session's own transaction is in the way, commits that first. */
  <T> T define(Definitions.Work<T> work) throws SqlServerError, SQLException, IOException {
    Definitions definitions = session.engine().definitions();
    if (session.transaction().isOpen()) {
      try {
        return definitions.defineNow(work);
      } catch (SQLException e) {
        if (e.getErrorCode() != ErrorCode.LOCK_TIMEOUT_1) {
          throw e;
        }
        session.transaction().commitWork();
      }
    } else {
      // What this statement itself may hold, such as a read of the catalogue.
      session.connection().commit();
    }
    return definitions.define(session.options().lockTimeout, work);
  }

  static void runAll(Statement statement, List<EmittedSql> emitted) throws SQLException {
    for (EmittedSql sql : emitted) {
      statement.execute(sql.sql());
    }
  }

  Table requireTable(ObjectName name, Scope scope) throws SqlServerError {
    return session
        .environment(scope)
        .findAnyTable(name)
        .orElseThrow(
            () ->
                new SqlServerError(
                    4902,
                    16,
                    1,
                    "Cannot find the object \""
                        + name
                        + "\" because it does not exist or you do not have permissions."));
  }

  private void createTable(CreateTable create, Scope scope)
      throws SqlServerError, SQLException, IOException {
    if (create.name().isTemporaryTable()) {
      createTemporary(
          create.name(),
          create.elements(),
          elements -> H2Emitter.emit(new CreateTable(create.name(), elements), environment(scope)));
      scopeOwns(create.name(), scope);
      return;
    }
    SessionEnvironment environment = environment(scope);
    environment.newTable(create.name());
    Table made =
        define(
            (connection, statement, store) -> {
              DatabaseObject object = newObject(create.name(), ObjectType.TABLE, null, store);
              TableBuilder builder = new TableBuilder(object, store::nextObjectId);
              TableElements elements =
                  builder.named(H2Emitter.withComputedTypes(create.elements(), null, environment));
              TableBuilder.Additions additions = builder.read(elements);
              checkNames(additions);
              runAll(
                  statement, H2Emitter.emit(new CreateTable(create.name(), elements), environment));
              Table table = TableBuilder.table(object, additions);
              store.addTable(table);
              alterations.addConstraints(table, additions, environment, store);
              return table;
            });
    session.transaction().onRollback(() -> dropTableNow(made.object().id()));
  }

  private SessionEnvironment environment(Scope scope) {
    return session.environment(scope);
  }

  /** A temporary table made in a procedure ends with it. */
  private static void scopeOwns(ObjectName name, Scope scope) {
    if (scope.procedure().isPresent()) {
      scope.temporaryTables().add(name.name());
    }
  }

  private void checkNames(TableBuilder.Additions additions) throws SqlServerError {
    for (DatabaseObject constraint : additions.constraints) {
      if (session.catalogue().object(constraint.schema(), constraint.name()).isPresent()) {
        throw Definitions.nameTaken(constraint.name());
      }
    }
  }

  private DatabaseObject newObject(
      ObjectName name, ObjectType type, String definition, CatalogueStore store) {
    String schema = SessionEnvironment.schemaOf(name);
    Catalogue catalogue = session.catalogue();
    return new DatabaseObject(
        store.nextObjectId(),
        catalogue.schemaId(schema).orElseThrow(),
        catalogue.schemaName(schema).orElseThrow(),
        name.name(),
        type,
        0,
        definition,
        false);
  }

  /** Emits the creation of a table with named constraints. */
  @FunctionalInterface
  private interface TableEmitter {
    List<EmittedSql> emit(TableElements elements) throws SqlServerError;
  }

  private void createTemporary(ObjectName name, TableElements elements, TableEmitter emitter)
      throws SqlServerError, SQLException {
    TemporaryTables temporary = session.temporaryTables();
    temporary.reserve(name);
    Table made =
        session
            .engine()
            .definitions()
            .defineTemporary(
                (connection, statement, store) -> {
                  DatabaseObject object = temporary.newObject(name.name(), store.nextTemporaryId());
                  TableBuilder builder = new TableBuilder(object, store::nextTemporaryId);
                  TableElements named = builder.named(elements);
                  TableBuilder.Additions additions = builder.read(named);
                  runAll(statement, emitter.emit(named));
                  Table table = TableBuilder.table(object, additions);
                  store.addTable(table);
                  return table;
                });
    temporary.add(made);
    session.transaction().onRollback(() -> forgetTemporary(name.name()));
  }

  private void forgetTemporary(String name) {
    if (session.temporaryTables().find(name).isPresent()) {
      session.temporaryTables().drop(name);
    }
  }

  void declareTable(DeclareTable declare, Scope scope) throws SqlServerError, SQLException {
    createTemporary(
        ObjectName.of(declare.name()),
        declare.elements(),
        elements -> H2Emitter.emit(new DeclareTable(declare.name(), elements), environment(scope)));
  }

  private void createIndex(CreateIndex create, Scope scope)
      throws SqlServerError, SQLException, IOException {
    Table table = requireTable(create.table(), scope);
    if (table.index(create.name()).isPresent()) {
      throw new SqlServerError(
          1913,
          16,
          1,
          "The operation failed because an index or statistics with name '"
              + create.name()
              + "' already exists on table '"
              + create.table()
              + "'.");
    }
    TableBuilder builder =
        new TableBuilder(table.object(), table.columns(), table.indexes(), () -> 0);
    Index index =
        builder.index(
            create.name(),
            create.clustered(),
            create.unique(),
            false,
            false,
            create.filter() == null ? null : TsqlText.definition(create.filter()),
            create.columns(),
            create.included());
    List<EmittedSql> emitted = H2Emitter.emit(create, environment(scope));
    if (create.table().isTemporaryTable()) {
      indexTemporary(create, table, index, emitted);
      return;
    }
    define(
        (connection, statement, store) -> {
          runAll(statement, emitted);
          store.addIndex(table.object().id(), index);
          return null;
        });
    session
        .transaction()
        .onRollback(
            () ->
                dropIndexNow(
                    table,
                    index,
                    H2Emitter.emit(
                        new DropIndex(create.name(), create.table(), false), environment(scope))));
  }

  private void indexTemporary(
      CreateIndex create, Table table, Index index, List<EmittedSql> emitted)
      throws SqlServerError, SQLException {
    try {
      session
          .engine()
          .definitions()
          .defineTemporary(
              (connection, statement, store) -> {
                runAll(statement, emitted);
                store.addIndex(table.object().id(), index);
                return null;
              });
    } catch (SQLException e) {
      if (e.getErrorCode() != ErrorCode.LOCK_TIMEOUT_1 || create.unique()) {
        throw e;
      }
      // The transaction has rows in the table: the index, which only makes it faster, comes later.
      emitted.forEach(sql -> session.temporaryTables().indexAtEnd(sql.sql()));
    }
    List<Index> indexes = new ArrayList<>(table.indexes());
    indexes.add(index);
    session.temporaryTables().replace(new Table(table.object(), table.columns(), indexes));
  }

  private void dropIndexNow(Table table, Index index, List<EmittedSql> emitted)
      throws SQLException, SqlServerError {
    session
        .engine()
        .definitions()
        .define(
            session.options().lockTimeout,
            (connection, statement, store) -> {
              runAll(statement, emitted);
              store.dropIndex(table.object().id(), index.id());
              return null;
            });
  }

  private void dropIndex(DropIndex drop, Scope scope)
      throws SqlServerError, SQLException, IOException {
    Optional<Table> table = environment(scope).findAnyTable(drop.table());
    Optional<Index> index = table.flatMap(t -> t.index(drop.name()));
    if (index.isEmpty()) {
      if (drop.ifExists()) {
        return;
      }
      throw new SqlServerError(
          3701,
          11,
          7,
          "Cannot drop the index '"
              + drop.table()
              + "."
              + drop.name()
              + "', because it does not exist or you do not have permission.");
    }
    if (index.get().primaryKey() || index.get().uniqueConstraint()) {
      throw new SqlServerError(
          3723,
          16,
          4,
          "An explicit DROP INDEX is not allowed on index '"
              + drop.table()
              + "."
              + drop.name()
              + "'. It is being used for constraint enforcement.");
    }
    if (drop.table().isTemporaryTable()) {
      throw unsupported("DROP INDEX on a temporary table");
    }
    List<EmittedSql> emitted = H2Emitter.emit(drop, environment(scope));
    define(
        (connection, statement, store) -> {
          runAll(statement, emitted);
          store.dropIndex(table.get().object().id(), index.get().id());
          return null;
        });
    irreversible("DROP INDEX " + drop.name());
  }

  /** Makes a rollback say that it did not restore everything. */
  void irreversible(String what) {
    session
        .transaction()
        .onRollback(
            () -> {
              throw new SqlServerError(
                  40000,
                  16,
                  1,
                  "The transaction was rolled back, but the stand-in could not undo: "
                      + what
                      + ".");
            });
  }

  private void truncate(TruncateTable truncate, Scope scope)
      throws SqlServerError, SQLException, IOException {
    Table table = requireTable(truncate.table(), scope);
    if (!session.capture().instancesOf(table.object().id()).isEmpty()) {
      throw new SqlServerError(
          4711,
          16,
          1,
          "Cannot truncate table '"
              + truncate.table()
              + "' because it is published for replication or enabled for Change Data Capture.");
    }
    if (alterations.isReferenced(table)) {
      throw new SqlServerError(
          4712,
          16,
          1,
          "Cannot truncate table '"
              + truncate.table()
              + "' because it is being referenced by a FOREIGN KEY constraint.");
    }
    String physical = environment(scope).table(truncate.table());
    try (Statement statement = session.connection().createStatement()) {
      // H2's own TRUNCATE would commit.
      statement.executeUpdate("DELETE FROM " + physical);
    }
    Optional<Column> identity = table.identityColumn();
    if (identity.isPresent() && !session.transaction().isOpen()) {
      session.transaction().commitWork();
      session
          .engine()
          .definitions()
          .execute(
              List.of(
                  "ALTER TABLE "
                      + physical
                      + " ALTER COLUMN "
                      + Definitions.quote(identity.get().name())
                      + " RESTART WITH "
                      + identity.get().identitySeed()));
    }
  }

  private void createView(CreateView view, Scope scope)
      throws SqlServerError, SQLException, IOException {
    SessionEnvironment environment = environment(scope);
    Optional<Table> old = view.replace() ? environment.findTable(view.name()) : Optional.empty();
    if (old.isPresent() && old.get().object().type() != ObjectType.VIEW) {
      throw Definitions.nameTaken(view.name().name());
    }
    String physical =
        old.isPresent()
            ? SessionEnvironment.physical(old.get())
            : environment.newTable(view.name());
    CreateView emitted =
        new CreateView(view.name(), old.isPresent(), view.columns(), view.query(), view.source());
    List<EmittedSql> sql = H2Emitter.emit(emitted, environment);
    Table made =
        define(
            (connection, statement, store) -> {
              runAll(statement, sql);
              if (old.isPresent()) {
                store.dropObject(old.get().object().id());
              }
              DatabaseObject object = newObject(view.name(), ObjectType.VIEW, view.source(), store);
              Table table =
                  new Table(
                      object,
                      ViewColumns.read(statement, physical, sql.get(sql.size() - 1)),
                      List.of());
              store.addTable(table);
              return table;
            });
    if (old.isPresent()) {
      irreversible("ALTER VIEW " + view.name());
    } else {
      session.transaction().onRollback(() -> dropTableNow(made.object().id()));
    }
  }

  private void createProcedure(CreateProcedure procedure)
      throws SqlServerError, SQLException, IOException {
    String schema = SessionEnvironment.schemaOf(procedure.name());
    if (SessionEnvironment.isReserved(schema) || session.catalogue().schemaId(schema).isEmpty()) {
      throw new SqlServerError(
          2760,
          16,
          1,
          "The specified schema name \""
              + schema
              + "\" either does not exist or you do not have permission to use it.");
    }
    Optional<DatabaseObject> old = session.catalogue().object(schema, procedure.name().name());
    if (old.isPresent() && (!procedure.replace() || old.get().type() != ObjectType.PROCEDURE)) {
      throw Definitions.nameTaken(procedure.name().name());
    }
    int id =
        define(
            (connection, statement, store) -> {
              if (old.isPresent()) {
                store.dropObject(old.get().id());
              }
              DatabaseObject object =
                  newObject(procedure.name(), ObjectType.PROCEDURE, procedure.source(), store);
              store.addObject(object);
              return object.id();
            });
    session.transaction().onRollback(() -> replaceObjectNow(id, old));
  }

  private void replaceObjectNow(int id, Optional<DatabaseObject> old)
      throws SQLException, SqlServerError {
    session
        .engine()
        .definitions()
        .defineNow(
            (connection, statement, store) -> {
              store.dropObject(id);
              if (old.isPresent()) {
                store.addObject(old.get());
              }
              return null;
            });
  }

  private void createSchema(CreateSchema schema, Scope scope)
      throws SqlServerError, SQLException, IOException {
    if (session.catalogue().schemaId(schema.name()).isPresent()
        || SessionEnvironment.isReserved(schema.name())) {
      throw Definitions.nameTaken(schema.name());
    }
    List<EmittedSql> sql = H2Emitter.emit(schema, environment(scope));
    define(
        (connection, statement, store) -> {
          runAll(statement, sql);
          try (ResultSet rows =
              statement.executeQuery(
                  "SELECT GREATEST(MAX(schema_id), 6) + 1 FROM standin_catalogue.schemas")) {
            rows.next();
            store.addSchema(rows.getInt(1), schema.name());
          }
          return null;
        });
    session.transaction().onRollback(() -> dropSchemaNow(schema.name()));
  }

  private void dropSchemaNow(String name) throws SQLException, SqlServerError {
    session
        .engine()
        .definitions()
        .defineNow(
            (connection, statement, store) -> {
              statement.execute("DROP SCHEMA " + Definitions.quote(name));
              store.dropSchema(name);
              return null;
            });
  }

  private void drop(Drop drop, Scope scope) throws SqlServerError, SQLException, IOException {
    for (ObjectName name : drop.names()) {
      switch (drop.kind()) {
        case TABLE, VIEW -> dropTable(drop, name, scope);
        case PROCEDURE -> dropProcedure(drop, name);
        case SCHEMA -> dropSchema(drop, name);
        case DATABASE -> throw unsupported("DROP DATABASE");
      }
    }
  }

  private void dropTable(Drop drop, ObjectName name, Scope scope)
      throws SqlServerError, SQLException, IOException {
    if (name.isTemporaryTable()) {
      dropTemporary(drop, name);
      return;
    }
    ObjectType type = drop.kind() == ObjectKind.TABLE ? ObjectType.TABLE : ObjectType.VIEW;
    Optional<Table> table =
        environment(scope).findTable(name).filter(t -> t.object().type() == type);
    if (table.isEmpty()) {
      missing(drop, name);
      return;
    }
    if (type == ObjectType.TABLE && alterations.isReferenced(table.get())) {
      throw new SqlServerError(
          3726,
          16,
          1,
          "Could not drop object '"
              + name
              + "' because it is referenced by a FOREIGN KEY constraint.");
    }
    int id = table.get().object().id();
    define((connection, statement, store) -> dropTableOn(connection, statement, store, id));
    irreversible("DROP " + drop.kind() + " " + name);
  }

  private void dropTableNow(int id) throws SQLException, SqlServerError {
    session
        .engine()
        .definitions()
        .define(
            session.options().lockTimeout,
            (connection, statement, store) -> dropTableOn(connection, statement, store, id));
  }

  private Void dropTableOn(
      java.sql.Connection connection, Statement statement, CatalogueStore store, int id)
      throws SQLException {
    Optional<Table> table = session.catalogue().table(id);
    if (table.isEmpty()) {
      return null;
    }
    for (CaptureInstance instance : session.capture().instancesOf(id)) {
      session.capture().disableTable(connection, instance);
    }
    String kind = table.get().object().type() == ObjectType.VIEW ? "VIEW " : "TABLE ";
    statement.execute("DROP " + kind + SessionEnvironment.physical(table.get()) + " RESTRICT");
    store.dropObject(id);
    return null;
  }

  private void dropTemporary(Drop drop, ObjectName name) throws SqlServerError, SQLException {
    TemporaryTables temporary = session.temporaryTables();
    if (temporary.find(name.name()).isEmpty()) {
      missing(drop, name);
      return;
    }
    TemporaryTable dropped = temporary.drop(name.name());
    if (session.transaction().isOpen()) {
      session.transaction().onRollback(() -> temporary.restore(dropped));
    }
  }

  private static void missing(Drop drop, ObjectName name) throws SqlServerError {
    if (!drop.ifExists()) {
      throw new SqlServerError(
          3701,
          11,
          5,
          "Cannot drop the "
              + drop.kind().name().toLowerCase(java.util.Locale.ROOT)
              + " '"
              + name
              + "', because it does not exist or you do not have permission.");
    }
  }

  private void dropProcedure(Drop drop, ObjectName name)
      throws SqlServerError, SQLException, IOException {
    Optional<DatabaseObject> procedure =
        session
            .catalogue()
            .object(SessionEnvironment.schemaOf(name), name.name())
            .filter(o -> o.type() == ObjectType.PROCEDURE);
    if (procedure.isEmpty()) {
      missing(drop, name);
      return;
    }
    define(
        (connection, statement, store) -> {
          store.dropObject(procedure.get().id());
          return null;
        });
    session.transaction().onRollback(() -> replaceObjectNow(procedure.get().id(), procedure));
  }

  private void dropSchema(Drop drop, ObjectName name)
      throws SqlServerError, SQLException, IOException {
    Optional<Integer> id = session.catalogue().schemaId(name.name());
    if (id.isEmpty()) {
      missing(drop, name);
      return;
    }
    boolean used = session.catalogue().objects().stream().anyMatch(o -> o.schemaId() == id.get());
    if (used || id.get() <= CatalogueStore.CDC_SCHEMA_ID) {
      throw new SqlServerError(
          3729,
          16,
          1,
          "Cannot drop schema '" + name + "' because it is being referenced by an object.");
    }
    define(
        (connection, statement, store) -> {
          statement.execute("DROP SCHEMA " + Definitions.quote(name.name()) + " RESTRICT");
          store.dropSchema(name.name());
          return null;
        });
    irreversible("DROP SCHEMA " + name);
  }

  private void alterDatabase(AlterDatabaseSet set)
      throws SqlServerError, SQLException, IOException {
    if (session.transaction().isOpen()) {
      throw new SqlServerError(
          226, 16, 6, "ALTER DATABASE statement not allowed within multi-statement transaction.");
    }
    if (!set.database().equalsIgnoreCase("CURRENT")
        && !session.engine().isKnownDatabase(set.database())) {
      throw new SqlServerError(
          5011,
          14,
          5,
          "User does not have permission to alter database '"
              + set.database()
              + "', the database does not exist, or the database is not in a state that allows"
              + " access checks.");
    }
    String value = set.value().isEmpty() ? "ON" : set.value();
    if (set.option().equals("READ_COMMITTED_SNAPSHOT") && value.equals("OFF")) {
      return;
    }
    if (!set.option().equals("ALLOW_SNAPSHOT_ISOLATION")
        && !set.option().equals("READ_COMMITTED_SNAPSHOT")) {
      throw unsupported("ALTER DATABASE SET " + set.option());
    }
    define(
        (connection, statement, store) -> {
          store.setOption(set.option(), value);
          return null;
        });
  }
}
