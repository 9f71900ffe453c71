package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.tsql.BrokerDefinition;
import com.hartonomous.ingest.standin.tsql.BrokerStatement;
import com.hartonomous.ingest.standin.tsql.ControlStatement;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Block;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Declare;
import com.hartonomous.ingest.standin.tsql.ControlStatement.DeclareTable;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Execute;
import com.hartonomous.ingest.standin.tsql.ControlStatement.ExecuteString;
import com.hartonomous.ingest.standin.tsql.ControlStatement.If;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Print;
import com.hartonomous.ingest.standin.tsql.ControlStatement.RaiseError;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Return;
import com.hartonomous.ingest.standin.tsql.ControlStatement.SetVariable;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Throw;
import com.hartonomous.ingest.standin.tsql.ControlStatement.TryCatch;
import com.hartonomous.ingest.standin.tsql.ControlStatement.VariableDeclaration;
import com.hartonomous.ingest.standin.tsql.ControlStatement.WaitForDelay;
import com.hartonomous.ingest.standin.tsql.ControlStatement.While;
import com.hartonomous.ingest.standin.tsql.DataStatement;
import com.hartonomous.ingest.standin.tsql.DataStatement.SelectStatement;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement;
import com.hartonomous.ingest.standin.tsql.Expression;
import com.hartonomous.ingest.standin.tsql.ParsedBatch;
import com.hartonomous.ingest.standin.tsql.Query;
import com.hartonomous.ingest.standin.tsql.SessionStatement;
import com.hartonomous.ingest.standin.tsql.Statement;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.IOException;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.LocalTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;

/** Executes batches: control flow and errors here, everything else in the runners it holds. */
final class Interpreter {

  /** Nested procedures and texts, as in SQL Server. */
  private static final int NESTING_MAX = 32;

  /** A WHILE loop that runs longer than this is taken for an endless one. */
  private static final int LOOP_ROUNDS_MAX = 10_000_000;

  /** How a statement list ended. */
  enum Flow {
    NEXT,
    BREAK,
    CONTINUE,
    RETURN
  }

  /** The batch is over; the error was reported. */
  static final class BatchEndedException extends Exception {
    private static final long serialVersionUID = 1L;

    BatchEndedException() {
      super("the batch is over", null, false, false);
    }
  }

  private static final Expression.Variable CONVERTED = new Expression.Variable("@value");

  private final H2Session session;
  private final SessionState state;
  private final StatementRunner runner;
  private final DataExecution data;
  private final TransactionStatements transactions;
  private final ProcedureRunner procedures;

  private String batchText = "";
  private int nesting;
  private int tryDepth;

  Interpreter(H2Session session) {
    this.session = session;
    this.state = new SessionState(session);
    this.runner = new StatementRunner(session, state::value);
    DefinitionRunner definitions = new DefinitionRunner(session);
    this.data = new DataExecution(session, state, runner, definitions, this);
    this.transactions = new TransactionStatements(session, state);
    this.procedures = new ProcedureRunner(session, state, runner, this);
  }

  /** The text of the running batch, for the fault injector. */
  String batchText() {
    return batchText;
  }

  SessionState state() {
    return state;
  }

  ProcedureRunner procedures() {
    return procedures;
  }

  void reset() {
    state.reset();
    runner.reset();
  }

  /** Whether statements are a single SELECT that gives rows. */
  static boolean isQuery(List<Statement> statements) {
    return statements.size() == 1
        && statements.get(0) instanceof SelectStatement select
        && (!(select.query().body() instanceof Query.Select body)
            || body.into() == null && !body.assignsVariables());
  }

  void executeBatch(String batch, List<Parameter> parameters, ResultConsumer results)
      throws IOException {
    run(
        batch,
        results,
        () -> {
          ParsedBatch statements = session.engine().parse(batch);
          Scope scope = new Scope(batch, statements, null);
          for (Parameter parameter : parameters) {
            scope.declare(parameter.name(), parameter.type(), parameter.value());
          }
          scope.parameterTypes(parameters.stream().map(Parameter::type).toList());
          state.enter(scope);
          try {
            runAll(statements, scope, results);
            reportOutputs(parameters, scope, results);
          } finally {
            leave(scope);
          }
        });
  }

