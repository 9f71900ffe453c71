package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Environment.TableColumn;
import com.hartonomous.ingest.standin.tsql.TableSource.DerivedTable;
import com.hartonomous.ingest.standin.tsql.TableSource.FunctionTable;
import com.hartonomous.ingest.standin.tsql.TableSource.Join;
import com.hartonomous.ingest.standin.tsql.TableSource.JoinKind;
import com.hartonomous.ingest.standin.tsql.TableSource.NamedTable;
import com.hartonomous.ingest.standin.tsql.TableSource.ValuesTable;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Emits what stands in FROM, and makes its sources visible. */
final class TableSourceEmitter {

  private final QueryEmitter queries;

  TableSourceEmitter(QueryEmitter queries) {
    this.queries = queries;
  }

  Fragment list(List<TableSource> sources, Scope scope) throws SqlServerError {
    List<Fragment> fragments = new ArrayList<>();
    for (TableSource source : sources) {
      fragments.add(emit(source, scope));
    }
    return Fragment.join(fragments, ", ");
  }

  private Fragment emit(TableSource source, Scope scope) throws SqlServerError {
    if (source instanceof NamedTable table) {
      return named(table, scope);
    }
    if (source instanceof DerivedTable derived) {
      EmittedQuery query = queries.emit(derived.query(), parentOf(scope));
      List<Scope.Column> columns =
          QueryEmitter.renamed(query.columns(), derived.columns(), derived.alias());
      scope.add(new Scope.Source(derived.alias(), columns));
      return aliased(
          Fragment.concat(
              ExpressionType.UNKNOWN,
              "(",
              QueryEmitter.nameable(derived.query(), query.fragment()),
              ")"),
          derived.alias(),
          columns);
    }
    if (source instanceof ValuesTable values) {
      return values(values, scope);
    }
    if (source instanceof FunctionTable function) {
      return function(function, scope);
    }
    return join((Join) source, scope);
  }

  /** What a derived table sees: the outer query, not its neighbours. */
  private static Scope parentOf(Scope scope) {
    return scope.outer();
  }

  private Fragment named(NamedTable table, Scope scope) throws SqlServerError {
    String alias = table.alias() == null ? table.name().name() : table.alias();
    if (scope.isCommonTable(table.name())) {
      scope.add(new Scope.Source(alias, scope.commonTable(table.name().name())));
      return Fragment.of(H2Names.source(table.name().name()) + " AS " + H2Names.source(alias));
    }
    Environment environment = queries.environment();
    String physical = environment.table(table.name());
    scope.add(new Scope.Source(alias, columns(environment, table.name())));
    return Fragment.of(physical + " AS " + H2Names.source(alias));
  }

  /** The columns of a table as the emitter knows them, or null. */
  static List<Scope.Column> columns(Environment environment, ObjectName table)
      throws SqlServerError {
    Optional<List<TableColumn>> known = environment.columns(table);
    return known
        .map(
            columns ->
                columns.stream()
                    .map(c -> new Scope.Column(c.name(), ExpressionType.ofColumn(c), c.identity()))
                    .toList())
        .orElse(null);
  }

  private Fragment values(ValuesTable values, Scope scope) throws SqlServerError {
    ExpressionEmitter expressions = queries.expressions(parentOf(scope));
    List<Fragment> rows = new ArrayList<>();
    List<List<Fragment>> cells = new ArrayList<>();
    for (List<Expression> row : values.rows()) {
      List<Fragment> emitted = expressions.values(row);
      cells.add(emitted);
      rows.add(Fragment.concat(ExpressionType.UNKNOWN, "(", Fragment.join(emitted, ", "), ")"));
    }
    List<Scope.Column> columns = new ArrayList<>();
    for (int i = 0; i < values.columns().size(); i++) {
      int column = i;
      List<Fragment> branch = cells.stream().map(row -> row.get(column)).toList();
      columns.add(
          new Scope.Column(values.columns().get(i), ExpressionEmitter.common(branch), false));
    }
    scope.add(new Scope.Source(values.alias(), columns));
    return aliased(
        Fragment.concat(ExpressionType.UNKNOWN, "(VALUES ", Fragment.join(rows, ", "), ")"),
        values.alias(),
        columns);
  }

  /** The columns are H2's affair: they depend on what the function captures. */
  private Fragment function(FunctionTable function, Scope scope) throws SqlServerError {
    ObjectName name = function.call().name();
    String alias = function.alias() == null ? name.name() : function.alias();
    List<Scope.Column> columns =
        function.columns().isEmpty() ? null : QueryEmitter.renamed(null, function.columns(), alias);
    scope.add(new Scope.Source(alias, columns));
    List<Fragment> arguments =
        queries.expressions(parentOf(scope)).values(function.call().arguments());
    // The function's SQL uses them all twice.
    Fragment joined =
        Fragment.join(Stream.concat(arguments.stream(), arguments.stream()).toList(), ", ");
    String sql =
        queries.environment().tableFunction(name, arguments.stream().map(Fragment::sql).toList());
    return aliased(new Fragment(sql, joined.parameters(), joined.type()), alias, columns);
  }

  private static Fragment aliased(Fragment source, String alias, List<Scope.Column> columns) {
    return Fragment.concat(
        ExpressionType.UNKNOWN,
        source,
        " AS " + H2Names.source(alias) + QueryEmitter.columnList(columns));
  }

  private Fragment join(Join join, Scope scope) throws SqlServerError {
    String words =
        switch (join.kind()) {
          case INNER -> " INNER JOIN ";
          case LEFT -> " LEFT JOIN ";
          case RIGHT -> " RIGHT JOIN ";
          case CROSS -> " CROSS JOIN ";
          case FULL -> throw Errors.unsupported("FULL JOIN");
          case CROSS_APPLY -> throw Errors.unsupported("CROSS APPLY");
          case OUTER_APPLY -> throw Errors.unsupported("OUTER APPLY");
        };
    int before = scope.sources().size();
    Fragment left = emit(join.left(), scope);
    int middle = scope.sources().size();
    Fragment right = emit(join.right(), scope);
    if (join.right() instanceof Join) {
      right = Fragment.concat(ExpressionType.UNKNOWN, "(", right, ")");
    }
    Fragment on =
        join.on() == null
            ? Fragment.of("")
            : Fragment.concat(
                ExpressionType.UNKNOWN, " ON ", queries.expressions(scope).condition(join.on()));
    if (join.kind() == JoinKind.LEFT) {
      scope.makeNullable(middle, scope.sources().size());
    } else if (join.kind() == JoinKind.RIGHT) {
      scope.makeNullable(before, middle);
    }
    return Fragment.concat(ExpressionType.UNKNOWN, left, words, right, on);
  }
}
