package com.hartonomous.ingest.sink.graph;

import java.util.List;
import org.neo4j.driver.Driver;
import org.neo4j.driver.Session;
import org.neo4j.driver.SessionConfig;

/** The constraints of the graph; each brings the index that look-ups by its key use. */
public final class GraphSchema {

  private static final List<String> CONSTRAINTS =
      List.of(
          "CREATE CONSTRAINT atom_hash IF NOT EXISTS FOR (n:Atom) REQUIRE n.hash IS UNIQUE",
          "CREATE CONSTRAINT model_id IF NOT EXISTS FOR (n:Model) REQUIRE n.modelId IS UNIQUE",
          "CREATE CONSTRAINT tensor_id IF NOT EXISTS"
              + " FOR (n:Tensor) REQUIRE (n.modelId, n.tensorId) IS UNIQUE",
          "CREATE CONSTRAINT file_id IF NOT EXISTS FOR (n:File) REQUIRE n.modelFileId IS UNIQUE",
          "CREATE CONSTRAINT table_id IF NOT EXISTS FOR (n:Table) REQUIRE n.tableId IS UNIQUE",
          "CREATE CONSTRAINT row_key IF NOT EXISTS"
              + " FOR (n:Row) REQUIRE (n.tableId, n.keyHash) IS UNIQUE",
          "CREATE CONSTRAINT fence_slot IF NOT EXISTS FOR (n:Fence) REQUIRE n.slot IS UNIQUE",
          "CREATE CONSTRAINT fence_counter_id IF NOT EXISTS"
              + " FOR (n:FenceCounter) REQUIRE n.counterId IS UNIQUE");

  private GraphSchema() {}

  /** Creates what is missing and waits until the indexes can be used, 60 s at most. */
  public static void create(Driver driver, SessionConfig config) {
    try (Session session = driver.session(config)) {
      for (String constraint : CONSTRAINTS) {
        session.executeWriteWithoutResult(tx -> tx.run(constraint).consume());
      }
      session.run("CALL db.awaitIndexes(60)").consume();
    }
  }
}
