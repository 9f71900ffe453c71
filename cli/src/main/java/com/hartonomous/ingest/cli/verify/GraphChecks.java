package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.record.Sha256;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The graph against the tables, both read in the order of keys and merged: what is missing, surplus
 * or different has a name, and neither side is ever held in memory.
 */
final class GraphChecks {

  private static final int LISTED_MAX = 3;

  private final TableSide tables;
  private final GraphSide graph;
  private final Differences differences;

  GraphChecks(TableSide tables, GraphSide graph, Differences differences) {
    this.tables = tables;
    this.graph = graph;
    this.differences = differences;
  }

  void check(GraphPart part) throws SQLException {
    differences.begin(part.check());
    try (EntryCursor wanted = new InOrder(tables.open(part), "the tables");
        EntryCursor found = new InOrder(graph.open(part, differences::add), "the graph")) {
      merge(part, wanted, found);
    }
    differences.end();
  }

  void checkStrays() throws SQLException {
    differences.begin("graph: strays");
    graph.findStrays(differences::add);
    differences.end();
  }

  private void merge(GraphPart part, EntryCursor wantedCursor, EntryCursor foundCursor)
      throws SQLException {
    GraphEntry wanted = wantedCursor.next();
    GraphEntry found = foundCursor.next();
    while (wanted != null || found != null) {
      int order = wanted == null ? 1 : found == null ? -1 : wanted.key().compareTo(found.key());
      if (order < 0) {
        missing(part, wanted);
      } else if (order > 0) {
        surplus(part, found);
      } else {
        compare(part, wanted, found);
      }
      if (order <= 0) {
        wanted = wantedCursor.next();
      }
      if (order >= 0) {
        found = foundCursor.next();
      }
    }
  }

  private void missing(GraphPart part, GraphEntry wanted) throws SQLException {
    if (part.isComplete()) {
      differences.examined(1);
      differences.addOf(
          wanted.entity(),
          part.describe(wanted.key()),
          "is missing in the graph, expected " + new TreeMap<>(wanted.values()) + ".");
    }
  }

  private void surplus(GraphPart part, GraphEntry found) throws SQLException {
    differences.examined(1);
    String key = part.describe(found.key());
    String message = "is in the graph, but the tables have nothing that it stands for.";
    if (found.entity() != null) {
      differences.addOf(found.entity(), key, message);
    } else if (part == GraphPart.ATOM) {
      differences.addOf(Sha256.fromHex(found.key().hash()), key, message);
    } else {
      differences.add(key, message);
    }
  }

  private void compare(GraphPart part, GraphEntry wanted, GraphEntry found) throws SQLException {
    differences.examined(1);
    for (Map.Entry<String, Object> value : new TreeMap<>(wanted.values()).entrySet()) {
      Object present = found.values().get(value.getKey());
      if (Objects.equals(value.getValue(), present)) {
        continue;
      }
      String key = part.describe(wanted.key());
      String message = describe(value.getKey(), value.getValue(), present);
      if (wanted.entity() != null) {
        differences.addOf(wanted.entity(), key, message);
      } else {
        differences.add(key, message);
      }
    }
  }

  private static String describe(String name, Object expected, Object present) {
    if (expected instanceof List<?> wanted && present instanceof List<?> found) {
      return name + lists("missing", minus(wanted, found)) + lists("surplus", minus(found, wanted));
    }
    return String.format("%s is %s in the graph, expected %s.", name, present, expected);
  }

  private static List<Object> minus(List<?> left, List<?> right) {
    List<Object> rest = new ArrayList<>(left);
    right.forEach(rest::remove);
    return rest;
  }

  private static String lists(String what, List<Object> values) {
    if (values.isEmpty()) {
      return "";
    }
    int listed = Math.min(values.size(), LISTED_MAX);
    return String.format(
        "; %s in the graph: %s%s",
        what,
        values.subList(0, listed),
        values.size() > listed ? " and " + (values.size() - listed) + " more" : "");
  }

  /** A merge of sequences that are not in order would report nonsense: this fails instead. */
  private static final class InOrder implements EntryCursor {
    private final EntryCursor entries;
    private final String side;
    private GraphKey last;

    InOrder(EntryCursor entries, String side) {
      this.entries = entries;
      this.side = side;
    }

    @Override
    public GraphEntry next() throws SQLException {
      GraphEntry entry = entries.next();
      if (entry != null) {
        if (last != null && entry.key().compareTo(last) < 0) {
          throw new IllegalStateException(
              String.format("%s gave %s after %s: not in order.", side, entry.key(), last));
        }
        last = entry.key();
      }
      return entry;
    }

    @Override
    public void close() throws SQLException {
      entries.close();
    }
  }
}
