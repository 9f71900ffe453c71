package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.record.GraphEntity;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.Sha256;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.neo4j.driver.Driver;
import org.neo4j.driver.Record;
import org.neo4j.driver.Result;
import org.neo4j.driver.Session;
import org.neo4j.driver.SessionConfig;
import org.neo4j.driver.Value;
import org.neo4j.driver.types.Type;
import org.neo4j.driver.types.TypeSystem;

/** What the graph is. */
final class GraphSide {

  private static final Type INTEGER = TypeSystem.getDefault().INTEGER();
  private static final Type STRING = TypeSystem.getDefault().STRING();
  private static final int HASH_DIGITS = 2 * Sha256.LENGTH;

  // Nodes that no part shows, because a node without its key is not in the index that orders them.
  private static final String WITHOUT_KEY =
      "MATCH (n:Model) WHERE n.modelId IS NULL RETURN labels(n) AS what, elementId(n) AS id"
          + " UNION ALL MATCH (n:Tensor) WHERE n.modelId IS NULL OR n.tensorId IS NULL"
          + " RETURN labels(n) AS what, elementId(n) AS id"
          + " UNION ALL MATCH (n:File) WHERE n.modelFileId IS NULL"
          + " RETURN labels(n) AS what, elementId(n) AS id"
          + " UNION ALL MATCH (n:Row) WHERE n.tableId IS NULL OR n.keyHash IS NULL"
          + " RETURN labels(n) AS what, elementId(n) AS id"
          + " UNION ALL MATCH (n:Table) WHERE n.tableId IS NULL"
          + " RETURN labels(n) AS what, elementId(n) AS id"
          + " UNION ALL MATCH (n:Atom) WHERE n.hash IS NULL"
          + " RETURN labels(n) AS what, elementId(n) AS id";

  private static final String MISPLACED =
      "MATCH (a)-[r:HAS_TENSOR|STORED_AS|HAS_NODE|HAS_FILE|HAS_CHUNK|ROW_OF|HAS_CONTENT]->(b)"
          + " WHERE NOT CASE type(r)"
          + " WHEN 'HAS_TENSOR' THEN a:Model AND b:Tensor"
          + " WHEN 'STORED_AS' THEN a:Tensor AND b:Atom"
          + " WHEN 'HAS_NODE' THEN a:Model AND b:Atom"
          + " WHEN 'HAS_FILE' THEN a:Model AND b:File"
          + " WHEN 'HAS_CHUNK' THEN a:File AND b:Atom"
          + " WHEN 'ROW_OF' THEN a:Row AND b:Table"
          + " ELSE a:Row AND b:Atom END"
          + " RETURN labels(a) + [type(r)] + labels(b) AS what, elementId(r) AS id";

  /** Receives what is in the graph without being readable as one of its entries. */
  @FunctionalInterface
  interface StrayVisitor {
    void visit(String what, String message);
  }

  private final Driver driver;
  private final SessionConfig config;

  GraphSide(Driver driver, SessionConfig config) {
    this.driver = driver;
    this.config = config;
  }

  /**
   * Opens a part; the caller closes it.
   *
   * @param strays is shown the entries whose keys are of a wrong type, which the cursor leaves out
   */
  EntryCursor open(GraphPart part, StrayVisitor strays) {
    return new Entries(part, strays);
  }

  /** Shows nodes without keys and relationships between nodes that they cannot be between. */
  void findStrays(StrayVisitor strays) {
    try (Session session = driver.session(config)) {
      session
          .run(WITHOUT_KEY)
          .forEachRemaining(row -> strays.visit(name(row), "is a node without its key."));
      session
          .run(MISPLACED)
          .forEachRemaining(
              row -> strays.visit(name(row), "is a relationship that cannot be between these."));
    }
  }

  private static String name(Record row) {
    return row.get("what").asList() + " " + row.get("id").asString();
  }

  private final class Entries implements EntryCursor {
    private final GraphPart part;
    private final StrayVisitor strays;
    private final Session session;
    private final Result result;

    Entries(GraphPart part, StrayVisitor strays) {
      this.part = part;
      this.strays = strays;
      this.session = driver.session(config);
      this.result = session.run(part.cypher());
    }

    @Override
    public GraphEntry next() {
      while (result.hasNext()) {
        Record row = result.next();
        if (hasKey(row)) {
          return entry(row);
        }
        strays.visit(
            part.check() + " " + row.asMap(), "has a key that is not of the type that it must be.");
      }
      return null;
    }

    private boolean hasKey(Record row) {
      String hash = row.get("hash").hasType(STRING) ? row.get("hash").asString() : null;
      boolean hashed = part == GraphPart.ROW || part == GraphPart.ATOM;
      return row.get("first").hasType(INTEGER)
          && row.get("second").hasType(INTEGER)
          && row.get("third").hasType(INTEGER)
          && hash != null
          && (!hashed || hash.matches("[0-9a-f]{" + HASH_DIGITS + "}"));
    }

    private GraphEntry entry(Record row) {
      GraphKey key =
          new GraphKey(
              row.get("first").asLong(),
              row.get("second").asLong(),
              row.get("third").asLong(),
              row.get("hash").asString());
      Map<String, Object> values = new HashMap<>();
      row.get("values")
          .asMap(Value::asObject)
          .forEach((name, value) -> values.put(name, sortedIfList(value)));
      return new GraphEntry(key, values, entity(row, key));
    }

    private Object sortedIfList(Object value) {
      return value instanceof List<?> list
          ? list.stream().sorted(GraphSide::compareAsText).toList()
          : value;
    }

    private GraphEntity entity(Record row, GraphKey key) {
      if (part == GraphPart.ROW) {
        return isId(key.first())
            ? GraphEntity.row(new RowKey((int) key.first(), Sha256.fromHex(key.hash())))
            : null;
      }
      Value model = row.get("model");
      return model.hasType(INTEGER) && isId(model.asLong())
          ? GraphEntity.model((int) model.asLong())
          : null;
    }

    @Override
    public void close() {
      session.close();
    }
  }

  private static boolean isId(long number) {
    return number > 0 && number <= Integer.MAX_VALUE;
  }

  private static int compareAsText(Object left, Object right) {
    return String.valueOf(left).compareTo(String.valueOf(right));
  }
}
