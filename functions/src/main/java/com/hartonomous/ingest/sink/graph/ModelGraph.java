package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.GraphEntity;
import com.hartonomous.ingest.sink.graph.GraphElement.Key;
import com.hartonomous.ingest.sink.graph.GraphTables.ElementPages;
import com.hartonomous.ingest.sink.graph.GraphTransactions.VanishedNodeException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.neo4j.driver.Record;
import org.neo4j.driver.Result;
import org.neo4j.driver.TransactionContext;

/**
 * Makes the graph of one model equal to its rows.
 *
 * <p>A model may have 100,000 relationships, more than one transaction should hold. So the elements
 * of each kind are taken page by page, in the order of their keys, and a page stands for the whole
 * range of keys from the end of the page before it to its own last key; the last page's range is
 * open. One transaction makes one range equal: it reads what the graph has there, removes what is
 * surplus or different, and creates what is missing. The ranges leave no gap, so after the last one
 * the model is right, whatever was there before. When it dies between two transactions, the ranges
 * done are right already, the mark is still unsynced, and the next attempt goes over all ranges
 * again, writing only where something differs. A model that is not complete has empty pages: the
 * same walk removes all.
 */
final class ModelGraph {

  private static final String ENSURE_MODEL =
      "MERGE (m:Model {modelId: $modelId}) SET m += $properties";

  private static final String FIND_MODEL =
      "MATCH (m:Model {modelId: $modelId}) RETURN elementId(m) AS id";

  private static final String DRAIN_NODES =
      "MATCH (n) WHERE elementId(n) IN $ids MATCH (n)-[r]-()"
          + " WITH DISTINCT r LIMIT $limit DELETE r RETURN count(*) AS deleted";

  private static final String DELETE_NODES = "MATCH (n) WHERE elementId(n) IN $ids DELETE n";

  private static final String DELETE_RELATIONSHIPS =
      "MATCH ()-[r]->() WHERE elementId(r) IN $ids DELETE r";

  private final GraphTables tables;
  private final GraphTransactions transactions;
  private final GraphLevel level;
  private final int slots;
  private final int batchSize;

  ModelGraph(
      GraphTables tables,
      GraphTransactions transactions,
      GraphLevel level,
      int slots,
      int batchSize) {
    this.tables = tables;
    this.transactions = transactions;
    this.level = level;
    this.slots = slots;
    this.batchSize = batchSize;
  }

  /** Reads the model's present rows and makes the graph equal to them. */
  void synchronize(int modelId) throws SQLException {
    SortedSet<Integer> slot =
        Collections.unmodifiableSortedSet(
            new TreeSet<>(List.of(GraphEntity.model(modelId).slot(slots))));
    Optional<ModelNode> model = tables.model(modelId);
    if (model.isPresent()) {
      transactions.run(slot, tx -> ensureModel(tx, model.get()));
    }
    boolean complete = model.isPresent() && model.get().isComplete();
    for (ElementKind kind : ElementKind.values()) {
      ElementPages pages =
          complete && kind.isShownAt(level) ? tables.elements(kind, modelId) : limit -> List.of();
      synchronize(slot, modelId, kind, pages);
    }
    if (model.isEmpty()) {
      repeatUntilDone(slot, tx -> removeModel(tx, modelId));
    }
  }

  private static Void ensureModel(TransactionContext tx, ModelNode model) {
    tx.run(
            ENSURE_MODEL,
            Map.of("modelId", (long) model.modelId(), "properties", model.properties()))
        .consume();
    return null;
  }

  private void synchronize(
      SortedSet<Integer> slot, int modelId, ElementKind kind, ElementPages pages)
      throws SQLException {
    Key from = Key.BEFORE_ALL;
    boolean last = false;
    while (!last) {
      List<GraphElement> page = pages.next(batchSize);
      last = page.size() < batchSize;
      Key start = from;
      Key end = last ? Key.AFTER_ALL : page.get(page.size() - 1).key();
      repeatUntilDone(slot, tx -> makeRangeEqual(tx, modelId, kind, page, start, end));
      from = end;
    }
  }

  /** A step that has more to remove than fits into its transaction. */
  private interface Step {
    /** Returns whether nothing is left to do. */
    boolean run(TransactionContext tx);
  }

