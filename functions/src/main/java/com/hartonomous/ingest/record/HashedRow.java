package com.hartonomous.ingest.record;

/**
 * A row event whose segments are hashed: what the row is to refer to from now on.
 *
 * @param segments everything that the row holds after the event; empty when it is gone
 * @param stored as in {@link RowChange}
 */
public record HashedRow(
    RowEvent event,
    RowKey key,
    String keyText,
    int generation,
    RowVersion version,
    HashedSegment[] segments,
    StoredSegment[] stored) {}
