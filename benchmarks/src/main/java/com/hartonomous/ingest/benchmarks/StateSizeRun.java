package com.hartonomous.ingest.benchmarks;

import com.hartonomous.ingest.deduplicate.CompareRows;
import com.hartonomous.ingest.deduplicate.DeduplicateAtoms;
import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.HashedRow;
import com.hartonomous.ingest.record.HashedSegment;
import com.hartonomous.ingest.record.Lsn;
import com.hartonomous.ingest.record.RowEvent;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.RowReference;
import com.hartonomous.ingest.record.RowVersion;
import com.hartonomous.ingest.record.Segment;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.record.StoredSegment;
import com.hartonomous.ingest.runtime.OperatorUids;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.LongFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.contrib.streaming.state.EmbeddedRocksDBStateBackend;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;

/**
 * The keyed state of the two stages that have some, in RocksDB with incremental checkpoints as the
 * job configures it, measured by the size of a checkpoint. One thread, no network.
 */
final class StateSizeRun {

  /**
   * What a state took.
   *
   * @param bytes of the checkpoint
   * @param writing all keys for the first time
   * @param reading them all once more, when each is known
   */
  record Result(long keys, long bytes, Duration writing, Duration reading) {
    double bytesPerKey() {
      return (double) bytes / keys;
    }

    double readsPerSecond() {
      return keys / (reading.toMillis() / 1e3);
    }

    double writesPerSecond() {
      return keys / (writing.toMillis() / 1e3);
    }
  }

  /** Of RocksDB: its write buffers and caches. A slot's share of a small TaskManager. */
  private static final String MEMORY = "128mb";

  private final Path directory;

  /**
   * @param directory takes the checkpoints
   */
  StateSizeRun(Path directory) {
    this.directory = directory;
  }

  /** Of {@link DeduplicateAtoms}: atoms that are all different. */
  Result ofAtoms(long atoms) throws Exception {
    return run(
        atoms,
        new DeduplicateAtoms(),
        AtomReference::hash,
        TypeInformation.of(Sha256.class),
        StateSizeRun::reference);
  }

  /** Of {@link CompareRows}: rows of so many references each. */
  Result ofRows(long rows, int references) throws Exception {
    return run(
        rows,
        new CompareRows(),
        HashedRow::key,
        TypeInformation.of(RowKey.class),
        i -> row(i, references));
  }

  private <K, T> Result run(
      long keys,
      KeyedProcessFunction<K, T, AtomReference> stage,
      KeySelector<T, K> key,
      TypeInformation<K> keyType,
      LongFunction<T> element)
      throws Exception {
    try (var harness =
        new KeyedOneInputStreamOperatorTestHarness<K, T, AtomReference>(
            new KeyedProcessOperator<>(stage), key, keyType, OperatorUids.MAX_PARALLELISM, 1, 0)) {
      EmbeddedRocksDBStateBackend backend = new EmbeddedRocksDBStateBackend(true);
      // The harness's managed memory is so small that RocksDB would flush every few keys.
      backend.getMemoryConfiguration().setFixedMemoryPerSlot(MEMORY);
      harness.setStateBackend(backend);
      harness.setCheckpointStorage(new FileSystemCheckpointStorage(directory.toUri()));
      harness.open();
      Duration writing = process(keys, element, harness);
      long bytes =
          harness.snapshot(1, 1).getManagedKeyedState().stream()
              .mapToLong(KeyedStateHandle::getStateSize)
              .sum();
      return new Result(keys, bytes, writing, process(keys, element, harness));
    }
  }

  private static <T> Duration process(
      long keys,
      LongFunction<T> element,
      KeyedOneInputStreamOperatorTestHarness<?, T, AtomReference> harness)
      throws Exception {
    long begin = System.nanoTime();
    for (long i = 0; i < keys; i++) {
      harness.processElement(element.apply(i), i);
      harness.getOutput().clear();
    }
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  private static AtomReference reference(long i) {
    return AtomReference.ofRow(
        Sha256.ofText("atom " + i),
        "text/plain",
        new byte[0],
        new RowReference(rowKey(i), "{}", 1, 0));
  }

  private static HashedRow row(long i, int references) {
    HashedSegment[] segments = new HashedSegment[references];
    for (int column = 0; column < references; column++) {
      segments[column] =
          new HashedSegment(
              new Segment(column, 0, "text/plain", new byte[0]),
              Sha256.ofText(i + " column " + column));
    }
    int sequence = (int) (i % 1000);
    return new HashedRow(
        RowEvent.CHANGE,
        rowKey(i),
        "{}",
        1,
        new RowVersion(new Lsn(i, sequence), new Lsn(i, sequence), 4),
        segments,
        new StoredSegment[0]);
  }

  private static RowKey rowKey(long i) {
    return new RowKey(1, Sha256.ofText("row " + i));
  }
}
