package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.tsql.DataStatement;
import com.hartonomous.ingest.standin.tsql.DataStatement.Delete;
import com.hartonomous.ingest.standin.tsql.DataStatement.Insert;
import com.hartonomous.ingest.standin.tsql.DataStatement.SelectStatement;
import com.hartonomous.ingest.standin.tsql.DataStatement.Update;
import com.hartonomous.ingest.standin.tsql.EmittedSql;
import com.hartonomous.ingest.standin.tsql.EmittedSql.OutputColumn;
import com.hartonomous.ingest.standin.tsql.Expression;
import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.H2Emitter;
import com.hartonomous.ingest.standin.tsql.ObjectName;
import com.hartonomous.ingest.standin.tsql.ParameterReference;
import com.hartonomous.ingest.standin.tsql.Query.Select;
import com.hartonomous.ingest.standin.tsql.Query.SelectItem;
import com.hartonomous.ingest.standin.tsql.Statement;
import com.hartonomous.ingest.standin.tsql.TableSource;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.io.IOException;
import java.math.BigDecimal;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Runs what reads and writes rows, and evaluates expressions, through the emitter and H2. */
final class StatementRunner {

  private static final int EMISSIONS_MAX = 500;

  /** Supplies {@code @@TRANCOUNT} and its kin. */
  @FunctionalInterface
  interface SessionValueSource {
    Object value(String name) throws SqlServerError;
  }

  /**
   * Syntax trees are compared by identity: a cached batch gives the same ones again.
   *
   * @param wanted the type that an expression was cast to, or null
   */
  private record EmissionKey(Object tree, SqlType wanted, List<SqlType> parameterTypes) {
    @Override
    public boolean equals(Object other) {
      return other instanceof EmissionKey key
          && key.tree == tree
          && Objects.equals(key.wanted, wanted)
          && key.parameterTypes.equals(parameterTypes);
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(tree);
    }
  }

  private record Emission(long catalogueVersion, long temporaryVersion, List<EmittedSql> sql) {}

  /** Asks the emitter. */
  @FunctionalInterface
  private interface Emitter {
    List<EmittedSql> emit(SessionEnvironment environment) throws SqlServerError;
  }

