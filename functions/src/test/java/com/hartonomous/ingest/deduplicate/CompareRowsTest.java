package com.hartonomous.ingest.deduplicate;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.HashedRow;
import com.hartonomous.ingest.record.HashedSegment;
import com.hartonomous.ingest.record.Lsn;
import com.hartonomous.ingest.record.RowEvent;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.RowVersion;
import com.hartonomous.ingest.record.Segment;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.record.StoredSegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.streaming.util.ProcessFunctionTestHarnesses;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CompareRowsTest {

  private static final RowKey KEY = new RowKey(1, Sha256.ofText("{\"Id\":1}"));

  private KeyedOneInputStreamOperatorTestHarness<RowKey, HashedRow, AtomReference> harness;

  @BeforeEach
  void open() throws Exception {
    harness =
        ProcessFunctionTestHarnesses.forKeyedProcessFunction(
            new CompareRows(), HashedRow::key, TypeInformation.of(RowKey.class));
  }

  @AfterEach
  void close() throws Exception {
    harness.close();
  }

  @Test
  void insertUpdateDelete() throws Exception {
    assertThat(apply(1, at(10, 2), "A")).containsExactly("+1:A");
    assertThat(apply(1, at(11, 4), "B")).containsExactly("-1:A", "+1:B");
    assertThat(apply(1, at(12, 1))).containsExactly("-1:B");
    assertThat(harness.numKeyedStateEntries()).isZero();
  }

  @Test
  void backToAnEarlierValue() throws Exception {
    apply(1, at(10, 2), "A");
    apply(1, at(11, 4), "B");
    assertThat(apply(1, at(12, 4), "A")).containsExactly("-1:B", "+1:A");
  }

  @Test
  void unchangedColumnsAreLeftAlone() throws Exception {
    apply(1, at(10, 2), "A", "X");
    assertThat(apply(1, at(11, 4), "A", "Y")).containsExactly("-2:X", "+2:Y");
    assertThat(apply(1, at(12, 4), "A", null)).containsExactly("-2:Y");
  }

  @Test
  void sameTextInTwoColumnsIsTwoReferences() throws Exception {
    assertThat(apply(1, at(10, 2), "A", "A")).containsExactly("+1:A", "+2:A");
    assertThat(apply(1, at(11, 4), "A", "B")).containsExactly("-2:A", "+2:B");
  }

  @Test
  void replayedAndOlderEventsChangeNothing() throws Exception {
    apply(1, at(10, 2), "A");
    apply(1, at(11, 4), "B");
    assertThat(apply(1, at(11, 4), "B")).isEmpty();
    assertThat(apply(1, at(10, 2), "A")).isEmpty();
  }

  @Test
  void eventsOfOneTransactionAreOrderedBySequenceThenOperation() throws Exception {
    RowVersion delete = new RowVersion(new Lsn(10, 1), new Lsn(5, 1), 1);
    RowVersion insert = new RowVersion(new Lsn(10, 1), new Lsn(5, 1), 2);
    RowVersion later = new RowVersion(new Lsn(10, 1), new Lsn(6, 1), 4);
    apply(1, at(9, 2), "A");
    assertThat(apply(1, delete)).containsExactly("-1:A");
    assertThat(apply(1, insert, "B")).containsExactly("+1:B");
    assertThat(apply(1, later, "C")).containsExactly("-1:B", "+1:C");
    assertThat(apply(1, insert, "B")).isEmpty();
  }

  @Test
  void aSnapshotReadAgainReplacesTheEarlierReading() throws Exception {
    apply(1, RowVersion.SNAPSHOT, "A");
    assertThat(apply(1, RowVersion.SNAPSHOT, "B")).containsExactly("-1:A", "+1:B");
    assertThat(apply(1, at(10, 4), "C")).containsExactly("-1:B", "+1:C");
    assertThat(apply(1, RowVersion.SNAPSHOT, "B")).isEmpty();
  }

  @Test
  void stateOfAnotherGenerationCountsAsEmpty() throws Exception {
    apply(1, at(10, 2), "A");
    assertThat(apply(2, RowVersion.SNAPSHOT, "A")).containsExactly("+1:A");
    assertThat(apply(1, at(11, 4), "B")).isEmpty();
  }

  @Test
  void presentCarriesContentAndAbsentDoesNot() throws Exception {
    apply(1, at(10, 2), "A");
    harness.processElement(row(1, at(11, 4), "B"), 0);
    List<AtomReference> output = harness.extractOutputValues();
    AtomReference absent = output.get(1);
    AtomReference present = output.get(2);
    assertThat(absent.present()).isFalse();
    assertThat(absent.inlineContent()).isNull();
    assertThat(present.inlineContent()).isEqualTo("B".getBytes(StandardCharsets.UTF_16LE));
    assertThat(present.row().keyText()).isEqualTo("{\"Id\":1}");
  }

  @Test
  void aSweepRemovesWhatTheStateDoesNotHold() throws Exception {
    apply(1, RowVersion.SNAPSHOT, "B", "X");
    assertThat(sweep(1, stored(1, "A"), stored(1, "B"), stored(2, "X"), stored(3, "X")))
        .containsExactly("-1:A", "-3:X");
    // The state is as it was.
    assertThat(apply(1, at(10, 4), "B", "Y")).containsExactly("-2:X", "+2:Y");
  }

  @Test
  void aSweepOfARowThatIsGoneRemovesEverything() throws Exception {
    assertThat(sweep(1, stored(1, "A"))).containsExactly("-1:A");
    assertThat(harness.numKeyedStateEntries()).isZero();
  }

  @Test
  void aSweepDoesNotTrustTheStateOfAnotherGeneration() throws Exception {
    apply(1, at(10, 2), "A");
    assertThat(sweep(2, stored(1, "A"))).containsExactly("-1:A");
    assertThat(harness.numKeyedStateEntries()).as("state that nobody asks for").isZero();
    apply(2, RowVersion.SNAPSHOT, "A");
    assertThat(sweep(2, stored(1, "A"))).isEmpty();
  }

  @Test
  void aSweepOfAnEarlierGenerationRemovesNothing() throws Exception {
    apply(2, RowVersion.SNAPSHOT, "A");
    assertThat(sweep(1, stored(1, "A"), stored(1, "B"))).isEmpty();
    assertThat(sweep(2, stored(1, "A"), stored(1, "B"))).containsExactly("-1:B");
  }

  @Test
  void aRowThatIsDeletedBeforeTheSweepOfItsNewGenerationIsLeftToTheSweep() throws Exception {
    apply(1, at(10, 2), "A");
    assertThat(apply(2, at(20, 1))).isEmpty();
    assertThat(harness.numKeyedStateEntries()).isZero();
    assertThat(sweep(2, stored(1, "A"))).containsExactly("-1:A");
  }

  @Test
  void aReplayRepeatsWhatTheStateHoldsAndNothingElse() throws Exception {
    assertThat(replay(1, "A")).as("a row without state").isEmpty();
    apply(1, at(10, 2), "A", "X");
    assertThat(replay(1, "A", "Y")).containsExactly("+1:A");
    assertThat(replay(2, "A")).as("of another generation").isEmpty();
    // The state is as it was.
    assertThat(apply(1, at(11, 4), "B", "X")).containsExactly("-1:A", "+1:B");
    assertThat(replay(1, "A", "X")).as("the row changed").containsExactly("+2:X");
  }

  private List<String> replay(int generation, String... texts) throws Exception {
    int before = harness.extractOutputValues().size();
    HashedSegment[] segments =
        IntStream.range(0, texts.length)
            .mapToObj(
                i ->
                    new HashedSegment(
                        new Segment(
                            i + 1, 0, "text/plain", texts[i].getBytes(StandardCharsets.UTF_16LE)),
                        Sha256.ofText(texts[i])))
            .toArray(HashedSegment[]::new);
    harness.processElement(
        new HashedRow(
            RowEvent.REPLAY,
            KEY,
            "{\"Id\":1}",
            generation,
            RowVersion.SNAPSHOT,
            segments,
            new StoredSegment[0]),
        0);
    return harness.extractOutputValues().stream().skip(before).map(this::describe).toList();
  }

  private static StoredSegment stored(int columnId, String text) {
    return new StoredSegment(columnId, 0, Sha256.ofText(text));
  }

  private List<String> sweep(int generation, StoredSegment... stored) throws Exception {
    int before = harness.extractOutputValues().size();
    harness.processElement(
        new HashedRow(
            RowEvent.SWEEP,
            KEY,
            "{\"Id\":1}",
            generation,
            RowVersion.SNAPSHOT,
            new HashedSegment[0],
            stored),
        0);
    return harness.extractOutputValues().stream().skip(before).map(this::describe).toList();
  }

  private static RowVersion at(long lsn, int operation) {
    return new RowVersion(new Lsn(lsn, 1), new Lsn(lsn, 0), operation);
  }

  private static HashedRow row(int generation, RowVersion version, String... values) {
    HashedSegment[] segments =
        IntStream.range(0, values.length)
            .filter(i -> values[i] != null)
            .mapToObj(
                i ->
                    new HashedSegment(
                        new Segment(
                            i + 1, 0, "text/plain", values[i].getBytes(StandardCharsets.UTF_16LE)),
                        Sha256.ofText(values[i])))
            .toArray(HashedSegment[]::new);
    return new HashedRow(
        RowEvent.CHANGE, KEY, "{\"Id\":1}", generation, version, segments, new StoredSegment[0]);
  }

  /** Applies an event and returns what it newly emits, as sign, column and text. */
  private List<String> apply(int generation, RowVersion version, String... values)
      throws Exception {
    int before = harness.extractOutputValues().size();
    harness.processElement(row(generation, version, values), 0);
    return harness.extractOutputValues().stream().skip(before).map(this::describe).toList();
  }

  private String describe(AtomReference reference) {
    String text =
        List.of("A", "B", "C", "X", "Y").stream()
            .filter(candidate -> Sha256.ofText(candidate).equals(reference.hash()))
            .findFirst()
            .orElseThrow();
    return (reference.present() ? "+" : "-") + reference.row().columnId() + ":" + text;
  }
}