  private static void reportOutputs(List<Parameter> parameters, Scope scope, ResultConsumer results)
      throws SqlServerError, IOException {
    for (int i = 0; i < parameters.size(); i++) {
      Parameter parameter = parameters.get(i);
      if (parameter.output()) {
        Scope.Variable variable = scope.variable(parameter.name());
        results.outputValue(i, parameter.name(), variable.type, variable.value);
      }
    }
  }

  void callProcedure(String procedure, List<Parameter> parameters, ResultConsumer results)
      throws IOException {
    run(procedure, results, () -> procedures.call(procedure, parameters, results));
  }

  void executeBulk(BulkInsert bulk, EngineSession.BulkRows rows, ResultConsumer results)
      throws IOException {
    run(bulk.text(), results, () -> data.bulk(bulk, rows, results));
  }

  /** Something that may end the batch. */
  @FunctionalInterface
  interface Execution {
    void run() throws SqlServerError, SQLException, IOException, BatchEndedException;
  }

  private void run(String text, ResultConsumer results, Execution execution) throws IOException {
    batchText = text;
    nesting = 0;
    tryDepth = 0;
    try {
      execution.run();
    } catch (BatchEndedException e) {
      // What ended it was reported where it happened.
    } catch (SqlServerError | SQLException e) {
      try {
        report(e, results);
      } catch (BatchEndedException ended) {
        // Nothing follows anyway.
      }
    }
    endBatch(results);
  }

  /** A transaction that can only be rolled back does not outlive its batch. */
  private void endBatch(ResultConsumer results) throws IOException {
    if (!session.transaction().isDoomed()) {
      return;
    }
    try {
      session.transaction().rollbackAll(results);
      results.error(
          new SqlServerError(
              3998,
              16,
              1,
              "Uncommittable transaction is detected at the end of the batch. The transaction is"
                  + " rolled back."));
    } catch (SQLException | SqlServerError e) {
      throw new IOException("the transaction could not be rolled back", e);
    }
  }

  private SqlServerError asError(Exception e) {
    if (e instanceof SqlServerError error) {
      return error;
    }
    return session.errors().map((SQLException) e, session.errorContext("", null));
  }

