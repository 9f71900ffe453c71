package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.Expression.OrderItem;
import java.util.List;

/**
 * A query without its WITH clause, which T-SQL allows only at the head of a statement.
 *
 * @param orderBy perhaps empty
 * @param offset or null
 * @param fetch or null
 */
public record Query(Body body, List<OrderItem> orderBy, Expression offset, Expression fetch) {

  public Query {
    orderBy = List.copyOf(orderBy);
  }

  /** A SELECT or two bodies under a set operator. */
  public sealed interface Body {}

  /**
   * One SELECT.
   *
   * @param top or null
   * @param into target of SELECT ... INTO, or null
   * @param from perhaps empty; more than one element: the comma form of a cross join
   * @param where or null
   * @param having or null
   */
  public record Select(
      boolean distinct,
      Expression top,
      List<SelectItem> items,
      ObjectName into,
      List<TableSource> from,
      Condition where,
      List<Expression> groupBy,
      Condition having)
      implements Body {
    public Select {
      items = List.copyOf(items);
      from = List.copyOf(from);
      groupBy = List.copyOf(groupBy);
    }

    /** True when the list assigns variables: such a SELECT returns no rows. */
    public boolean assignsVariables() {
      return items.stream().anyMatch(SelectItem.Assignment.class::isInstance);
    }
  }

  /** The operators between two bodies. */
  public enum SetOperator {
    UNION,
    UNION_ALL,
    EXCEPT,
    INTERSECT
  }

  /** {@code left UNION right} and its kin. Either side may be a query in parentheses. */
  public record SetOperation(SetOperator operator, Body left, Body right) implements Body {}

  /** An element of a select list or an OUTPUT list. */
  public sealed interface SelectItem {

    /**
     * {@code *} or {@code t.*}.
     *
     * @param qualifier perhaps empty
     */
    record Star(List<String> qualifier) implements SelectItem {
      public Star {
        qualifier = List.copyOf(qualifier);
      }
    }

    /**
     * A value.
     *
     * @param alias or null
     */
    record Value(Expression expression, String alias) implements SelectItem {}

    /**
     * {@code @x = expression}.
     *
     * @param variable with its at sign
     */
    record Assignment(String variable, Expression expression) implements SelectItem {}
  }

  /**
   * One element of WITH.
   *
   * @param columns perhaps empty
   */
  public record CommonTableExpression(String name, List<String> columns, Query query) {
    public CommonTableExpression {
      columns = List.copyOf(columns);
    }
  }
}
