package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.tsql.Expression;
import com.hartonomous.ingest.standin.tsql.Expression.And;
import com.hartonomous.ingest.standin.tsql.Expression.Between;
import com.hartonomous.ingest.standin.tsql.Expression.Binary;
import com.hartonomous.ingest.standin.tsql.Expression.BinaryLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.Cast;
import com.hartonomous.ingest.standin.tsql.Expression.ColumnReference;
import com.hartonomous.ingest.standin.tsql.Expression.Comparison;
import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.Expression.Convert;
import com.hartonomous.ingest.standin.tsql.Expression.DatePart;
import com.hartonomous.ingest.standin.tsql.Expression.FunctionCall;
import com.hartonomous.ingest.standin.tsql.Expression.GlobalVariable;
import com.hartonomous.ingest.standin.tsql.Expression.InList;
import com.hartonomous.ingest.standin.tsql.Expression.IsNull;
import com.hartonomous.ingest.standin.tsql.Expression.Like;
import com.hartonomous.ingest.standin.tsql.Expression.Not;
import com.hartonomous.ingest.standin.tsql.Expression.NullLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.NumberLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.Or;
import com.hartonomous.ingest.standin.tsql.Expression.StringLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.Unary;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Expressions as SQL Server's catalogue shows them: names in brackets, functions in lower case,
 * numbers and the whole in parentheses, for example {@code ((0))} or {@code ([State]='DONE')}.
 */
final class TsqlText {

  private TsqlText() {}

  /**
   * The definition of a default, check or computed column.
   *
   * @throws SqlServerError 40000 for an expression that cannot stand there
   */
  static String definition(Expression expression) throws SqlServerError {
    return "(" + text(expression) + ")";
  }

  /** The name of a type with its size, for example {@code nvarchar(max)}. */
  static String type(SqlType type) {
    String name = TypeCatalogue.of(type.kind()).typeName();
    return switch (type.kind()) {
      case CHAR, VARCHAR, NCHAR, NVARCHAR, BINARY, VARBINARY ->
          name + (type.length() == SqlType.MAX ? "(max)" : "(" + type.length() + ")");
      case DECIMAL, NUMERIC -> name + "(" + type.precision() + "," + type.scale() + ")";
      case TIME, DATETIME2, DATETIMEOFFSET -> name + "(" + type.scale() + ")";
      default -> name;
    };
  }

  private static String text(Expression expression) throws SqlServerError {
    if (expression instanceof Condition condition) {
      return condition(condition);
    }
    if (expression instanceof NullLiteral) {
      return "NULL";
    }
    if (expression instanceof NumberLiteral number) {
      return "(" + number.text() + ")";
    }
    if (expression instanceof StringLiteral string) {
      return (string.national() ? "N'" : "'") + string.value().replace("'", "''") + "'";
    }
    if (expression instanceof BinaryLiteral binary) {
      return "0x" + binary.hex();
    }
    if (expression instanceof ColumnReference column) {
      return "[" + column.column().replace("]", "]]") + "]";
    }
    if (expression instanceof Unary unary) {
      return unary.operand() instanceof NumberLiteral number
          ? "(" + unary.operator() + number.text() + ")"
          : unary.operator() + text(unary.operand());
    }
    if (expression instanceof Binary binary) {
      return text(binary.left()) + binary.operator().symbol() + text(binary.right());
    }
    if (expression instanceof GlobalVariable variable) {
      return variable.name().toLowerCase(Locale.ROOT);
    }
    if (expression instanceof DatePart part) {
      return part.name();
    }
    if (expression instanceof FunctionCall call) {
      return call.name().toString().toLowerCase(Locale.ROOT)
          + "("
          + (call.star() ? "*" : list(call.arguments(), ","))
          + ")";
    }
    if (expression instanceof Cast cast) {
      return "CONVERT([" + type(cast.type()) + "]," + text(cast.operand()) + ")";
    }
    if (expression instanceof Convert convert) {
      return "CONVERT([" + type(convert.type()) + "]," + text(convert.operand()) + ")";
    }
    throw unsupported(expression);
  }

  private static String condition(Condition condition) throws SqlServerError {
    if (condition instanceof Comparison comparison) {
      return text(comparison.left()) + comparison.comparator().symbol() + text(comparison.right());
    }
    if (condition instanceof And and) {
      return condition(and.left()) + " AND " + condition(and.right());
    }
    if (condition instanceof Or or) {
      return "(" + condition(or.left()) + " OR " + condition(or.right()) + ")";
    }
    if (condition instanceof Not not) {
      return "NOT " + condition(not.operand());
    }
    if (condition instanceof IsNull isNull) {
      return text(isNull.operand()) + (isNull.negated() ? " IS NOT NULL" : " IS NULL");
    }
    if (condition instanceof InList in) {
      // SQL Server keeps IN as alternatives, the last value first.
      List<Expression> values = new ArrayList<>(in.values());
      Collections.reverse(values);
      List<String> parts = new ArrayList<>();
      for (Expression value : values) {
        parts.add(text(in.operand()) + "=" + text(value));
      }
      String alternatives = String.join(" OR ", parts);
      return in.negated() ? "NOT (" + alternatives + ")" : alternatives;
    }
    if (condition instanceof Between between) {
      String range =
          text(between.operand())
              + ">="
              + text(between.low())
              + " AND "
              + text(between.operand())
              + "<="
              + text(between.high());
      return between.negated() ? "NOT (" + range + ")" : range;
    }
    if (condition instanceof Like like) {
      return text(like.operand())
          + (like.negated() ? " NOT LIKE " : " LIKE ")
          + text(like.pattern());
    }
    throw unsupported(condition);
  }

  private static String list(List<Expression> expressions, String separator) throws SqlServerError {
    List<String> parts = new ArrayList<>();
    for (Expression expression : expressions) {
      parts.add(text(expression));
    }
    return String.join(separator, parts);
  }

  private static SqlServerError unsupported(Expression expression) {
    return new SqlServerError(
        40000,
        16,
        1,
        "The stand-in does not support "
            + expression.getClass().getSimpleName()
            + " in a default, check or computed column.");
  }
}
