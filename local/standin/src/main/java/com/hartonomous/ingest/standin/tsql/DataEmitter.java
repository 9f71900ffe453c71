package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.DataStatement.Insert;
import com.hartonomous.ingest.standin.tsql.DataStatement.InsertSource;
import com.hartonomous.ingest.standin.tsql.DataStatement.OutputClause;
import com.hartonomous.ingest.standin.tsql.DataStatement.SelectStatement;
import com.hartonomous.ingest.standin.tsql.EmittedSql.Command;
import com.hartonomous.ingest.standin.tsql.EmittedSql.OutputColumn;
import com.hartonomous.ingest.standin.tsql.Environment.TableColumn;
import com.hartonomous.ingest.standin.tsql.Query.Select;
import com.hartonomous.ingest.standin.tsql.Query.SelectItem;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Emits SELECT and INSERT, and OUTPUT clauses. UPDATE and DELETE are {@link ChangeEmitter}'s. */
final class DataEmitter {

  private final Environment environment;
  private final QueryEmitter queries;

  DataEmitter(Environment environment) {
    this.environment = environment;
    this.queries = new QueryEmitter(environment);
  }

  EmittedSql select(SelectStatement statement) throws SqlServerError {
    Scope scope = new Scope(null);
    Fragment with = queries.with(statement.with(), scope);
    EmittedQuery query = queries.emitStatement(statement.query(), scope);
    Fragment whole = Fragment.concat(ExpressionType.UNKNOWN, with, query.fragment());
    if (statement.query().body() instanceof Select select && select.into() != null) {
      Fragment insert =
          Fragment.concat(
              ExpressionType.UNKNOWN,
              "INSERT INTO " + environment.table(select.into()) + " ",
              whole);
      return new EmittedSql(
          insert.sql(), insert.parameters(), Command.SELECT_INTO, false, List.of());
    }
    return rows(whole, Command.SELECT, query.columns());
  }

  /** The columns of a query, for SELECT ... INTO. */
  List<Scope.Column> columns(SelectStatement statement) throws SqlServerError {
    Scope scope = new Scope(null);
    queries.with(statement.with(), scope);
    return queries.emit(statement.query(), scope).columns();
  }

  static EmittedSql rows(Fragment sql, Command command, List<Scope.Column> columns) {
    List<OutputColumn> output = new ArrayList<>();
    if (columns != null) {
      for (Scope.Column column : columns) {
        output.add(
            new OutputColumn(
                column.name().startsWith("@") ? "" : column.name(),
                column.type().type(),
                column.type().nullable(),
                column.identity()));
      }
    }
    return new EmittedSql(sql.sql(), sql.parameters(), command, true, output);
  }

  EmittedSql insert(Insert insert) throws SqlServerError {
    Scope scope = new Scope(null);
    Fragment with = queries.with(insert.with(), scope);
    Optional<List<TableColumn>> known = environment.columns(insert.table());
    List<TableColumn> targets = targets(insert, known.orElse(null));
    List<String> names =
        insert.columns().isEmpty() && targets != null
            ? targets.stream().map(TableColumn::name).toList()
            : insert.columns();
    Fragment source = source(insert, targets, scope);
    boolean defaults = insert.source() instanceof InsertSource.DefaultValues;
    Fragment statement =
        Fragment.concat(
            ExpressionType.UNKNOWN,
            "INSERT INTO " + environment.table(insert.table()),
            names.isEmpty() || defaults ? " " : " " + nameList(names) + " ",
            with,
            source);
    if (insert.output() == null) {
      return new EmittedSql(
          statement.sql(), statement.parameters(), Command.INSERT, false, List.of());
    }
    OutputRows rows = new OutputRows(insert.table(), known.orElse(null), null, "inserted");
    return output(insert.output(), rows, "FINAL", statement, Command.INSERT);
  }

  /** The columns that take the values, in order; null when they are not known. */
  private static List<TableColumn> targets(Insert insert, List<TableColumn> known)
      throws SqlServerError {
    if (known == null) {
      return null;
    }
    if (insert.columns().isEmpty()) {
      return known.stream().filter(column -> !column.identity() && !column.computed()).toList();
    }
    List<TableColumn> targets = new ArrayList<>();
    for (String name : insert.columns()) {
      targets.add(writable(known, name));
    }
    return targets;
  }

  /**
   * The column that a statement sets.
   *
   * @throws SqlServerError 207 when there is none, 271 when it is computed
   */
  static TableColumn writable(List<TableColumn> columns, String name) throws SqlServerError {
    for (TableColumn column : columns) {
      if (!column.name().equalsIgnoreCase(name)) {
        continue;
      }
      if (column.computed()) {
        throw new SqlServerError(
            271,
            16,
            1,
            "The column \""
                + name
                + "\" cannot be modified because it is either a computed column or is the result"
                + " of a UNION operator.");
      }
      return column;
    }
    throw new SqlServerError(207, 16, 1, "Invalid column name '" + name + "'.");
  }

