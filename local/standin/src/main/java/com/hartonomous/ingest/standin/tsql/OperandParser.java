package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.BinaryLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.Case;
import com.hartonomous.ingest.standin.tsql.Expression.Cast;
import com.hartonomous.ingest.standin.tsql.Expression.ColumnReference;
import com.hartonomous.ingest.standin.tsql.Expression.Convert;
import com.hartonomous.ingest.standin.tsql.Expression.DatePart;
import com.hartonomous.ingest.standin.tsql.Expression.FunctionCall;
import com.hartonomous.ingest.standin.tsql.Expression.GlobalVariable;
import com.hartonomous.ingest.standin.tsql.Expression.MethodCall;
import com.hartonomous.ingest.standin.tsql.Expression.NullLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.NumberLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.OrderItem;
import com.hartonomous.ingest.standin.tsql.Expression.Over;
import com.hartonomous.ingest.standin.tsql.Expression.Parse;
import com.hartonomous.ingest.standin.tsql.Expression.ScalarSubquery;
import com.hartonomous.ingest.standin.tsql.Expression.StaticMethodCall;
import com.hartonomous.ingest.standin.tsql.Expression.StringLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.Variable;
import com.hartonomous.ingest.standin.tsql.Expression.When;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Parses operands: literals, variables, columns, function calls, CASE, CAST, parentheses. */
final class OperandParser {

  private static final int DEFAULT_CAST_LENGTH = 30;

  /** Reserved words that are functions when a parenthesis follows. */
  private static final Set<String> RESERVED_FUNCTIONS =
      Set.of("LEFT", "RIGHT", "COALESCE", "NULLIF");

  private static final Set<String> FUNCTIONS_WITHOUT_PARENTHESES =
      Set.of("CURRENT_TIMESTAMP", "CURRENT_USER", "SESSION_USER", "SYSTEM_USER");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final QueryParser queries;
  private final TypeParser types;

  OperandParser(TokenStream tokens, ExpressionParser expressions, QueryParser queries) {
    this.tokens = tokens;
    this.expressions = expressions;
    this.queries = queries;
    this.types = new TypeParser(tokens);
  }

  /** One operand. In parentheses there may be a condition too. */
  Expression operand() throws SqlServerError {
    Expression operand = plainOperand();
    while (tokens.atSymbol(".") && tokens.peek(1).kind() == Token.Kind.WORD) {
      tokens.next();
      String name = tokens.next().text();
      operand = new MethodCall(operand, name, tokens.atSymbol("(") ? arguments() : null);
    }
    return operand;
  }

  private List<Expression> arguments() throws SqlServerError {
    tokens.expectSymbol("(");
    tokens.enter();
    List<Expression> arguments = tokens.atSymbol(")") ? List.of() : expressions.values();
    tokens.leave();
    tokens.expectSymbol(")");
    return arguments;
  }

  private Expression plainOperand() throws SqlServerError {
    Token token = tokens.peek();
    switch (token.kind()) {
      case NUMBER:
        return new NumberLiteral(tokens.next().text());
      case STRING, NATIONAL_STRING:
        tokens.next();
        return new StringLiteral(token.text(), token.kind() == Token.Kind.NATIONAL_STRING);
      case BINARY:
        return new BinaryLiteral(tokens.next().text());
      case VARIABLE:
        return new Variable(tokens.next().text());
      case GLOBAL_VARIABLE:
        return globalVariable();
      case SYMBOL:
        return parenthesized();
      case WORD:
        return word(token);
      case QUOTED_NAME:
        return nameOrCall();
      default:
        throw tokens.syntaxError();
    }
  }

  private Expression globalVariable() throws SqlServerError {
    String name = tokens.next().upperCase();
    if (SessionValues.typeOf(name).isEmpty()) {
      throw Errors.unsupported("the variable '" + name + "'");
    }
    return new GlobalVariable(name);
  }

  private Expression parenthesized() throws SqlServerError {
    if (queries.atParenthesizedQuery()) {
      return new ScalarSubquery(queries.parenthesizedQuery());
    }
    tokens.expectSymbol("(");
    Expression inner = expressions.disjunction();
    tokens.expectSymbol(")");
    return inner;
  }

