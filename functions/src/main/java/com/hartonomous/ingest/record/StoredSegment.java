package com.hartonomous.ingest.record;

/**
 * A reference of a row as it was found in {@code dbo.RowAtoms}.
 *
 * @param columnId {@code dbo.CapturedColumns.ColumnId}
 * @param segment place inside the value, from 0
 * @param hash the atom
 */
public record StoredSegment(int columnId, int segment, Sha256 hash) {}
