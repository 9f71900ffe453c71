package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.Binary;
import com.hartonomous.ingest.standin.tsql.Expression.BinaryLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.BinaryOperator;
import com.hartonomous.ingest.standin.tsql.Expression.Case;
import com.hartonomous.ingest.standin.tsql.Expression.Cast;
import com.hartonomous.ingest.standin.tsql.Expression.Collate;
import com.hartonomous.ingest.standin.tsql.Expression.ColumnReference;
import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.Expression.Convert;
import com.hartonomous.ingest.standin.tsql.Expression.FunctionCall;
import com.hartonomous.ingest.standin.tsql.Expression.GlobalVariable;
import com.hartonomous.ingest.standin.tsql.Expression.MethodCall;
import com.hartonomous.ingest.standin.tsql.Expression.NullLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.NumberLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.OrderItem;
import com.hartonomous.ingest.standin.tsql.Expression.Parse;
import com.hartonomous.ingest.standin.tsql.Expression.ScalarSubquery;
import com.hartonomous.ingest.standin.tsql.Expression.StaticMethodCall;
import com.hartonomous.ingest.standin.tsql.Expression.StringLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.Unary;
import com.hartonomous.ingest.standin.tsql.Expression.Variable;
import com.hartonomous.ingest.standin.tsql.Expression.When;
import com.hartonomous.ingest.standin.tsql.ExpressionType.Collation;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Emits values. Conditions are {@link ConditionEmitter}'s, calls {@link FunctionEmitter}'s. */
final class ExpressionEmitter {

  private final Environment environment;
  private final QueryEmitter queries;
  private final Scope scope;

  ExpressionEmitter(Environment environment, QueryEmitter queries, Scope scope) {
    this.environment = environment;
    this.queries = queries;
    this.scope = scope;
  }

  Environment environment() {
    return environment;
  }

  QueryEmitter queries() {
    return queries;
  }

  Scope scope() {
    return scope;
  }

  /** A condition as H2's BOOLEAN. */
  Fragment condition(Condition condition) throws SqlServerError {
    return new ConditionEmitter(this).emit(condition);
  }

  List<Fragment> values(List<Expression> expressions) throws SqlServerError {
    List<Fragment> fragments = new ArrayList<>();
    for (Expression expression : expressions) {
      fragments.add(value(expression));
    }
    return fragments;
  }

  /** {@code ORDER BY} elements. */
  Fragment orderItems(List<OrderItem> items) throws SqlServerError {
    List<Fragment> fragments = new ArrayList<>();
    for (OrderItem item : items) {
      Fragment key = orderKey(item.expression());
      if (key.type().isKind(Kind.UNIQUEIDENTIFIER)) {
        key = orderedGuid(key);
      }
      fragments.add(Fragment.concat(ExpressionType.UNKNOWN, key, item.descending() ? " DESC" : ""));
    }
    return Fragment.join(fragments, ", ");
  }

  /** A name alone is first an alias of the select list, then a column. */
  private Fragment orderKey(Expression expression) throws SqlServerError {
    Fragment alias =
        expression instanceof ColumnReference reference && reference.parts().size() == 1
            ? scope.outputName(reference.column())
            : null;
    return alias == null ? value(expression) : alias;
  }

  /** The key by which H2 sorts a UNIQUEIDENTIFIER as SQL Server does. */
  static Fragment orderedGuid(Fragment guid) {
    return Fragment.concat(guid.type(), H2Names.alias("UUID_ORDERED"), "(", guid, ")");
  }

  /** A value; names are looked up in the scope, variables become placeholders. */
  Fragment value(Expression expression) throws SqlServerError {
    if (expression instanceof NullLiteral) {
      return Fragment.of("NULL");
    }
    if (expression instanceof NumberLiteral literal) {
      return number(literal);
    }
    if (expression instanceof StringLiteral literal) {
      return text(literal);
    }
    if (expression instanceof BinaryLiteral literal) {
      int length = Math.max(1, literal.hex().length() / 2);
      return Fragment.of(
          "X'" + literal.hex() + "'",
          ExpressionType.of(SqlType.ofLength(Kind.VARBINARY, length)).notNull());
    }
    if (expression instanceof ColumnReference reference) {
      Optional<Fragment> property = new SpatialEmitter(this).property(reference);
      return property.isPresent() ? property.get() : scope.resolve(reference);
    }
    if (expression instanceof Variable variable) {
      return variable(variable.name());
    }
    if (expression instanceof GlobalVariable variable) {
      return sessionValue(variable.name());
    }
    if (expression instanceof Unary unary) {
      return unary(unary);
    }
    if (expression instanceof Binary binary) {
      return binary(binary);
    }
    if (expression instanceof Case choice) {
      return caseExpression(choice);
    }
    return conversionOrCall(expression);
  }

