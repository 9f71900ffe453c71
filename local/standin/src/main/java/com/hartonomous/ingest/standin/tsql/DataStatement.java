package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.ControlStatement.Execute;
import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.Query.CommonTableExpression;
import com.hartonomous.ingest.standin.tsql.Query.SelectItem;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.List;

/** Statements that read or change rows. */
public sealed interface DataStatement extends Statement {

  /** SELECT, also SELECT ... INTO and SELECT @x = .... */
  record SelectStatement(List<CommonTableExpression> with, Query query) implements DataStatement {
    public SelectStatement {
      with = List.copyOf(with);
    }
  }

  /**
   * INSERT.
   *
   * @param columns perhaps empty
   * @param output or null
   */
  record Insert(
      List<CommonTableExpression> with,
      ObjectName table,
      List<String> columns,
      OutputClause output,
      InsertSource source)
      implements DataStatement {
    public Insert {
      with = List.copyOf(with);
      columns = List.copyOf(columns);
    }
  }

  /** Where the rows of an INSERT come from. */
  sealed interface InsertSource {

    /** VALUES; a null element is the keyword DEFAULT. */
    record Rows(List<List<Expression>> rows) implements InsertSource {}

    /** A query. */
    record FromQuery(Query query) implements InsertSource {}

    /** {@code EXEC procedure}: the engine runs it and inserts what it returns. */
    record FromProcedure(Execute call) implements InsertSource {}

    /** DEFAULT VALUES. */
    record DefaultValues() implements InsertSource {}
  }

  /**
   * OUTPUT; columns are qualified by {@code inserted} or {@code deleted}.
   *
   * @param into or null: then the rows go to the client
   * @param intoColumns perhaps empty
   */
  record OutputClause(List<SelectItem> items, ObjectName into, List<String> intoColumns) {
    public OutputClause {
      items = List.copyOf(items);
      intoColumns = List.copyOf(intoColumns);
    }
  }

  /**
   * UPDATE.
   *
   * @param top or null
   * @param target a table, or the alias of one in {@code from}
   * @param output or null
   * @param from perhaps empty
   * @param where or null
   */
  record Update(
      List<CommonTableExpression> with,
      Expression top,
      ObjectName target,
      List<SetClause> assignments,
      OutputClause output,
      List<TableSource> from,
      Condition where)
      implements DataStatement {
    public Update {
      with = List.copyOf(with);
      assignments = List.copyOf(assignments);
      from = List.copyOf(from);
    }
  }

  /**
   * One assignment of an UPDATE.
   *
   * @param value or null for DEFAULT
   */
  record SetClause(String column, Expression value) {}

  /**
   * DELETE.
   *
   * @param top or null
   * @param target a table, or the alias of one in {@code from}
   * @param output or null
   * @param from the second FROM, perhaps empty
   * @param where or null
   */
  record Delete(
      List<CommonTableExpression> with,
      Expression top,
      ObjectName target,
      OutputClause output,
      List<TableSource> from,
      Condition where)
      implements DataStatement {
    public Delete {
      with = List.copyOf(with);
      from = List.copyOf(from);
    }
  }

  /** INSERT BULK: announces the rows that follow as a bulk load message. Executed by the engine. */
  record InsertBulk(ObjectName table, List<BulkColumn> columns, List<String> options)
      implements DataStatement {
    public InsertBulk {
      columns = List.copyOf(columns);
      options = List.copyOf(options);
    }
  }

  /**
   * A column of INSERT BULK.
   *
   * @param collation or null
   */
  record BulkColumn(String name, SqlType type, String collation) {}
}
