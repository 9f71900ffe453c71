package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.record.ModelPart;
import org.apache.flink.api.connector.source.SourceSplit;

/**
 * Consecutive parts of one model file: chunks of the file, or nodes of its graph. Complete in
 * itself: what it stands for does not depend on configuration or on reading the file's header
 * again. Immutable; progress is a new split.
 */
public sealed interface ModelSplit extends SourceSplit permits ChunkSplit, NodeSplit {

  /** {@code dbo.Models.ModelId}. */
  int modelId();

  /** {@code dbo.ModelFiles.ModelFileId}. */
  long modelFileId();

  /** Index of the next part to emit, less than {@link #endIndex}: a split that is done is gone. */
  long nextIndex();

  /** Index behind the last part. */
  long endIndex();

  /** Bytes of the parts that are left: of the file, or of the texts of nodes. */
  long byteLength();

  /**
   * The part of that index.
   *
   * @throws IndexOutOfBoundsException unless it is one of this split's
   */
  ModelPart part(long index);

  /**
   * The same split, to go on at a later part.
   *
   * @param index from {@link #nextIndex}, less than {@link #endIndex}
   */
  ModelSplit startingAt(long index);
}