  private Fragment source(Insert insert, List<TableColumn> targets, Scope scope)
      throws SqlServerError {
    if (insert.source() instanceof InsertSource.DefaultValues) {
      return Fragment.of("DEFAULT VALUES");
    }
    if (insert.source() instanceof InsertSource.FromProcedure) {
      throw Errors.unsupported("INSERT ... EXEC in this place");
    }
    if (insert.source() instanceof InsertSource.FromQuery fromQuery) {
      EmittedQuery query = queries.emit(fromQuery.query(), scope);
      if (targets != null && query.columns() != null) {
        checkCount(query.columns().size(), targets.size(), true);
        return converted(query, targets);
      }
      return query.fragment();
    }
    List<Fragment> rows = new ArrayList<>();
    ExpressionEmitter expressions = queries.expressions(scope);
    for (List<Expression> row : ((InsertSource.Rows) insert.source()).rows()) {
      if (targets != null) {
        checkCount(row.size(), targets.size(), false);
      }
      List<Fragment> cells = new ArrayList<>();
      for (int i = 0; i < row.size(); i++) {
        cells.add(cell(row.get(i), targets == null ? null : targets.get(i).type(), expressions));
      }
      rows.add(Fragment.concat(ExpressionType.UNKNOWN, "(", Fragment.join(cells, ", "), ")"));
    }
    return Fragment.concat(ExpressionType.UNKNOWN, "VALUES ", Fragment.join(rows, ", "));
  }

  private static Fragment cell(Expression expression, SqlType type, ExpressionEmitter expressions)
      throws SqlServerError {
    if (expression == null) {
      return Fragment.of("DEFAULT");
    }
    Fragment value = expressions.value(expression);
    return type == null ? value : ConversionEmitter.assign(value, type);
  }

  private static void checkCount(int values, int columns, boolean select) throws SqlServerError {
    if (values == columns) {
      return;
    }
    String source = select ? "select list" : "VALUES clause";
    throw values < columns
        ? new SqlServerError(
            select ? 120 : 109,
            15,
            1,
            "There are more columns in the INSERT statement than values specified in the "
                + source
                + ". The number of values must match the number of INSERT columns.")
        : new SqlServerError(
            select ? 121 : 110,
            15,
            1,
            "There are fewer columns in the INSERT statement than values specified in the "
                + source
                + ". The number of values must match the number of INSERT columns.");
  }

  /** The query, its columns converted where assigning them does not do it as T-SQL would. */
  private static Fragment converted(EmittedQuery query, List<TableColumn> targets)
      throws SqlServerError {
    List<Fragment> items = new ArrayList<>();
    List<String> names = new ArrayList<>();
    boolean changed = false;
    for (int i = 0; i < targets.size(); i++) {
      String name = H2Names.quote("c" + i);
      names.add(name);
      Fragment column = Fragment.of(name, query.columns().get(i).type());
      Fragment assigned = ConversionEmitter.assign(column, targets.get(i).type());
      changed |= !assigned.sql().equals(name);
      items.add(assigned);
    }
    return changed
        ? Fragment.concat(
            ExpressionType.UNKNOWN,
            "SELECT ",
            Fragment.join(items, ", "),
            " FROM (",
            query.fragment(),
            ") AS \"source\"(" + String.join(", ", names) + ")")
        : query.fragment();
  }

  static String nameList(List<String> names) {
    return "(" + String.join(", ", names.stream().map(H2Names::quote).toList()) + ")";
  }

  /**
   * The rows that OUTPUT shows.
   *
   * @param columns or null when they are not known
   * @param substitutes other values for some of the columns, or null
   * @param qualifiers what they are called there: inserted, deleted or both
   */
  record OutputRows(
      ObjectName table,
      List<TableColumn> columns,
      Scope.Capture substitutes,
      String... qualifiers) {}

  /**
   * A change with an OUTPUT clause.
   *
   * @param state FINAL or OLD: which rows the columns show
   */
  EmittedSql output(
      OutputClause output, OutputRows rows, String state, Fragment change, Command command)
      throws SqlServerError {
    Scope scope = new Scope(null);
    List<Scope.Column> columns =
        rows.columns() == null
            ? null
            : rows.columns().stream()
                .map(c -> new Scope.Column(c.name(), ExpressionType.ofColumn(c), c.identity()))
                .toList();
    for (String qualifier : rows.qualifiers()) {
      scope.add(new Scope.Source(qualifier, "", columns));
    }
    scope.captureWith(rows.substitutes());
    List<Fragment> items = new ArrayList<>();
    List<Scope.Column> outputColumns = new ArrayList<>();
    boolean known = true;
    for (SelectItem item : output.items()) {
      known &= queries.selectItem(item, queries.expressions(scope), items, outputColumns);
    }
    Fragment select =
        Fragment.concat(
            ExpressionType.UNKNOWN,
            "SELECT ",
            Fragment.join(items, ", "),
            " FROM " + state + " TABLE (",
            change,
            ")");
    if (output.into() == null) {
      return rows(select, command, known ? outputColumns : null);
    }
    Fragment insert =
        Fragment.concat(
            ExpressionType.UNKNOWN,
            "INSERT INTO " + environment.table(output.into()),
            output.intoColumns().isEmpty() ? " " : " " + nameList(output.intoColumns()) + " ",
            select);
    return new EmittedSql(insert.sql(), insert.parameters(), command, false, List.of());
  }

  QueryEmitter queries() {
    return queries;
  }
}
