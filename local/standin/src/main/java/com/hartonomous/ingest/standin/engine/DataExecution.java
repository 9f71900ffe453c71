package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.StatementRunner.Outcome;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition;
import com.hartonomous.ingest.standin.tsql.BrokerStatement;
import com.hartonomous.ingest.standin.tsql.ControlStatement.DeclareTable;
import com.hartonomous.ingest.standin.tsql.DataStatement;
import com.hartonomous.ingest.standin.tsql.DataStatement.Insert;
import com.hartonomous.ingest.standin.tsql.DataStatement.InsertBulk;
import com.hartonomous.ingest.standin.tsql.DataStatement.InsertSource;
import com.hartonomous.ingest.standin.tsql.DataStatement.SelectStatement;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateTable;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.Drop;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ObjectKind;
import com.hartonomous.ingest.standin.tsql.H2Emitter;
import com.hartonomous.ingest.standin.tsql.Query;
import com.hartonomous.ingest.standin.tsql.Statement;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/**
 * Runs data and definition statements within the rules of transactions: implicit ones begin, what
 * stands outside of one is committed, and a statement that fails there leaves nothing.
 */
final class DataExecution {

  private final H2Session session;
  private final SessionState state;
  private final StatementRunner runner;
  private final DefinitionRunner definitions;
  private final Interpreter interpreter;
  private final BrokerStatementRunner broker;

  DataExecution(
      H2Session session,
      SessionState state,
      StatementRunner runner,
      DefinitionRunner definitions,
      Interpreter interpreter) {
    this.session = session;
    this.state = state;
    this.runner = runner;
    this.definitions = definitions;
    this.interpreter = interpreter;
    this.broker = new BrokerStatementRunner(session, runner);
  }

  /** The part of a statement between its beginning and its commit. */
  @FunctionalInterface
  private interface Work {
    Outcome run() throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException;
  }

  void run(DataStatement statement, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    if (statement instanceof InsertBulk bulk) {
      session.awaitBulkData(BulkInsert.announced(bulk, session, scope, interpreter.batchText()));
      results.done(ResultConsumer.Command.OTHER, -1);
      return;
    }
    boolean reads = statement instanceof SelectStatement select && !isInto(select);
    if (!reads || touchesTables((SelectStatement) statement)) {
      checkSnapshot();
      beginImplicit(results);
    }
    execute(
        StatementRunner.kind(statement),
        !reads,
        results,
        () -> {
          if (statement instanceof Insert insert
              && insert.source() instanceof InsertSource.FromProcedure call) {
            return insertFrom(insert, call, scope);
          }
          return reads || !(statement instanceof SelectStatement select)
              ? runner.run(statement, scope, results)
              : selectInto(select, scope, results);
        });
  }

  /** Makes the table, then fills it. */
  private Outcome selectInto(SelectStatement select, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    if (session.options().formatOnly) {
      return new Outcome(ResultConsumer.Command.SELECT, 0);
    }
    CreateTable table = H2Emitter.tableOfSelectInto(select, session.environment(scope));
    definitions.run(table, scope);
    boolean filled = false;
    try {
      Outcome outcome = runner.run(select, scope, results);
      filled = true;
      return outcome;
    } finally {
      // Inside a transaction a permanent table goes with its rollback.
      if (!filled && (table.name().isTemporaryTable() || !session.transaction().isOpen())) {
        definitions.run(new Drop(ObjectKind.TABLE, List.of(table.name()), true), scope);
      }
    }
  }

  private static boolean isInto(SelectStatement select) {
    return select.query().body() instanceof Query.Select body && body.into() != null;
  }

  /** SELECT of mere values begins no implicit transaction. */
  private static boolean touchesTables(SelectStatement select) {
    return !(select.query().body() instanceof Query.Select body) || !body.from().isEmpty();
  }

  private void checkSnapshot() throws SqlServerError {
    if (session.options().isolation == SessionOptions.Isolation.SNAPSHOT
        && !session.catalogue().isOn("ALLOW_SNAPSHOT_ISOLATION")) {
      throw new SqlServerError(
          3952,
          16,
          1,
          "Snapshot isolation transaction failed accessing database '"
              + session.database()
              + "' because snapshot isolation is not allowed in this database. Use ALTER DATABASE"
              + " to allow snapshot isolation.");
    }
  }

