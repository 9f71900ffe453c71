package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.Sha256;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.neo4j.driver.TransactionContext;

/**
 * Atom nodes. All parts of the graph share them, so nothing here removes one; only purge does, when
 * they have no relationship.
 */
final class AtomNodes {

  // Written only where different: a node that is not written is not locked.
  private static final String MERGE =
      "UNWIND $atoms AS x MERGE (a:Atom {hash: x.hash})"
          + " WITH a, x WHERE a.contentType IS NULL OR a.contentType <> x.contentType"
          + " OR a.byteLength IS NULL OR a.byteLength <> x.byteLength"
          + " SET a.contentType = x.contentType, a.byteLength = x.byteLength";

  private AtomNodes() {}

  /** Makes the nodes present, in the order of their hashes, which all writers keep. */
  static void ensure(TransactionContext tx, Stream<AtomNode> atoms) {
    SortedMap<Sha256, AtomNode> byHash = new TreeMap<>();
    atoms.forEach(atom -> byHash.put(atom.hash(), atom));
    if (!byHash.isEmpty()) {
      List<Map<String, Object>> sorted =
          byHash.values().stream().map(AtomNode::toParameter).toList();
      tx.run(MERGE, Map.of("atoms", sorted)).consume();
    }
  }
}
