package com.hartonomous.ingest.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.neo4j.driver.Driver;
import org.neo4j.driver.GraphDatabase;
import org.neo4j.driver.Session;

class EmbeddedNeo4jITCase {

  @Test
  void keepsItsDataInADirectory(@TempDir Path directory) throws IOException {
    try (EmbeddedNeo4j neo4j = EmbeddedNeo4j.start(0, directory.resolve("neo4j"))) {
      assertThat(run(neo4j, "CREATE (n:Kept {value: 7}) RETURN n.value")).isEqualTo(7);
    }
    try (EmbeddedNeo4j neo4j = EmbeddedNeo4j.start(0, directory.resolve("neo4j"))) {
      assertThat(run(neo4j, "MATCH (n:Kept) RETURN n.value")).isEqualTo(7);
    }
  }

  @Test
  void namesAPortThatIsTaken() throws IOException {
    try (EmbeddedNeo4j neo4j = EmbeddedNeo4j.start(0)) {
      assertThatThrownBy(() -> EmbeddedNeo4j.start(neo4j.boltPort()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Port " + neo4j.boltPort())
          .hasMessageContaining("in use");
    }
  }

  private static int run(EmbeddedNeo4j neo4j, String cypher) {
    try (Driver driver = GraphDatabase.driver(neo4j.boltUri());
        Session session = driver.session()) {
      return session.run(cypher).single().get(0).asInt();
    }
  }
}