  private Fragment conversionOrCall(Expression expression) throws SqlServerError {
    if (expression instanceof Cast cast) {
      Fragment operand = value(cast.operand());
      return cast.nullOnError()
          ? ConversionEmitter.tryCast(operand, cast.type())
          : ConversionEmitter.cast(operand, cast.type());
    }
    if (expression instanceof Convert convert) {
      return convert(convert);
    }
    if (expression instanceof Parse parse) {
      if (parse.culture() != null) {
        throw Errors.unsupported("PARSE ... USING culture");
      }
      Fragment operand = value(parse.operand());
      return parse.nullOnError()
          ? ConversionEmitter.tryCast(operand, parse.type())
          : ConversionEmitter.cast(operand, parse.type());
    }
    if (expression instanceof Collate collate) {
      return collate(collate);
    }
    if (expression instanceof ScalarSubquery subquery) {
      EmittedQuery query = queries.emit(subquery.query(), scope);
      return Fragment.concat(query.singleType(), "(", query.fragment(), ")");
    }
    if (expression instanceof FunctionCall call) {
      return new FunctionEmitter(this).emit(call);
    }
    if (expression instanceof MethodCall call) {
      return new SpatialEmitter(this).emit(call);
    }
    if (expression instanceof StaticMethodCall call) {
      return new SpatialEmitter(this).emit(call);
    }
    throw Errors.unsupported("a condition or " + expression.getClass().getSimpleName() + " here");
  }

  private static Fragment number(NumberLiteral literal) {
    if (literal.isFloat()) {
      return Fragment.of(
          "CAST(" + literal.text() + " AS DOUBLE PRECISION)",
          ExpressionType.of(Kind.FLOAT).notNull());
    }
    BigDecimal value =
        new BigDecimal(literal.text().endsWith(".") ? literal.text() + "0" : literal.text());
    boolean isInt =
        literal.isInteger() && value.compareTo(BigDecimal.valueOf(Integer.MAX_VALUE)) <= 0;
    if (isInt) {
      return Fragment.of(literal.text(), ExpressionType.of(Kind.INT).notNull());
    }
    int scale = literal.text().endsWith(".") ? 0 : value.scale();
    int precision = Math.max(value.precision() - (value.scale() - scale), Math.max(scale, 1));
    SqlType type = SqlType.decimal(Kind.NUMERIC, precision, scale);
    return Fragment.of(
        "CAST(" + value.toPlainString() + " AS " + SqlTypes.h2Value(type) + ")",
        ExpressionType.of(type).notNull());
  }

  private static Fragment text(StringLiteral literal) {
    String value = literal.value();
    if (!literal.national()) {
      // A literal without N goes through the code page: what is not in it becomes '?'.
      value = new String(value.getBytes(H2Names.CODE_PAGE), H2Names.CODE_PAGE);
    }
    SqlType type =
        SqlType.ofLength(
            literal.national() ? Kind.NVARCHAR : Kind.VARCHAR, Math.max(1, value.length()));
    return Fragment.of(H2Names.literal(value), ExpressionType.of(type).notNull());
  }

  private Fragment variable(String name) throws SqlServerError {
    SqlType type = environment.variableType(name);
    return placeholder(new ParameterReference.Variable(name, type));
  }

  /** A value that the session supplies. */
  Fragment sessionValue(String name) throws SqlServerError {
    String upper = name.toUpperCase(Locale.ROOT);
    SqlType type =
        SessionValues.typeOf(upper)
            .orElseThrow(() -> Errors.unsupported("the variable '" + name + "'"));
    return placeholder(new ParameterReference.SessionValue(upper, type));
  }

