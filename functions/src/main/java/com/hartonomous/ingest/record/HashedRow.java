package com.hartonomous.ingest.record;

/** A row event whose segments are hashed: what the row is to refer to from now on. */
public record HashedRow(
    RowKey key, String keyText, int generation, RowVersion version, HashedSegment[] segments) {}
