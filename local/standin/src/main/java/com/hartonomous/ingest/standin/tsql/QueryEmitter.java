package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.ColumnReference;
import com.hartonomous.ingest.standin.tsql.Expression.FunctionCall;
import com.hartonomous.ingest.standin.tsql.Expression.NumberLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.OrderItem;
import com.hartonomous.ingest.standin.tsql.Query.Body;
import com.hartonomous.ingest.standin.tsql.Query.CommonTableExpression;
import com.hartonomous.ingest.standin.tsql.Query.Select;
import com.hartonomous.ingest.standin.tsql.Query.SelectItem;
import com.hartonomous.ingest.standin.tsql.Query.SetOperation;
import com.hartonomous.ingest.standin.tsql.Query.SetOperator;
import com.hartonomous.ingest.standin.tsql.TableSource.NamedTable;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Emits queries. FROM is {@link TableSourceEmitter}'s. */
final class QueryEmitter {

  private final Environment environment;

  QueryEmitter(Environment environment) {
    this.environment = environment;
  }

  Environment environment() {
    return environment;
  }

  ExpressionEmitter expressions(Scope scope) {
    return new ExpressionEmitter(environment, this, scope);
  }

  /** A WITH clause with a blank behind it, or nothing; its elements become visible in the scope. */
  Fragment with(List<CommonTableExpression> elements, Scope scope) throws SqlServerError {
    if (elements.isEmpty()) {
      return Fragment.of("");
    }
    boolean recursive = false;
    List<Fragment> emitted = new ArrayList<>();
    for (CommonTableExpression element : elements) {
      boolean self = TableReferences.mentions(element.query(), element.name());
      recursive |= self;
      List<Scope.Column> columns = self ? recursiveColumns(element, scope) : null;
      if (self) {
        scope.addCommonTable(element.name(), columns);
      }
      EmittedQuery query = emit(element.query(), scope);
      columns = renamed(query.columns(), element.columns(), element.name());
      scope.addCommonTable(element.name(), columns);
      emitted.add(
          Fragment.concat(
              ExpressionType.UNKNOWN,
              H2Names.source(element.name()) + columnList(columns),
              " AS (",
              nameable(element.query(), query.fragment()),
              ")"));
    }
    return Fragment.concat(
        ExpressionType.UNKNOWN,
        recursive ? "WITH RECURSIVE " : "WITH ",
        Fragment.join(emitted, ", "),
        " ");
  }

  /** The columns of a recursive element are those of its first part. */
  private List<Scope.Column> recursiveColumns(CommonTableExpression element, Scope scope)
      throws SqlServerError {
    Body anchor = element.query().body();
    while (anchor instanceof SetOperation operation) {
      anchor = operation.left();
    }
    EmittedQuery first = emit(new Query(anchor, List.of(), null, null), new Scope(scope));
    return renamed(first.columns(), element.columns(), element.name());
  }

  /**
   * The query so that a column list can follow it: H2 counts the condition of HAVING as a column,
   * and the key by which a GUID is sorted.
   */
  static Fragment nameable(Query query, Fragment emitted) {
    boolean groups = query.body() instanceof Select select && select.having() != null;
    boolean sortsGuids =
        !query.orderBy().isEmpty() && emitted.sql().contains(H2Names.alias("UUID_ORDERED"));
    return groups || sortsGuids
        ? Fragment.concat(ExpressionType.UNKNOWN, "SELECT * FROM (", emitted, ") AS \"$groups\"")
        : emitted;
  }

  /** {@code ("a", "b")}, or nothing when the columns are not known. */
  static String columnList(List<Scope.Column> columns) {
    return columns == null
        ? ""
        : "("
            + String.join(", ", columns.stream().map(c -> H2Names.quote(c.name())).toList())
            + ")";
  }