  private static Fragment placeholder(ParameterReference reference) {
    SqlType type = reference.type();
    SqlType unbounded =
        type.length() > 0 && (type.kind() == Kind.VARCHAR || type.kind() == Kind.NVARCHAR)
            ? SqlType.ofLength(type.kind(), SqlType.MAX)
            : type;
    if (type.kind() == Kind.GEOMETRY) {
      return new Fragment(
          "CAST(" + H2Names.alias("GEOMETRY_FROM_CLR") + "(CAST(? AS VARBINARY)) AS GEOMETRY)",
          List.of(reference),
          ExpressionType.of(type));
    }
    boolean ignoresCase = SqlTypes.h2Value(unbounded).startsWith("VARCHAR_IGNORECASE");
    return new Fragment(
        "CAST(? AS " + SqlTypes.h2Value(unbounded) + ")",
        List.of(reference),
        new ExpressionType(type, Collation.DEFAULT, ignoresCase, true));
  }

  private Fragment unary(Unary unary) throws SqlServerError {
    Fragment operand = value(unary.operand());
    return switch (unary.operator()) {
      case '-' -> Fragment.concat(operand.type(), "(- ", operand, ")");
      case '~' -> Fragment.concat(operand.type(), "BITNOT(", operand, ")");
      default -> operand;
    };
  }

  private Fragment binary(Binary binary) throws SqlServerError {
    Fragment left = value(binary.left());
    Fragment right = value(binary.right());
    ExpressionType a = left.type();
    ExpressionType b = right.type();
    boolean nullable = a.nullable() || b.nullable();
    if (!a.isKnown() || !b.isKnown()) {
      return untyped(binary.operator(), left, right);
    }
    if (binary.operator() == BinaryOperator.ADD && a.isText() && b.isText()) {
      return concatenation(left, right);
    }
    if (binary.operator() == BinaryOperator.ADD && a.isBinary() && b.isBinary()) {
      SqlType type = SqlType.ofLength(Kind.VARBINARY, sum(a.type(), b.type()));
      return Fragment.concat(ExpressionType.of(type), "(", left, " || ", right, ")");
    }
    if (a.isTime() || b.isTime()) {
      return timeArithmetic(binary.operator(), left, right);
    }
    return NumberArithmetic.emit(binary, left, right, nullable);
  }

  /** At least one type is not known: H2 decides at run time. */
  private static Fragment untyped(BinaryOperator operator, Fragment left, Fragment right) {
    String function =
        switch (operator) {
          case BIT_AND -> "BITAND";
          case BIT_OR -> "BITOR";
          case BIT_XOR -> "BITXOR";
          default -> null;
        };
    return function == null
        ? Fragment.concat(
            ExpressionType.UNKNOWN, "(", left, " " + operator.symbol() + " ", right, ")")
        : Fragment.concat(ExpressionType.UNKNOWN, function + "(", left, ", ", right, ")");
  }

  private static Fragment concatenation(Fragment left, Fragment right) {
    SqlType common = SqlTypes.common(left.type().type(), right.type().type());
    Kind kind = SqlTypes.isNational(common) ? Kind.NVARCHAR : Kind.VARCHAR;
    int length = sum(left.type().type(), right.type().type());
    int longest = kind == Kind.NVARCHAR ? 4000 : 8000;
    SqlType type = SqlType.ofLength(kind, length > longest ? longest : length);
    Collation a = left.type().collation();
    Collation b = right.type().collation();
    Collation collation = a.compareTo(b) >= 0 ? a : b;
    if (collation.isBinary()) {
      return Fragment.concat(
          new ExpressionType(type, collation, false, true), "(", left, " || ", right, ")");
    }
    return Fragment.concat(
        new ExpressionType(type, collation, true, true),
        "CAST((",
        left,
        " || ",
        right,
        ") AS VARCHAR_IGNORECASE)");
  }

  private static int sum(SqlType a, SqlType b) {
    return a.length() == SqlType.MAX || b.length() == SqlType.MAX
        ? SqlType.MAX
        : a.length() + b.length();
  }

