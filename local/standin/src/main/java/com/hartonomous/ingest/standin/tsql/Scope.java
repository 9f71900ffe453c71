package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.ColumnReference;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The names that an expression can see: the sources of its query, and those of the outer ones. */
final class Scope {

  /** A column that a source offers. */
  record Column(String name, ExpressionType type, boolean identity) {}

  /**
   * A source.
   *
   * @param alias what qualifies its columns in T-SQL
   * @param qualifier what qualifies them in H2, quoted; empty: nothing
   * @param columns in order, or null when they are not known
   */
  record Source(String alias, String qualifier, List<Column> columns) {
    Source(String alias, List<Column> columns) {
      this(alias, H2Names.source(alias), columns);
    }
  }

  /** Takes the columns of some sources out of the expression, into a query beside it. */
  interface Capture {
    /** What stands for the column, or null to leave it where it is. */
    Fragment capture(Source source, String name, Fragment column);
  }

  private final Scope parent;
  private final List<Source> sources = new ArrayList<>();
  private final Map<String, Fragment> outputNames = new HashMap<>();
  private final Map<String, List<Column>> commonTables = new HashMap<>();
  private Capture capture;

  Scope(Scope parent) {
    this.parent = parent;
  }

  void add(Source source) {
    sources.add(source);
  }

  List<Source> sources() {
    return sources;
  }

  /** What lies around this query. */
  Scope outer() {
    return parent == null ? new Scope(null) : parent;
  }

  /** The columns of these sources may be missing: they stand on the far side of an outer join. */
  void makeNullable(int from, int to) {
    for (int i = from; i < to; i++) {
      Source source = sources.get(i);
      if (source.columns() != null) {
        List<Column> columns =
            source.columns().stream()
                .map(c -> new Column(c.name(), c.type().withNullable(true), c.identity()))
                .toList();
        sources.set(i, new Source(source.alias(), source.qualifier(), columns));
      }
    }
  }

  void captureWith(Capture value) {
    this.capture = value;
  }

  /** Makes a select list's alias visible, for ORDER BY. */
  void addOutputName(String name, ExpressionType type) {
    outputNames.put(key(name), Fragment.of(H2Names.quote(name), type));
  }

  /** Makes what an alias of the select list stands for visible under its name, for ORDER BY. */
  void addOutputValue(String name, Fragment value) {
    outputNames.put(key(name), value);
  }

  /** The alias of that name, or null. */
  Fragment outputName(String name) {
    return outputNames.get(key(name));
  }

  void addCommonTable(String name, List<Column> columns) {
    commonTables.put(key(name), columns);
  }

  boolean isCommonTable(ObjectName name) {
    return name.parts().size() == 1
        && (commonTables.containsKey(key(name.name()))
            || (parent != null && parent.isCommonTable(name)));
  }

  /** The columns of a common table expression, or null when they are not known. */
  List<Column> commonTable(String name) {
    return commonTables.containsKey(key(name)) || parent == null
        ? commonTables.get(key(name))
        : parent.commonTable(name);
  }

  /**
   * The H2 name of a column with its type.
   *
   * @throws SqlServerError 207 unknown, 209 ambiguous, 4104 unknown qualifier
   */
  Fragment resolve(ColumnReference reference) throws SqlServerError {
    List<String> parts = reference.parts();
    if (parts.size() == 1) {
      return resolveUnqualified(reference.column());
    }
    String qualifier = parts.get(parts.size() - 2);
    for (Scope scope = this; scope != null; scope = scope.parent) {
      for (Source source : scope.sources) {
        if (source.alias().equalsIgnoreCase(qualifier)) {
          return scope.column(source, reference.column());
        }
      }
    }
    throw new SqlServerError(
        4104,
        16,
        1,
        "The multi-part identifier \"" + String.join(".", parts) + "\" could not be bound.");
  }

  private Fragment resolveUnqualified(String name) throws SqlServerError {
    for (Scope scope = this; scope != null; scope = scope.parent) {
      List<Source> found = new ArrayList<>();
      boolean allKnown = true;
      for (Source source : scope.sources) {
        if (source.columns() == null) {
          allKnown = false;
        } else if (find(source, name) != null) {
          found.add(source);
        }
      }
      if (found.size() > 1) {
        throw new SqlServerError(209, 16, 1, "Ambiguous column name '" + name + "'.");
      }
      if (found.size() == 1) {
        return scope.column(found.get(0), name);
      }
      if (!allKnown) {
        if (scope.capture != null) {
          throw Errors.unsupported("the unqualified column '" + name + "' here; qualify it");
        }
        return Fragment.of(H2Names.quote(name));
      }
    }
    throw invalidColumn(name);
  }

  /** The H2 name of a column of a source of this scope, or what was captured for it. */
  Fragment column(Source source, String name) throws SqlServerError {
    ExpressionType type = ExpressionType.UNKNOWN;
    if (source.columns() != null) {
      Column column = find(source, name);
      if (column == null) {
        throw invalidColumn(name);
      }
      type = column.type();
    }
    String qualifier = source.qualifier().isEmpty() ? "" : source.qualifier() + ".";
    Fragment fragment = Fragment.of(qualifier + H2Names.quote(name), type);
    Fragment captured = capture == null ? null : capture.capture(source, name, fragment);
    return captured == null ? fragment : captured;
  }

  static Column find(Source source, String name) {
    for (Column column : source.columns()) {
      if (column.name().equalsIgnoreCase(name)) {
        return column;
      }
    }
    return null;
  }

  private static SqlServerError invalidColumn(String name) {
    return new SqlServerError(207, 16, 1, "Invalid column name '" + name + "'.");
  }

  private static String key(String name) {
    return name.toUpperCase(Locale.ROOT);
  }
}
