package com.hartonomous.ingest.record;

/**
 * A row's reference to an atom: one row of {@code dbo.RowAtoms}.
 *
 * @param keyText the row's key as JSON
 * @param columnId {@code dbo.CapturedColumns.ColumnId}
 * @param segment place inside the value, from 0
 */
public record RowReference(RowKey key, String keyText, int columnId, int segment) {}
