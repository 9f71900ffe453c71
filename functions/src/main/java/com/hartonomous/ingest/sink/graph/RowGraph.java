package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.GraphEntity;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.sink.graph.GraphTransactions.VanishedNodeException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.neo4j.driver.Record;
import org.neo4j.driver.TransactionContext;
import org.neo4j.driver.Value;

/**
 * Makes the graph of rows of captured tables equal to the tables. A transaction takes whole rows,
 * as many as have together no more references than a batch; a row with more goes alone.
 */
final class RowGraph {

  private static final Comparator<RowKey> ORDER =
      Comparator.comparingInt(RowKey::tableId).thenComparing(RowKey::keyHash);

  private static final String READ =
      "UNWIND $rows AS k MATCH (r:Row {tableId: k.tableId, keyHash: k.keyHash})"
          + " RETURN r.tableId AS tableId, r.keyHash AS keyHash, r.key AS key,"
          + " COUNT { (r)-[:ROW_OF]->() } = 1"
          + " AND EXISTS { (r)-[:ROW_OF]->(:Table {tableId: k.tableId}) } AS attached,"
          + " COLLECT { MATCH (r)-[c:HAS_CONTENT]->(a)"
          + " RETURN {id: elementId(c), column: c.column, segment: c.segment, hash: a.hash} }"
          + " AS contents";

  // Written only where different: all rows of a table share its node.
  private static final String ENSURE_TABLES =
      "UNWIND $tables AS x MERGE (t:Table {tableId: x.tableId})"
          + " WITH t, x WHERE t.name IS NULL OR t.name <> x.name SET t.name = x.name";

  private static final String DETACH_ROWS =
      "UNWIND $rows AS k MATCH (:Row {tableId: k.tableId, keyHash: k.keyHash})-[o:ROW_OF]->()"
          + " DELETE o";

  private static final String ENSURE_ROWS =
      "UNWIND $rows AS k MATCH (t:Table {tableId: k.tableId})"
          + " MERGE (r:Row {tableId: k.tableId, keyHash: k.keyHash}) SET r.key = k.key"
          + " MERGE (r)-[:ROW_OF]->(t) RETURN count(*) AS created";

  private static final String DELETE_CONTENTS =
      "MATCH ()-[c]->() WHERE elementId(c) IN $ids DELETE c";

  private static final String CREATE_CONTENTS =
      "UNWIND $contents AS x MATCH (r:Row {tableId: x.tableId, keyHash: x.keyHash})"
          + " MATCH (a:Atom {hash: x.hash})"
          + " CREATE (r)-[:HAS_CONTENT {column: x.column, segment: x.segment}]->(a)"
          + " RETURN count(*) AS created";

  private static final String DELETE_ROWS =
      "UNWIND $rows AS k MATCH (r:Row {tableId: k.tableId, keyHash: k.keyHash}) DETACH DELETE r";

  private final GraphTables tables;
  private final GraphTransactions transactions;
  private final int slots;
  private final int batchSize;

  RowGraph(GraphTables tables, GraphTransactions transactions, int slots, int batchSize) {
    this.tables = tables;
    this.transactions = transactions;
    this.slots = slots;
    this.batchSize = batchSize;
  }

  /** Reads the present references of the rows, all at once, and makes the graph equal to them. */
  void synchronize(Set<RowKey> keys) throws SQLException {
    if (keys.isEmpty()) {
      return;
    }
    SortedSet<RowKey> sorted = new TreeSet<>(ORDER);
    sorted.addAll(keys);
    Map<RowKey, RowNode> present = tables.rows(sorted);
    SortedMap<Integer, String> tableNames =
        new TreeMap<>(tables.tableNames(sorted.stream().map(RowKey::tableId).distinct().toList()));
    List<RowKey> group = new ArrayList<>();
    int references = 0;
    for (RowKey key : sorted) {
      RowNode row = present.get(key);
      int rowReferences = row == null ? 1 : row.contents().size();
      if (!group.isEmpty() && references + rowReferences > batchSize) {
        makeEqual(group, present, tableNames);
        group.clear();
        references = 0;
      }
      group.add(key);
      references += rowReferences;
    }
    makeEqual(group, present, tableNames);
  }

  private void makeEqual(
      List<RowKey> keys, Map<RowKey, RowNode> present, SortedMap<Integer, String> tableNames) {
    SortedSet<Integer> groupSlots = new TreeSet<>();
    keys.forEach(key -> groupSlots.add(GraphEntity.row(key).slot(slots)));
    transactions.run(
        groupSlots,
        tx -> {
          makeEqual(tx, keys, present, tableNames);
          return null;
        });
  }