  /** DATETIME plus or minus days; the newer types have no arithmetic. */
  private static Fragment timeArithmetic(BinaryOperator operator, Fragment left, Fragment right)
      throws SqlServerError {
    boolean old = left.type().isKind(Kind.DATETIME) || left.type().isKind(Kind.SMALLDATETIME);
    boolean additive = operator == BinaryOperator.ADD || operator == BinaryOperator.SUBTRACT;
    if (!old || !additive || !right.type().isInteger()) {
      throw new SqlServerError(
          402,
          16,
          1,
          "The data types "
              + SqlTypes.name(left.type().type())
              + " and "
              + SqlTypes.name(right.type().type())
              + " are incompatible in the "
              + operator.name().toLowerCase(Locale.ROOT).replace('_', ' ')
              + " operator.");
    }
    return Fragment.concat(
        left.type(),
        "DATEADD(DAY, ",
        operator == BinaryOperator.SUBTRACT ? "- " : "",
        right,
        ", ",
        left,
        ")");
  }

  private Fragment caseExpression(Case choice) throws SqlServerError {
    List<Object> parts = new ArrayList<>();
    List<Fragment> results = new ArrayList<>();
    parts.add("CASE");
    ConditionEmitter conditions = new ConditionEmitter(this);
    for (When when : choice.whens()) {
      Fragment match =
          choice.operand() == null
              ? condition((Condition) when.match())
              : conditions.comparison(
                  Expression.Comparator.EQUAL, value(choice.operand()), value(when.match()));
      Fragment result = value(when.result());
      results.add(result);
      parts.add(" WHEN ");
      parts.add(match);
      parts.add(" THEN ");
      parts.add(result);
    }
    if (choice.otherwise() != null) {
      Fragment otherwise = value(choice.otherwise());
      results.add(otherwise);
      parts.add(" ELSE ");
      parts.add(otherwise);
    }
    parts.add(" END");
    ExpressionType type = common(results);
    return Fragment.concat(
        type.withNullable(type.nullable() || choice.otherwise() == null), parts.toArray());
  }

  /** The type that branches have in common; not known when one of them is not. */
  static ExpressionType common(List<Fragment> branches) {
    SqlType type = null;
    Collation collation = Collation.DEFAULT;
    boolean ignoresCase = false;
    boolean nullable = false;
    for (Fragment branch : branches) {
      ExpressionType candidate = branch.type();
      nullable |= candidate.nullable();
      if (branch.sql().equals("NULL")) {
        continue;
      }
      if (!candidate.isKnown()) {
        return ExpressionType.UNKNOWN;
      }
      type = type == null ? candidate.type() : SqlTypes.common(type, candidate.type());
      ignoresCase |= candidate.ignoresCase();
      if (candidate.collation().compareTo(collation) > 0) {
        collation = candidate.collation();
      }
    }
    return new ExpressionType(type, collation, ignoresCase, nullable);
  }

  private Fragment convert(Convert convert) throws SqlServerError {
    Fragment operand = value(convert.operand());
    if (convert.style() == null) {
      return convert.nullOnError()
          ? ConversionEmitter.tryCast(operand, convert.type())
          : ConversionEmitter.cast(operand, convert.type());
    }
    if (!(convert.style() instanceof NumberLiteral style) || !style.isInteger()) {
      throw Errors.unsupported("a CONVERT style that is not a number");
    }
    if (convert.nullOnError()) {
      throw Errors.unsupported("TRY_CONVERT with a style");
    }
    return ConversionEmitter.convert(operand, convert.type(), Integer.parseInt(style.text()));
  }

  private Fragment collate(Collate collate) throws SqlServerError {
    Fragment operand = value(collate.operand());
    boolean binary = isBinaryCollation(collate.collation());
    SqlType type = operand.type().type();
    return Fragment.concat(
        new ExpressionType(
            type,
            binary ? Collation.EXPLICIT_BINARY : Collation.EXPLICIT_INSENSITIVE,
            !binary,
            operand.type().nullable()),
        "CAST(",
        operand,
        binary ? " AS VARCHAR)" : " AS VARCHAR_IGNORECASE)");
  }

  /**
   * Whether a collation compares by code point.
   *
   * @throws SqlServerError for collations that are neither case-insensitive nor binary
   */
  static boolean isBinaryCollation(String collation) throws SqlServerError {
    String upper = collation.toUpperCase(Locale.ROOT);
    if (upper.endsWith("_BIN2") || upper.endsWith("_BIN") || upper.endsWith("_BIN2_UTF8")) {
      return true;
    }
    if (upper.contains("_CI_AS")
        || upper.equals("DATABASE_DEFAULT")
        || upper.equals("CATALOG_DEFAULT")) {
      return false;
    }
    throw Errors.unsupported("the collation '" + collation + "'");
  }
}
