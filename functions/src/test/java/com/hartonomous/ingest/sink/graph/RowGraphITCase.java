package com.hartonomous.ingest.sink.graph;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.testing.TestNeo4j;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowGraphITCase {

  private static final int SLOTS = 4;
  private static final int BATCH = 5;

  private TestNeo4j neo4j;
  private FakeGraphTables tables;
  private GraphConnection connection;

  @BeforeEach
  void emptyGraph() throws IOException {
    neo4j = TestNeo4j.sharedAndEmpty();
    tables = new FakeGraphTables();
    tables.tableNames.put(1, "dbo.Documents");
    tables.tableNames.put(2, "dbo.Notes");
    connection = GraphConnection.open(neo4j.options(), SLOTS);
  }

  @AfterEach
  void close() {
    connection.close();
  }

  @Test
  void showsARowWithItsTableAndContents() throws SQLException {
    RowKey key = put(1, 42, "Title=hello", "Body=world", "Summary=hello");
    synchronize(Set.of(key));
    assertThat(
            neo4j
                .query(
                    "MATCH (t:Table)<-[:ROW_OF]-(r:Row) RETURN t {.*} AS t, r {.*} AS r", Map.of())
                .get(0)
                .asMap())
        .isEqualTo(
            Map.of(
                "t", Map.of("tableId", 1L, "name", "dbo.Documents"),
                "r",
                    Map.of("tableId", 1L, "keyHash", key.keyHash().toHex(), "key", "{\"Id\":42}")));
    assertThat(picture()).isEqualTo(wanted());
    assertThat(
            neo4j
                .query("MATCH (a:Atom {hash: $h}) RETURN a {.*} AS a", Map.of("h", hash("hello")))
                .get(0)
                .get("a")
                .asMap())
        .isEqualTo(Map.of("hash", hash("hello"), "contentType", "text/plain", "byteLength", 5L));
  }

  @Test
  void followsRandomChangesAndReplays() throws SQLException {
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    for (int round = 0; round < 30; round++) {
      Set<RowKey> changed = new HashSet<>();
      for (int change = 0; change < 12; change++) {
        changed.add(changeSomeRow(random));
      }
      synchronize(changed);
      assertThat(picture()).as("seed %d, round %d", seed, round).isEqualTo(wanted());
      synchronize(changed);
      assertThat(picture()).as("replay, seed %d, round %d", seed, round).isEqualTo(wanted());
    }
  }

  private RowKey changeSomeRow(Random random) {
    int table = 1 + random.nextInt(2);
    int id = random.nextInt(15);
    if (random.nextInt(3) == 0) {
      RowKey key = key(table, id);
      tables.rows.remove(key);
      return key;
    }
    List<String> contents = new ArrayList<>();
    for (String column : List.of("Title", "Body", "Summary")) {
      if (random.nextInt(4) > 0) {
        contents.add(column + "=text " + random.nextInt(6));
      }
    }
    if (contents.isEmpty()) {
      contents.add("Title=");
    }
    return put(table, id, contents.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MATCH (r:Row) SET r.key = 'other'",
        "MATCH (:Row)-[o:ROW_OF]->() DELETE o",
        "MATCH (r:Row) CREATE (r)-[:ROW_OF]->(:Table {tableId: 2, name: 'dbo.Notes'})",
        "MATCH (:Row)-[c:HAS_CONTENT {column: 'Title'}]->() DELETE c",
        "MATCH (r:Row)-[c:HAS_CONTENT]->(a) CREATE (r)-[d:HAS_CONTENT]->(a) SET d = properties(c)",
        "MATCH (r:Row)-[c:HAS_CONTENT]->() SET c.segment = null",
        "MATCH (r:Row), (a:Atom) CREATE (r)-[:HAS_CONTENT {column: 'Body', segment: 1}]->(a)",
        "MATCH (t:Table {tableId: 1}) SET t.name = 'x'",
        "MATCH (r:Row) DETACH DELETE r"
      })
  void anythingThatDiffersIsMended(String tampering) throws SQLException {
    RowKey key = put(1, 42, "Title=hello", "Body=world");
    synchronize(Set.of(key));
    neo4j.query(tampering, Map.of());
    synchronize(Set.of(key));
    assertThat(picture()).isEqualTo(wanted());
    assertThat(
            neo4j.query(
                "MATCH (:Row {key: '{\"Id\":42}'})-[o:ROW_OF]->(t:Table {tableId: 1, name:"
                    + " 'dbo.Documents'}) RETURN o",
                Map.of()))
        .hasSize(1);
    assertThat(neo4j.query("MATCH (:Row)-[o:ROW_OF]->() RETURN o", Map.of())).hasSize(1);
  }

  private void synchronize(Set<RowKey> keys) throws SQLException {
    new RowGraph(tables, connection.transactions(), SLOTS, BATCH).synchronize(keys);
  }

  private static RowKey key(int table, int id) {
    return new RowKey(table, Sha256.ofText("{\"Id\":" + id + "}"));
  }

  private RowKey put(int table, int id, String... columnsAndTexts) {
    RowKey key = key(table, id);
    List<RowNode.Content> contents = new ArrayList<>();
    for (String columnAndText : columnsAndTexts) {
      String[] parts = columnAndText.split("=", 2);
      AtomNode atom = new AtomNode(Sha256.ofText(parts[1]), "text/plain", parts[1].length());
      contents.add(new RowNode.Content(parts[0], 0, atom));
    }
    tables.rows.put(key, new RowNode(key, "{\"Id\":" + id + "}", contents));
    return key;
  }

  private static String hash(String text) {
    return Sha256.ofText(text).toHex();
  }

  private Set<String> wanted() {
    Set<String> lines = new TreeSet<>();
    tables.rows.forEach(
        (key, row) ->
            row.contents()
                .forEach(
                    content ->
                        lines.add(
                            line(
                                key.tableId(),
                                row.keyText(),
                                content.column(),
                                content.segment(),
                                content.atom().hash().toHex()))));
    return lines;
  }

  /** A list turned into a set would hide relationships that are there twice. */
  private Set<String> picture() {
    List<String> lines =
        neo4j
            .query(
                "MATCH (r:Row) OPTIONAL MATCH (r)-[c:HAS_CONTENT]->(a)"
                    + " RETURN r.tableId AS t, r.key AS k, c.column AS c, c.segment AS s,"
                    + " a.hash AS h",
                Map.of())
            .stream()
            .map(
                row ->
                    line(
                        row.get("t").asInt(),
                        row.get("k").asString(),
                        row.get("c").asString(),
                        row.get("s").asInt(-1),
                        row.get("h").asString()))
            .toList();
    assertThat(lines).doesNotHaveDuplicates();
    return new TreeSet<>(lines);
  }

  private static String line(int table, String key, String column, int segment, String hash) {
    return String.join("|", "" + table, key, column, "" + segment, hash);
  }
}
