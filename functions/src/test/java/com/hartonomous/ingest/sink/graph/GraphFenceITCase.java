package com.hartonomous.ingest.sink.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.testing.TestNeo4j;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.neo4j.driver.TransactionContext;

class GraphFenceITCase {

  private static final SortedSet<Integer> SLOTS = new TreeSet<>(List.of(1, 3));

  private TestNeo4j neo4j;

  @BeforeEach
  void emptyGraph() {
    neo4j = TestNeo4j.sharedAndEmpty();
  }

  @Test
  void everyWriterHasAHigherEpochThanTheOneBefore() throws IOException {
    try (GraphConnection first = GraphConnection.open(neo4j.options(), 4);
        GraphConnection second = GraphConnection.open(neo4j.options(), 4)) {
      assertThat(second.fence().epoch()).isGreaterThan(first.fence().epoch());
    }
  }

  @Test
  void aWriterThatWasReplacedCannotWriteAnyMore() throws IOException {
    try (GraphConnection stale = GraphConnection.open(neo4j.options(), 4);
        GraphConnection current = GraphConnection.open(neo4j.options(), 4)) {
      stale.transactions().run(SLOTS, tx -> write(tx, "before"));
      current.transactions().run(SLOTS, tx -> write(tx, "current"));
      assertThatThrownBy(() -> stale.transactions().run(SLOTS, tx -> write(tx, "late")))
          .isInstanceOf(StaleGraphWriterException.class)
          .hasMessageContaining("slot 1")
          .hasMessageContaining("later instance of graph-sync");
      current.transactions().run(SLOTS, tx -> write(tx, "again"));
    }
    assertThat(written()).containsExactlyInAnyOrder("before", "current", "again");
  }

  @Test
  void aReplacedWriterKeepsTheSlotsThatNobodyTookOver() throws IOException {
    try (GraphConnection older = GraphConnection.open(neo4j.options(), 4);
        GraphConnection newer = GraphConnection.open(neo4j.options(), 4)) {
      newer.transactions().run(SLOTS, tx -> write(tx, "newer"));
      older.transactions().run(new TreeSet<>(List.of(0, 2)), tx -> write(tx, "older"));
    }
    assertThat(written()).containsExactlyInAnyOrder("newer", "older");
  }

  @Test
  void anotherNumberOfSlotsFencesAllWritersOfTheOldNumberOff() throws IOException {
    try (GraphConnection stale = GraphConnection.open(neo4j.options(), 4);
        GraphConnection current = GraphConnection.open(neo4j.options(), 8)) {
      assertThatThrownBy(
              () -> stale.transactions().run(new TreeSet<>(List.of(2)), tx -> write(tx, "late")))
          .isInstanceOf(StaleGraphWriterException.class);
      current.transactions().run(new TreeSet<>(List.of(7)), tx -> write(tx, "current"));
    }
    assertThat(written()).containsExactly("current");
  }

  @Test
  void removedFencesAreNamedAndMadeAnewAtTheNextStart() throws IOException {
    try (GraphConnection writer = GraphConnection.open(neo4j.options(), 4)) {
      neo4j.query("MATCH (f:Fence {slot: 3}) DELETE f", Map.of());
      assertThatThrownBy(() -> writer.transactions().run(SLOTS, tx -> write(tx, "late")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("Fence nodes");
    }
    try (GraphConnection writer = GraphConnection.open(neo4j.options(), 4)) {
      writer.transactions().run(SLOTS, tx -> write(tx, "current"));
    }
    assertThat(written()).containsExactly("current");
  }

  private static Void write(TransactionContext tx, String text) {
    tx.run("CREATE (:Written {text: $text})", Map.of("text", text)).consume();
    return null;
  }

  private List<String> written() {
    return neo4j.query("MATCH (n:Written) RETURN n.text AS text", Map.of()).stream()
        .map(row -> row.get("text").asString())
        .toList();
  }
}
