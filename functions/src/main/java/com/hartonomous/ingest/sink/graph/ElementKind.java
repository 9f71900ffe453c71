package com.hartonomous.ingest.sink.graph;

/**
 * The kinds of nodes and relationships that a model owns, nodes before the relationships that need
 * them, with the statements that read, create and remove them.
 *
 * <p>{@code read} takes {@code modelId} and a range of keys, from ({@code fromMajor}, {@code
 * fromMinor}) exclusive to ({@code toMajor}, {@code toMinor}) inclusive, and gives {@code major,
 * minor, properties, hash, attached, id}. A relationship whose key property is missing has the key
 * -1, so that it is found and removed.
 */
enum ElementKind {
  FILE(
      true,
      "MATCH (m:Model {modelId: $modelId})-[:HAS_FILE]->(x:File)"
          + " WITH x, coalesce(x.modelFileId, -1) AS major, 0 AS minor"
          + Cypher.IN_RANGE
          + " RETURN major, minor, properties(x) AS properties, null AS hash,"
          + " COUNT { (x)<-[:HAS_FILE]-() } = 1 AS attached, elementId(x) AS id",
      "UNWIND $elements AS e"
          + " MATCH (m:Model {modelId: $modelId})"
          + " MERGE (x:File {modelFileId: e.major})"
          + " SET x += e.properties"
          + " MERGE (m)-[:HAS_FILE]->(x)"
          + " RETURN count(*) AS created"),

  TENSOR(
      true,
      "MATCH (x:Tensor)"
          + " WHERE x.modelId = $modelId AND x.tensorId >= $fromMajor AND x.tensorId <= $toMajor"
          + " WITH x, x.tensorId AS major, 0 AS minor"
          + Cypher.IN_RANGE
          + " RETURN major, minor, properties(x) AS properties, null AS hash,"
          + " COUNT { (x)<-[:HAS_TENSOR]-() } = 1"
          + " AND EXISTS { (x)<-[:HAS_TENSOR]-(:Model {modelId: $modelId}) } AS attached,"
          + " elementId(x) AS id",
      "UNWIND $elements AS e"
          + " MATCH (m:Model {modelId: $modelId})"
          + " MERGE (x:Tensor {modelId: $modelId, tensorId: e.major})"
          + " SET x += e.properties"
          + " MERGE (m)-[:HAS_TENSOR]->(x)"
          + " RETURN count(*) AS created"),

  STORED_AS(
      false,
      "MATCH (t:Tensor)"
          + " WHERE t.modelId = $modelId AND t.tensorId >= $fromMajor AND t.tensorId <= $toMajor"
          + " MATCH (t)-[x:STORED_AS]->(a)"
          + " WITH x, a, t.tensorId AS major, coalesce(x.position, -1) AS minor"
          + Cypher.IN_RANGE
          + Cypher.RETURN_RELATIONSHIP,
      "UNWIND $elements AS e"
          + " MATCH (t:Tensor {modelId: $modelId, tensorId: e.major})"
          + " MATCH (a:Atom {hash: e.hash})"
          + " CREATE (t)-[x:STORED_AS]->(a) SET x = e.properties"
          + " RETURN count(*) AS created"),

  HAS_NODE(
      false,
      "MATCH (:Model {modelId: $modelId})-[x:HAS_NODE]->(a)"
          + " WITH x, a, coalesce(x.index, -1) AS major, 0 AS minor"
          + Cypher.IN_RANGE
          + Cypher.RETURN_RELATIONSHIP,
      "UNWIND $elements AS e"
          + " MATCH (m:Model {modelId: $modelId})"
          + " MATCH (a:Atom {hash: e.hash})"
          + " CREATE (m)-[x:HAS_NODE]->(a) SET x = e.properties"
          + " RETURN count(*) AS created"),

  HAS_CHUNK(
      false,
      "MATCH (:Model {modelId: $modelId})-[:HAS_FILE]->(f:File)"
          + " WHERE f.modelFileId >= $fromMajor AND f.modelFileId <= $toMajor"
          + " MATCH (f)-[x:HAS_CHUNK]->(a)"
          + " WITH x, a, f.modelFileId AS major, coalesce(x.index, -1) AS minor"
          + Cypher.IN_RANGE
          + Cypher.RETURN_RELATIONSHIP,
      "UNWIND $elements AS e"
          + " MATCH (f:File {modelFileId: e.major})"
          + " MATCH (a:Atom {hash: e.hash})"
          + " CREATE (f)-[x:HAS_CHUNK]->(a) SET x = e.properties"
          + " RETURN count(*) AS created");

  private final boolean node;
  private final String read;
  private final String create;

  ElementKind(boolean node, String read, String create) {
    this.node = node;
    this.read = read;
    this.create = create;
  }

  boolean isNode() {
    return node;
  }

  /** Whether a complete model shows elements of this kind at the level. */
  boolean isShownAt(GraphLevel level) {
    return level == GraphLevel.CHUNK || (this != FILE && this != HAS_CHUNK);
  }

  String read() {
    return read;
  }

  /** Takes {@code modelId} and {@code elements}; gives the number of those created. */
  String create() {
    return create;
  }

  private static final class Cypher {
    static final String IN_RANGE =
        " WHERE (major > $fromMajor OR (major = $fromMajor AND minor > $fromMinor))"
            + " AND (major < $toMajor OR (major = $toMajor AND minor <= $toMinor))";

    static final String RETURN_RELATIONSHIP =
        " RETURN major, minor, properties(x) AS properties, a.hash AS hash,"
            + " true AS attached, elementId(x) AS id";
  }
}
