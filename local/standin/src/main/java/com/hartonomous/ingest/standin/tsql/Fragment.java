package com.hartonomous.ingest.standin.tsql;

import java.util.ArrayList;
import java.util.List;

/**
 * A piece of H2's SQL with what its placeholders stand for, in order. Pieces are composed by value,
 * so an operand can be moved or repeated and its placeholders go with it.
 */
record Fragment(String sql, List<ParameterReference> parameters, ExpressionType type) {

  Fragment {
    parameters = List.copyOf(parameters);
  }

  /** A piece without placeholders. */
  static Fragment of(String sql, ExpressionType type) {
    return new Fragment(sql, List.of(), type);
  }

  /** A piece that is no value. */
  static Fragment of(String sql) {
    return of(sql, ExpressionType.UNKNOWN);
  }

  /** Strings and fragments one after the other. */
  static Fragment concat(ExpressionType type, Object... parts) {
    StringBuilder sql = new StringBuilder();
    List<ParameterReference> parameters = new ArrayList<>();
    for (Object part : parts) {
      if (part instanceof Fragment fragment) {
        sql.append(fragment.sql);
        parameters.addAll(fragment.parameters);
      } else {
        sql.append((String) part);
      }
    }
    return new Fragment(sql.toString(), parameters, type);
  }

  /** Fragments with a separator between them. */
  static Fragment join(List<Fragment> fragments, String separator) {
    List<Object> parts = new ArrayList<>();
    for (Fragment fragment : fragments) {
      if (!parts.isEmpty()) {
        parts.add(separator);
      }
      parts.add(fragment);
    }
    return concat(ExpressionType.UNKNOWN, parts.toArray());
  }

  /** Other SQL without placeholders under the same type. */
  Fragment withSql(String other) {
    return of(other, type);
  }

  /** The same SQL under another type. */
  Fragment as(ExpressionType other) {
    return new Fragment(sql, parameters, other);
  }
}
