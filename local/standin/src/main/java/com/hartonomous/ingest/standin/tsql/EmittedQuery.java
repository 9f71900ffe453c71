package com.hartonomous.ingest.standin.tsql;

import java.util.List;

/**
 * A query in H2's SQL.
 *
 * @param columns what it returns, a column without a name has the empty one; null when a star could
 *     not be resolved
 */
record EmittedQuery(Fragment fragment, List<Scope.Column> columns) {

  /** The type of a query of one column. */
  ExpressionType singleType() {
    return columns == null || columns.size() != 1
        ? ExpressionType.UNKNOWN
        : columns.get(0).type().withNullable(true);
  }
}
