package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.And;
import com.hartonomous.ingest.standin.tsql.Expression.Between;
import com.hartonomous.ingest.standin.tsql.Expression.Binary;
import com.hartonomous.ingest.standin.tsql.Expression.BinaryOperator;
import com.hartonomous.ingest.standin.tsql.Expression.Collate;
import com.hartonomous.ingest.standin.tsql.Expression.Comparator;
import com.hartonomous.ingest.standin.tsql.Expression.Comparison;
import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.Expression.Exists;
import com.hartonomous.ingest.standin.tsql.Expression.InList;
import com.hartonomous.ingest.standin.tsql.Expression.InQuery;
import com.hartonomous.ingest.standin.tsql.Expression.IsNull;
import com.hartonomous.ingest.standin.tsql.Expression.Like;
import com.hartonomous.ingest.standin.tsql.Expression.Not;
import com.hartonomous.ingest.standin.tsql.Expression.Or;
import com.hartonomous.ingest.standin.tsql.Expression.OrderItem;
import com.hartonomous.ingest.standin.tsql.Expression.QuantifiedComparison;
import com.hartonomous.ingest.standin.tsql.Expression.Unary;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Parses values and conditions, by precedence: OR, AND, NOT, predicates, additive and bit
 * operators, multiplicative operators, signs, COLLATE. Operands are {@link OperandParser}'s.
 */
final class ExpressionParser {

  /** Operators in a row at one level; each makes the tree one node deeper. */
  private static final int LONGEST_CHAIN = 1000;

  private static final Map<String, BinaryOperator> ADDITIVE =
      Map.of(
          "+", BinaryOperator.ADD,
          "-", BinaryOperator.SUBTRACT,
          "&", BinaryOperator.BIT_AND,
          "|", BinaryOperator.BIT_OR,
          "^", BinaryOperator.BIT_XOR);
  private static final Map<String, BinaryOperator> MULTIPLICATIVE =
      Map.of(
          "*", BinaryOperator.MULTIPLY,
          "/", BinaryOperator.DIVIDE,
          "%", BinaryOperator.MODULO);
  private static final Map<String, Comparator> COMPARATORS =
      Map.of(
          "=", Comparator.EQUAL,
          "<>", Comparator.NOT_EQUAL,
          "!=", Comparator.NOT_EQUAL,
          "<", Comparator.LESS,
          "<=", Comparator.LESS_OR_EQUAL,
          "!>", Comparator.LESS_OR_EQUAL,
          ">", Comparator.GREATER,
          ">=", Comparator.GREATER_OR_EQUAL,
          "!<", Comparator.GREATER_OR_EQUAL);

  private final TokenStream tokens;
  private final QueryParser queries;
  private final OperandParser operands;

  ExpressionParser(TokenStream tokens, QueryParser queries) {
    this.tokens = tokens;
    this.queries = queries;
    this.operands = new OperandParser(tokens, this, queries);
  }

  /** A value. */
  Expression value() throws SqlServerError {
    Expression expression = additive();
    if (expression instanceof Condition) {
      throw tokens.syntaxError();
    }
    return expression;
  }

  /** A condition. */
  Condition condition() throws SqlServerError {
    Expression expression = disjunction();
    if (expression instanceof Condition condition) {
      return condition;
    }
    throw notACondition();
  }

  /** Values between commas. */
  List<Expression> values() throws SqlServerError {
    List<Expression> values = new ArrayList<>();
    do {
      values.add(value());
    } while (tokens.acceptSymbol(","));
    return values;
  }

  /** The elements after ORDER BY. */
  List<OrderItem> orderItems() throws SqlServerError {
    List<OrderItem> items = new ArrayList<>();
    do {
      Expression expression = value();
      boolean descending = tokens.acceptWord("DESC");
      if (!descending) {
        tokens.acceptWord("ASC");
      }
      items.add(new OrderItem(expression, descending));
    } while (tokens.acceptSymbol(","));
    return items;
  }

  /** What stands in parentheses: a value or a condition. */
  Expression disjunction() throws SqlServerError {
    tokens.enter();
    try {
      Expression left = conjunction();
      for (int i = 0; tokens.atWord("OR"); i++) {
        checkChain(i);
        Condition condition = asCondition(left);
        tokens.next();
        left = new Or(condition, asCondition(conjunction()));
      }
      return left;
    } finally {
      tokens.leave();
    }
  }

