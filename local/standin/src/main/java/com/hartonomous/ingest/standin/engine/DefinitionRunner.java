package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.capture.CaptureInstance;
import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.Index;
import com.hartonomous.ingest.standin.engine.Catalogue.ObjectType;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition;
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
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.IOException;
import java.sql.SQLException;
import java.sql.Statement;
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
  private final TemporaryDefinitions temporary;
  private final ModuleDefinitions modules;
  private final BrokerDefinitionRunner broker;

  DefinitionRunner(H2Session session) {
    this.session = session;
    this.alterations = new TableAlterations(session, this);
    this.temporary = new TemporaryDefinitions(session);
    this.modules = new ModuleDefinitions(session, this);
    this.broker = new BrokerDefinitionRunner(session, this);
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
      modules.createView(view, scope);
    } else if (statement instanceof CreateProcedure procedure) {
      modules.createProcedure(procedure);
    } else if (statement instanceof CreateSchema schema) {
      modules.createSchema(schema, scope);
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

  void run(BrokerDefinition statement) throws SqlServerError, SQLException, IOException {
    broker.run(statement);
  }

  void declareTable(DeclareTable declare, Scope scope) throws SqlServerError, SQLException {
    temporary.declareTable(declare, scope);
  }

  static SqlServerError unsupported(String what) {
    return new SqlServerError(40000, 16, 1, "The stand-in does not support " + what + ".");
  }

  /** Defines; when the session's own transaction is in the way, commits that first. */
  <T> T define(Definitions.Work<T> work) throws SqlServerError, SQLException, IOException {
    Definitions definitions = session.engine().definitions();
    if (session.transaction().isOpen()) {
      session.transaction().defines(definitions);
      try {
        return definitions.defineNow(work);
      } catch (SQLException e) {
        if (e.getErrorCode() != ErrorCode.LOCK_TIMEOUT_1) {
          throw e;
        }
        session.transaction().commitBeforeDefinition();
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
      temporary.create(
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

  DatabaseObject newObject(
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
    checkSpatial(create, table);
    TableBuilder builder =
        new TableBuilder(table.object(), table.columns(), table.indexes(), 0, () -> 0);
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
      temporary.createIndex(create, table, index, emitted);
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

  private static void checkSpatial(CreateIndex create, Table table) throws SqlServerError {
    for (var key : create.columns()) {
      boolean geometry =
          table.column(key.name()).filter(c -> c.type().kind() == Kind.GEOMETRY).isPresent();
      if (geometry && !create.spatial()) {
        throw new SqlServerError(
            1919,
            16,
            1,
            "Column '"
                + key.name()
                + "' in table '"
                + create.table()
                + "' is of a type that is invalid for use as a key column in an index.");
      }
      if (!geometry && create.spatial() && table.column(key.name()).isPresent()) {
        throw new SqlServerError(
            12002,
            16,
            1,
            "The requested spatial index on column '"
                + key.name()
                + "' of table '"
                + create.table()
                + "' could not be created because the column type is not geometry.");
      }
    }
    if (create.spatial() && table.primaryKey().filter(Index::clustered).isEmpty()) {
      throw new SqlServerError(
          12008,
          16,
          1,
          "Table '"
              + create.table()
              + "' does not have a clustered primary key as required by the spatial index. Make"
              + " sure that the primary key column exists on the table before creating a spatial"
              + " index.");
    }
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
    for (CaptureInstance instance : session.capture().instancesOf(table.get().object().id())) {
      if (index.get().name().equalsIgnoreCase(instance.indexName())) {
        throw new SqlServerError(
            22983,
            16,
            1,
            "The unique index '"
                + drop.name()
                + "' on source table '"
                + table.get().object().qualifiedName()
                + "' is used by Change Data Capture. To alter or drop the index, you must first"
                + " disable Change Data Capture on the table.");
      }
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

  private void drop(Drop drop, Scope scope) throws SqlServerError, SQLException, IOException {
    for (ObjectName name : drop.names()) {
      switch (drop.kind()) {
        case TABLE, VIEW -> dropTable(drop, name, scope);
        case PROCEDURE -> modules.dropProcedure(drop, name);
        case SCHEMA -> modules.dropSchema(drop, name);
        case DATABASE -> throw unsupported("DROP DATABASE");
      }
    }
  }

  private void dropTable(Drop drop, ObjectName name, Scope scope)
      throws SqlServerError, SQLException, IOException {
    if (name.isTemporaryTable()) {
      temporary.drop(drop, name);
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

  void dropTableNow(int id) throws SQLException, SqlServerError {
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

  static void missing(Drop drop, ObjectName name) throws SqlServerError {
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
    if (set.option().endsWith("_BROKER")) {
      broker.alterDatabase(set);
      return;
    }
    String value = set.value();
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
