package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.Expression.OrderItem;
import com.hartonomous.ingest.standin.tsql.Query.Body;
import com.hartonomous.ingest.standin.tsql.Query.CommonTableExpression;
import com.hartonomous.ingest.standin.tsql.Query.Select;
import com.hartonomous.ingest.standin.tsql.Query.SelectItem;
import com.hartonomous.ingest.standin.tsql.Query.SetOperation;
import com.hartonomous.ingest.standin.tsql.Query.SetOperator;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses queries. What stands in FROM is {@link TableSourceParser}'s. */
final class QueryParser {

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final TableSourceParser sources;

  QueryParser(TokenStream tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens, this);
    this.sources = new TableSourceParser(tokens, this);
  }

  ExpressionParser expressions() {
    return expressions;
  }

  TableSourceParser sources() {
    return sources;
  }

  /** A parenthesis directly followed by SELECT. */
  boolean atParenthesizedQuery() {
    return tokens.atSymbol("(") && tokens.peek(1).isWord("SELECT");
  }

  /** Any number of parentheses, then SELECT. */
  boolean atQuery() {
    int ahead = 0;
    while (tokens.peek(ahead).isSymbol("(")) {
      ahead++;
    }
    return tokens.peek(ahead).isWord("SELECT");
  }

  Query parenthesizedQuery() throws SqlServerError {
    tokens.expectSymbol("(");
    Query query = query();
    tokens.expectSymbol(")");
    return query;
  }

  /** WITH and its elements, or nothing. */
  List<CommonTableExpression> withClause() throws SqlServerError {
    List<CommonTableExpression> elements = new ArrayList<>();
    if (tokens.acceptWord("WITH")) {
      do {
        String name = tokens.expectName();
        List<String> columns = tokens.atSymbol("(") ? tokens.expectNameList() : List.of();
        tokens.expectWord("AS");
        elements.add(new CommonTableExpression(name, columns, parenthesizedQuery()));
      } while (tokens.acceptSymbol(","));
    }
    return elements;
  }

  Query query() throws SqlServerError {
    tokens.enter();
    try {
      Body body = unionBody();
      List<OrderItem> orderBy = List.of();
      Expression offset = null;
      Expression fetch = null;
      if (tokens.acceptWords("ORDER", "BY")) {
        orderBy = expressions.orderItems();
        if (tokens.acceptWord("OFFSET")) {
          offset = expressions.value();
          tokens.expectOneOf(Set.of("ROW", "ROWS"));
          if (tokens.acceptWord("FETCH")) {
            tokens.expectOneOf(Set.of("NEXT", "FIRST"));
            fetch = expressions.value();
            tokens.expectOneOf(Set.of("ROW", "ROWS"));
            tokens.expectWord("ONLY");
          }
        }
      }
      if (tokens.atWord("FOR")) {
        throw Errors.unsupported("FOR " + tokens.peek(1).text() + " in a query");
      }
      return new Query(body, orderBy, offset, fetch);
    } finally {
      tokens.leave();
    }
  }

  /** {@code OPTION (hint, ...)}: known hints are accepted without effect. */
  void optionClause() throws SqlServerError {
    if (!tokens.acceptWord("OPTION")) {
      return;
    }
    tokens.expectSymbol("(");
    do {
      String first = tokens.next().upperCase();
      switch (first) {
        case "RECOMPILE" -> {}
        case "MAXDOP", "MAXRECURSION", "FAST" -> tokens.expectInteger();
        case "LOOP" -> tokens.expectWord("JOIN");
        case "HASH", "MERGE" -> tokens.expectOneOf(Set.of("JOIN", "GROUP", "UNION"));
        case "ORDER" -> tokens.expectWord("GROUP");
        case "FORCE" -> tokens.expectWord("ORDER");
        case "KEEP", "KEEPFIXED" -> tokens.expectWord("PLAN");
        case "OPTIMIZE" -> tokens.expectWords("FOR", "UNKNOWN");
        default -> throw Errors.unsupported("the query hint '" + first + "'");
      }
    } while (tokens.acceptSymbol(","));
    tokens.expectSymbol(")");
  }

  private Body unionBody() throws SqlServerError {
    Body left = intersectBody();
    while (true) {
      SetOperator operator;
      if (tokens.acceptWord("UNION")) {
        operator = tokens.acceptWord("ALL") ? SetOperator.UNION_ALL : SetOperator.UNION;
      } else if (tokens.acceptWord("EXCEPT")) {
        operator = SetOperator.EXCEPT;
      } else {
        return left;
      }
      left = setOperation(operator, left, intersectBody());
    }
  }

  private Body intersectBody() throws SqlServerError {
    Body left = primaryBody();
    while (tokens.acceptWord("INTERSECT")) {
      left = setOperation(SetOperator.INTERSECT, left, primaryBody());
    }
    return left;
  }

  private Body setOperation(SetOperator operator, Body left, Body right) throws SqlServerError {
    if (right instanceof Select select && select.into() != null) {
      throw Errors.syntax("INTO");
    }
    return new SetOperation(operator, left, right);
  }

  private Body primaryBody() throws SqlServerError {
    if (tokens.acceptSymbol("(")) {
      tokens.enter();
      Body body = unionBody();
      tokens.leave();
      tokens.expectSymbol(")");
      return body;
    }
    return select();
  }

  private Select select() throws SqlServerError {
    tokens.expectWord("SELECT");
    boolean distinct = tokens.acceptWord("DISTINCT");
    if (!distinct) {
      tokens.acceptWord("ALL");
    }
    Expression top = topClause();
    List<SelectItem> items = selectItems();
    ObjectName into = tokens.acceptWord("INTO") ? tokens.expectObjectName() : null;
    List<TableSource> from = tokens.acceptWord("FROM") ? sources.list() : List.of();
    Condition where = tokens.acceptWord("WHERE") ? expressions.condition() : null;
    List<Expression> groupBy = groupBy();
    Condition having = tokens.acceptWord("HAVING") ? expressions.condition() : null;
    return new Select(distinct, top, items, into, from, where, groupBy, having);
  }

  /** {@code TOP n} or {@code TOP (expression)}, or null. */
  Expression topClause() throws SqlServerError {
    if (!tokens.acceptWord("TOP")) {
      return null;
    }
    Expression top;
    if (tokens.acceptSymbol("(")) {
      top = expressions.value();
      tokens.expectSymbol(")");
    } else if (tokens.peek().kind() == Token.Kind.NUMBER) {
      top = new Expression.NumberLiteral(Long.toString(tokens.expectInteger()));
    } else {
      throw tokens.syntaxError();
    }
    if (tokens.atWord("PERCENT") || tokens.atWords("WITH", "TIES")) {
      throw Errors.unsupported("TOP ... " + (tokens.atWord("PERCENT") ? "PERCENT" : "WITH TIES"));
    }
    return top;
  }

  private List<Expression> groupBy() throws SqlServerError {
    if (!tokens.acceptWords("GROUP", "BY")) {
      return List.of();
    }
    if ((tokens.atWord("ROLLUP") || tokens.atWord("CUBE")) && tokens.peek(1).isSymbol("(")
        || tokens.atWords("GROUPING", "SETS")) {
      throw Errors.unsupported("GROUP BY " + tokens.peek().upperCase());
    }
    return expressions.values();
  }

  /** A select list, also that of OUTPUT. */
  List<SelectItem> selectItems() throws SqlServerError {
    List<SelectItem> items = new ArrayList<>();
    do {
      items.add(selectItem());
    } while (tokens.acceptSymbol(","));
    return items;
  }

  private SelectItem selectItem() throws SqlServerError {
    Token first = tokens.peek();
    if (first.kind() == Token.Kind.VARIABLE && tokens.peek(1).isSymbol("=")) {
      tokens.next();
      tokens.next();
      return new SelectItem.Assignment(first.text(), expressions.value());
    }
    if ((first.isName() || first.isString()) && tokens.peek(1).isSymbol("=")) {
      tokens.next();
      tokens.next();
      return new SelectItem.Value(expressions.value(), first.text());
    }
    List<String> qualifier = starQualifier();
    if (qualifier != null) {
      return new SelectItem.Star(qualifier);
    }
    Expression expression = expressions.value();
    if (tokens.acceptWord("AS")) {
      return new SelectItem.Value(expression, aliasOrString());
    }
    boolean alias = tokens.peek().isName() || tokens.peek().isString();
    return new SelectItem.Value(expression, alias ? aliasOrString() : null);
  }

  /** Takes {@code *} or {@code a.b.*} and returns what is before the star; null when at neither. */
  private List<String> starQualifier() throws SqlServerError {
    int ahead = 0;
    while (tokens.peek(ahead).isName() && tokens.peek(ahead + 1).isSymbol(".")) {
      ahead += 2;
    }
    if (!tokens.peek(ahead).isSymbol("*")) {
      return null;
    }
    List<String> qualifier = new ArrayList<>();
    while (!tokens.acceptSymbol("*")) {
      qualifier.add(tokens.expectName());
      tokens.expectSymbol(".");
    }
    return qualifier;
  }

  private String aliasOrString() throws SqlServerError {
    return tokens.peek().isString() ? tokens.next().text() : tokens.expectName();
  }
}
