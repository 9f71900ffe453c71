package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlType;
import java.util.List;

/**
 * A T-SQL expression. {@link Condition}s are the expressions that are true, false or unknown: the
 * language keeps them apart from values, and so does the parser. Components that may be absent are
 * null and say so.
 */
public sealed interface Expression {

  /** What WHERE, ON, HAVING, IF, WHILE and CASE WHEN take. */
  sealed interface Condition extends Expression {}

  /** {@code NULL}. */
  record NullLiteral() implements Expression {}

  /**
   * A number without a sign.
   *
   * @param text as written, for example {@code 1}, {@code 1.50}, {@code 1e3}
   */
  record NumberLiteral(String text) implements Expression {
    /** No point and no exponent. */
    public boolean isInteger() {
      return text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /** With an exponent: FLOAT. Otherwise a number that is no integer is DECIMAL. */
    public boolean isFloat() {
      return text.indexOf('e') >= 0 || text.indexOf('E') >= 0;
    }
  }

  /**
   * {@code 'x'} or {@code N'x'}.
   *
   * @param value without quotes, doubled quotes resolved
   * @param national NVARCHAR (written with N), otherwise VARCHAR
   */
  record StringLiteral(String value, boolean national) implements Expression {}

  /**
   * {@code 0x1F}.
   *
   * @param hex an even number of hexadecimal digits, perhaps none
   */
  record BinaryLiteral(String hex) implements Expression {}

  /**
   * A column, perhaps qualified.
   *
   * @param parts 1 to 4 parts, the last is the column
   */
  record ColumnReference(List<String> parts) implements Expression {
    public ColumnReference {
      parts = List.copyOf(parts);
    }

    /** The column's own name. */
    public String column() {
      return parts.get(parts.size() - 1);
    }
  }

  /**
   * A variable or parameter.
   *
   * @param name with its at sign
   */
  record Variable(String name) implements Expression {}

  /**
   * A value of the session such as {@code @@TRANCOUNT}.
   *
   * @param name with its at signs, upper case
   */
  record GlobalVariable(String name) implements Expression {}

  /** Unary minus, plus or {@code ~}. */
  record Unary(char operator, Expression operand) implements Expression {}

  /** The operators between two values. */
  enum BinaryOperator {
    ADD("+"),
    SUBTRACT("-"),
    MULTIPLY("*"),
    DIVIDE("/"),
    MODULO("%"),
    BIT_AND("&"),
    BIT_OR("|"),
    BIT_XOR("^");

    private final String symbol;

    BinaryOperator(String symbol) {
      this.symbol = symbol;
    }

    public String symbol() {
      return symbol;
    }
  }

  /** An arithmetic or bit operation; ADD is also the concatenation of strings and binaries. */
  record Binary(BinaryOperator operator, Expression left, Expression right) implements Expression {}

  /**
   * {@code CASE}.
   *
   * @param operand of the simple form, or null: then each {@link When#match} is a condition
   * @param otherwise the ELSE value, or null
   */
  record Case(Expression operand, List<When> whens, Expression otherwise) implements Expression {
    public Case {
      whens = List.copyOf(whens);
    }
  }

  /** One WHEN of a {@link Case}. */
  record When(Expression match, Expression result) {}

  /** CAST, or TRY_CAST when {@code nullOnError}. */
  record Cast(Expression operand, SqlType type, boolean nullOnError) implements Expression {}

  /**
   * CONVERT, or TRY_CONVERT when {@code nullOnError}.
   *
   * @param style or null
   */
  record Convert(SqlType type, Expression operand, Expression style, boolean nullOnError)
      implements Expression {}

  /**
   * PARSE, or TRY_PARSE when {@code nullOnError}.
   *
   * @param culture or null
   */
  record Parse(Expression operand, SqlType type, Expression culture, boolean nullOnError)
      implements Expression {}