  private Expression word(Token token) throws SqlServerError {
    String upper = token.upperCase();
    boolean call = tokens.peek(1).isSymbol("(");
    switch (upper) {
      case "NULL":
        tokens.next();
        return new NullLiteral();
      case "CASE":
        return caseExpression();
      case "CAST", "TRY_CAST":
        return call ? cast(upper.startsWith("TRY")) : nameOrCall();
      case "CONVERT", "TRY_CONVERT":
        return convert(upper.startsWith("TRY"));
      case "PARSE", "TRY_PARSE":
        return call ? parseFunction(upper.startsWith("TRY")) : nameOrCall();
      case "IIF":
        return call ? immediateIf() : nameOrCall();
      case "NEXT":
        if (tokens.peek(1).isWord("VALUE")) {
          throw Errors.unsupported("NEXT VALUE FOR (sequences)");
        }
        return nameOrCall();
      default:
        if (RESERVED_FUNCTIONS.contains(upper) && call) {
          tokens.next();
          return callOf(ObjectName.of(token.text()));
        }
        if (FUNCTIONS_WITHOUT_PARENTHESES.contains(upper)) {
          tokens.next();
          return FunctionCall.of(ObjectName.of(upper), List.of());
        }
        return nameOrCall();
    }
  }

  private Expression caseExpression() throws SqlServerError {
    tokens.expectWord("CASE");
    tokens.enter();
    Expression operand = tokens.atWord("WHEN") ? null : expressions.value();
    List<When> whens = new ArrayList<>();
    while (tokens.acceptWord("WHEN")) {
      Expression match = operand == null ? expressions.condition() : expressions.value();
      tokens.expectWord("THEN");
      whens.add(new When(match, expressions.value()));
    }
    if (whens.isEmpty()) {
      throw tokens.syntaxError();
    }
    Expression otherwise = tokens.acceptWord("ELSE") ? expressions.value() : null;
    tokens.expectWord("END");
    tokens.leave();
    return new Case(operand, whens, otherwise);
  }

  private Expression cast(boolean nullOnError) throws SqlServerError {
    tokens.next();
    tokens.expectSymbol("(");
    Expression operand = nestedValue();
    tokens.expectWord("AS");
    SqlType type = types.parse(DEFAULT_CAST_LENGTH);
    tokens.expectSymbol(")");
    return new Cast(operand, type, nullOnError);
  }

  private Expression convert(boolean nullOnError) throws SqlServerError {
    tokens.next();
    tokens.expectSymbol("(");
    SqlType type = types.parse(DEFAULT_CAST_LENGTH);
    tokens.expectSymbol(",");
    Expression operand = nestedValue();
    Expression style = tokens.acceptSymbol(",") ? nestedValue() : null;
    tokens.expectSymbol(")");
    return new Convert(type, operand, style, nullOnError);
  }

  private Expression parseFunction(boolean nullOnError) throws SqlServerError {
    tokens.next();
    tokens.expectSymbol("(");
    Expression operand = nestedValue();
    tokens.expectWord("AS");
    SqlType type = types.parse(DEFAULT_CAST_LENGTH);
    Expression culture = tokens.acceptWord("USING") ? nestedValue() : null;
    tokens.expectSymbol(")");
    return new Parse(operand, type, culture, nullOnError);
  }

  private Expression immediateIf() throws SqlServerError {
    tokens.next();
    tokens.expectSymbol("(");
    tokens.enter();
    Expression condition = expressions.condition();
    tokens.expectSymbol(",");
    Expression then = expressions.value();
    tokens.expectSymbol(",");
    Expression otherwise = expressions.value();
    tokens.leave();
    tokens.expectSymbol(")");
    return new Case(null, List.of(new When(condition, then)), otherwise);
  }

  private Expression nestedValue() throws SqlServerError {
    tokens.enter();
    Expression value = expressions.value();
    tokens.leave();
    return value;
  }

