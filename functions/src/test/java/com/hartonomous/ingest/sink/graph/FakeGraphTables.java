package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.RowKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Tables in memory: one model at most, and rows. */
final class FakeGraphTables implements GraphTables {

  ModelNode model;
  final Map<ElementKind, List<GraphElement>> elements = new EnumMap<>(ElementKind.class);
  final Map<RowKey, RowNode> rows = new HashMap<>();
  final Map<Integer, String> tableNames = new HashMap<>();
  final List<Long> synced = new ArrayList<>();

  @Override
  public Optional<ModelNode> model(int modelId) {
    return Optional.ofNullable(model);
  }

  @Override
  public ElementPages elements(ElementKind kind, int modelId) {
    List<GraphElement> rest = new ArrayList<>(elements.getOrDefault(kind, List.of()));
    return limit -> {
      List<GraphElement> head = rest.subList(0, Math.min(limit, rest.size()));
      List<GraphElement> page = List.copyOf(head);
      head.clear();
      return page;
    };
  }

  @Override
  public SortedMap<RowKey, RowNode> rows(Collection<RowKey> keys) {
    SortedMap<RowKey, RowNode> found =
        new TreeMap<>(Comparator.comparingInt(RowKey::tableId).thenComparing(RowKey::keyHash));
    for (RowKey key : keys) {
      if (rows.containsKey(key)) {
        found.put(key, rows.get(key));
      }
    }
    return found;
  }

  @Override
  public Map<Integer, String> tableNames(Collection<Integer> tableIds) {
    Map<Integer, String> found = new HashMap<>(tableNames);
    found.keySet().retainAll(tableIds);
    return found;
  }

  @Override
  public void markSynced(List<Long> queueIds) {
    synced.addAll(queueIds);
  }

  @Override
  public void close() {
    // Holds nothing.
  }
}