  /**
   * A function call; also COUNT(*) and window functions.
   *
   * @param name as written, perhaps qualified
   * @param star {@code COUNT(*)}: no arguments
   * @param withinGroup ORDER BY of STRING_AGG, perhaps empty
   * @param over or null
   */
  record FunctionCall(
      ObjectName name,
      List<Expression> arguments,
      boolean distinct,
      boolean star,
      List<OrderItem> withinGroup,
      Over over)
      implements Expression {
    public FunctionCall {
      arguments = List.copyOf(arguments);
      withinGroup = List.copyOf(withinGroup);
    }

    /** A plain call. */
    public static FunctionCall of(ObjectName name, List<Expression> arguments) {
      return new FunctionCall(name, arguments, false, false, List.of(), null);
    }
  }

  /**
   * The window of a function.
   *
   * @param frame tokens of the ROWS or RANGE clause in T-SQL's own words, or null
   */
  record Over(List<Expression> partitionBy, List<OrderItem> orderBy, String frame) {
    public Over {
      partitionBy = List.copyOf(partitionBy);
      orderBy = List.copyOf(orderBy);
    }
  }

  /** One element of ORDER BY. */
  record OrderItem(Expression expression, boolean descending) {}

  /**
   * A bare word as a function's argument: the part of DATEADD and its kin.
   *
   * @param name lower case, abbreviations resolved, for example {@code day}, {@code tzoffset}
   */
  record DatePart(String name) implements Expression {}

  /**
   * A property or method of a value: {@code g.STX}, {@code g.STDistance(h)}.
   *
   * @param name letter case matters
   * @param arguments null for a property
   */
  record MethodCall(Expression target, String name, List<Expression> arguments)
      implements Expression {}

  /** A method of a type: {@code geometry::Point(1, 2, 0)}. */
  record StaticMethodCall(String type, String name, List<Expression> arguments)
      implements Expression {}

  /** {@code expression COLLATE name}. */
  record Collate(Expression operand, String collation) implements Expression {}

  /** A query in parentheses as a value. */
  record ScalarSubquery(Query query) implements Expression {}

  /** The comparison operators. */
  enum Comparator {
    EQUAL("="),
    NOT_EQUAL("<>"),
    LESS("<"),
    LESS_OR_EQUAL("<="),
    GREATER(">"),
    GREATER_OR_EQUAL(">=");

    private final String symbol;

    Comparator(String symbol) {
      this.symbol = symbol;
    }

    /** Whether it asks which one comes first. */
    boolean isOrder() {
      return this != EQUAL && this != NOT_EQUAL;
    }

    public String symbol() {
      return symbol;
    }
  }

  /** {@code left op right}. */
  record Comparison(Comparator comparator, Expression left, Expression right)
      implements Condition {}

  /** {@code left op ANY|ALL (query)}. */
  record QuantifiedComparison(Comparator comparator, Expression left, boolean all, Query query)
      implements Condition {}

  /** Conjunction. */
  record And(Condition left, Condition right) implements Condition {}

  /** Disjunction. */
  record Or(Condition left, Condition right) implements Condition {}

  /** Negation. */
  record Not(Condition operand) implements Condition {}

  /** {@code IS [NOT] NULL}. */
  record IsNull(Expression operand, boolean negated) implements Condition {}

  /** {@code [NOT] IN (values)}. */
  record InList(Expression operand, List<Expression> values, boolean negated) implements Condition {
    public InList {
      values = List.copyOf(values);
    }
  }

  /** {@code [NOT] IN (query)}. */
  record InQuery(Expression operand, Query query, boolean negated) implements Condition {}

  /** {@code [NOT] BETWEEN low AND high}. */
  record Between(Expression operand, Expression low, Expression high, boolean negated)
      implements Condition {}

  /**
   * {@code [NOT] LIKE}.
   *
   * @param escape or null
   */
  record Like(Expression operand, Expression pattern, Expression escape, boolean negated)
      implements Condition {}

  /** {@code EXISTS (query)}. */
  record Exists(Query query) implements Condition {}
}
