package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.format.ChunkPlan.Section;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Splits as bytes, version 1, big-endian:
 *
 * <pre>
 * int magic "HMSP", byte kind (1 chunks, 2 nodes), int modelId, long modelFileId, long nextIndex
 * chunks: text uri, long fileLength, long modifiedAt, int chunkSize, long firstChunk, long offset,
 *         int n, n times text contentType; int m, m times (int contentType, long length)
 * nodes:  long firstIndex, int n, n times (text path, text text)
 * </pre>
 *
 * <p>Sections follow one another, so only the first has its place written down.
 */
final class ModelSplitSerializer implements SimpleVersionedSerializer<ModelSplit> {

  private static final int VERSION = 1;
  private static final int MAGIC = 0x484D5350;
  private static final byte KIND_CHUNKS = 1;
  private static final byte KIND_NODES = 2;
  private static final String SUBJECT = "state of a model split";

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(ModelSplit split) throws IOException {
    StateWriter out = new StateWriter(MAGIC);
    out.writeByte(split instanceof ChunkSplit ? KIND_CHUNKS : KIND_NODES);
    out.writeInt(split.modelId());
    out.writeLong(split.modelFileId());
    out.writeLong(split.nextIndex());
    if (split instanceof ChunkSplit chunks) {
      writeChunks(out, chunks);
    } else if (split instanceof NodeSplit nodes) {
      writeNodes(out, nodes);
    }
    return out.toBytes();
  }

  /**
   * @throws IOException for another version, and for bytes that are not a split: cut short, too
   *     long, or damaged
   */
  @Override
  public ModelSplit deserialize(int version, byte[] serialized) throws IOException {
    StateReader.requireVersion(SUBJECT, VERSION, version);
    StateReader in = new StateReader(SUBJECT, serialized, MAGIC);
    byte kind = in.readByte();
    int modelId = in.readInt();
    long modelFileId = in.readLong();
    long nextIndex = in.readLong();
    try {
      ModelSplit split =
          switch (kind) {
            case KIND_CHUNKS -> readChunks(in, modelId, modelFileId, nextIndex);
            case KIND_NODES -> readNodes(in, modelId, modelFileId, nextIndex);
            default -> throw in.broken("kind 1 or 2, found " + kind);
          };
      in.finish();
      return split;
    } catch (IllegalArgumentException e) {
      throw new IOException(SUBJECT + ": " + e.getMessage(), e);
    }
  }

  private static void writeChunks(StateWriter out, ChunkSplit split) throws IOException {
    out.writeText(split.uri());
    out.writeLong(split.fileLength());
    out.writeLong(split.modifiedAt());
    out.writeInt(split.chunkSize());
    out.writeLong(split.sections().get(0).firstChunk());
    out.writeLong(split.sections().get(0).offset());
    Map<String, Integer> contentTypes = new LinkedHashMap<>();
    for (Section section : split.sections()) {
      contentTypes.putIfAbsent(section.contentType(), contentTypes.size());
    }
    out.writeInt(contentTypes.size());
    for (String contentType : contentTypes.keySet()) {
      out.writeText(contentType);
    }
    out.writeInt(split.sections().size());
    for (Section section : split.sections()) {
      out.writeInt(contentTypes.get(section.contentType()));
      out.writeLong(section.length());
    }
  }

  private static ChunkSplit readChunks(
      StateReader in, int modelId, long modelFileId, long nextIndex) throws IOException {
    String uri = in.readText();
    long fileLength = in.readLong();
    long modifiedAt = in.readLong();
    int chunkSize = in.readInt();
    if (chunkSize < 1) {
      throw in.broken("a chunk size of at least 1, found " + chunkSize);
    }
    long chunk = in.readLong();
    long offset = in.readLong();
    int typeCount = in.readCount(Integer.BYTES);
    List<String> contentTypes = new ArrayList<>(typeCount);
    for (int i = 0; i < typeCount; i++) {
      contentTypes.add(in.readText());
    }
    int sectionCount = in.readCount(Integer.BYTES + Long.BYTES);
    List<Section> sections = new ArrayList<>(sectionCount);
    for (int i = 0; i < sectionCount; i++) {
      int type = in.readInt();
      if (type < 0 || type >= typeCount) {
        throw in.broken("a content type from 0 to %d, found %d".formatted(typeCount - 1, type));
      }
      long length = in.readLong();
      sections.add(new Section(chunk, offset, length, contentTypes.get(type)));
      chunk += ChunkSplit.chunksIn(length, chunkSize);
      offset += length;
    }
    return new ChunkSplit(
        modelId, modelFileId, uri, fileLength, modifiedAt, chunkSize, sections, nextIndex);
  }

  private static void writeNodes(StateWriter out, NodeSplit split) throws IOException {
    out.writeLong(split.firstIndex());
    out.writeInt(split.nodes().size());
    for (NodeSplit.Node node : split.nodes()) {
      out.writeText(node.path());
      out.writeText(node.text());
    }
  }

  private static NodeSplit readNodes(StateReader in, int modelId, long modelFileId, long nextIndex)
      throws IOException {
    long firstIndex = in.readLong();
    int count = in.readCount(2 * Integer.BYTES);
    List<NodeSplit.Node> nodes = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      nodes.add(new NodeSplit.Node(in.readText(), in.readText()));
    }
    return new NodeSplit(modelId, modelFileId, firstIndex, nodes, nextIndex);
  }
}
