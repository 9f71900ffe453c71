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
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.contrib.streaming.state.EmbeddedRocksDBStateBackend;
import org.apache.flink.runtime.checkpoint.StateObjectCollection;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

/**
 * What an entry of keyed state takes in a checkpoint of RocksDB. State of millions of atoms and
 * rows is paid for at each restore; a serializer that grows unnoticed would double it.
 */
class StateSizeTest {

  private static final int ENTRIES = 20_000;

  /** Of the entry beside the 32 bytes of its key's hash. */
  private static final int ENTRY_BYTES_MAX = 100;

  @Test
  void anAtomTakesLittleMoreThanItsHash() throws Exception {
    try (var harness =
        new KeyedOneInputStreamOperatorTestHarness<Sha256, AtomReference, AtomReference>(
            new KeyedProcessOperator<>(new DeduplicateAtoms()),
            AtomReference::hash,
            TypeInformation.of(Sha256.class))) {
      harness.setStateBackend(new EmbeddedRocksDBStateBackend(false));
      harness.open();
      for (int i = 0; i < ENTRIES; i++) {
        harness.processElement(AtomReference.ofRow(hash(i), "text/plain", null, null), i);
        harness.getOutput().clear();
      }
      assertThat(bytesPerEntry(harness)).isBetween(Sha256.LENGTH, Sha256.LENGTH + ENTRY_BYTES_MAX);
    }
  }

  @Test
  void aReferenceOfARowTakesLittleMoreThanItsHash() throws Exception {
    int rowOfOne = bytesPerRow(1);
    int rowOfThree = bytesPerRow(3);
    assertThat((rowOfThree - rowOfOne) / 2)
        .as("a reference more")
        .isBetween(Sha256.LENGTH, Sha256.LENGTH + ENTRY_BYTES_MAX);
    assertThat(rowOfOne)
        .as("key, version and one reference")
        .isBetween(2 * Sha256.LENGTH, 2 * (Sha256.LENGTH + ENTRY_BYTES_MAX));
  }

  private static int bytesPerRow(int segments) throws Exception {
    try (var harness =
        new KeyedOneInputStreamOperatorTestHarness<RowKey, HashedRow, AtomReference>(
            new KeyedProcessOperator<>(new CompareRows()),
            HashedRow::key,
            TypeInformation.of(RowKey.class))) {
      harness.setStateBackend(new EmbeddedRocksDBStateBackend(false));
      harness.open();
      for (int i = 0; i < ENTRIES; i++) {
        HashedSegment[] hashed = new HashedSegment[segments];
        for (int column = 0; column < segments; column++) {
          hashed[column] =
              new HashedSegment(
                  new Segment(column, 0, "text/plain", new byte[0]), hash(i * segments + column));
        }
        harness.processElement(
            new HashedRow(
                RowEvent.CHANGE,
                new RowKey(1, hash(-1 - i)),
                "{}",
                1,
                new RowVersion(new Lsn(100, i), new Lsn(90, i), 4),
                hashed,
                new StoredSegment[0]),
            i);
        harness.getOutput().clear();
      }
      return bytesPerEntry(harness);
    }
  }

  private static int bytesPerEntry(KeyedOneInputStreamOperatorTestHarness<?, ?, ?> harness)
      throws Exception {
    StateObjectCollection<KeyedStateHandle> handles = harness.snapshot(1, 1).getManagedKeyedState();
    long bytes = handles.stream().mapToLong(KeyedStateHandle::getStateSize).sum();
    return Math.toIntExact(bytes / ENTRIES);
  }

  private static Sha256 hash(int i) {
    return Sha256.ofText("content " + i);
  }
}