  /** Runs statements one after the other; a failed one ends the batch only where it does so. */
  Flow runAll(List<Statement> statements, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, BatchEndedException {
    for (Statement statement : statements) {
      Flow flow = runReporting(statement, scope, results);
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  private Flow runReporting(Statement statement, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, BatchEndedException {
    try {
      session.requireNotCancelled();
      return runOne(statement, scope, results);
    } catch (SqlServerError | SQLException e) {
      SqlServerError error = asError(e).at(scope.lineOf(statement));
      if (tryDepth > 0) {
        throw error;
      }
      report(error, results);
      return Flow.NEXT;
    }
  }

  /** Tells the client, and does to the transaction and the batch what the error does. */
  private void report(Exception e, ResultConsumer results) throws IOException, BatchEndedException {
    SqlServerError error = asError(e);
    state.failed(error);
    ErrorEffect effect = state.effectOf(error);
    if (effect.rollsBack() && session.transaction().isOpen()) {
      try {
        session.transaction().rollbackAll(results);
      } catch (SqlServerError incomplete) {
        results.error(incomplete);
      } catch (SQLException failure) {
        throw new IOException("the transaction could not be rolled back", failure);
      }
    }
    if (error.number() != ErrorMap.CANCELLED) {
      results.error(error);
    }
    if (effect.endsBatch()) {
      throw new BatchEndedException();
    }
  }

  private Flow runOne(Statement statement, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, BatchEndedException {
    if (statement instanceof DataStatement dataStatement) {
      data.run(dataStatement, scope, results);
      return Flow.NEXT;
    }
    if (statement instanceof DefinitionStatement definition) {
      data.define(definition, scope, results);
      return Flow.NEXT;
    }
    if (statement instanceof BrokerStatement broker) {
      data.run(broker, scope, results);
      return Flow.NEXT;
    }
    if (statement instanceof BrokerDefinition definition) {
      data.define(definition, results);
      return Flow.NEXT;
    }
    if (statement instanceof SessionStatement sessionStatement) {
      transactions.run(sessionStatement, scope, results);
      return Flow.NEXT;
    }
    return control((ControlStatement) statement, scope, results);
  }

  private Flow control(ControlStatement statement, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, BatchEndedException {
    if (statement instanceof Block block) {
      return runAll(block.statements(), scope, results);
    }
    if (statement instanceof If choice) {
      boolean chosen = runner.isTrue(choice.condition(), scope);
      state.succeeded(0);
      Statement branch = chosen ? choice.then() : choice.otherwise();
      return branch == null ? Flow.NEXT : runReporting(branch, scope, results);
    }
    if (statement instanceof While loop) {
      return loop(loop, scope, results);
    }
    if (statement instanceof ControlStatement.Break) {
      return Flow.BREAK;
    }
    if (statement instanceof ControlStatement.Continue) {
      return Flow.CONTINUE;
    }
    if (statement instanceof Return end) {
      Object value =
          end.value() == null ? null : runner.evaluate(end.value(), SqlType.of(Kind.INT), scope);
      scope.returnValue = value == null ? 0 : (Integer) value;
      return Flow.RETURN;
    }
    if (statement instanceof TryCatch tryCatch) {
      return tryCatch(tryCatch, scope, results);
    }
    if (statement instanceof Execute call) {
      procedures.execute(call, scope, results);
      return Flow.NEXT;
    }
    if (statement instanceof ExecuteString text) {
      Object value = runner.evaluate(text.text(), scope);
      executeText(String.valueOf(value), List.of(), results);
      return Flow.NEXT;
    }
    simple(statement, scope, results);
    return Flow.NEXT;
  }

  private void simple(ControlStatement statement, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    if (statement instanceof Declare declare) {
      declare(declare, scope);
    } else if (statement instanceof DeclareTable table) {
      data.declareTable(table, scope);
    } else if (statement instanceof SetVariable set) {
      Scope.Variable variable = scope.variable(set.name());
      variable.value = runner.evaluate(set.value(), variable.type, scope);
      state.succeeded(1);
    } else if (statement instanceof Print print) {
      Object message = runner.evaluate(print.message(), scope);
      results.info(0, 0, message == null ? " " : message.toString());
      state.succeeded(0);
    } else if (statement instanceof RaiseError raise) {
      ErrorStatements.raise(raise, runner, scope, state, results);
      state.succeeded(0);
    } else if (statement instanceof Throw rethrow) {
      throw ErrorStatements.thrown(rethrow, runner, scope, state);
    } else if (statement instanceof WaitForDelay delay) {
      waitFor(delay, scope);
    } else {
      throw new IllegalStateException("no execution for " + statement);
    }
  }

  private void declare(Declare declare, Scope scope) throws SqlServerError {
    // A declaration in a loop declares once; an initial value is assigned each time.
    boolean again = !scope.firstTime(declare);
    for (VariableDeclaration variable : declare.variables()) {
      if (!again) {
        scope.declare(variable.name(), variable.type(), null);
      }
      if (variable.initial() != null) {
        Scope.Variable declared = scope.variable(variable.name());
        declared.value = runner.evaluate(variable.initial(), declared.type, scope);
      }
    }
  }

  private Flow loop(While loop, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, BatchEndedException {
    for (int round = 0; runner.isTrue(loop.condition(), scope); round++) {
      if (round == LOOP_ROUNDS_MAX) {
        throw new SqlServerError(
            40000, 16, 1, "The stand-in ends a WHILE loop after " + LOOP_ROUNDS_MAX + " rounds.");
      }
      Flow flow = runReporting(loop.body(), scope, results);
      if (flow == Flow.BREAK) {
        break;
      }
      if (flow == Flow.RETURN) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  private Flow tryCatch(TryCatch tryCatch, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, BatchEndedException {
    SqlServerError error;
    int depthBefore = nesting;
    tryDepth++;
    try {
      return runAll(tryCatch.attempt(), scope, results);
    } catch (SqlServerError | SQLException e) {
      error = asError(e);
    } finally {
      tryDepth--;
    }
    nesting = depthBefore;
    state.failed(error);
    ErrorEffect effect = state.effectOf(error);
    if (error.severity() >= ErrorEffect.FATAL || error.number() == ErrorMap.CANCELLED) {
      throw error;
    }
    if (effect.rollsBack()) {
      session.transaction().abort();
    }
    SqlServerError outer = state.caught(error);
    try {
      return runAll(tryCatch.handler(), scope, results);
    } finally {
      state.caught(outer);
    }
  }

  private void waitFor(WaitForDelay delay, Scope scope) throws SqlServerError {
    Object text = runner.evaluate(delay.delay(), scope);
    long millis;
    try {
      millis = LocalTime.parse(String.valueOf(text)).toNanoOfDay() / 1_000_000;
    } catch (DateTimeParseException e) {
      throw new SqlServerError(
          148, 15, 1, "Incorrect time syntax in time string '" + text + "' used with WAITFOR.", e);
    }
    long deadline = System.nanoTime() + millis * 1_000_000;
    while (System.nanoTime() < deadline) {
      session.requireNotCancelled();
      try {
        Thread.sleep(Math.min(20, 1 + (deadline - System.nanoTime()) / 1_000_000));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    state.succeeded(0);
  }

  /** EXEC('text') and sp_executesql: a scope of its own, options restored. */
  Scope executeText(String text, List<Parameter> parameters, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, BatchEndedException {
    ParsedBatch statements = session.engine().parse(text);
    Scope scope = new Scope(text, statements, null);
    for (Parameter parameter : parameters) {
      scope.declare(parameter.name(), parameter.type(), parameter.value());
    }
    scope.parameterTypes(parameters.stream().map(Parameter::type).toList());
    nested(scope, statements, results);
    return scope;
  }

  /** Runs statements one level deeper. */
  void nested(Scope scope, List<Statement> statements, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, BatchEndedException {
    if (nesting >= NESTING_MAX) {
      throw new SqlServerError(
          217,
          16,
          1,
          "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit "
              + NESTING_MAX
              + ").");
    }
    SessionOptions saved = session.options().copy();
    nesting++;
    state.enter(scope);
    try {
      runAll(statements, scope, results);
    } finally {
      nesting--;
      leave(scope);
      state.restoreOptions(saved);
    }
  }

  int nesting() {
    return nesting;
  }

  private void leave(Scope scope) {
    state.leave();
    for (String name : new ArrayList<>(scope.temporaryTables())) {
      data.dropTemporary(name);
    }
  }

  /**
   * A value as another type.
   *
   * @param from the value's type, or null for the one of a literal
   */
  Object convert(Object value, SqlType from, SqlType to) throws SqlServerError {
    SqlType type = from == null ? literalType(value) : from;
    Scope scope = new Scope("", null, null);
    scope.declare(CONVERTED.name(), type, value);
    scope.parameterTypes(List.of(type));
    return runner.evaluate(CONVERTED, to, scope);
  }

  private static SqlType literalType(Object value) {
    if (value instanceof Integer) {
      return SqlType.of(Kind.INT);
    }
    if (value instanceof Long) {
      return SqlType.of(Kind.BIGINT);
    }
    if (value instanceof Double) {
      return SqlType.of(Kind.FLOAT);
    }
    if (value instanceof BigDecimal number) {
      return SqlType.decimal(
          Kind.DECIMAL, Math.max(number.precision(), number.scale()), Math.max(number.scale(), 0));
    }
    if (value instanceof byte[] bytes) {
      return SqlType.ofLength(
          Kind.VARBINARY, bytes.length > 8000 ? SqlType.MAX : Math.max(bytes.length, 1));
    }
    int length = value.toString().length();
    return SqlType.ofLength(Kind.NVARCHAR, length > 4000 ? SqlType.MAX : Math.max(length, 1));
  }

  /** Runs something whose errors are thrown rather than reported, as inside BEGIN TRY. */
  void throwing(Execution execution)
      throws SqlServerError, SQLException, IOException, BatchEndedException {
    tryDepth++;
    try {
      execution.run();
    } finally {
      tryDepth--;
    }
  }
}
