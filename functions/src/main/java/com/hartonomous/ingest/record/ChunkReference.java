package com.hartonomous.ingest.record;

/** A file's reference to an atom: one row of {@code dbo.FileChunks}. */
public record ChunkReference(
    int modelId, long modelFileId, long chunkIndex, long byteOffset, int byteLength) {}
