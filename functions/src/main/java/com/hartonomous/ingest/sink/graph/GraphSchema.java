package com.hartonomous.ingest.sink.graph;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.neo4j.driver.Driver;
import org.neo4j.driver.Session;
import org.neo4j.driver.SessionConfig;
import org.neo4j.driver.TransactionContext;

/** The constraints of the graph; each brings the index that look-ups by its key use. */
public final class GraphSchema {

  private static final List<Unique> CONSTRAINTS =
      List.of(
          new Unique("atom_hash", "Atom", List.of("hash")),
          new Unique("model_id", "Model", List.of("modelId")),
          new Unique("tensor_id", "Tensor", List.of("modelId", "tensorId")),
          new Unique("file_id", "File", List.of("modelFileId")),
          new Unique("table_id", "Table", List.of("tableId")),
          new Unique("row_key", "Row", List.of("tableId", "keyHash")),
          new Unique("fence_slot", "Fence", List.of("slot")),
          new Unique("fence_counter_id", "FenceCounter", List.of("counterId")));

  private GraphSchema() {}

  /** A uniqueness constraint, which has the name of its index. */
  private record Unique(String name, String label, List<String> properties) {

    String creation() {
      return String.format(
          "CREATE CONSTRAINT %s IF NOT EXISTS FOR (n:%s) REQUIRE (%s) IS UNIQUE",
          name, label, properties.stream().map(p -> "n." + p).collect(Collectors.joining(", ")));
    }

    /** Whether the index is there and the constraint is not. */
    boolean hasOnlyItsIndex(TransactionContext tx) {
      return tx.run(
              "SHOW INDEXES YIELD name, labelsOrTypes, properties, owningConstraint"
                  + " WHERE name = $name AND labelsOrTypes = [$label]"
                  + " AND properties = $properties AND owningConstraint IS NULL",
              Map.of("name", name, "label", label, "properties", properties))
          .hasNext();
    }
  }

  /**
   * Creates what is missing and waits until the indexes can be used, 60 s at most.
   *
   * <p>A Neo4j that dies while it creates a constraint can keep the constraint's index alone, and
   * then refuses the constraint because of the index's name. Such an index is dropped: it holds
   * nothing that the constraint's own index would not hold.
   */
  public static void create(Driver driver, SessionConfig config) {
    try (Session session = driver.session(config)) {
      for (Unique constraint : CONSTRAINTS) {
        if (session.executeRead(constraint::hasOnlyItsIndex)) {
          session.executeWriteWithoutResult(
              tx -> tx.run("DROP INDEX " + constraint.name() + " IF EXISTS").consume());
        }
        session.executeWriteWithoutResult(tx -> tx.run(constraint.creation()).consume());
      }
      session.run("CALL db.awaitIndexes(60)").consume();
    }
  }
}
