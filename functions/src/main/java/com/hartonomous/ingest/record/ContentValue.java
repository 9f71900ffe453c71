package com.hartonomous.ingest.record;

/**
 * A content column's value in one row event.
 *
 * @param columnId {@code dbo.CapturedColumns.ColumnId}
 * @param contentType as normalised by the project's table, for example {@code text/plain}
 * @param bytes UTF-16LE for text; null for NULL, which has no atom; empty for the empty string,
 *     which has one
 */
public record ContentValue(int columnId, String contentType, byte[] bytes) {}
