package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.format.ChunkPlan.Section;
import com.hartonomous.ingest.format.NodeEntry;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a planned file into splits, each chunk and each node in exactly one.
 *
 * <p>A split ends before the chunk that would carry it over the split size or over {@link
 * #SECTIONS_MAX}, whichever is first; node splits end at {@link #NODES_MAX} nodes or {@link
 * #NODE_CHARACTERS_MAX}. So a split stays far below Flink's message size of 10 MiB.
 */
final class SplitPlanner {

  /** Sections in a split: bounds what a file of many tiny tensors makes of it. */
  static final int SECTIONS_MAX = 1024;

  /** Nodes in a split. */
  static final int NODES_MAX = 4096;

  /**
   * Characters of all paths and texts in a split; a longer node, at most three times {@link
   * com.hartonomous.ingest.format.LayoutLimits#nameBytesMax}, goes alone.
   */
  static final int NODE_CHARACTERS_MAX = 256 << 10;

  /** Splits that a model, however small, is cut into for each reader, if it has as many chunks. */
  private static final int SPLITS_PER_READER = 4;

  private SplitPlanner() {}

  /**
   * The split size for a model: so small that all readers take part in it, and that one which
   * begins late, or is slower, leaves splits to the others.
   *
   * @param modelBytes of all its files
   * @param splitSizeMax bytes
   * @return bytes, from the chunk size on; above {@code splitSizeMax} only if that is smaller
   */
  static long splitSize(long modelBytes, int chunkSize, long splitSizeMax, int readers) {
    long fairShare = modelBytes / ((long) SPLITS_PER_READER * readers) + 1;
    return Math.max(chunkSize, Math.min(splitSizeMax, fairShare));
  }

  /**
   * The splits of a file's chunks, in file order.
   *
   * @param splitSize bytes, at least the plan's chunk size
   */
  static List<ModelSplit> chunks(
      int modelId, long modelFileId, String uri, long modifiedAt, ChunkPlan plan, long splitSize) {
    List<ModelSplit> splits = new ArrayList<>();
    List<Section> open = new ArrayList<>();
    long openBytes = 0;
    for (Section section : plan.sections()) {
      long done = 0;
      while (done < section.length()) {
        long room = splitSize - openBytes;
        long take = section.length() - done;
        if (take > room) {
          take = room / plan.chunkSize() * plan.chunkSize();
        }
        if (take == 0 || open.size() == SECTIONS_MAX) {
          splits.add(chunkSplit(modelId, modelFileId, uri, modifiedAt, plan, open));
          open.clear();
          openBytes = 0;
          continue;
        }
        open.add(
            new Section(
                section.firstChunk() + done / plan.chunkSize(),
                section.offset() + done,
                take,
                section.contentType()));
        openBytes += take;
        done += take;
      }
    }
    if (!open.isEmpty()) {
      splits.add(chunkSplit(modelId, modelFileId, uri, modifiedAt, plan, open));
    }
    return splits;
  }

  /** The splits of a file's nodes, in order. */
  static List<ModelSplit> nodes(int modelId, long modelFileId, List<NodeEntry> entries) {
    List<ModelSplit> splits = new ArrayList<>();
    List<NodeSplit.Node> open = new ArrayList<>();
    long first = 0;
    long openCharacters = 0;
    for (NodeEntry entry : entries) {
      NodeSplit.Node node = new NodeSplit.Node(entry.path(), entry.text());
      long characters = (long) node.path().length() + node.text().length();
      if (!open.isEmpty()
          && (open.size() == NODES_MAX || openCharacters + characters > NODE_CHARACTERS_MAX)) {
        splits.add(new NodeSplit(modelId, modelFileId, first, open, first));
        first += open.size();
        open.clear();
        openCharacters = 0;
      }
      open.add(node);
      openCharacters += characters;
    }
    if (!open.isEmpty()) {
      splits.add(new NodeSplit(modelId, modelFileId, first, open, first));
    }
    return splits;
  }

  private static ChunkSplit chunkSplit(
      int modelId,
      long modelFileId,
      String uri,
      long modifiedAt,
      ChunkPlan plan,
      List<Section> sections) {
    return new ChunkSplit(
        modelId,
        modelFileId,
        uri,
        plan.fileLength(),
        modifiedAt,
        plan.chunkSize(),
        sections,
        sections.get(0).firstChunk());
  }
}
