package com.hartonomous.ingest.record;

/**
 * A piece of a model on its way to becoming an atom: either a chunk of a file, still unread ({@code
 * range} is set), or a graph node ({@code nodeText} is set).
 *
 * @param modelId {@code dbo.Models.ModelId}
 * @param modelFileId {@code dbo.ModelFiles.ModelFileId}
 * @param index {@code ChunkIndex} of a chunk, {@code NodeIndex} of a node
 * @param contentType normalised, for example {@code tensor/float32}, {@code onnx/node}
 * @param range where the chunk's bytes are; null for a node
 * @param nodePath the node's path in its model; null for a chunk
 * @param nodeText {@code name:op_type}; null for a chunk
 */
public record ModelPart(
    int modelId,
    long modelFileId,
    long index,
    String contentType,
    FileRange range,
    String nodePath,
    String nodeText) {

  public static ModelPart chunk(
      int modelId, long modelFileId, long index, String contentType, FileRange range) {
    return new ModelPart(modelId, modelFileId, index, contentType, range, null, null);
  }

  public static ModelPart node(
      int modelId, long modelFileId, long index, String nodePath, String nodeText) {
    return new ModelPart(modelId, modelFileId, index, "onnx/node", null, nodePath, nodeText);
  }

  public boolean isChunk() {
    return range != null;
  }
}
