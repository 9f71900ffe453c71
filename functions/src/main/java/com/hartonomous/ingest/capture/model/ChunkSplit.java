package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.format.ChunkPlan.Section;
import com.hartonomous.ingest.record.FileRange;
import com.hartonomous.ingest.record.ModelPart;
import java.util.List;
import java.util.Objects;

/**
 * Consecutive chunks of a model file.
 *
 * @param uri readable from every machine of the job
 * @param fileLength the file's length in bytes when its header was read
 * @param modifiedAt the file's modification time then, milliseconds since 1970 UTC
 * @param chunkSize bytes into which each section is cut
 * @param sections stretches without a gap between them, in file order; at least one
 * @param nextIndex index in the file of the next chunk to emit
 */
public record ChunkSplit(
    int modelId,
    long modelFileId,
    String uri,
    long fileLength,
    long modifiedAt,
    int chunkSize,
    List<Section> sections,
    long nextIndex)
    implements ModelSplit {

  /**
   * @throws IllegalArgumentException if the sections do not follow one another, or {@code
   *     nextIndex} is none of theirs
   */
  public ChunkSplit {
    Objects.requireNonNull(uri, "uri");
    sections = List.copyOf(sections);
    requireConsecutive(sections, chunkSize, fileLength);
    long first = sections.get(0).firstChunk();
    long end = endOf(sections, chunkSize);
    if (nextIndex < first || nextIndex >= end) {
      throw new IllegalArgumentException(
          "chunk split of %s: expected a next chunk from %d to %d, found %d"
              .formatted(uri, first, end - 1, nextIndex));
    }
  }

  @Override
  public String splitId() {
    return modelId + "/" + modelFileId + "/chunk/" + sections.get(0).firstChunk();
  }

  @Override
  public long endIndex() {
    return endOf(sections, chunkSize);
  }

  @Override
  public long byteLength() {
    Section last = sections.get(sections.size() - 1);
    return last.offset() + last.length() - part(nextIndex).range().offset();
  }

  @Override
  public ModelPart part(long index) {
    long first = sections.get(0).firstChunk();
    Objects.checkIndex(index - first, endIndex() - first);
    Section section = sections.get(ChunkPlan.sectionOf(sections, index));
    long start = (index - section.firstChunk()) * chunkSize;
    int length = (int) Math.min(chunkSize, section.length() - start);
    return ModelPart.chunk(
        modelId,
        modelFileId,
        index,
        section.contentType(),
        new FileRange(uri, fileLength, modifiedAt, section.offset() + start, length));
  }

  @Override
  public ChunkSplit startingAt(long index) {
    return new ChunkSplit(
        modelId, modelFileId, uri, fileLength, modifiedAt, chunkSize, sections, index);
  }

  /** Chunks that a section of that length is cut into. */
  static long chunksIn(long length, int chunkSize) {
    return (length - 1) / chunkSize + 1;
  }

  private static long endOf(List<Section> sections, int chunkSize) {
    Section last = sections.get(sections.size() - 1);
    return last.firstChunk() + chunksIn(last.length(), chunkSize);
  }

  private static void requireConsecutive(List<Section> sections, int chunkSize, long fileLength) {
    if (sections.isEmpty() || chunkSize < 1) {
      throw new IllegalArgumentException(
          "chunk split: expected sections and a chunk size, found %d sections of chunks of %d bytes"
              .formatted(sections.size(), chunkSize));
    }
    long chunk = sections.get(0).firstChunk();
    long offset = sections.get(0).offset();
    for (Section section : sections) {
      if (section.firstChunk() != chunk
          || section.offset() != offset
          || chunk < 0
          || offset < 0
          || section.length() < 1
          || section.length() > fileLength - offset) {
        throw new IllegalArgumentException(
            "chunk split: expected a section at chunk %d, byte %d of a file of %d bytes, found %s"
                .formatted(chunk, offset, fileLength, section));
      }
      chunk += chunksIn(section.length(), chunkSize);
      offset += section.length();
    }
  }
}
