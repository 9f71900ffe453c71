package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.format.ChunkPlan.Chunk;
import com.hartonomous.ingest.format.ChunkPlan.Section;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ChunkPlanTest {
  private static final int SIZE = ChunkPlan.CHUNK_SIZE_MIN;

  @Test
  void tensorsAreCutFromTheirOwnStartAndTheBytesBetweenAreChunksToo() {
    ChunkPlan plan =
        ChunkPlan.of(layout(10 + 2 * SIZE + 8, range(10, SIZE + 5), range(SIZE + 15, 1)), SIZE);

    assertThat(plan.sections())
        .containsExactly(
            new Section(0, 0, 10, "model/bytes"),
            new Section(1, 10, SIZE + 5, "tensor/uint8"),
            new Section(3, SIZE + 15, 1, "tensor/uint8"),
            new Section(4, SIZE + 16, SIZE + 2, "model/bytes"));
    assertThat(chunks(plan, 0))
        .containsExactly(
            new Chunk(0, 0, 10, "model/bytes"),
            new Chunk(1, 10, SIZE, "tensor/uint8"),
            new Chunk(2, 10 + SIZE, 5, "tensor/uint8"),
            new Chunk(3, SIZE + 15, 1, "tensor/uint8"),
            new Chunk(4, SIZE + 16, SIZE, "model/bytes"),
            new Chunk(5, 2 * SIZE + 16, 2, "model/bytes"));
  }

  @Test
  void sharedAndOverlappingBytesAppearOnce() {
    ChunkPlan plan =
        ChunkPlan.of(
            layout(100, range(10, 20), range(10, 20), range(10, 5), range(25, 10), range(40, 0)),
            SIZE);

    assertThat(plan.sections())
        .containsExactly(
            new Section(0, 0, 10, "model/bytes"),
            new Section(1, 10, 20, "tensor/uint8"),
            new Section(2, 30, 5, "tensor/uint8"),
            new Section(3, 35, 65, "model/bytes"));
  }

  @Test
  void onePackedRunIsARangeWhileReencodedAndExternalValuesAreNot() {
    TensorStorage packed =
        new TensorStorage.TypedData(
            TensorStorage.Encoding.FIXED_4_BYTES, List.of(new TensorStorage.Run(8, 8, false)), 8);
    TensorStorage tagged =
        new TensorStorage.TypedData(
            TensorStorage.Encoding.FIXED_4_BYTES, List.of(new TensorStorage.Run(20, 10, true)), 8);
    TensorStorage varints =
        new TensorStorage.TypedData(
            TensorStorage.Encoding.VARINT_TO_1_BYTE,
            List.of(new TensorStorage.Run(30, 4, false)),
            4);
    TensorStorage external = new TensorStorage.External("data.bin", 3, 4);
    ModelLayout layout = layout(40, packed, tagged, varints, external);

    assertThat(ChunkPlan.of(layout, SIZE).sections())
        .containsExactly(
            new Section(0, 0, 8, "model/bytes"),
            new Section(1, 8, 8, "tensor/uint8"),
            new Section(2, 16, 24, "model/bytes"));
    ModelContents contents =
        new ModelContents(
            "test",
            "{}",
            List.of(new ModelContents.WeightFile("sub/model", layout)),
            List.of("sub/model", "sub/data.bin"),
            false,
            List.of());
    assertThat(contents.tensorRanges()).containsOnlyKeys("sub/model", "sub/data.bin");
    assertThat(ChunkPlan.of(10, contents.tensorRanges().get("sub/data.bin"), SIZE).sections())
        .containsExactly(
            new Section(0, 0, 3, "model/bytes"),
            new Section(1, 3, 4, "tensor/uint8"),
            new Section(2, 7, 3, "model/bytes"));
    assertThat(layout.externalLocations()).containsExactly("data.bin");
  }

  @Test
  void anEmptyFileHasNoChunks() {
    ChunkPlan plan = ChunkPlan.of(layout(0), SIZE);

    assertThat(plan.chunkCount()).isZero();
    assertThat(plan.chunksFrom(0).hasNext()).isFalse();
    assertThatThrownBy(() -> plan.chunksFrom(0).next()).isInstanceOf(NoSuchElementException.class);
    assertThatThrownBy(() -> plan.chunk(0)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void sizesOutOfRangeAreRefused() {
    for (int size : new int[] {-1, 0, ChunkPlan.CHUNK_SIZE_MIN - 1, ChunkPlan.CHUNK_SIZE_MAX + 1}) {
      assertThatThrownBy(() -> ChunkPlan.of(layout(1), size))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("from 65536 to 67108864 bytes, found " + size);
    }
    assertThatThrownBy(() -> ChunkPlan.of(layout(10, range(5, 6)), SIZE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("10 bytes, found 11");
  }

  @Test
  void filesBeyondTwoGibibytesAreArithmeticOnly() {
    long length = 5L << 40;
    ChunkPlan plan = ChunkPlan.of(layout(length, range(1L << 40, 4L << 40)), SIZE);

    assertThat(plan.chunkCount()).isEqualTo(length / SIZE);
    assertThat(plan.chunk(plan.chunkCount() - 1))
        .isEqualTo(new Chunk(length / SIZE - 1, length - SIZE, SIZE, "tensor/uint8"));
  }

  @Test
  void anyLayoutIsCoveredInOrderOnce() {
    long seed = Long.getLong("test.seed", 42);
    System.out.printf("ChunkPlanTest: -Dtest.seed=%d%n", seed);
    Random random = new Random(seed);
    for (int round = 0; round < 2_000; round++) {
      assertCovered(random);
    }
  }

  private static void assertCovered(Random random) {
    long fileLength = random.nextInt(4) == 0 ? random.nextInt(20) : random.nextInt(30 * SIZE);
    List<TensorStorage> ranges = new ArrayList<>();
    for (int i = random.nextInt(8); i > 0 && fileLength > 0; i--) {
      long offset = random.nextLong(fileLength);
      long length = random.nextLong(Math.min(fileLength - offset, 5L * SIZE) + 1);
      ranges.add(range(offset, length));
    }
    ChunkPlan plan = ChunkPlan.of(layout(fileLength, ranges.toArray(TensorStorage[]::new)), SIZE);

    List<Chunk> chunks = chunks(plan, 0);
    assertThat(chunks).hasSize((int) plan.chunkCount());
    Set<Long> starts = new HashSet<>();
    long position = 0;
    for (int index = 0; index < chunks.size(); index++) {
      Chunk chunk = chunks.get(index);
      assertThat(chunk.index()).isEqualTo(index);
      assertThat(chunk.offset()).isEqualTo(position);
      assertThat(chunk.length()).isBetween(1, SIZE);
      assertThat(chunk).isEqualTo(plan.chunk(index));
      starts.add(chunk.offset());
      position += chunk.length();
    }
    assertThat(position).isEqualTo(fileLength);
    assertCutFromOwnStart(ranges, starts);
    int from = chunks.isEmpty() ? 0 : random.nextInt(chunks.size());
    assertThat(chunks(plan, from)).isEqualTo(chunks.subList(from, chunks.size()));
  }

  /** Ranges that share no byte with another must begin a chunk and be cut in steps of the size. */
  private static void assertCutFromOwnStart(List<TensorStorage> ranges, Set<Long> starts) {
    for (TensorStorage storage : ranges) {
      TensorStorage.Range range = (TensorStorage.Range) storage;
      boolean alone =
          ranges.stream()
              .filter(other -> other != storage)
              .map(TensorStorage.Range.class::cast)
              .noneMatch(other -> other.offset() < range.end() && range.offset() < other.end());
      for (long start = range.offset(); alone && start < range.end(); start += SIZE) {
        assertThat(starts).contains(start);
      }
    }
  }

  private static List<Chunk> chunks(ChunkPlan plan, long from) {
    List<Chunk> chunks = new ArrayList<>();
    Iterator<Chunk> iterator = plan.chunksFrom(from);
    while (iterator.hasNext()) {
      chunks.add(iterator.next());
    }
    return chunks;
  }

  private static TensorStorage range(long offset, long length) {
    return new TensorStorage.Range(offset, length);
  }

  private static ModelLayout layout(long fileLength, TensorStorage... storages) {
    List<TensorEntry> tensors = new ArrayList<>();
    for (TensorStorage storage : storages) {
      tensors.add(
          new TensorEntry(
              "t" + tensors.size(),
              null,
              "U8",
              "tensor/uint8",
              List.of(storage.nbytes()),
              storage));
    }
    return new ModelLayout("test", "{}", tensors, List.of(), fileLength);
  }
}
