package com.hartonomous.ingest.sink.graph;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.TestNeo4j;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.neo4j.driver.Driver;
import org.neo4j.driver.SessionConfig;
import org.neo4j.internal.schema.AllIndexProviderDescriptors;
import org.neo4j.internal.schema.IndexPrototype;
import org.neo4j.internal.schema.SchemaDescriptors;
import org.neo4j.kernel.api.KernelTransaction;
import org.neo4j.kernel.impl.api.KernelTransactionImplementation;

class GraphSchemaITCase {

  @Test
  void theIndexThatADyingServerLeftWithoutItsConstraintIsReplaced() throws Exception {
    TestNeo4j neo4j = TestNeo4j.sharedAndEmpty();
    create(neo4j);
    List<String> all = constraints(neo4j);
    assertThat(all).hasSize(8);
    neo4j.query("DROP CONSTRAINT atom_hash", Map.of());
    neo4j.query("DROP CONSTRAINT row_key", Map.of());
    neo4j.inKernel(
        transaction -> {
          leaveIndex(transaction, "atom_hash", "Atom", "hash");
          leaveIndex(transaction, "row_key", "Row", "tableId", "keyHash");
        });
    assertThat(constraints(neo4j)).hasSize(6);

    create(neo4j);

    assertThat(constraints(neo4j)).isEqualTo(all);
  }

  /** The first of the two steps in which the server makes a constraint. */
  private static void leaveIndex(
      KernelTransaction transaction, String name, String label, String... properties)
      throws Exception {
    int[] ids = new int[properties.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = transaction.tokenWrite().propertyKeyGetOrCreateForName(properties[i]);
    }
    ((KernelTransactionImplementation) transaction)
        .indexUniqueCreate(
            IndexPrototype.uniqueForSchema(
                    SchemaDescriptors.forLabel(
                        transaction.tokenWrite().labelGetOrCreateForName(label), ids),
                    AllIndexProviderDescriptors.RANGE_DESCRIPTOR)
                .withName(name));
  }

  private static void create(TestNeo4j neo4j) throws Exception {
    try (Driver driver = neo4j.options().open()) {
      GraphSchema.create(driver, SessionConfig.defaultConfig());
    }
  }

  /** Names of the constraints whose index can be used. */
  private static List<String> constraints(TestNeo4j neo4j) {
    return neo4j
        .query(
            "SHOW INDEXES YIELD name, owningConstraint, state"
                + " WHERE owningConstraint = name AND state = 'ONLINE' RETURN name ORDER BY name",
            Map.of())
        .stream()
        .map(row -> row.get("name").asString())
        .toList();
  }
}
