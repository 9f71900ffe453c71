package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.format.ContentTypes;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.NodeEntry;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random layouts, plans and splits, the same ones from the same seed. */
final class RandomSplits {

  private static final String[] CONTENT_TYPES = {
    "tensor/float32", "tensor/int8", "tensor/bfloat16", ContentTypes.MODEL_BYTES
  };

  private RandomSplits() {}

  /** A file of up to some 30 MB with tensors that may touch, overlap, be empty or tiny. */
  static ModelLayout layout(Random random) {
    long fileLength = 1 + random.nextInt(random.nextBoolean() ? 30_000_000 : 3_000);
    List<TensorEntry> tensors = new ArrayList<>();
    for (int i = random.nextInt(40); i > 0; i--) {
      long offset = random.nextInt((int) fileLength);
      long length = random.nextInt((int) (fileLength - offset) + 1);
      if (random.nextBoolean()) {
        length = Math.min(length, random.nextInt(1000));
      }
      tensors.add(
          new TensorEntry(
              "tensor" + i,
              null,
              "F32",
              CONTENT_TYPES[random.nextInt(CONTENT_TYPES.length)],
              List.of(length),
              new TensorStorage.Range(offset, length)));
    }
    return new ModelLayout("random", "{}", tensors, nodes(random, random.nextInt(50)), fileLength);
  }

  static List<NodeEntry> nodes(Random random, int count) {
    List<NodeEntry> nodes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      nodes.add(new NodeEntry("graph/node[" + i + "]", text(random), "MatMul"));
    }
    return nodes;
  }

  static int chunkSize(Random random) {
    return ChunkPlan.CHUNK_SIZE_MIN << random.nextInt(5);
  }

  /** The splits of a random model file, some of them begun. */
  static List<ModelSplit> splits(Random random, int modelId) {
    ModelLayout layout = layout(random);
    int chunkSize = chunkSize(random);
    List<ModelSplit> splits = new ArrayList<>();
    splits.addAll(
        SplitPlanner.chunks(
            modelId,
            modelId * 10L,
            "file:///models/" + text(random),
            random.nextLong(),
            ChunkPlan.of(layout, chunkSize),
            chunkSize + random.nextInt(8_000_000)));
    splits.addAll(SplitPlanner.nodes(modelId, modelId * 10L, layout.nodes()));
    splits.replaceAll(
        split -> {
          long length = split.endIndex() - split.nextIndex();
          return split.startingAt(split.nextIndex() + random.nextInt((int) length));
        });
    return splits;
  }

  private static String text(Random random) {
    return "n\u00E4me \uD83D\uDE00 " + random.nextInt(1000);
  }
}