  private final H2Session session;
  private final SessionValueSource sessionValues;
  private final LinkedHashMap<EmissionKey, Emission> emissions =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<EmissionKey, Emission> eldest) {
          return size() > EMISSIONS_MAX;
        }
      };

  StatementRunner(H2Session session, SessionValueSource sessionValues) {
    this.session = session;
    this.sessionValues = sessionValues;
  }

  /** What a statement did. */
  record Outcome(ResultConsumer.Command command, long rows) {}

  private List<EmittedSql> emission(Object tree, SqlType wanted, Scope scope, Emitter emitter)
      throws SqlServerError {
    EmissionKey key = new EmissionKey(tree, wanted, scope.parameterTypes());
    long catalogueVersion = session.catalogue().version();
    long temporaryVersion = session.temporaryTables().version();
    Emission known = emissions.get(key);
    if (known != null
        && known.catalogueVersion() == catalogueVersion
        && known.temporaryVersion() == temporaryVersion) {
      return known.sql();
    }
    List<EmittedSql> sql = emitter.emit(session.environment(scope));
    emissions.put(key, new Emission(catalogueVersion, temporaryVersion, sql));
    return sql;
  }

  /** Runs a statement; rows go to {@code results}, the outcome is not yet reported. */
  Outcome run(DataStatement statement, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    SessionEnvironment environment = session.environment(scope);
    refuseQueue(statement, environment);
    Optional<Table> target = target(statement).flatMap(environment::findAnyTable);
    if (statement instanceof Insert insert && target.isPresent()) {
      checkIdentity(insert, target.get());
    }
    List<EmittedSql> all = emission(statement, null, scope, e -> H2Emitter.emit(statement, e));
    if (statement instanceof Update update && target.isPresent()) {
      checkIdentity(update, target.get());
    }
    if (target.isPresent() && target.get().object().id() > 0) {
      session.transaction().wroteTo(target.get());
    }
    ErrorMap.Context context = session.errorContext(verb(statement), target.orElse(null));
    try {
      if (all.size() == 1) {
        return runOne(all.get(0), statement, scope, results, target);
      }
      Savepoint savepoint = session.connection().setSavepoint();
      boolean done = false;
      try {
        Outcome outcome = new Outcome(ResultConsumer.Command.OTHER, -1);
        for (EmittedSql sql : all) {
          outcome = runOne(sql, statement, scope, results, target);
        }
        done = true;
        return outcome;
      } finally {
        if (!done) {
          session.connection().rollback(savepoint);
        }
      }
    } catch (SQLException e) {
      throw session.errors().map(e, context);
    }
  }

  /** RECEIVE: what a select list makes of the messages that the session has just taken. */
  Outcome runReceived(DataStatement reading, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    List<EmittedSql> sql =
        emission(
            reading,
            null,
            scope,
            e -> H2Emitter.emit(reading, new ReceivedMessages.Environment(e)));
    try {
      return runOne(sql.get(0), reading, scope, results, Optional.empty());
    } catch (SQLException e) {
      throw session.errors().map(e, session.errorContext("RECEIVE", null));
    }
  }

  private static void refuseQueue(DataStatement statement, SessionEnvironment environment)
      throws SqlServerError {
    Optional<ObjectName> target = target(statement);
    if (target.isPresent() && environment.findQueue(target.get()).isPresent()) {
      throw DefinitionRunner.unsupported(
          verb(statement)
              + " of the queue '"
              + target.get()
              + "', nor does SQL Server: only SEND, RECEIVE, and MOVE and END CONVERSATION change"
              + " queues");
    }
  }

  private static String verb(DataStatement statement) {
    if (statement instanceof Insert) {
      return "INSERT";
    }
    if (statement instanceof Update) {
      return "UPDATE";
    }
    return statement instanceof Delete ? "DELETE" : "SELECT";
  }

  /** The table that a statement writes. */
  static Optional<ObjectName> target(DataStatement statement) {
    if (statement instanceof Insert insert) {
      return Optional.of(insert.table());
    }
    if (statement instanceof Update update) {
      return Optional.of(resolveAlias(update.target(), update.from()));
    }
    if (statement instanceof Delete delete) {
      return Optional.of(resolveAlias(delete.target(), delete.from()));
    }
    return Optional.empty();
  }

  private static ObjectName resolveAlias(ObjectName target, List<TableSource> from) {
    for (TableSource source : from) {
      Optional<ObjectName> named = findAlias(target, source);
      if (named.isPresent()) {
        return named.get();
      }
    }
    return target;
  }

  private static Optional<ObjectName> findAlias(ObjectName target, TableSource source) {
    if (source instanceof TableSource.Join join) {
      Optional<ObjectName> left = findAlias(target, join.left());
      return left.isPresent() ? left : findAlias(target, join.right());
    }
    if (source instanceof TableSource.NamedTable table
        && target.parts().size() == 1
        && target.name().equalsIgnoreCase(table.alias())) {
      return Optional.of(table.name());
    }
    return Optional.empty();
  }

  private void checkIdentity(Insert insert, Table table) throws SqlServerError {
    Optional<Column> identity = table.identityColumn();
    boolean on = session.options().identityInsertTable == table.object().id();
    if (identity.isEmpty()) {
      return;
    }
    boolean named =
        insert.columns().stream().anyMatch(c -> c.equalsIgnoreCase(identity.get().name()));
    if (named && !on) {
      throw new SqlServerError(
          544,
          16,
          1,
          "Cannot insert explicit value for identity column in table '"
              + table.object().name()
              + "' when IDENTITY_INSERT is set to OFF.");
    }
    if (!named && on) {
      throw new SqlServerError(
          545,
          16,
          1,
          "Explicit value must be specified for identity column in table '"
              + table.object().name()
              + "' either when IDENTITY_INSERT is set to ON or when a replication user is inserting"
              + " into a NOT FOR REPLICATION identity column.");
    }
  }

  private static void checkIdentity(Update update, Table table) throws SqlServerError {
    Optional<Column> identity = table.identityColumn();
    if (identity.isPresent()
        && update.assignments().stream()
            .anyMatch(a -> a.column().equalsIgnoreCase(identity.get().name()))) {
      throw new SqlServerError(
          8102, 16, 1, "Cannot update identity column '" + identity.get().name() + "'.");
    }
  }

  private Outcome runOne(
      EmittedSql sql,
      DataStatement statement,
      Scope scope,
      ResultConsumer results,
      Optional<Table> target)
      throws SqlServerError, SQLException, IOException {
    if (session.options().formatOnly) {
      if (sql.returnsRows()) {
        PreparedStatement prepared = session.prepared().prepare(sql.sql());
        results.columns(columns(sql, prepared.getMetaData()));
      }
      return new Outcome(command(sql), 0);
    }
    try {
      if (sql.returnsRows()) {
        return query(sql, statement, scope, results);
      }
      if (session.options().rowCount > 0) {
        throw DefinitionRunner.unsupported("SET ROWCOUNT with statements that change rows");
      }
      long rows = execute(sql, scope, PreparedStatement::executeLargeUpdate);
      if (sql.command() == EmittedSql.Command.INSERT
          && target.isPresent()
          && target.get().identityColumn().isPresent()
          && rows > 0) {
        scope.identity = lastIdentity();
      }
      return new Outcome(command(sql), rows);
    } finally {
      session.running(null);
      forgetLimited(sql);
    }
  }

  /**
   * A statement that H2 ends before the last row, by a limit or an error, leaves the cursor of an
   * IN where it stood. The next execution of the same prepared statement begins there and comes to
   * those rows once more: it shows them twice, or changes more rows than it counts.
   */
  private void forgetLimited(EmittedSql sql) throws SQLException {
    boolean limited =
        sql.sql().contains(" FETCH FIRST ")
            || sql.sql().contains(" FETCH NEXT ")
            || session.options().rowCount > 0;
    if (limited) {
      session.prepared().forget(sql.sql());
    }
  }

  /** Runs a prepared statement of H2. */
  @FunctionalInterface
  private interface Call<T> {
    T on(PreparedStatement prepared) throws SQLException;
  }

  /**
   * Binds and runs, as often as a lock has to be waited for. What failed is prepared anew, for the
   * reason of {@link #forgetLimited}.
   */
  private <T> T execute(EmittedSql sql, Scope scope, Call<T> call)
      throws SQLException, SqlServerError {
    return LockWait.run(
        session,
        () -> {
          PreparedStatement prepared = session.prepared().prepare(sql.sql());
          boolean done = false;
          try {
            bind(prepared, sql, scope);
            session.running(prepared);
            T result = call.on(prepared);
            done = true;
            return result;
          } finally {
            if (!done) {
              session.running(null);
              session.prepared().forget(sql.sql());
            }
          }
        });
  }

  private Outcome query(
      EmittedSql sql, DataStatement statement, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    long limit = sql.command() == EmittedSql.Command.SELECT ? session.options().rowCount : 0;
    try (ResultSet rows =
        execute(
            sql,
            scope,
            prepared -> {
              prepared.setLargeMaxRows(limit);
              return prepared.executeQuery();
            })) {
      if (statement instanceof SelectStatement select
          && select.query().body() instanceof Select body
          && body.assignsVariables()) {
        return new Outcome(ResultConsumer.Command.SELECT, assign(rows, body, scope));
      }
      long count = send(rows, columns(sql, rows.getMetaData()), results);
      if (sql.command() == EmittedSql.Command.INSERT && count > 0) {
        scope.identity = lastIdentity();
      }
      return new Outcome(command(sql), count);
    }
  }

  private long send(ResultSet rows, List<ResultColumn> columns, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    results.columns(columns);
    long count = 0;
    int width = columns.size();
    while (rows.next()) {
      session.requireNotCancelled();
      Object[] values = new Object[width];
      for (int i = 0; i < width; i++) {
        values[i] = Values.read(rows, i + 1, columns.get(i).type());
      }
      results.row(values);
      count++;
    }
    return count;
  }

  private static long assign(ResultSet rows, Select body, Scope scope)
      throws SQLException, SqlServerError {
    long count = 0;
    while (rows.next()) {
      count++;
      int column = 1;
      for (SelectItem item : body.items()) {
        if (item instanceof SelectItem.Assignment assignment) {
          Scope.Variable variable = scope.variable(assignment.variable());
          variable.value = Values.read(rows, column++, variable.type);
        }
      }
    }
    return count;
  }

  private static List<ResultColumn> columns(EmittedSql sql, ResultSetMetaData metadata)
      throws SQLException {
    List<ResultColumn> columns = new ArrayList<>();
    for (int i = 1; i <= metadata.getColumnCount(); i++) {
      OutputColumn known =
          i <= sql.columns().size() && sql.columns().size() == metadata.getColumnCount()
              ? sql.columns().get(i - 1)
              : null;
      SqlType type =
          known == null || known.type() == null ? Values.typeOf(metadata, i) : known.type();
      columns.add(
          known == null
              ? new ResultColumn(metadata.getColumnLabel(i), type, true, false)
              : new ResultColumn(known.name(), type, known.nullable(), known.identity()));
    }
    return columns;
  }

  private static ResultConsumer.Command command(EmittedSql sql) {
    return switch (sql.command()) {
      case SELECT, SELECT_INTO -> ResultConsumer.Command.SELECT;
      case INSERT -> ResultConsumer.Command.INSERT;
      case UPDATE -> ResultConsumer.Command.UPDATE;
      case DELETE -> ResultConsumer.Command.DELETE;
      case DEFINITION -> ResultConsumer.Command.DDL;
    };
  }

  private BigDecimal lastIdentity() throws SQLException {
    try (ResultSet rows = session.prepared().prepare("CALL SCOPE_IDENTITY()").executeQuery()) {
      rows.next();
      return rows.getBigDecimal(1);
    }
  }

  private void bind(PreparedStatement prepared, EmittedSql sql, Scope scope)
      throws SQLException, SqlServerError {
    int index = 1;
    for (ParameterReference reference : sql.parameters()) {
      Object value =
          reference instanceof ParameterReference.Variable
              ? scope.variable(reference.name()).value
              : sessionValues.value(reference.name());
      Values.bind(prepared, index++, value);
    }
  }

  /** The value of an expression as an instance of the type's value class. */
  Object evaluate(Expression expression, SqlType type, Scope scope) throws SqlServerError {
    if (expression instanceof Expression.NullLiteral) {
      return null;
    }
    if (expression instanceof Expression.Variable name) {
      Scope.Variable variable = scope.variable(name.name());
      if (variable.type.equals(type)) {
        return variable.value;
      }
    }
    List<EmittedSql> sql =
        emission(
            expression,
            type,
            scope,
            e -> List.of(H2Emitter.emitValue(new Expression.Cast(expression, type, false), e)));
    return single(sql.get(0), type, scope);
  }

  /** The value of an expression in its own type. */
  Object evaluate(Expression expression, Scope scope) throws SqlServerError {
    if (expression instanceof Expression.StringLiteral string) {
      return string.value();
    }
    if (expression instanceof Expression.Variable name) {
      return scope.variable(name.name()).value;
    }
    List<EmittedSql> sql =
        emission(expression, null, scope, e -> List.of(H2Emitter.emitValue(expression, e)));
    return single(sql.get(0), null, scope);
  }

  /** Whether a condition is true; false when it is unknown. */
  boolean isTrue(Condition condition, Scope scope) throws SqlServerError {
    List<EmittedSql> sql =
        emission(condition, null, scope, e -> List.of(H2Emitter.emitCondition(condition, e)));
    return Integer.valueOf(1).equals(single(sql.get(0), SqlType.of(SqlType.Kind.INT), scope));
  }

  private Object single(EmittedSql sql, SqlType type, Scope scope) throws SqlServerError {
    try {
      PreparedStatement prepared = session.prepared().prepare(sql.sql());
      bind(prepared, sql, scope);
      session.running(prepared);
      try (ResultSet rows = prepared.executeQuery()) {
        if (!rows.next()) {
          return null;
        }
        SqlType read = type;
        if (read == null) {
          read = columns(sql, rows.getMetaData()).get(0).type();
        }
        return Values.read(rows, 1, read);
      } finally {
        session.running(null);
        forgetLimited(sql);
      }
    } catch (SQLException e) {
      throw session.errors().map(e, session.errorContext("SELECT", null));
    }
  }

  /** Inserts rows that the engine has collected, in one go. */
  long insertRows(Insert insert, List<Object[]> rows, Scope scope) throws SqlServerError {
    EmittedSql sql =
        H2Emitter.emitRowInsert(insert.table(), insert.columns(), session.environment(scope));
    Table table = session.environment(scope).findAnyTable(insert.table()).orElse(null);
    try {
      PreparedStatement prepared = session.prepared().prepare(sql.sql());
      for (Object[] row : rows) {
        for (int i = 0; i < row.length; i++) {
          Values.bind(prepared, i + 1, row[i]);
        }
        LockWait.run(session, prepared::executeLargeUpdate);
      }
      return rows.size();
    } catch (SQLException e) {
      throw session.errors().map(e, session.errorContext("INSERT", table));
    }
  }

  /** Forgets what was emitted: the connection was reset. */
  void reset() {
    emissions.clear();
  }

  /** The statement's name for the fault injector. */
  static String kind(Statement statement) {
    return statement.getClass().getSimpleName();
  }
}
