package com.hartonomous.ingest.deduplicate;

import com.hartonomous.ingest.record.RowVersion;

/**
 * State: what a row refers to since its last event.
 *
 * @param generation of the table; the state of another generation counts as empty
 * @param version of the last event applied
 * @param held every reference that the row holds; bounded by the row's own content
 */
public record RowState(int generation, RowVersion version, HeldSegment[] held) {}