  /**
   * Columns under the names that a column list gives them.
   *
   * @throws SqlServerError 8155 when a column has no name, 8158 or 8159 when the numbers differ
   */
  static List<Scope.Column> renamed(List<Scope.Column> columns, List<String> names, String of)
      throws SqlServerError {
    if (names.isEmpty()) {
      for (int i = 0; columns != null && i < columns.size(); i++) {
        if (columns.get(i).name().isEmpty()) {
          throw new SqlServerError(
              8155,
              16,
              2,
              "No column name was specified for column " + (i + 1) + " of '" + of + "'.");
        }
      }
      return columns;
    }
    if (columns != null && columns.size() != names.size()) {
      throw new SqlServerError(
          columns.size() < names.size() ? 8158 : 8159,
          16,
          1,
          "'" + of + "' has " + columns.size() + " columns, its column list " + names.size() + ".");
    }
    List<Scope.Column> result = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      ExpressionType type = columns == null ? ExpressionType.UNKNOWN : columns.get(i).type();
      result.add(
          new Scope.Column(names.get(i), type, columns != null && columns.get(i).identity()));
    }
    return result;
  }

  /** The query of a SELECT statement: its lock hints hold. */
  EmittedQuery emitStatement(Query query, Scope outer) throws SqlServerError {
    EmittedQuery emitted = emit(query, outer);
    String lock = query.body() instanceof Select select ? lockClause(query, select) : "";
    return new EmittedQuery(
        Fragment.concat(ExpressionType.UNKNOWN, emitted.fragment(), lock), emitted.columns());
  }

  /** A query inside the given scope, which stays as it is. */
  EmittedQuery emit(Query query, Scope outer) throws SqlServerError {
    Scope orderScope = new Scope(outer);
    EmittedQuery body;
    Fragment limit = limit(query, outer);
    if (query.body() instanceof Select select) {
      body = select(select, orderScope);
      if (select.top() != null) {
        if (query.offset() != null) {
          throw new SqlServerError(
              10741, 15, 2, "A TOP can not be used in the same query or sub-query as a OFFSET.");
        }
        limit =
            Fragment.concat(
                ExpressionType.UNKNOWN,
                " FETCH FIRST ",
                rowCount(select.top(), outer),
                " ROWS ONLY");
      }
    } else {
      body = body(query.body(), outer);
    }
    if (query.orderBy().isEmpty()) {
      return new EmittedQuery(
          Fragment.concat(ExpressionType.UNKNOWN, body.fragment(), limit), body.columns());
    }
    addOutputNames(query, body.columns(), orderScope);
    List<OrderItem> items = guidsByName(query.orderBy(), body.columns());
    Fragment rows = body.fragment();
    boolean plain = query.body() instanceof Select select && !select.distinct();
    if (!plain && items.stream().anyMatch(item -> isGuid(item, body.columns()))) {
      // H2 sorts these by what they select alone, and the key of a GUID is a function of it.
      rows = Fragment.concat(ExpressionType.UNKNOWN, "SELECT * FROM (", rows, ")");
      orderScope = new Scope(outer);
      for (Scope.Column column : body.columns()) {
        orderScope.addOutputName(requireName(column), column.type());
      }
    }
    return new EmittedQuery(
        Fragment.concat(
            ExpressionType.UNKNOWN,
            rows,
            " ORDER BY ",
            expressions(orderScope).orderItems(items),
            limit),
        body.columns());
  }

  private void addOutputNames(Query query, List<Scope.Column> columns, Scope scope)
      throws SqlServerError {
    // Before names are added: they are not visible in the select list itself.
    Map<String, Fragment> guids = new LinkedHashMap<>();
    if (query.body() instanceof Select select && !select.distinct()) {
      for (SelectItem item : select.items()) {
        if (item instanceof SelectItem.Value value && value.alias() != null) {
          Fragment emitted = expressions(scope).value(value.expression());
          if (emitted.type().isKind(Kind.UNIQUEIDENTIFIER)) {
            guids.put(value.alias(), emitted);
          }
        }
      }
    }
    if (columns != null) {
      for (Scope.Column column : columns) {
        if (!column.name().isEmpty()) {
          scope.addOutputName(column.name(), column.type());
        }
      }
    }
    // The key of a GUID is a function of it, within which H2 does not see an alias.
    guids.forEach(scope::addOutputValue);
  }

  /** Numbers of UNIQUEIDENTIFIER columns become names, by which they are sorted as GUIDs. */
  private static List<OrderItem> guidsByName(List<OrderItem> items, List<Scope.Column> columns)
      throws SqlServerError {
    List<OrderItem> named = new ArrayList<>();
    for (OrderItem item : items) {
      int position = position(item);
      boolean guid =
          columns != null
              && position >= 1
              && position <= columns.size()
              && columns.get(position - 1).type().isKind(Kind.UNIQUEIDENTIFIER);
      named.add(
          guid
              ? new OrderItem(
                  new ColumnReference(List.of(requireName(columns.get(position - 1)))),
                  item.descending())
              : item);
    }
    return named;
  }

  private static int position(OrderItem item) {
    return item.expression() instanceof NumberLiteral literal
            && literal.text().matches("[0-9]{1,4}")
        ? Integer.parseInt(literal.text())
        : 0;
  }

  private static boolean isGuid(OrderItem item, List<Scope.Column> columns) {
    return columns != null
        && item.expression() instanceof ColumnReference reference
        && columns.stream()
            .anyMatch(
                column ->
                    column.type().isKind(Kind.UNIQUEIDENTIFIER)
                        && column.name().equalsIgnoreCase(reference.column()));
  }

  private static String requireName(Scope.Column column) throws SqlServerError {
    if (column.name().isEmpty()) {
      throw Errors.unsupported("ORDER BY of a uniqueidentifier beside a column without a name");
    }
    return column.name();
  }

  private Fragment limit(Query query, Scope outer) throws SqlServerError {
    if (query.offset() == null) {
      return Fragment.of("");
    }
    Fragment offset =
        Fragment.concat(
            ExpressionType.UNKNOWN, " OFFSET ", rowCount(query.offset(), outer), " ROWS");
    return query.fetch() == null
        ? offset
        : Fragment.concat(
            ExpressionType.UNKNOWN,
            offset,
            " FETCH NEXT ",
            rowCount(query.fetch(), outer),
            " ROWS ONLY");
  }

  /** The number of TOP, OFFSET and FETCH. */
  Fragment rowCount(Expression expression, Scope scope) throws SqlServerError {
    Fragment count = expressions(scope).value(expression);
    return Fragment.concat(ExpressionType.UNKNOWN, "CAST(", count, " AS BIGINT)");
  }

  /** UPDLOCK or XLOCK on the only table of a plain query: FOR UPDATE; READPAST skips. */
  private static String lockClause(Query query, Select select) {
    boolean plain =
        !select.distinct()
            && select.groupBy().isEmpty()
            && select.having() == null
            && select.from().size() == 1
            && select.items().stream()
                .noneMatch(
                    item ->
                        item instanceof SelectItem.Value value
                            && value.expression() instanceof FunctionCall call
                            && (call.over() != null || BuiltinTable.isAggregate(call.name())));
    if (!plain || !(select.from().get(0) instanceof NamedTable table) || query.offset() != null) {
      return "";
    }
    boolean locks = table.hints().contains("UPDLOCK") || table.hints().contains("XLOCK");
    return !locks
        ? ""
        : table.hints().contains("READPAST") ? " FOR UPDATE SKIP LOCKED" : " FOR UPDATE";
  }

  /** A branch of a set operation. */
  private EmittedQuery body(Body body, Scope outer) throws SqlServerError {
    if (body instanceof Select select) {
      EmittedQuery emitted = select(select, new Scope(outer));
      Fragment top =
          select.top() == null
              ? Fragment.of("")
              : Fragment.concat(
                  ExpressionType.UNKNOWN,
                  " FETCH FIRST ",
                  rowCount(select.top(), outer),
                  " ROWS ONLY");
      return new EmittedQuery(
          Fragment.concat(ExpressionType.UNKNOWN, "(", emitted.fragment(), top, ")"),
          emitted.columns());
    }
    SetOperation operation = (SetOperation) body;
    EmittedQuery left = body(operation.left(), outer);
    EmittedQuery right = body(operation.right(), outer);
    String operator =
        operation.operator() == SetOperator.UNION_ALL
            ? " UNION ALL "
            : " " + operation.operator().name() + " ";
    return new EmittedQuery(
        Fragment.concat(
            ExpressionType.UNKNOWN, "(", left.fragment(), operator, right.fragment(), ")"),
        united(left.columns(), right.columns()));
  }

  private static List<Scope.Column> united(List<Scope.Column> left, List<Scope.Column> right)
      throws SqlServerError {
    if (left == null || right == null) {
      return left;
    }
    if (left.size() != right.size()) {
      throw new SqlServerError(
          205,
          16,
          1,
          "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal"
              + " number of expressions in their target lists.");
    }
    List<Scope.Column> columns = new ArrayList<>();
    for (int i = 0; i < left.size(); i++) {
      ExpressionType type =
          ExpressionEmitter.common(
              List.of(Fragment.of(".", left.get(i).type()), Fragment.of(".", right.get(i).type())));
      columns.add(new Scope.Column(left.get(i).name(), type, false));
    }
    return columns;
  }

  /** A SELECT without ORDER BY and TOP. Its sources are added to the scope. */
  private EmittedQuery select(Select select, Scope scope) throws SqlServerError {
    List<Object> parts = new ArrayList<>();
    TableSourceEmitter sources = new TableSourceEmitter(this);
    Fragment from = sources.list(select.from(), scope);
    ExpressionEmitter expressions = expressions(scope);
    parts.add(select.distinct() ? "SELECT DISTINCT " : "SELECT ");
    List<Scope.Column> columns = new ArrayList<>();
    List<Fragment> items = new ArrayList<>();
    boolean known = true;
    for (SelectItem item : select.items()) {
      known &= selectItem(item, expressions, items, columns);
    }
    parts.add(Fragment.join(items, ", "));
    if (!select.from().isEmpty()) {
      parts.add(" FROM ");
      parts.add(from);
    }
    if (select.where() != null) {
      parts.add(" WHERE ");
      parts.add(expressions.condition(select.where()));
    }
    if (!select.groupBy().isEmpty()) {
      parts.add(" GROUP BY ");
      parts.add(Fragment.join(expressions.values(select.groupBy()), ", "));
    }
    if (select.having() != null) {
      parts.add(" HAVING ");
      parts.add(expressions.condition(select.having()));
    }
    return new EmittedQuery(
        Fragment.concat(ExpressionType.UNKNOWN, parts.toArray()), known ? columns : null);
  }

  /** Emits one item; false when it is a star over columns that are not known. */
  boolean selectItem(
      SelectItem item,
      ExpressionEmitter expressions,
      List<Fragment> items,
      List<Scope.Column> columns)
      throws SqlServerError {
    if (item instanceof SelectItem.Star star) {
      return star(star, expressions.scope(), items, columns);
    }
    if (item instanceof SelectItem.Assignment assignment) {
      Fragment value = expressions.value(assignment.expression());
      items.add(value);
      columns.add(new Scope.Column(assignment.variable(), value.type(), false));
      return true;
    }
    SelectItem.Value value = (SelectItem.Value) item;
    Fragment emitted = expressions.value(value.expression());
    String name = value.alias();
    boolean identity = false;
    if (name == null && value.expression() instanceof ColumnReference reference) {
      name = reference.column();
    }
    if (value.expression() instanceof ColumnReference reference) {
      identity = isIdentity(reference, expressions.scope());
    }
    items.add(
        name == null || name.isEmpty()
            ? emitted
            : Fragment.concat(emitted.type(), emitted, " AS " + H2Names.quote(name)));
    columns.add(new Scope.Column(name == null ? "" : name, emitted.type(), identity));
    return true;
  }

  private static boolean isIdentity(ColumnReference reference, Scope scope) {
    for (Scope.Source source : scope.sources()) {
      boolean qualified = reference.parts().size() > 1;
      if (source.columns() == null
          || (qualified
              && !source
                  .alias()
                  .equalsIgnoreCase(reference.parts().get(reference.parts().size() - 2)))) {
        continue;
      }
      Scope.Column column = Scope.find(source, reference.column());
      if (column != null) {
        return column.identity();
      }
    }
    return false;
  }

  private static boolean star(
      SelectItem.Star star, Scope scope, List<Fragment> items, List<Scope.Column> columns)
      throws SqlServerError {
    String qualifier =
        star.qualifier().isEmpty() ? null : star.qualifier().get(star.qualifier().size() - 1);
    boolean matched = false;
    boolean known = true;
    for (Scope.Source source : scope.sources()) {
      if (qualifier != null && !source.alias().equalsIgnoreCase(qualifier)) {
        continue;
      }
      matched = true;
      String prefix = source.qualifier().isEmpty() ? "" : source.qualifier() + ".";
      if (source.columns() == null) {
        known = false;
        items.add(Fragment.of(prefix + "*"));
        continue;
      }
      for (Scope.Column column : source.columns()) {
        items.add(scope.column(source, column.name()));
        columns.add(column);
      }
    }
    if (!matched) {
      throw new SqlServerError(
          107,
          15,
          1,
          "The column prefix '"
              + (qualifier == null ? "*" : qualifier.toLowerCase(Locale.ROOT))
              + "' does not match with a table name or alias name used in the query.");
    }
    return known;
  }
}
