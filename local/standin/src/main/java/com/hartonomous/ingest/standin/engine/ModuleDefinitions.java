package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.ObjectType;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateProcedure;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateSchema;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateView;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.Drop;
import com.hartonomous.ingest.standin.tsql.EmittedSql;
import com.hartonomous.ingest.standin.tsql.H2Emitter;
import com.hartonomous.ingest.standin.tsql.ObjectName;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** Definitions of views, procedures and schemas. */
final class ModuleDefinitions {

  private final H2Session session;
  private final DefinitionRunner runner;

  ModuleDefinitions(H2Session session, DefinitionRunner runner) {
    this.session = session;
    this.runner = runner;
  }

  void createView(CreateView view, Scope scope) throws SqlServerError, SQLException, IOException {
    SessionEnvironment environment = session.environment(scope);
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
        runner.define(
            (connection, statement, store) -> {
              DefinitionRunner.runAll(statement, sql);
              if (old.isPresent()) {
                store.dropObject(old.get().object().id());
              }
              DatabaseObject object =
                  runner.newObject(view.name(), ObjectType.VIEW, view.source(), store);
              Table table =
                  new Table(
                      object,
                      ViewColumns.read(statement, physical, sql.get(sql.size() - 1)),
                      List.of());
              store.addTable(table);
              return table;
            });
    if (old.isPresent()) {
      runner.irreversible("ALTER VIEW " + view.name());
    } else {
      session.transaction().onRollback(() -> runner.dropTableNow(made.object().id()));
    }
  }

  void createProcedure(CreateProcedure procedure) throws SqlServerError, SQLException, IOException {
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
        runner.define(
            (connection, statement, store) -> {
              if (old.isPresent()) {
                store.dropObject(old.get().id());
              }
              DatabaseObject object =
                  runner.newObject(
                      procedure.name(), ObjectType.PROCEDURE, procedure.source(), store);
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

  void createSchema(CreateSchema schema, Scope scope)
      throws SqlServerError, SQLException, IOException {
    if (session.catalogue().schemaId(schema.name()).isPresent()
        || SessionEnvironment.isReserved(schema.name())) {
      throw Definitions.nameTaken(schema.name());
    }
    List<EmittedSql> sql = H2Emitter.emit(schema, session.environment(scope));
    runner.define(
        (connection, statement, store) -> {
          DefinitionRunner.runAll(statement, sql);
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

  void dropProcedure(Drop drop, ObjectName name) throws SqlServerError, SQLException, IOException {
    Optional<DatabaseObject> procedure =
        session
            .catalogue()
            .object(SessionEnvironment.schemaOf(name), name.name())
            .filter(o -> o.type() == ObjectType.PROCEDURE);
    if (procedure.isEmpty()) {
      DefinitionRunner.missing(drop, name);
      return;
    }
    runner.define(
        (connection, statement, store) -> {
          store.dropObject(procedure.get().id());
          return null;
        });
    session.transaction().onRollback(() -> replaceObjectNow(procedure.get().id(), procedure));
  }

  void dropSchema(Drop drop, ObjectName name) throws SqlServerError, SQLException, IOException {
    Optional<Integer> id = session.catalogue().schemaId(name.name());
    if (id.isEmpty()) {
      DefinitionRunner.missing(drop, name);
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
    runner.define(
        (connection, statement, store) -> {
          statement.execute("DROP SCHEMA " + Definitions.quote(name.name()) + " RESTRICT");
          store.dropSchema(name.name());
          return null;
        });
    runner.irreversible("DROP SCHEMA " + name);
  }
}
