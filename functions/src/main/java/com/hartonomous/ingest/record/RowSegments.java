package com.hartonomous.ingest.record;

/**
 * A row event, its content cut into segments.
 *
 * @param segments everything that the row holds after the event; empty when it is gone
 * @param stored as in {@link RowChange}
 */
public record RowSegments(
    RowEvent event,
    RowKey key,
    String keyText,
    int generation,
    RowVersion version,
    Segment[] segments,
    StoredSegment[] stored) {}
