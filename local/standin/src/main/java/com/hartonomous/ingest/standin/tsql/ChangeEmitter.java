package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.DataStatement.Delete;
import com.hartonomous.ingest.standin.tsql.DataStatement.OutputClause;
import com.hartonomous.ingest.standin.tsql.DataStatement.SetClause;
import com.hartonomous.ingest.standin.tsql.DataStatement.Update;
import com.hartonomous.ingest.standin.tsql.EmittedSql.Command;
import com.hartonomous.ingest.standin.tsql.Environment.TableColumn;
import com.hartonomous.ingest.standin.tsql.Expression.And;
import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.Query.CommonTableExpression;
import com.hartonomous.ingest.standin.tsql.TableSource.Join;
import com.hartonomous.ingest.standin.tsql.TableSource.JoinKind;
import com.hartonomous.ingest.standin.tsql.TableSource.NamedTable;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Emits UPDATE and DELETE.
 *
 * <p>With a FROM clause they become MERGE, which is the only H2 statement that changes one table by
 * a join:
 *
 * <pre>
 * MERGE INTO t AS "$target"
 * USING (SELECT DISTINCT ON (t._ROWID_) t._ROWID_ AS "$row", s.x AS "$1" FROM t JOIN s .. WHERE ..)
 *   AS "$source"
 * ON "$target"._ROWID_ = "$source"."$row" AND (the join conditions and WHERE once more)
 * WHEN MATCHED THEN UPDATE SET c = "$target".c + "$source"."$1"
 * </pre>
 *
 * The conditions stand there twice because H2 evaluates ON and SET again on the row as it is after
 * it was locked: a concurrent change is neither overwritten nor matched by its old values. They
 * also let H2 find the row by the index of the join column, which it does not by {@code _ROWID_}.
 */
final class ChangeEmitter {

  private static final String TARGET = "\"$target\"";
  private static final String SOURCE = "\"$source\"";

  private final Environment environment;
  private final DataEmitter data;
  private final QueryEmitter queries;

  ChangeEmitter(Environment environment) {
    this.environment = environment;
    this.data = new DataEmitter(environment);
    this.queries = data.queries();
  }

  /** What UPDATE and DELETE have in common. */
  private record Change(
      List<CommonTableExpression> with,
      Expression top,
      ObjectName target,
      OutputClause output,
      List<TableSource> from,
      Condition where) {}

  EmittedSql update(Update update) throws SqlServerError {
    Change change =
        new Change(
            update.with(),
            update.top(),
            update.target(),
            update.output(),
            update.from(),
            update.where());
    if (!update.from().isEmpty() || !update.with().isEmpty()) {
      return joined(change, update.assignments());
    }
    Scope scope = targetScope(update.target());
    Fragment statement =
        Fragment.concat(
            ExpressionType.UNKNOWN,
            "UPDATE " + environment.table(update.target()) + " AS " + TARGET + " SET ",
            assignments(update.assignments(), update.target(), queries.expressions(scope)),
            where(change, scope),
            limit(change, scope));
    return finished(change, update.assignments(), update.target(), statement, Command.UPDATE);
  }

  EmittedSql delete(Delete delete) throws SqlServerError {
    Change change =
        new Change(
            delete.with(),
            delete.top(),
            delete.target(),
            delete.output(),
            delete.from(),
            delete.where());
    if (!delete.from().isEmpty() || !delete.with().isEmpty()) {
      return joined(change, null);
    }
    Scope scope = targetScope(delete.target());
    Fragment statement =
        Fragment.concat(
            ExpressionType.UNKNOWN,
            "DELETE FROM " + environment.table(delete.target()) + " AS " + TARGET,
            where(change, scope),
            limit(change, scope));
    return finished(change, null, delete.target(), statement, Command.DELETE);
  }

  private Scope targetScope(ObjectName target) throws SqlServerError {
    Scope scope = new Scope(null);
    scope.add(
        new Scope.Source(target.name(), TARGET, TableSourceEmitter.columns(environment, target)));
    return scope;
  }

  private Fragment where(Change change, Scope scope) throws SqlServerError {
    return change.where() == null
        ? Fragment.of("")
        : Fragment.concat(
            ExpressionType.UNKNOWN,
            " WHERE ",
            queries.expressions(scope).condition(change.where()));
  }

  private Fragment limit(Change change, Scope scope) throws SqlServerError {
    return change.top() == null
        ? Fragment.of("")
        : Fragment.concat(
            ExpressionType.UNKNOWN,
            " FETCH FIRST ",
            queries.rowCount(change.top(), scope),
            " ROWS ONLY");
  }

