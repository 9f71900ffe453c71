package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.format.ModelLayout;
import java.util.List;

/**
 * What the headers of a model's files say.
 *
 * @param files the model file itself, then the other files that hold tensors of it
 */
record ModelHeader(ModelLayout layout, List<ModelFile> files) {

  /**
   * A file of a model.
   *
   * @param relativePath from the folder of the model file; unique in the model
   * @param uri percent-encoded
   * @param byteLength when the header was read
   * @param modifiedAt then, milliseconds since 1970 UTC
   */
  record ModelFile(String relativePath, String uri, long byteLength, long modifiedAt) {}

  ModelHeader {
    files = List.copyOf(files);
  }

  /** How a file is cut. */
  ChunkPlan plan(ModelFile file, int chunkSize) {
    return file.equals(files.get(0))
        ? ChunkPlan.of(layout, chunkSize)
        : ChunkPlan.ofExternal(layout, file.relativePath(), file.byteLength(), chunkSize);
  }

  /** Bytes of all files. */
  long byteLength() {
    return files.stream().mapToLong(ModelFile::byteLength).sum();
  }

  /** Chunks of all files. */
  long chunkCount(int chunkSize) {
    return files.stream().mapToLong(file -> plan(file, chunkSize).chunkCount()).sum();
  }
}
