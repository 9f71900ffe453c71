package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.And;
import com.hartonomous.ingest.standin.tsql.Expression.Between;
import com.hartonomous.ingest.standin.tsql.Expression.Binary;
import com.hartonomous.ingest.standin.tsql.Expression.Case;
import com.hartonomous.ingest.standin.tsql.Expression.Cast;
import com.hartonomous.ingest.standin.tsql.Expression.Collate;
import com.hartonomous.ingest.standin.tsql.Expression.ColumnReference;
import com.hartonomous.ingest.standin.tsql.Expression.Comparison;
import com.hartonomous.ingest.standin.tsql.Expression.Convert;
import com.hartonomous.ingest.standin.tsql.Expression.FunctionCall;
import com.hartonomous.ingest.standin.tsql.Expression.InList;
import com.hartonomous.ingest.standin.tsql.Expression.IsNull;
import com.hartonomous.ingest.standin.tsql.Expression.Like;
import com.hartonomous.ingest.standin.tsql.Expression.MethodCall;
import com.hartonomous.ingest.standin.tsql.Expression.Not;
import com.hartonomous.ingest.standin.tsql.Expression.Or;
import com.hartonomous.ingest.standin.tsql.Expression.Parse;
import com.hartonomous.ingest.standin.tsql.Expression.StaticMethodCall;
import com.hartonomous.ingest.standin.tsql.Expression.Unary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** Finds the columns in an expression, not those inside of its subqueries. */
final class ColumnReferences {

  private ColumnReferences() {}

  static List<ColumnReference> in(Expression expression) {
    List<ColumnReference> found = new ArrayList<>();
    collect(expression, found);
    return found;
  }

  private static void collect(Expression expression, List<ColumnReference> found) {
    if (expression instanceof ColumnReference reference) {
      found.add(reference);
    } else {
      operands(expression).stream()
          .filter(Objects::nonNull)
          .forEach(operand -> collect(operand, found));
    }
  }

  /** The direct operands; absent ones are null. */
  private static List<Expression> operands(Expression expression) {
    if (expression instanceof Unary unary) {
      return List.of(unary.operand());
    }
    if (expression instanceof Binary binary) {
      return List.of(binary.left(), binary.right());
    }
    if (expression instanceof Case choice) {
      List<Expression> operands = new ArrayList<>();
      operands.add(choice.operand());
      choice.whens().forEach(when -> operands.addAll(List.of(when.match(), when.result())));
      operands.add(choice.otherwise());
      return operands;
    }
    if (expression instanceof Cast cast) {
      return List.of(cast.operand());
    }
    if (expression instanceof Convert convert) {
      return Arrays.asList(convert.operand(), convert.style());
    }
    if (expression instanceof Parse parse) {
      return List.of(parse.operand());
    }
    if (expression instanceof Collate collate) {
      return List.of(collate.operand());
    }
    if (expression instanceof FunctionCall call) {
      return call.arguments();
    }
    if (expression instanceof MethodCall call) {
      List<Expression> operands = new ArrayList<>();
      operands.add(call.target());
      if (call.arguments() != null) {
        operands.addAll(call.arguments());
      }
      return operands;
    }
    if (expression instanceof StaticMethodCall call) {
      return call.arguments();
    }
    return conditionOperands(expression);
  }

  private static List<Expression> conditionOperands(Expression expression) {
    if (expression instanceof And and) {
      return List.of(and.left(), and.right());
    }
    if (expression instanceof Or or) {
      return List.of(or.left(), or.right());
    }
    if (expression instanceof Not not) {
      return List.of(not.operand());
    }
    if (expression instanceof Comparison comparison) {
      return List.of(comparison.left(), comparison.right());
    }
    if (expression instanceof IsNull isNull) {
      return List.of(isNull.operand());
    }
    if (expression instanceof InList in) {
      List<Expression> operands = new ArrayList<>(in.values());
      operands.add(in.operand());
      return operands;
    }
    if (expression instanceof Between between) {
      return List.of(between.operand(), between.low(), between.high());
    }
    if (expression instanceof Like like) {
      return Arrays.asList(like.operand(), like.pattern(), like.escape());
    }
    return List.of();
  }
}
