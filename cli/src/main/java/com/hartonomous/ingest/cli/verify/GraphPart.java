package com.hartonomous.ingest.cli.verify;

/**
 * The parts of the graph that are compared one after the other, each with the statement that reads
 * it from Neo4j: {@code first, second, third, hash} of the key in ascending order, {@code values},
 * and {@code model}, the owner, where it is one. The order comes from the index of the part's
 * constraint, so that nothing is sorted as a whole; nodes without a key are looked for separately.
 */
enum GraphPart {
  MODEL(
      "graph: models",
      true,
      "MATCH (n:Model) WHERE n.modelId IS NOT NULL"
          + " RETURN n.modelId AS first, 0 AS second, 0 AS third, '' AS hash, n.modelId AS model,"
          + " n {.tenantId, .name, .state, .format, .digest} AS values ORDER BY n.modelId"),

  TENSOR(
      "graph: tensors",
      true,
      "MATCH (n:Tensor) WHERE n.modelId IS NOT NULL AND n.tensorId IS NOT NULL"
          + " RETURN n.modelId AS first, n.tensorId AS second, 0 AS third, '' AS hash,"
          + " n.modelId AS model, {name: n.name, dtype: n.dtype, dimensions: n.dimensions,"
          + " `HAS_TENSOR from models`: COLLECT { MATCH (n)<-[:HAS_TENSOR]-(m) RETURN m.modelId }}"
          + " AS values ORDER BY n.modelId, n.tensorId"),

  STORED_AS(
      "graph: tensor to atom",
      true,
      "MATCH (n:Tensor) WHERE n.modelId IS NOT NULL AND n.tensorId IS NOT NULL"
          + " MATCH (n)-[r:STORED_AS]->(a)"
          + " RETURN n.modelId AS first, n.tensorId AS second, coalesce(r.position, -1) AS third,"
          + " '' AS hash, n.modelId AS model, {atom: a.hash} AS values"
          + " ORDER BY n.modelId, n.tensorId, third"),

  HAS_NODE(
      "graph: model to node",
      true,
      "MATCH (n:Model) WHERE n.modelId IS NOT NULL MATCH (n)-[r:HAS_NODE]->(a)"
          + " RETURN n.modelId AS first, coalesce(r.index, -1) AS second, 0 AS third, '' AS hash,"
          + " n.modelId AS model, {path: r.path, atom: a.hash} AS values"
          + " ORDER BY n.modelId, second"),

  FILE(
      "graph: files",
      true,
      "MATCH (n:File) WHERE n.modelFileId IS NOT NULL"
          + " WITH n, COLLECT { MATCH (n)<-[:HAS_FILE]-(m) RETURN m.modelId } AS models"
          + " RETURN n.modelFileId AS first, 0 AS second, 0 AS third, '' AS hash,"
          + " head(models) AS model, {path: n.path, `HAS_FILE from models`: models} AS values"
          + " ORDER BY n.modelFileId"),

  HAS_CHUNK(
      "graph: file to atom",
      true,
      "MATCH (n:File) WHERE n.modelFileId IS NOT NULL"
          + " WITH n, head(COLLECT { MATCH (n)<-[:HAS_FILE]-(m) RETURN m.modelId }) AS model"
          + " MATCH (n)-[r:HAS_CHUNK]->(a)"
          + " RETURN n.modelFileId AS first, coalesce(r.index, -1) AS second, 0 AS third,"
          + " '' AS hash, model,"
          + " {offset: r.offset, atom: a.hash} AS values ORDER BY n.modelFileId, second"),

  ROW(
      "graph: rows to atoms",
      true,
      "MATCH (n:Row) WHERE n.tableId IS NOT NULL AND n.keyHash IS NOT NULL"
          + " RETURN n.tableId AS first, 0 AS second, 0 AS third, n.keyHash AS hash,"
          + " null AS model, {key: n.key,"
          + " `ROW_OF to tables`: COLLECT { MATCH (n)-[:ROW_OF]->(t) RETURN t.tableId },"
          + " HAS_CONTENT: COLLECT { MATCH (n)-[c:HAS_CONTENT]->(a) RETURN"
          + " coalesce(toString(c.column), '?') + ', segment ' + coalesce(toString(c.segment), '?')"
          + " + ', atom ' + coalesce(toString(a.hash), '?') }}"
          + " AS values ORDER BY n.tableId, n.keyHash"),

  // What refers to a table or an atom says whether its node is missing; here only what is there is
  // looked at. An atom that nothing refers to keeps its node until purge removes both.
  TABLE(
      "graph: tables",
      false,
      "MATCH (n:Table) WHERE n.tableId IS NOT NULL"
          + " RETURN n.tableId AS first, 0 AS second, 0 AS third, '' AS hash, null AS model,"
          + " n {.name} AS values ORDER BY n.tableId"),

  ATOM(
      "graph: atoms",
      false,
      "MATCH (n:Atom) WHERE n.hash IS NOT NULL"
          + " RETURN 0 AS first, 0 AS second, 0 AS third, n.hash AS hash, null AS model,"
          + " n {.contentType, .byteLength} AS values ORDER BY n.hash");

  private final String check;
  private final boolean complete;
  private final String cypher;

  GraphPart(String check, boolean complete, String cypher) {
    this.check = check;
    this.complete = complete;
    this.cypher = cypher;
  }

  /** The check's name. */
  String check() {
    return check;
  }

  /** Whether the graph must have all that the tables have. */
  boolean isComplete() {
    return complete;
  }

  String cypher() {
    return cypher;
  }

  /** For people: what the key stands for. */
  String describe(GraphKey key) {
    return switch (this) {
      case MODEL -> "(:Model " + key.first() + ")";
      case TENSOR -> String.format("(:Tensor %d of model %d)", key.second(), key.first());
      case STORED_AS ->
          String.format(
              "(:Tensor %d of model %d)-[:STORED_AS %d]", key.second(), key.first(), key.third());
      case HAS_NODE -> String.format("(:Model %d)-[:HAS_NODE %d]", key.first(), key.second());
      case FILE -> "(:File " + key.first() + ")";
      case HAS_CHUNK -> String.format("(:File %d)-[:HAS_CHUNK %d]", key.first(), key.second());
      case ROW -> String.format("(:Row %s of table %d)", key.hash(), key.first());
      case TABLE -> "(:Table " + key.first() + ")";
      case ATOM -> "(:Atom " + key.hash() + ")";
    };
  }
}
