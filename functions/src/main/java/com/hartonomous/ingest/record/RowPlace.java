package com.hartonomous.ingest.record;

/**
 * A place in a captured row, as a dead letter names it: a segment of a value, or the value as a
 * whole.
 *
 * @param columnId {@code dbo.CapturedColumns.ColumnId}
 * @param segment place inside the value, from 0; null for the value as a whole
 * @param hash of the segment's atom; null exactly when {@code segment} is
 */
public record RowPlace(RowKey key, int columnId, Integer segment, Sha256 hash) {

  public RowPlace {
    if ((segment == null) != (hash == null)) {
      throw new IllegalArgumentException("A place has a segment and its atom, or neither.");
    }
  }

  /** A value as a whole. */
  public static RowPlace ofValue(RowKey key, int columnId) {
    return new RowPlace(key, columnId, null, null);
  }
}
