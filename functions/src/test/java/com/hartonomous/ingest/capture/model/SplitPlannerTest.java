package com.hartonomous.ingest.capture.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.format.FolderLimits;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.NodeEntry;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.record.ModelPart;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SplitPlannerTest {

  @Test
  void splitsCoverEveryChunkOfARandomPlanOnceAndInOrder() {
    long seed = Long.getLong("seed", System.nanoTime());
    for (int round = 0; round < 300; round++) {
      Random random = new Random(seed + round);
      ModelLayout layout = RandomSplits.layout(random);
      int chunkSize = RandomSplits.chunkSize(random);
      long splitSize = chunkSize + random.nextInt(5_000_000);
      ChunkPlan plan = ChunkPlan.of(layout, chunkSize);

      List<ModelPart> parts =
          parts(SplitPlanner.chunks(7, 70, "file:/model", 99, plan, splitSize), splitSize);

      String replay = "-Dseed=" + (seed + round);
      assertThat(parts).as(replay).hasSize((int) plan.chunkCount());
      for (int i = 0; i < parts.size(); i++) {
        ChunkPlan.Chunk chunk = plan.chunk(i);
        ModelPart part = parts.get(i);
        assertThat(part.index()).as(replay).isEqualTo(i);
        assertThat(part.contentType()).as(replay).isEqualTo(chunk.contentType());
        assertThat(part.range().offset()).as(replay).isEqualTo(chunk.offset());
        assertThat(part.range().length()).as(replay).isEqualTo(chunk.length());
        assertThat(part.range().fileLength()).as(replay).isEqualTo(layout.fileLength());
      }
    }
  }

  @Test
  void aSplitOfManyTinyTensorsIsBoundedInSections() {
    int tensors = 3 * SplitPlanner.SECTIONS_MAX;
    List<TensorEntry> entries =
        IntStream.range(0, tensors)
            .mapToObj(
                i ->
                    new TensorEntry(
                        "t" + i,
                        null,
                        "U8",
                        "tensor/uint8",
                        List.of(1L),
                        new TensorStorage.Range(2L * i, 1)))
            .toList();
    ModelLayout layout = new ModelLayout("random", "{}", entries, List.of(), 2L * tensors);
    ChunkPlan plan = ChunkPlan.of(layout, ChunkPlan.CHUNK_SIZE_MIN);

    List<ModelSplit> splits = SplitPlanner.chunks(1, 1, "file:/model", 1, plan, 64L << 20);

    assertThat(splits).hasSize(6);
    assertThat(splits)
        .allSatisfy(
            split ->
                assertThat(((ChunkSplit) split).sections()).hasSize(SplitPlanner.SECTIONS_MAX));
    assertThat(parts(splits, Long.MAX_VALUE)).hasSize(2 * tensors);
  }

  /** What one message to a reader carries, and what the enumerator's state can come to. */
  @Test
  void splitsOfAMillionTensorsAndOfManyFilesStaySmall() throws Exception {
    int tensors = 1_000_000;
    List<ChunkPlan.TensorRange> ranges =
        IntStream.range(0, tensors)
            .mapToObj(i -> new ChunkPlan.TensorRange(2L * i, 2L * i + 1, "tensor/uint8"))
            .toList();
    ChunkPlan plan = ChunkPlan.of(2L * tensors, ranges, ChunkPlan.CHUNK_SIZE_DEFAULT);
    List<ModelSplit> splits =
        new ArrayList<>(SplitPlanner.chunks(1, 1, "file:/model", 1, plan, 64L << 20));
    assertThat(largest(splits)).isLessThan(16 << 10);
    assertThat(stateBytes(splits)).isLessThan(26 << 20);

    splits.clear();
    ChunkPlan small = ChunkPlan.of(1000, List.of(), ChunkPlan.CHUNK_SIZE_DEFAULT);
    String folder = "file:/" + "directory/".repeat(10);
    for (int file = 0; file < FolderLimits.DEFAULT.filesMax(); file++) {
      splits.addAll(SplitPlanner.chunks(1, file, folder + file, 1, small, 64L << 20));
    }
    assertThat(splits).hasSize(FolderLimits.DEFAULT.filesMax());
    assertThat(stateBytes(splits)).isLessThan(32 << 20);
  }

  private static int largest(List<ModelSplit> splits) throws IOException {
    int largest = 0;
    for (ModelSplit split : splits) {
      largest = Math.max(largest, new ModelSplitSerializer().serialize(split).length);
    }
    return largest;
  }

  private static int stateBytes(List<ModelSplit> splits) throws IOException {
    return new ModelEnumeratorStateSerializer()
        .serialize(new ModelEnumeratorState("job", Set.of(1), splits))
        .length;
  }

  @Test
  void nodeSplitsCoverEveryNodeOnceAndAreBounded() {
    List<NodeEntry> nodes =
        new ArrayList<>(RandomSplits.nodes(new Random(1), SplitPlanner.NODES_MAX + 10));
    NodeEntry huge = new NodeEntry("huge", "x".repeat(SplitPlanner.NODE_CHARACTERS_MAX + 1), "Add");
    nodes.add(5, huge);

    List<ModelSplit> splits = SplitPlanner.nodes(3, 30, nodes);

    List<String> texts = new ArrayList<>();
    long next = 0;
    for (ModelSplit split : splits) {
      assertThat(split.nextIndex()).isEqualTo(next);
      for (; next < split.endIndex(); next++) {
        assertThat(split.part(next).index()).isEqualTo(next);
        texts.add(split.part(next).nodeText());
      }
      NodeSplit nodeSplit = (NodeSplit) split;
      assertThat(nodeSplit.nodes().size()).isLessThanOrEqualTo(SplitPlanner.NODES_MAX);
      if (nodeSplit.nodes().size() > 1) {
        assertThat(characters(nodeSplit)).isLessThanOrEqualTo(SplitPlanner.NODE_CHARACTERS_MAX);
      }
    }
    assertThat(texts).isEqualTo(nodes.stream().map(NodeEntry::text).toList());
    assertThat(splits.get(1)).isInstanceOf(NodeSplit.class);
    assertThat(((NodeSplit) splits.get(1)).nodes()).hasSize(1);
    assertThat(SplitPlanner.nodes(3, 30, Collections.emptyList())).isEmpty();
  }

  private static int characters(NodeSplit split) {
    return split.nodes().stream().mapToInt(n -> n.path().length() + n.text().length()).sum();
  }

  @Test
  void splitsAreSoSmallThatAllReadersTakePart() {
    int chunk = 1 << 20;
    long split = 64L << 20;
    assertThat(SplitPlanner.splitSize(100L << 30, chunk, split, 4)).isEqualTo(split);
    assertThat(SplitPlanner.splitSize(128L << 20, chunk, split, 4)).isEqualTo((8L << 20) + 1);
    assertThat(SplitPlanner.splitSize(128L << 20, chunk, split, 1)).isEqualTo((32L << 20) + 1);
    assertThat(SplitPlanner.splitSize(5, chunk, split, 128)).isEqualTo(chunk);
    assertThat(SplitPlanner.splitSize(100L << 30, chunk, chunk / 2, 4)).isEqualTo(chunk);
  }

  private static List<ModelPart> parts(List<ModelSplit> splits, long splitSize) {
    List<ModelPart> parts = new ArrayList<>();
    for (ModelSplit split : splits) {
      long bytes = 0;
      for (long index = split.nextIndex(); index < split.endIndex(); index++) {
        ModelPart part = split.part(index);
        bytes += part.range().length();
        parts.add(part);
      }
      assertThat(bytes).isBetween(1L, splitSize);
    }
    assertThat(splits).extracting(ModelSplit::splitId).doesNotHaveDuplicates();
    return parts;
  }
}
