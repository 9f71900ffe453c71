package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.ChunkReference;
import com.hartonomous.ingest.record.NodeReference;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.Sha256;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * References waiting for one transaction. Of several wishes for the same reference the last one
 * counts. Bounded by a number of references and by the bytes of content that are likely to travel.
 */
final class ReferenceBatch {

  /** What makes two wishes concern the same reference. */
  private sealed interface Key {
    record Row(RowKey key, int columnId, int segment, Sha256 hash) implements Key {}

    record Chunk(long modelFileId, long chunkIndex) implements Key {}

    record Node(int modelId, int nodeIndex) implements Key {}
  }

  private final int rowsMax;
  private final long bytesMax;
  private final Map<Key, AtomReference> references = new HashMap<>();
  private long bytes;

  ReferenceBatch(int rowsMax, long bytesMax) {
    this.rowsMax = rowsMax;
    this.bytesMax = bytesMax;
  }

  /** Whether the reference must wait for the next batch. An empty batch takes any. */
  boolean isFullFor(AtomReference reference) {
    return !references.isEmpty()
        && (references.size() >= rowsMax || bytes + cost(reference) > bytesMax);
  }

  void add(AtomReference reference) {
    AtomReference replaced = references.put(key(reference), reference);
    bytes += cost(reference) - (replaced == null ? 0 : cost(replaced));
  }

  /** Everything collected; the batch is empty afterwards. */
  List<AtomReference> drain() {
    List<AtomReference> drained = List.copyOf(references.values());
    references.clear();
    bytes = 0;
    return drained;
  }

  boolean isEmpty() {
    return references.isEmpty();
  }

  /** Inline content is held in memory in any case; a file's is read only for an unknown atom. */
  private static long cost(AtomReference reference) {
    return reference.inlineContent() != null || !reference.known() ? reference.contentLength() : 0;
  }

  private static Key key(AtomReference reference) {
    if (reference.row() != null) {
      return new Key.Row(
          reference.row().key(),
          reference.row().columnId(),
          reference.row().segment(),
          reference.hash());
    }
    if (reference.chunk() != null) {
      ChunkReference chunk = reference.chunk();
      return new Key.Chunk(chunk.modelFileId(), chunk.chunkIndex());
    }
    NodeReference node = reference.node();
    return new Key.Node(node.modelId(), node.nodeIndex());
  }
}
