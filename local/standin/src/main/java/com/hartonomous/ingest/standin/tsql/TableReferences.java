package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Query.Body;
import com.hartonomous.ingest.standin.tsql.Query.Select;
import com.hartonomous.ingest.standin.tsql.Query.SetOperation;
import com.hartonomous.ingest.standin.tsql.TableSource.DerivedTable;
import com.hartonomous.ingest.standin.tsql.TableSource.Join;
import com.hartonomous.ingest.standin.tsql.TableSource.NamedTable;

/** Finds the tables that a query names in its FROM clauses. */
final class TableReferences {

  private TableReferences() {}

  /** True when a FROM of the query, not of its conditions, names the table. */
  static boolean mentions(Query query, String table) {
    return mentions(query.body(), table);
  }

  private static boolean mentions(Body body, String table) {
    if (body instanceof SetOperation operation) {
      return mentions(operation.left(), table) || mentions(operation.right(), table);
    }
    return ((Select) body).from().stream().anyMatch(source -> mentions(source, table));
  }

  private static boolean mentions(TableSource source, String table) {
    if (source instanceof NamedTable named) {
      return named.name().parts().size() == 1 && named.name().name().equalsIgnoreCase(table);
    }
    if (source instanceof Join join) {
      return mentions(join.left(), table) || mentions(join.right(), table);
    }
    return source instanceof DerivedTable derived && mentions(derived.query(), table);
  }
}