  private Expression conjunction() throws SqlServerError {
    Expression left = negation();
    for (int i = 0; tokens.atWord("AND"); i++) {
      checkChain(i);
      Condition condition = asCondition(left);
      tokens.next();
      left = new And(condition, asCondition(negation()));
    }
    return left;
  }

  private Expression negation() throws SqlServerError {
    boolean negated = false;
    while (tokens.acceptWord("NOT")) {
      negated = !negated;
    }
    Expression predicate = predicate();
    return negated ? new Not(asCondition(predicate)) : predicate;
  }

  private Expression predicate() throws SqlServerError {
    if (tokens.acceptWord("EXISTS")) {
      return new Exists(queries.parenthesizedQuery());
    }
    Expression left = additive();
    if (left instanceof Condition) {
      return left;
    }
    if (tokens.peek().kind() == Token.Kind.SYMBOL) {
      Comparator comparator = COMPARATORS.get(tokens.peek().text());
      return comparator == null ? left : comparison(comparator, left);
    }
    if (tokens.acceptWord("IS")) {
      boolean negated = tokens.acceptWord("NOT");
      tokens.expectWord("NULL");
      return new IsNull(left, negated);
    }
    boolean negated = tokens.acceptWord("NOT");
    if (tokens.acceptWord("IN")) {
      return membership(left, negated);
    }
    if (tokens.acceptWord("BETWEEN")) {
      Expression low = value();
      tokens.expectWord("AND");
      return new Between(left, low, value(), negated);
    }
    if (tokens.acceptWord("LIKE")) {
      Expression pattern = value();
      return new Like(left, pattern, tokens.acceptWord("ESCAPE") ? value() : null, negated);
    }
    if (negated) {
      throw tokens.syntaxError();
    }
    return left;
  }

  private Condition comparison(Comparator comparator, Expression left) throws SqlServerError {
    tokens.next();
    boolean all = tokens.atWord("ALL");
    if (all || tokens.atWord("ANY") || tokens.atWord("SOME")) {
      tokens.next();
      return new QuantifiedComparison(comparator, left, all, queries.parenthesizedQuery());
    }
    return new Comparison(comparator, left, value());
  }

  private Condition membership(Expression left, boolean negated) throws SqlServerError {
    if (queries.atParenthesizedQuery()) {
      return new InQuery(left, queries.parenthesizedQuery(), negated);
    }
    tokens.expectSymbol("(");
    List<Expression> values = values();
    tokens.expectSymbol(")");
    return new InList(left, values, negated);
  }

  private Expression additive() throws SqlServerError {
    return chain(ADDITIVE, () -> chain(MULTIPLICATIVE, this::signed));
  }

  private Expression chain(Map<String, BinaryOperator> operators, OperandRule operand)
      throws SqlServerError {
    Expression left = operand.parse();
    for (int i = 0; tokens.peek().kind() == Token.Kind.SYMBOL; i++) {
      BinaryOperator operator = operators.get(tokens.peek().text());
      if (operator == null || left instanceof Condition) {
        return left;
      }
      checkChain(i);
      tokens.next();
      Expression right = operand.parse();
      if (right instanceof Condition) {
        throw tokens.syntaxError();
      }
      left = new Binary(operator, left, right);
    }
    return left;
  }

  private Expression signed() throws SqlServerError {
    for (String sign : List.of("-", "+", "~")) {
      if (tokens.acceptSymbol(sign)) {
        tokens.enter();
        Expression operand = signed();
        tokens.leave();
        if (operand instanceof Condition) {
          throw tokens.syntaxError();
        }
        return new Unary(sign.charAt(0), operand);
      }
    }
    Expression operand = operands.operand();
    while (tokens.acceptWord("COLLATE")) {
      operand = new Collate(operand, tokens.expectName());
    }
    return operand;
  }

  private Condition asCondition(Expression expression) throws SqlServerError {
    if (expression instanceof Condition condition) {
      return condition;
    }
    throw notACondition();
  }

  private SqlServerError notACondition() {
    return new SqlServerError(
        4145,
        15,
        1,
        "An expression of non-boolean type specified in a context where a condition is expected,"
            + " near '"
            + Errors.shorten(tokens.peek().text())
            + "'.");
  }

  private static void checkChain(int length) throws SqlServerError {
    if (length >= LONGEST_CHAIN) {
      throw Errors.tooDeep();
    }
  }

  /** One operand of a chain. */
  private interface OperandRule {
    Expression parse() throws SqlServerError;
  }
}
