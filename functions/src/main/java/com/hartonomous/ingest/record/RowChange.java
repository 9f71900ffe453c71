package com.hartonomous.ingest.record;

/**
 * One event of a row of a captured table. Changes stand in the order in which the database
 * committed them.
 *
 * @param keyText the key as JSON, columns in key order, for example {@code {"Id":42}}
 * @param generation the table's generation when the job was started
 * @param version {@link RowVersion#SNAPSHOT} unless the event is a streamed change
 * @param deleted whether the row is gone; {@code values} is empty then
 * @param values the content columns after the event
 * @param stored of a sweep: references of the row that the database held a moment ago; otherwise
 *     empty
 */
public record RowChange(
    RowEvent event,
    RowKey key,
    String keyText,
    int generation,
    RowVersion version,
    boolean deleted,
    ContentValue[] values,
    StoredSegment[] stored) {

  private static final ContentValue[] NO_VALUES = {};
  private static final StoredSegment[] NOTHING_STORED = {};

  /** A row that the database reported, with its content columns. */
  public static RowChange present(
      RowKey key, String keyText, int generation, RowVersion version, ContentValue[] values) {
    return new RowChange(
        RowEvent.CHANGE, key, keyText, generation, version, false, values, NOTHING_STORED);
  }

  /** A row that the database reported to be gone. */
  public static RowChange deleted(RowKey key, String keyText, int generation, RowVersion version) {
    return new RowChange(
        RowEvent.CHANGE, key, keyText, generation, version, true, NO_VALUES, NOTHING_STORED);
  }

  /** A row that was read again, for what of it could not be stored. */
  public static RowChange replay(
      RowKey key, String keyText, int generation, ContentValue[] values) {
    return new RowChange(
        RowEvent.REPLAY,
        key,
        keyText,
        generation,
        RowVersion.SNAPSHOT,
        false,
        values,
        NOTHING_STORED);
  }

  /** A row whose references in the database are to be compared with its state. */
  public static RowChange sweep(
      RowKey key, String keyText, int generation, StoredSegment[] stored) {
    return new RowChange(
        RowEvent.SWEEP, key, keyText, generation, RowVersion.SNAPSHOT, false, NO_VALUES, stored);
  }
}
