package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.Expression.FunctionCall;
import java.util.List;

/** What stands in FROM. An alias that was not given is null. */
public sealed interface TableSource {

  /**
   * A table, view, temporary table, table variable or common table expression.
   *
   * @param hints upper case, for example UPDLOCK; all of them known ones
   */
  record NamedTable(ObjectName name, String alias, List<String> hints) implements TableSource {
    public NamedTable {
      hints = List.copyOf(hints);
    }
  }

  /**
   * A query in parentheses.
   *
   * @param columns names of its columns, perhaps empty
   */
  record DerivedTable(Query query, String alias, List<String> columns) implements TableSource {
    public DerivedTable {
      columns = List.copyOf(columns);
    }
  }

  /** {@code (VALUES (..), (..)) AS v(a, b)}. */
  record ValuesTable(List<List<Expression>> rows, String alias, List<String> columns)
      implements TableSource {
    public ValuesTable {
      rows = rows.stream().map(List::copyOf).toList();
      columns = List.copyOf(columns);
    }
  }

  /**
   * A table-valued function.
   *
   * @param columns perhaps empty
   */
  record FunctionTable(FunctionCall call, String alias, List<String> columns)
      implements TableSource {
    public FunctionTable {
      columns = List.copyOf(columns);
    }
  }

  /** The kinds of join. */
  enum JoinKind {
    INNER,
    LEFT,
    RIGHT,
    FULL,
    CROSS,
    CROSS_APPLY,
    OUTER_APPLY
  }

  /**
   * Two sources joined.
   *
   * @param on null for CROSS and the APPLY kinds
   */
  record Join(JoinKind kind, TableSource left, TableSource right, Condition on)
      implements TableSource {}
}
