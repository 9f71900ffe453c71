package com.hartonomous.ingest.record;

/**
 * A row event whose segments are hashed: what the row is to refer to from now on.
 *
 * @param segments everything that the row holds after the event; empty when it is gone
 */
public record HashedRow(
    RowKey key, String keyText, int generation, RowVersion version, HashedSegment[] segments) {}