  private Fragment assignments(
      List<SetClause> assignments, ObjectName table, ExpressionEmitter expressions)
      throws SqlServerError {
    List<TableColumn> columns = environment.columns(table).orElse(null);
    List<Fragment> fragments = new ArrayList<>();
    for (SetClause assignment : assignments) {
      Fragment value =
          assignment.value() == null
              ? Fragment.of("DEFAULT")
              : expressions.value(assignment.value());
      TableColumn column =
          columns == null ? null : DataEmitter.writable(columns, assignment.column());
      if (column != null && column.identity()) {
        throw new SqlServerError(
            8102, 16, 1, "Cannot update identity column '" + column.name() + "'.");
      }
      Fragment assigned = column == null ? value : ConversionEmitter.assign(value, column.type());
      fragments.add(
          Fragment.concat(
              ExpressionType.UNKNOWN, H2Names.quote(assignment.column()) + " = ", assigned));
    }
    return Fragment.join(fragments, ", ");
  }

  /** Adds the OUTPUT clause. */
  private EmittedSql finished(
      Change change,
      List<SetClause> assignments,
      ObjectName table,
      Fragment statement,
      Command command)
      throws SqlServerError {
    if (change.output() == null) {
      return new EmittedSql(statement.sql(), statement.parameters(), command, false, List.of());
    }
    List<TableColumn> columns = environment.columns(table).orElse(null);
    if (command == Command.DELETE) {
      return data.output(
          change.output(),
          new DataEmitter.OutputRows(table, columns, null, "deleted"),
          "OLD",
          statement,
          command);
    }
    OutputReferences references = new OutputReferences(change.output());
    boolean oldValues = references.showsOldValueOf(assignments);
    DataEmitter.OutputRows rows =
        new DataEmitter.OutputRows(
            table,
            columns,
            oldValues && references.showsNewValueOf(assignments)
                ? newValues(change, assignments, table, columns)
                : null,
            "inserted",
            "deleted");
    return data.output(change.output(), rows, oldValues ? "OLD" : "FINAL", statement, command);
  }

  /**
   * H2 shows the rows before or after the change, not both. For both, the new values are calculated
   * once more from the old row, which is possible when they depend on nothing else.
   */
  private Scope.Capture newValues(
      Change change, List<SetClause> assignments, ObjectName table, List<TableColumn> columns)
      throws SqlServerError {
    if (columns == null || !change.from().isEmpty() || !change.with().isEmpty()) {
      throw bothValues();
    }
    Scope oldRow = new Scope(null);
    oldRow.add(new Scope.Source(table.name(), "", TableSourceEmitter.columns(environment, table)));
    Map<String, Fragment> values = new HashMap<>();
    for (SetClause assignment : assignments) {
      TableColumn column = DataEmitter.writable(columns, assignment.column());
      if (assignment.value() == null || column.type() == null) {
        throw bothValues();
      }
      Fragment value = queries.expressions(oldRow).value(assignment.value());
      boolean changes =
          value.sql().contains("SELECT")
              || value.sql().contains("RANDOM_UUID")
              || value.sql().contains("TSQL_SYS");
      if (changes) {
        throw bothValues();
      }
      Fragment assigned = ConversionEmitter.assign(value, column.type());
      values.put(
          column.name().toLowerCase(Locale.ROOT),
          ConversionEmitter.plainCast(assigned, column.type()).as(ExpressionType.ofColumn(column)));
    }
    return (source, name, fragment) ->
        source.alias().equals("inserted") ? values.get(name.toLowerCase(Locale.ROOT)) : null;
  }

  private static SqlServerError bothValues() {
    return Errors.unsupported(
        "OUTPUT of both the old and the new value of a column that an UPDATE with FROM, WITH, a"
            + " subquery, DEFAULT, NEWID or the clock sets");
  }

  /** The table that is changed, and where it stands in FROM. */
  private record Target(ObjectName table, String alias, List<TableSource> from) {}

  private Target target(Change change) throws SqlServerError {
    List<NamedTable> named = new ArrayList<>();
    change.from().forEach(source -> collect(source, named));
    for (NamedTable table : named) {
      boolean byAlias =
          change.target().parts().size() == 1
              && change.target().name().equalsIgnoreCase(table.alias());
      boolean byName =
          table.alias() == null && table.name().name().equalsIgnoreCase(change.target().name());
      if (byAlias || byName) {
        String alias = table.alias() == null ? table.name().name() : table.alias();
        return new Target(table.name(), alias, change.from());
      }
    }
    for (NamedTable table : named) {
      if (table.name().toString().equalsIgnoreCase(change.target().toString())) {
        return new Target(table.name(), table.alias(), change.from());
      }
    }
    List<TableSource> from = new ArrayList<>(change.from());
    from.add(new NamedTable(change.target(), null, List.of()));
    return new Target(change.target(), change.target().name(), from);
  }

  private static void collect(TableSource source, List<NamedTable> named) {
    if (source instanceof NamedTable table) {
      named.add(table);
    } else if (source instanceof Join join) {
      collect(join.left(), named);
      collect(join.right(), named);
    }
  }