  private void repeatUntilDone(SortedSet<Integer> slot, Step step) {
    boolean done = false;
    while (!done) { // Each round that is not the last removes something for good.
      done = transactions.run(slot, step::run);
    }
  }

  private boolean makeRangeEqual(
      TransactionContext tx,
      int modelId,
      ElementKind kind,
      List<GraphElement> wanted,
      Key from,
      Key to) {
    Map<Key, GraphElement> missing = new HashMap<>();
    wanted.forEach(element -> missing.put(element.key(), element));
    List<GraphElement> changed = new ArrayList<>();
    List<String> surplus = new ArrayList<>();
    Result present = tx.run(kind.read(), rangeParameters(modelId, from, to));
    while (present.hasNext() && surplus.size() < batchSize) {
      Record found = present.next();
      Key key = new Key(found.get("major").asLong(), found.get("minor").asLong());
      GraphElement element = missing.get(key);
      boolean same = element != null && hasProperties(found, element);
      if (element == null
          || !found.get("attached").asBoolean()
          || (!kind.isNode() && (!same || !endsInItsAtom(found, element)))) {
        surplus.add(found.get("id").asString());
      } else {
        missing.remove(key);
        if (!same) {
          changed.add(element);
        }
      }
    }
    present.consume();
    if (!remove(tx, kind, surplus) || surplus.size() == batchSize) {
      return false;
    }
    changed.addAll(missing.values());
    AtomNodes.ensure(tx, wanted.stream().map(GraphElement::atom).filter(Objects::nonNull));
    create(tx, modelId, kind, changed);
    return true;
  }

  private static Map<String, Object> rangeParameters(int modelId, Key from, Key to) {
    return Map.of(
        "modelId", (long) modelId,
        "fromMajor", from.major(),
        "fromMinor", from.minor(),
        "toMajor", to.major(),
        "toMinor", to.minor());
  }

  private static boolean hasProperties(Record found, GraphElement element) {
    Map<String, Object> properties = found.get("properties").asMap();
    return element.properties().entrySet().stream()
        .allMatch(wanted -> Objects.equals(wanted.getValue(), properties.get(wanted.getKey())));
  }

  private static boolean endsInItsAtom(Record found, GraphElement element) {
    return Objects.equals(element.hash(), found.get("hash").asString(null));
  }

  /** Returns false when relationships of surplus nodes are left for the next transaction. */
  private boolean remove(TransactionContext tx, ElementKind kind, List<String> ids) {
    if (ids.isEmpty()) {
      return true;
    }
    if (!kind.isNode()) {
      tx.run(DELETE_RELATIONSHIPS, Map.of("ids", ids)).consume();
      return true;
    }
    return removeNodes(tx, ids);
  }

  private boolean removeNodes(TransactionContext tx, List<String> ids) {
    Map<String, Object> parameters = Map.of("ids", ids, "limit", batchSize);
    if (tx.run(DRAIN_NODES, parameters).single().get("deleted").asInt() == batchSize) {
      return false;
    }
    tx.run(DELETE_NODES, parameters).consume();
    return true;
  }

  private static void create(
      TransactionContext tx, int modelId, ElementKind kind, List<GraphElement> elements) {
    if (elements.isEmpty()) {
      return;
    }
    // Relationships lock the atoms that they end in: in the order of hashes, as all writers do.
    List<Map<String, Object>> sorted =
        elements.stream()
            .sorted(
                Comparator.comparing(
                        GraphElement::hash, Comparator.nullsFirst(Comparator.naturalOrder()))
                    .thenComparingLong(element -> element.key().major())
                    .thenComparingLong(element -> element.key().minor()))
            .map(GraphElement::toParameter)
            .toList();
    int created =
        tx.run(kind.create(), Map.of("modelId", (long) modelId, "elements", sorted))
            .single()
            .get("created")
            .asInt();
    if (created != elements.size()) {
      throw new VanishedNodeException(
          String.format(
              "Of %d %s elements of model %d only %d found the nodes that they belong to.",
              elements.size(), kind, modelId, created));
    }
  }

  private boolean removeModel(TransactionContext tx, int modelId) {
    List<String> ids =
        tx.run(FIND_MODEL, Map.of("modelId", (long) modelId))
            .list(found -> found.get("id").asString());
    return ids.isEmpty() || removeNodes(tx, ids);
  }
}