  private Expression nameOrCall() throws SqlServerError {
    List<String> parts = new ArrayList<>();
    parts.add(tokens.expectName());
    if (tokens.acceptSymbol("::")) {
      return new StaticMethodCall(parts.get(0), tokens.expectName(), arguments());
    }
    while (tokens.acceptSymbol(".")) {
      parts.add(tokens.atSymbol(".") ? "" : tokens.expectName());
    }
    String last = parts.get(parts.size() - 1);
    if (tokens.atSymbol("(") && parts.size() > 1 && SpatialEmitter.isMethod(last)) {
      return new MethodCall(
          new ColumnReference(parts.subList(0, parts.size() - 1)), last, arguments());
    }
    if (tokens.atSymbol("(")) {
      if (parts.size() > 3) {
        throw Errors.unsupported("names of four parts (linked servers)");
      }
      return callOf(new ObjectName(parts));
    }
    if (parts.size() > 4) {
      throw tokens.syntaxError();
    }
    return new ColumnReference(parts);
  }

  /** The call of a function whose name was taken; the parenthesis is next. */
  FunctionCall callOf(ObjectName name) throws SqlServerError {
    tokens.expectSymbol("(");
    tokens.enter();
    List<Expression> arguments = new ArrayList<>();
    boolean star = false;
    boolean distinct = false;
    if (tokens.acceptSymbol("*")) {
      star = true;
    } else if (!tokens.atSymbol(")")) {
      distinct = tokens.acceptWord("DISTINCT");
      if (!distinct) {
        tokens.acceptWord("ALL");
      }
      if (BuiltinTable.takesDatePart(name)) {
        arguments.add(datePart());
        tokens.expectSymbol(",");
      }
      arguments.addAll(expressions.values());
    }
    tokens.leave();
    tokens.expectSymbol(")");
    List<OrderItem> withinGroup = withinGroup();
    Over over = tokens.acceptWord("OVER") ? over() : null;
    FunctionCall call = new FunctionCall(name, arguments, distinct, star, withinGroup, over);
    BuiltinTable.check(call);
    return call;
  }

  private Expression datePart() throws SqlServerError {
    if (tokens.peek().kind() != Token.Kind.WORD) {
      throw tokens.syntaxError();
    }
    String word = tokens.next().text();
    return new DatePart(
        DateParts.canonical(word.toLowerCase(Locale.ROOT))
            .orElseThrow(
                () ->
                    new SqlServerError(
                        155, 15, 1, "'" + word + "' is not a recognized datepart option.")));
  }

  private List<OrderItem> withinGroup() throws SqlServerError {
    if (!tokens.atWords("WITHIN", "GROUP")) {
      return List.of();
    }
    tokens.expectWords("WITHIN", "GROUP");
    tokens.expectSymbol("(");
    tokens.expectWords("ORDER", "BY");
    List<OrderItem> items = expressions.orderItems();
    tokens.expectSymbol(")");
    return items;
  }

  private Over over() throws SqlServerError {
    tokens.expectSymbol("(");
    tokens.enter();
    List<Expression> partitionBy = List.of();
    if (tokens.acceptWord("PARTITION")) {
      tokens.expectWord("BY");
      partitionBy = expressions.values();
    }
    List<OrderItem> orderBy =
        tokens.acceptWords("ORDER", "BY") ? expressions.orderItems() : List.of();
    String frame =
        tokens.atWord("ROWS") || tokens.atWord("RANGE") ? frame(tokens.next().upperCase()) : null;
    tokens.leave();
    tokens.expectSymbol(")");
    return new Over(partitionBy, orderBy, frame);
  }

  private String frame(String unit) throws SqlServerError {
    if (tokens.acceptWord("BETWEEN")) {
      String from = frameBound();
      tokens.expectWord("AND");
      return unit + " BETWEEN " + from + " AND " + frameBound();
    }
    return unit + " " + frameBound();
  }

  private String frameBound() throws SqlServerError {
    if (tokens.acceptWord("CURRENT")) {
      tokens.expectWord("ROW");
      return "CURRENT ROW";
    }
    String distance =
        tokens.acceptWord("UNBOUNDED") ? "UNBOUNDED" : Long.toString(tokens.expectInteger());
    return distance + " " + tokens.expectOneOf(Set.of("PRECEDING", "FOLLOWING"));
  }
}
