package com.hartonomous.ingest.record;

/**
 * A content column's value in one row event.
 *
 * @param columnId {@code dbo.CapturedColumns.ColumnId}
 * @param contentType as normalised by the project's table, for example {@code text/plain}
 * @param segments where the value is cut; anything but {@code VALUE} for text only
 * @param bytes UTF-16LE for text, the bytes as they are for a binary column; null for NULL, which
 *     has no atom; empty for the empty value, which has one
 */
public record ContentValue(int columnId, String contentType, Segmentation segments, byte[] bytes) {}