  /** The MERGE of the class comment; a DELETE when there are no assignments. */
  private EmittedSql joined(Change change, List<SetClause> assignments) throws SqlServerError {
    Scope commonTables = new Scope(null);
    Fragment with = queries.with(change.with(), commonTables);
    Target target = target(change);
    if (commonTables.isCommonTable(target.table())) {
      throw Errors.unsupported("UPDATE and DELETE of a common table expression");
    }
    Scope scope = new Scope(commonTables);
    Fragment from = new TableSourceEmitter(queries).list(target.from(), scope);
    Fragment where = where(change, scope);

    Map<String, String> captured = new LinkedHashMap<>();
    Scope again = new Scope(commonTables);
    new TableSourceEmitter(queries).list(target.from(), again);
    replaceTarget(again, target.alias());
    again.captureWith(
        (source, name, column) -> {
          if (source.alias().equalsIgnoreCase(target.alias())) {
            return null;
          }
          String alias =
              captured.computeIfAbsent(
                  column.sql(), sql -> H2Names.quote("$" + (captured.size() + 1)));
          return Fragment.of(SOURCE + "." + alias, column.type());
        });
    ExpressionEmitter expressions = queries.expressions(again);
    Fragment action =
        assignments == null
            ? Fragment.of("DELETE")
            : Fragment.concat(
                ExpressionType.UNKNOWN,
                "UPDATE SET ",
                assignments(assignments, target.table(), expressions));
    Fragment condition = condition(target, change, expressions);
    String row = H2Names.source(target.alias()) + "._ROWID_";
    StringBuilder columns = new StringBuilder(row + " AS \"$row\"");
    captured.forEach((sql, name) -> columns.append(", ").append(sql).append(" AS ").append(name));
    Fragment merge =
        Fragment.concat(
            ExpressionType.UNKNOWN,
            "MERGE INTO " + environment.table(target.table()) + " AS " + TARGET + " USING (",
            with,
            "SELECT DISTINCT ON (" + row + ") " + columns + " FROM ",
            from,
            where,
            limit(change, scope),
            ") AS " + SOURCE + " ON (" + TARGET + "._ROWID_ = " + SOURCE + ".\"$row\"",
            condition,
            ") WHEN MATCHED THEN ",
            action);
    return finished(
        change,
        assignments,
        target.table(),
        merge,
        assignments == null ? Command.DELETE : Command.UPDATE);
  }

  private static void replaceTarget(Scope scope, String alias) {
    for (int i = 0; i < scope.sources().size(); i++) {
      Scope.Source source = scope.sources().get(i);
      if (source.alias().equalsIgnoreCase(alias)) {
        scope.sources().set(i, new Scope.Source(source.alias(), TARGET, source.columns()));
      }
    }
  }

  /** WHERE and the conditions of inner joins, for the locked row. */
  private static Fragment condition(Target target, Change change, ExpressionEmitter expressions)
      throws SqlServerError {
    List<Condition> conditions = new ArrayList<>();
    target.from().forEach(source -> innerConditions(source, conditions));
    if (change.where() != null) {
      conditions.add(change.where());
    }
    if (conditions.isEmpty()) {
      return Fragment.of("");
    }
    Condition all = conditions.get(0);
    for (Condition condition : conditions.subList(1, conditions.size())) {
      all = new And(all, condition);
    }
    return Fragment.concat(ExpressionType.UNKNOWN, " AND ", expressions.condition(all));
  }

  private static void innerConditions(TableSource source, List<Condition> conditions) {
    if (source instanceof Join join && join.kind() == JoinKind.INNER) {
      innerConditions(join.left(), conditions);
      innerConditions(join.right(), conditions);
      conditions.add(join.on());
    }
  }

  /** Which columns an OUTPUT clause shows, of which of the two rows. */
  private static final class OutputReferences {
    private final List<String> oldColumns = new ArrayList<>();
    private final List<String> newColumns = new ArrayList<>();

    OutputReferences(OutputClause output) {
      for (Query.SelectItem item : output.items()) {
        if (item instanceof Query.SelectItem.Star star) {
          add(star.qualifier(), "*");
        } else if (item instanceof Query.SelectItem.Value value) {
          ColumnReferences.in(value.expression())
              .forEach(
                  reference ->
                      add(
                          reference.parts().subList(0, reference.parts().size() - 1),
                          reference.column()));
        }
      }
    }

    private void add(List<String> qualifier, String column) {
      boolean deleted =
          !qualifier.isEmpty() && qualifier.get(qualifier.size() - 1).equalsIgnoreCase("deleted");
      (deleted ? oldColumns : newColumns).add(column.toLowerCase(Locale.ROOT));
    }

    boolean showsOldValueOf(List<SetClause> assignments) {
      return shows(oldColumns, assignments);
    }

    boolean showsNewValueOf(List<SetClause> assignments) {
      return shows(newColumns, assignments);
    }

    private static boolean shows(List<String> columns, List<SetClause> assignments) {
      return columns.contains("*")
          || assignments.stream()
              .anyMatch(a -> columns.contains(a.column().toLowerCase(Locale.ROOT)));
    }
  }
}
