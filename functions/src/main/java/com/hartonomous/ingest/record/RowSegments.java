package com.hartonomous.ingest.record;

/**
 * A row event, its content cut into segments.
 *
 * @param segments everything that the row holds after the event; empty when it is gone
 */
public record RowSegments(
    RowKey key, String keyText, int generation, RowVersion version, Segment[] segments) {}