  private void beginImplicit(ResultConsumer results) throws IOException {
    if (session.options().implicitTransactions
        && !session.transaction().isOpen()
        && !session.options().formatOnly) {
      session.transaction().begin(null, results);
    }
  }

  private void execute(String kind, boolean writes, ResultConsumer results, Work work)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    Transaction transaction = session.transaction();
    if (writes && transaction.isDoomed()) {
      throw new SqlServerError(
          3930,
          16,
          1,
          "The current transaction cannot be committed and cannot support operations that write to"
              + " the log file. Roll back the transaction.");
    }
    Outcome outcome;
    boolean done = false;
    try {
      session.beforeStatement(kind);
      if (writes) {
        transaction.wrote();
      }
      outcome = work.run();
      if (!transaction.isOpen()) {
        transaction.commitStatement();
      }
      done = true;
    } finally {
      if (!done && !transaction.isOpen()) {
        transaction.rollbackWork();
      }
    }
    state.succeeded(Math.max(outcome.rows(), 0));
    results.done(outcome.command(), session.options().noCount ? -1 : outcome.rows());
  }

  private Outcome insertFrom(Insert insert, InsertSource.FromProcedure call, Scope scope)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    RowCollector rows = new RowCollector();
    interpreter.throwing(() -> interpreter.procedures().execute(call.call(), scope, rows));
    return new Outcome(
        ResultConsumer.Command.INSERT, runner.insertRows(insert, rows.rows(), scope));
  }

  void define(DefinitionStatement statement, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    define(statement, results, () -> definitions.run(statement, scope));
  }

  void define(BrokerDefinition statement, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    define(statement, results, () -> definitions.run(statement));
  }

  /** What a definition does. */
  @FunctionalInterface
  private interface Definition {
    void run() throws SqlServerError, SQLException, IOException;
  }

  private void define(Statement statement, ResultConsumer results, Definition definition)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    if (session.options().formatOnly) {
      return;
    }
    beginImplicit(results);
    execute(
        StatementRunner.kind(statement),
        true,
        results,
        () -> {
          definition.run();
          return new Outcome(ResultConsumer.Command.DDL, -1);
        });
  }

  void run(BrokerStatement statement, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    if (session.options().formatOnly) {
      return;
    }
    beginImplicit(results);
    execute(
        StatementRunner.kind(statement),
        true,
        results,
        () -> broker.run(statement, scope, results));
  }

  void declareTable(DeclareTable table, Scope scope) throws SqlServerError, SQLException {
    if (scope.firstTime(table)) {
      definitions.declareTable(table, scope);
      scope.temporaryTables().add(table.name());
    }
  }

  void dropTemporary(String name) {
    if (session.temporaryTables().find(name).isPresent()) {
      session.temporaryTables().drop(name);
    }
  }

  void bulk(BulkInsert bulk, EngineSession.BulkRows rows, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    beginImplicit(results);
    execute(
        "BulkInsert",
        true,
        results,
        () -> new Outcome(ResultConsumer.Command.BULK_INSERT, bulk.insert(rows, session)));
  }

  /** The rows of a procedure's result sets, for INSERT ... EXEC. */
  static final class RowCollector implements ResultConsumer {
    private final List<Object[]> rows = new java.util.ArrayList<>();

    List<Object[]> rows() {
      return rows;
    }

    @Override
    public void columns(List<ResultColumn> columns) {}

    @Override
    public void row(Object[] values) {
      rows.add(values);
    }

    @Override
    public void done(Command command, long rowCount) {}

    @Override
    public void error(SqlServerError error) throws IOException {
      throw new IOException("an error inside INSERT ... EXEC was not thrown", error);
    }

    @Override
    public void info(int number, int severity, String message) {}

    @Override
    public void databaseChanged(String oldName, String newName) {}

    @Override
    public void transactionBegan(long descriptor) {}

    @Override
    public void transactionEnded(long descriptor, boolean committed) {}

    @Override
    public void outputValue(int ordinal, String name, SqlType type, Object value) {}

    @Override
    public void returnStatus(int status) {}
  }
}
