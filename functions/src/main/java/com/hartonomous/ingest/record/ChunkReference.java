package com.hartonomous.ingest.record;

/**
 * A file's reference to an atom: one row of {@code dbo.FileChunks}.
 *
 * @param modelId {@code dbo.Models.ModelId}
 * @param modelFileId {@code dbo.ModelFiles.ModelFileId}
 * @param chunkIndex place among the file's chunks, from 0
 * @param byteOffset of the chunk in its file
 * @param byteLength bytes, at least one
 */
public record ChunkReference(
    int modelId, long modelFileId, long chunkIndex, long byteOffset, int byteLength) {}
