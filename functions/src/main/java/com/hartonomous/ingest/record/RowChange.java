package com.hartonomous.ingest.record;

/**
 * One row event of a captured table, in the order in which the database committed it.
 *
 * @param keyText the key as JSON, columns in key order, for example {@code {"Id":42}}
 * @param generation the table's generation when the job was started
 * @param deleted whether the row is gone; {@code values} is empty then
 * @param values the content columns after the event
 */
public record RowChange(
    RowKey key,
    String keyText,
    int generation,
    RowVersion version,
    boolean deleted,
    ContentValue[] values) {}
