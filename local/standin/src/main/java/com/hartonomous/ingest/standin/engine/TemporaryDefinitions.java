package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.Index;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.engine.TemporaryTables.TemporaryTable;
import com.hartonomous.ingest.standin.tsql.ControlStatement.DeclareTable;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateIndex;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.Drop;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableConstraint;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableElements;
import com.hartonomous.ingest.standin.tsql.EmittedSql;
import com.hartonomous.ingest.standin.tsql.H2Emitter;
import com.hartonomous.ingest.standin.tsql.ObjectName;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.h2.api.ErrorCode;

/** Definitions of temporary tables and table variables; none of them commits the transaction. */
final class TemporaryDefinitions {

  private final H2Session session;

  TemporaryDefinitions(H2Session session) {
    this.session = session;
  }

  /** Emits the creation of a table with named constraints. */
  @FunctionalInterface
  interface TableEmitter {
    List<EmittedSql> emit(TableElements elements) throws SqlServerError;
  }

  /** Makes a table; the emitter is given its elements with named constraints. */
  void create(ObjectName name, TableElements elements, TableEmitter emitter)
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
                  DefinitionRunner.runAll(statement, emitter.emit(withoutKeyNames(named)));
                  Table table = TableBuilder.table(object, additions);
                  store.addTable(table);
                  return table;
                });
    temporary.add(made);
    session.transaction().onRollback(() -> forgetTemporary(name.name()));
  }

  /**
   * H2 names the keys itself: a table that was dropped in the transaction may still be there with a
   * key of the same name. The catalogue finds a key by its columns.
   */
  private static TableElements withoutKeyNames(TableElements elements) {
    List<TableConstraint> constraints = new ArrayList<>();
    for (TableConstraint constraint : elements.constraints()) {
      if (constraint instanceof TableConstraint.PrimaryKey key) {
        constraints.add(new TableConstraint.PrimaryKey(null, key.columns()));
      } else if (constraint instanceof TableConstraint.Unique key) {
        constraints.add(new TableConstraint.Unique(null, key.columns()));
      } else {
        constraints.add(constraint);
      }
    }
    return new TableElements(elements.columns(), constraints);
  }

  private void forgetTemporary(String name) {
    if (session.temporaryTables().find(name).isPresent()) {
      session.temporaryTables().drop(name);
    }
  }

  void declareTable(DeclareTable declare, Scope scope) throws SqlServerError, SQLException {
    create(
        ObjectName.of(declare.name()),
        declare.elements(),
        elements ->
            H2Emitter.emit(new DeclareTable(declare.name(), elements), session.environment(scope)));
  }

  void createIndex(CreateIndex create, Table table, Index index, List<EmittedSql> emitted)
      throws SqlServerError, SQLException {
    try {
      session
          .engine()
          .definitions()
          .defineTemporary(
              (connection, statement, store) -> {
                DefinitionRunner.runAll(statement, emitted);
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

  void drop(Drop drop, ObjectName name) throws SqlServerError, SQLException {
    TemporaryTables temporary = session.temporaryTables();
    if (temporary.find(name.name()).isEmpty()) {
      DefinitionRunner.missing(drop, name);
      return;
    }
    TemporaryTable dropped = temporary.drop(name.name());
    if (session.transaction().isOpen()) {
      session.transaction().onRollback(() -> temporary.restore(dropped));
    }
  }
}
