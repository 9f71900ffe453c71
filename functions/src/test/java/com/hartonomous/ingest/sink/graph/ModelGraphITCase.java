package com.hartonomous.ingest.sink.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.sink.graph.GraphElement.Key;
import com.hartonomous.ingest.testing.TestNeo4j;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelGraphITCase {

  private static final int MODEL = 7;
  private static final int SLOTS = 4;
  private static final int BATCH = 5;
  private static final int TENSORS = 12;
  private static final int CHUNKS_IN_TENSOR = 4;
  private static final int NODES = 11;

  private static final String PICTURE =
      "MATCH (n) WHERE NOT n:Fence AND NOT n:FenceCounter"
          + " WITH n, labels(n)[0] + ' ' + coalesce(toString(n.modelId), '') + ' '"
          + " + coalesce(toString(n.tensorId), n.hash, toString(n.modelFileId), '') AS name"
          + " OPTIONAL MATCH (n)-[r]->(e)"
          + " WITH name, properties(n) AS own, type(r) AS type, properties(r) AS relationship,"
          + " coalesce(e.hash, toString(e.tensorId), toString(e.modelFileId)) AS end"
          + " RETURN name, own, type, relationship, end";

  private TestNeo4j neo4j;
  private FakeGraphTables tables;
  private GraphConnection connection;

  @BeforeEach
  void emptyGraph() throws IOException {
    neo4j = TestNeo4j.sharedAndEmpty();
    tables = new FakeGraphTables();
    connection = GraphConnection.open(neo4j.options(), SLOTS);
  }

  @AfterEach
  void close() {
    connection.close();
  }

  @Test
  void aModelThatIsNotCompleteHasOnlyItsNode() throws SQLException {
    fillModel();
    tables.model = model("INGESTING");
    synchronize(GraphLevel.CHUNK);
    assertThat(count("MATCH (n:Model {state: 'INGESTING'})")).isEqualTo(1);
    assertThat(count("MATCH (n:Model)-[r]-()")).isZero();
    assertThat(count("MATCH (n:Tensor)")).isZero();
  }

  @Test
  void aCompleteModelHasAllOfTheLevel() throws SQLException {
    fillModel();
    synchronize(GraphLevel.TENSOR);
    assertThat(count("MATCH (:Model {modelId: 7})-[:HAS_TENSOR]->(n:Tensor {modelId: 7})"))
        .isEqualTo(TENSORS);
    assertThat(count("MATCH (:Tensor)-[n:STORED_AS]->(:Atom)"))
        .isEqualTo(TENSORS * CHUNKS_IN_TENSOR);
    assertThat(count("MATCH (:Model)-[n:HAS_NODE]->(:Atom)")).isEqualTo(NODES);
    assertThat(count("MATCH (n:File)")).isZero();
    synchronize(GraphLevel.CHUNK);
    assertThat(count("MATCH (:Model)-[:HAS_FILE]->(:File)-[n:HAS_CHUNK]->(:Atom)"))
        .isEqualTo(TENSORS * CHUNKS_IN_TENSOR);
    synchronize(GraphLevel.TENSOR);
    assertThat(count("MATCH (n:File)")).isZero();
    assertThat(
            neo4j
                .query("MATCH (m:Model) RETURN properties(m) AS p", Map.of())
                .get(0)
                .get("p")
                .asMap())
        .isEqualTo(
            Map.of(
                "modelId",
                7L,
                "tenantId",
                3L,
                "name",
                "small",
                "state",
                "COMPLETE",
                "format",
                "safetensors",
                "digest",
                Sha256.ofText("digest").toHex()));
  }

  @Test
  void aReplayChangesNothing() throws SQLException {
    fillModel();
    synchronize(GraphLevel.CHUNK);
    List<String> before = identities();
    synchronize(GraphLevel.CHUNK);
    assertThat(identities()).isEqualTo(before);
  }

  @Test
  void aDeletedModelLeavesNothingButAtoms() throws SQLException {
    fillModel();
    synchronize(GraphLevel.CHUNK);
    long atoms = count("MATCH (n:Atom)");
    tables.model = null;
    synchronize(GraphLevel.CHUNK);
    assertThat(count("MATCH (n:Atom)")).isEqualTo(atoms);
    assertThat(count("MATCH (n) WHERE NOT n:Atom AND NOT n:Fence AND NOT n:FenceCounter")).isZero();
  }

  @Test
  void whatAFailedModelShowedBeforeIsRemoved() throws SQLException {
    fillModel();
    synchronize(GraphLevel.CHUNK);
    tables.model = model("FAILED");
    synchronize(GraphLevel.CHUNK);
    assertThat(count("MATCH (n:Model)")).isEqualTo(1);
    assertThat(count("MATCH (:Model)-[n]-()")).isZero();
    assertThat(count("MATCH (n:Tensor)")).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MATCH (t:Tensor {tensorId: 3}) DETACH DELETE t",
        "MATCH (t:Tensor {tensorId: 3}) SET t.name = 'other', t.dtype = null",
        "MATCH (:Model)-[r:HAS_TENSOR]->(t:Tensor {tensorId: 5}) DELETE r",
        "MATCH (m:Model) CREATE (m)-[:HAS_TENSOR]->(t:Tensor {modelId: 7, tensorId: 99})"
            + " WITH t MATCH (a:Atom) CREATE (t)-[:STORED_AS {position: 0}]->(a)",
        "MATCH (t:Tensor)-[r:STORED_AS {position: 2}]->() DELETE r",
        "MATCH (t:Tensor)-[r:STORED_AS]->() SET r.position = r.position + 1",
        "MATCH (t:Tensor {tensorId: 4})-[r:STORED_AS]->() SET r.position = null",
        "MATCH (t:Tensor {tensorId: 4}), (a:Atom) CREATE (t)-[:STORED_AS {position: 1}]->(a)",
        "MATCH (m:Model)-[r:HAS_NODE]->() DELETE r",
        "MATCH (m:Model)-[r:HAS_NODE]->(a) CREATE (m)-[s:HAS_NODE]->(a) SET s = properties(r)",
        "MATCH (f:File)-[r:HAS_CHUNK]->() WHERE r.index % 2 = 0 SET r.offset = 17",
        "MATCH (m:Model)-[r:HAS_FILE]->() DELETE r",
        "MATCH (a:Atom) SET a.byteLength = 1, a.contentType = 'x'",
        "MATCH (n) WHERE NOT n:Fence AND NOT n:FenceCounter DETACH DELETE n"
      })
  void anythingThatDiffersIsMended(String tampering) throws SQLException {
    fillModel();
    synchronize(GraphLevel.CHUNK);
    List<String> right = picture();
    neo4j.query(tampering, Map.of());
    assertThat(picture()).isNotEqualTo(right);
    synchronize(GraphLevel.CHUNK);
    assertThat(picture()).containsExactlyInAnyOrderElementsOf(right);
  }

  @Test
  void convergesWhenItDiesBetweenTransactionsAtAnySeededPlace() throws SQLException {
    fillModel();
    synchronize(GraphLevel.CHUNK);
    List<String> complete = picture();
    neo4j.query("MATCH (n) WHERE NOT n:Fence AND NOT n:FenceCounter DETACH DELETE n", Map.of());
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    for (int round = 0; round < 20; round++) {
      int pagesMax = random.nextInt(30);
      boolean died = !synchronizeUntilPage(pagesMax);
      assertThat(died || picture().equals(complete)).as("seed %d, round %d", seed, round).isTrue();
    }
    synchronize(GraphLevel.CHUNK);
    assertThat(picture()).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(complete);
  }

  @Test
  void aStaleWriterDoesNotOverwriteWhatItsSuccessorWrote() throws Exception {
    fillModel();
    synchronize(GraphLevel.TENSOR);
    try (GraphConnection successor = GraphConnection.open(neo4j.options(), SLOTS)) {
      FakeGraphTables newer = new FakeGraphTables();
      new ModelGraph(newer, successor.transactions(), GraphLevel.TENSOR, SLOTS, BATCH)
          .synchronize(MODEL);
    }
    assertThatThrownBy(() -> synchronize(GraphLevel.TENSOR))
        .isInstanceOf(StaleGraphWriterException.class);
    assertThat(count("MATCH (n:Model)")).isZero();
    assertThat(count("MATCH (n:Tensor)")).isZero();
  }

  /** Returns whether it came to its end. */
  private boolean synchronizeUntilPage(int pagesMax) throws SQLException {
    int[] pages = {0};
    GraphTables dying =
        new GraphTablesDecorator(tables) {
          @Override
          public ElementPages elements(ElementKind kind, int modelId) {
            ElementPages delegate = super.elements(kind, modelId);
            return limit -> {
              if (pages[0]++ == pagesMax) {
                throw new SQLException("seeded failure before page " + pagesMax);
              }
              return delegate.next(limit);
            };
          }
        };
    try {
      new ModelGraph(dying, connection.transactions(), GraphLevel.CHUNK, SLOTS, BATCH)
          .synchronize(MODEL);
      return true;
    } catch (SQLException e) {
      assertThat(e.getMessage()).startsWith("seeded failure");
      return false;
    }
  }

  private void synchronize(GraphLevel level) throws SQLException {
    new ModelGraph(tables, connection.transactions(), level, SLOTS, BATCH).synchronize(MODEL);
  }

  private static ModelNode model(String state) {
    return new ModelNode(
        MODEL,
        3,
        "small",
        state,
        "safetensors",
        state.equals("COMPLETE") ? Sha256.ofText("digest") : null);
  }

  private void fillModel() {
    tables.model = model("COMPLETE");
    List<GraphElement> tensors = new ArrayList<>();
    List<GraphElement> storedAs = new ArrayList<>();
    List<GraphElement> chunks = new ArrayList<>();
    for (int tensor = 0; tensor < TENSORS; tensor++) {
      tensors.add(
          GraphElement.node(
              tensor, Map.of("name", "w" + tensor, "dtype", "F32", "dimensions", "[2,3]")));
      for (int position = 0; position < CHUNKS_IN_TENSOR; position++) {
        int chunk = tensor * CHUNKS_IN_TENSOR + position;
        // Every third chunk is the same atom.
        AtomNode atom = atom(chunk % 3 == 0 ? "shared" : "chunk " + chunk);
        storedAs.add(
            new GraphElement(new Key(tensor, position), Map.of("position", (long) position), atom));
        chunks.add(
            new GraphElement(
                new Key(1, chunk), Map.of("index", (long) chunk, "offset", chunk * 100L), atom));
      }
    }
    List<GraphElement> nodes = new ArrayList<>();
    for (int node = 0; node < NODES; node++) {
      nodes.add(
          new GraphElement(
              new Key(node, 0),
              Map.of("index", (long) node, "path", "/n" + node),
              atom("Add:" + node % 4)));
    }
    tables.elements.put(
        ElementKind.FILE, List.of(GraphElement.node(1, Map.of("path", "model.safetensors"))));
    tables.elements.put(ElementKind.TENSOR, tensors);
    tables.elements.put(ElementKind.STORED_AS, storedAs);
    tables.elements.put(ElementKind.HAS_NODE, nodes);
    tables.elements.put(ElementKind.HAS_CHUNK, chunks);
  }

  private static AtomNode atom(String text) {
    return new AtomNode(Sha256.ofText(text), "tensor/float32", text.length());
  }

  private long count(String match) {
    return neo4j.query(match + " RETURN count(n) AS n", Map.of()).get(0).get("n").asLong();
  }

  private List<String> picture() {
    return neo4j.query(PICTURE, Map.of()).stream()
        .map(row -> row.asMap().toString())
        .sorted()
        .toList();
  }

  private List<String> identities() {
    return neo4j
        .query(
            "MATCH (n) RETURN elementId(n) AS id UNION ALL MATCH ()-[r]->() RETURN elementId(r) AS"
                + " id",
            Map.of())
        .stream()
        .map(row -> row.get("id").asString())
        .sorted()
        .toList();
  }
}
