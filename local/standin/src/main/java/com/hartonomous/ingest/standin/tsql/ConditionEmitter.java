package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.And;
import com.hartonomous.ingest.standin.tsql.Expression.Between;
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
import com.hartonomous.ingest.standin.tsql.Expression.QuantifiedComparison;
import com.hartonomous.ingest.standin.tsql.Expression.StringLiteral;
import com.hartonomous.ingest.standin.tsql.ExpressionType.Collation;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Emits conditions. Text compares without letter case unless a side has a binary collation: H2 does
 * so when one side is VARCHAR_IGNORECASE, so a side is cast where neither is.
 */
final class ConditionEmitter {

  private static final SqlType TEXT_MAX = SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX);

  private final ExpressionEmitter expressions;

  ConditionEmitter(ExpressionEmitter expressions) {
    this.expressions = expressions;
  }

  Fragment emit(Condition condition) throws SqlServerError {
    if (condition instanceof And and) {
      return joined(emit(and.left()), " AND ", emit(and.right()));
    }
    if (condition instanceof Or or) {
      return joined(emit(or.left()), " OR ", emit(or.right()));
    }
    if (condition instanceof Not not) {
      return Fragment.concat(ExpressionType.UNKNOWN, "(NOT ", emit(not.operand()), ")");
    }
    if (condition instanceof Comparison comparison) {
      Optional<Fragment> spatial = new SpatialEmitter(expressions).comparison(comparison);
      if (spatial.isPresent()) {
        return spatial.get();
      }
      return comparison(
          comparison.comparator(),
          expressions.value(comparison.left()),
          expressions.value(comparison.right()));
    }
    if (condition instanceof IsNull isNull) {
      return Fragment.concat(
          ExpressionType.UNKNOWN,
          "(",
          expressions.value(isNull.operand()),
          isNull.negated() ? " IS NOT NULL)" : " IS NULL)");
    }
    if (condition instanceof InList in) {
      return inList(in);
    }
    if (condition instanceof Between between) {
      return between(between);
    }
    if (condition instanceof Like like) {
      return like(like);
    }
    return withQuery(condition);
  }

  private Fragment withQuery(Condition condition) throws SqlServerError {
    QueryEmitter queries = expressions.queries();
    Scope scope = expressions.scope();
    if (condition instanceof Exists exists) {
      return Fragment.concat(
          ExpressionType.UNKNOWN, "EXISTS (", queries.emit(exists.query(), scope).fragment(), ")");
    }
    if (condition instanceof InQuery in) {
      EmittedQuery query = queries.emit(in.query(), scope);
      Fragment left = adapted(expressions.value(in.operand()), query.singleType());
      return Fragment.concat(
          ExpressionType.UNKNOWN,
          "(",
          left,
          in.negated() ? " NOT IN (" : " IN (",
          query.fragment(),
          "))");
    }
    if (condition instanceof QuantifiedComparison quantified) {
      EmittedQuery query = queries.emit(quantified.query(), scope);
      Fragment left = adapted(expressions.value(quantified.left()), query.singleType());
      if (quantified.comparator().isOrder() && query.singleType().isKind(Kind.UNIQUEIDENTIFIER)) {
        throw Errors.unsupported("the order of uniqueidentifier with ALL, ANY or SOME");
      }
      return Fragment.concat(
          ExpressionType.UNKNOWN,
          "(",
          left,
          " " + quantified.comparator().symbol() + (quantified.all() ? " ALL (" : " ANY ("),
          query.fragment(),
          "))");
    }
    throw Errors.unsupported("the condition " + condition.getClass().getSimpleName());
  }

  private static Fragment joined(Fragment left, String operator, Fragment right) {
    return Fragment.concat(ExpressionType.UNKNOWN, "(", left, operator, right, ")");
  }

  /** {@code left op right}, the sides adapted to each other. */
  Fragment comparison(Comparator comparator, Fragment left, Fragment right) throws SqlServerError {
    if (left.type().isKind(Kind.GEOMETRY) || right.type().isKind(Kind.GEOMETRY)) {
      throw new SqlServerError(
          403,
          16,
          1,
          "Invalid operator for data type. Operator equals "
              + comparator.symbol()
              + ", type equals geometry.");
    }
    Fragment a = adapted(left, right.type());
    Fragment b = adapted(right, left.type());
    if (needsIgnoreCase(left.type(), right.type())) {
      a = Fragment.concat(a.type(), "CAST(", a, " AS VARCHAR_IGNORECASE)");
    }
    if (comparator.isOrder()
        && (a.type().isKind(Kind.UNIQUEIDENTIFIER) || b.type().isKind(Kind.UNIQUEIDENTIFIER))) {
      a = ExpressionEmitter.orderedGuid(a);
      b = ExpressionEmitter.orderedGuid(b);
    }
    return joined(a, " " + comparator.symbol() + " ", b);
  }

  /** Both are text, none has a binary collation, and H2 would compare both with letter case. */
  private static boolean needsIgnoreCase(ExpressionType a, ExpressionType b) {
    return a.isText()
        && b.isText()
        && !isBinaryComparison(a, b)
        && !a.ignoresCase()
        && !b.ignoresCase();
  }

  /** Whether the collation that outweighs the other one is binary. */
  private static boolean isBinaryComparison(ExpressionType a, ExpressionType b) {
    Collation high = a.collation().compareTo(b.collation()) >= 0 ? a.collation() : b.collation();
    return high.isBinary();
  }

  /** A side of a comparison, so that H2 compares it with the other type as T-SQL does. */
  private static Fragment adapted(Fragment side, ExpressionType other) throws SqlServerError {
    ExpressionType type = side.type();
    if (!other.isKnown() && type.isText() && !type.collation().isBinary()) {
      // Columns whose type is not known are those of system views: they compare without case.
      return type.ignoresCase()
          ? side
          : Fragment.concat(type, "CAST(", side, " AS VARCHAR_IGNORECASE)");
    }
    if (!type.isKnown() || !other.isKnown()) {
      return side;
    }
    if (type.isText() && other.isText()) {
      return adaptedText(side, other);
    }
    if (other.isKind(Kind.BIT) && (side.sql().equals("0") || side.sql().equals("1"))) {
      return side.as(ExpressionType.of(Kind.BIT))
          .withSql(side.sql().equals("1") ? "TRUE" : "FALSE");
    }
    SqlType common = SqlTypes.common(type.type(), other.type());
    boolean convert =
        type.type().kind() != common.kind()
            && (type.isText()
                || type.isBinary() != other.isBinary()
                || (type.isTime() && common.kind() == Kind.DATETIMEOFFSET));
    if (!convert) {
      return side;
    }
    return ConversionEmitter.cast(
        side, type.isText() && SqlTypes.isTime(common) ? widest(common) : common);
  }

  /** A literal compared with a DATETIME2 keeps its digits. */
  private static SqlType widest(SqlType time) {
    return switch (time.kind()) {
      case DATETIME2 -> SqlType.ofScale(Kind.DATETIME2, 7);
      default -> time;
    };
  }

  private static Fragment adaptedText(Fragment side, ExpressionType other) {
    boolean fixed = SqlTypes.isFixedText(side.type().type()) || SqlTypes.isFixedText(other.type());
    Fragment text = fixed ? Fragment.concat(side.type(), "RTRIM(", side, ")") : side;
    boolean binary = isBinaryComparison(side.type(), other);
    if (binary && side.type().ignoresCase()) {
      return Fragment.concat(side.type(), "CAST(", text, " AS VARCHAR)");
    }
    return fixed && !binary
        ? Fragment.concat(side.type(), "CAST(", text, " AS VARCHAR_IGNORECASE)")
        : text;
  }

  private Fragment inList(InList in) throws SqlServerError {
    Fragment operand = expressions.value(in.operand());
    List<Fragment> values = expressions.values(in.values());
    ExpressionType common = ExpressionEmitter.common(values);
    Fragment left = adapted(operand, common);
    if (needsIgnoreCase(operand.type(), common)) {
      left = Fragment.concat(left.type(), "CAST(", left, " AS VARCHAR_IGNORECASE)");
    }
    List<Fragment> adaptedValues = new ArrayList<>();
    for (Fragment value : values) {
      adaptedValues.add(adapted(value, operand.type()));
    }
    return Fragment.concat(
        ExpressionType.UNKNOWN,
        "(",
        left,
        in.negated() ? " NOT IN (" : " IN (",
        Fragment.join(adaptedValues, ", "),
        "))");
  }

  private Fragment between(Between between) throws SqlServerError {
    Fragment operand = expressions.value(between.operand());
    Fragment low = expressions.value(between.low());
    Fragment high = expressions.value(between.high());
    Fragment both =
        joined(
            comparison(Comparator.GREATER_OR_EQUAL, operand, low),
            " AND ",
            comparison(Comparator.LESS_OR_EQUAL, operand, high));
    return between.negated() ? Fragment.concat(ExpressionType.UNKNOWN, "(NOT ", both, ")") : both;
  }

  private Fragment like(Like like) throws SqlServerError {
    Fragment operand = asText(expressions.value(like.operand()));
    Fragment pattern = asText(expressions.value(like.pattern()));
    boolean binary = isBinaryComparison(operand.type(), pattern.type());
    Fragment condition;
    if (like.pattern() instanceof StringLiteral literal && literal.value().indexOf('[') < 0) {
      condition = plainLike(like, operand, pattern, binary);
    } else {
      Fragment escape =
          like.escape() == null ? Fragment.of("NULL") : expressions.value(like.escape());
      condition =
          Fragment.concat(
              ExpressionType.UNKNOWN,
              H2Names.alias("MATCHES_LIKE"),
              "(",
              operand,
              ", ",
              pattern,
              ", ",
              escape,
              binary ? ", FALSE)" : ", TRUE)");
    }
    return like.negated()
        ? Fragment.concat(ExpressionType.UNKNOWN, "(NOT ", condition, ")")
        : condition;
  }

  /** Without classes in brackets T-SQL's patterns are H2's, and H2 can use an index. */
  private Fragment plainLike(Like like, Fragment operand, Fragment pattern, boolean binary)
      throws SqlServerError {
    Fragment left = operand;
    if (binary && operand.type().ignoresCase()) {
      left = Fragment.concat(operand.type(), "CAST(", operand, " AS VARCHAR)");
    } else if (!binary && !operand.type().ignoresCase()) {
      left = Fragment.concat(operand.type(), "CAST(", operand, " AS VARCHAR_IGNORECASE)");
    }
    Fragment escape = like.escape() == null ? Fragment.of("''") : expressions.value(like.escape());
    return Fragment.concat(
        ExpressionType.UNKNOWN, "(", left, " LIKE ", pattern, " ESCAPE ", escape, ")");
  }

  private static Fragment asText(Fragment value) throws SqlServerError {
    return value.type().isKnown() && !value.type().isText()
        ? ConversionEmitter.cast(value, TEXT_MAX)
        : value;
  }
}