  private static void makeEqual(
      TransactionContext tx,
      List<RowKey> keys,
      Map<RowKey, RowNode> wanted,
      SortedMap<Integer, String> tableNames) {
    Difference difference = new Difference(keys, wanted);
    for (Record found :
        tx.run(READ, Map.of("rows", keys.stream().map(RowGraph::keyParameter).toList())).list()) {
      difference.compare(found);
    }
    ensureTables(tx, tableNames);
    AtomNodes.ensure(tx, difference.contents.stream().map(content -> content.content().atom()));
    if (!difference.detached.isEmpty()) {
      tx.run(DETACH_ROWS, Map.of("rows", difference.detached)).consume();
    }
    createAll(tx, ENSURE_ROWS, "rows", difference.rowParameters());
    if (!difference.surplusContents.isEmpty()) {
      tx.run(DELETE_CONTENTS, Map.of("ids", difference.surplusContents)).consume();
    }
    createAll(tx, CREATE_CONTENTS, "contents", difference.contentParameters());
    if (!difference.surplusRows.isEmpty()) {
      tx.run(DELETE_ROWS, Map.of("rows", difference.surplusRows)).consume();
    }
  }

  private static void ensureTables(TransactionContext tx, SortedMap<Integer, String> names) {
    List<Map<String, Object>> parameters = new ArrayList<>();
    names.forEach((id, name) -> parameters.add(Map.of("tableId", (long) id, "name", name)));
    tx.run(ENSURE_TABLES, Map.of("tables", parameters)).consume();
  }

  private static void createAll(
      TransactionContext tx, String statement, String name, List<Map<String, Object>> elements) {
    if (elements.isEmpty()) {
      return;
    }
    int created = tx.run(statement, Map.of(name, elements)).single().get("created").asInt();
    if (created != elements.size()) {
      throw new VanishedNodeException(
          String.format(
              "Of %d %s only %d found the nodes that they belong to.",
              elements.size(), name, created));
    }
  }

  private static Map<String, Object> keyParameter(RowKey key) {
    return Map.of("tableId", (long) key.tableId(), "keyHash", key.keyHash().toHex());
  }

  /** What to change in the graph for a group of rows. */
  private static final class Difference {

    private record OwnedContent(RowKey row, RowNode.Content content) {}

    private record ContentKey(RowKey row, String column, long segment, String hash) {}

    private final Map<RowKey, RowNode> rows = new TreeMap<>(ORDER);
    private final List<Map<String, Object>> detached = new ArrayList<>();
    private final List<Map<String, Object>> surplusRows = new ArrayList<>();
    private final List<String> surplusContents = new ArrayList<>();
    private final Map<ContentKey, OwnedContent> missing = new HashMap<>();
    private final List<OwnedContent> contents = new ArrayList<>();

    /** Starts with a graph that has none of the rows. */
    Difference(List<RowKey> keys, Map<RowKey, RowNode> wanted) {
      for (RowKey key : keys) {
        RowNode row = wanted.get(key);
        if (row != null) {
          rows.put(key, row);
          row.contents().forEach(content -> addContent(key, content));
        }
      }
    }

    private void addContent(RowKey key, RowNode.Content content) {
      OwnedContent owned = new OwnedContent(key, content);
      contents.add(owned);
      missing.put(
          new ContentKey(key, content.column(), content.segment(), content.atom().hash().toHex()),
          owned);
    }

    /** Takes a row into account that the graph has. */
    void compare(Record found) {
      RowKey key =
          new RowKey(found.get("tableId").asInt(), Sha256.fromHex(found.get("keyHash").asString()));
      RowNode row = rows.get(key);
      if (row == null) {
        surplusRows.add(keyParameter(key));
        return;
      }
      if (!found.get("attached").asBoolean()) {
        detached.add(keyParameter(key));
      } else if (row.keyText().equals(found.get("key").asString(null))) {
        rows.remove(key);
      }
      for (Value content : found.get("contents").values()) {
        ContentKey contentKey =
            new ContentKey(
                key,
                content.get("column").asString(null),
                content.get("segment").asLong(-1),
                content.get("hash").asString(null));
        // A second relationship for the same reference is surplus too.
        if (missing.remove(contentKey) == null) {
          surplusContents.add(content.get("id").asString());
        }
      }
    }

    List<Map<String, Object>> rowParameters() {
      List<Map<String, Object>> parameters = new ArrayList<>();
      rows.forEach(
          (key, row) -> {
            Map<String, Object> parameter = new HashMap<>(keyParameter(key));
            parameter.put("key", row.keyText());
            parameters.add(parameter);
          });
      return parameters;
    }

    List<Map<String, Object>> contentParameters() {
      return missing.values().stream()
          .sorted(
              Comparator.comparing((OwnedContent owned) -> owned.content().atom().hash())
                  .thenComparing(OwnedContent::row, ORDER))
          .map(
              owned -> {
                Map<String, Object> parameter = new HashMap<>(keyParameter(owned.row()));
                parameter.put("column", owned.content().column());
                parameter.put("segment", (long) owned.content().segment());
                parameter.put("hash", owned.content().atom().hash().toHex());
                return parameter;
              })
          .toList();
    }
  }
}
