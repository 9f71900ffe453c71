package com.hartonomous.ingest.split;

import com.hartonomous.ingest.record.CapturedNames;
import com.hartonomous.ingest.record.ContentValue;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.RowChange;
import com.hartonomous.ingest.record.RowPlace;
import com.hartonomous.ingest.record.RowSegments;
import com.hartonomous.ingest.record.Segment;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Cuts the content values of a row into segments, each of which becomes an atom. A value is one
 * segment; NULL has none; the empty string has one, of no bytes.
 *
 * <p>A value above the limit becomes a dead letter and the row is taken as not holding it: an atom
 * that does not fit a batch would stop everything behind it.
 */
public final class SplitRows extends ProcessFunction<RowChange, RowSegments> {

  private static final long serialVersionUID = 1L;

  /** Bytes that one segment may have, the same as the largest chunk of a file. */
  public static final int SEGMENT_BYTES_MAX = 64 << 20;

  private final OutputTag<DeadLetter> deadLetters;
  private final CapturedNames names;
  private final int segmentBytesMax;

  public SplitRows(OutputTag<DeadLetter> deadLetters, CapturedNames names) {
    this(deadLetters, names, SEGMENT_BYTES_MAX);
  }

  SplitRows(OutputTag<DeadLetter> deadLetters, CapturedNames names, int segmentBytesMax) {
    this.deadLetters = deadLetters;
    this.names = names;
    this.segmentBytesMax = segmentBytesMax;
  }

  @Override
  public void processElement(RowChange change, Context context, Collector<RowSegments> out) {
    List<Segment> segments = new ArrayList<>(change.values().length);
    for (ContentValue value : change.values()) {
      if (value.bytes() == null) {
        continue;
      }
      if (value.bytes().length > segmentBytesMax) {
        context.output(deadLetters, tooLarge(change, value));
        continue;
      }
      segments.add(new Segment(value.columnId(), 0, value.contentType(), value.bytes()));
    }
    out.collect(
        new RowSegments(
            change.key(),
            change.keyText(),
            change.generation(),
            change.version(),
            segments.toArray(Segment[]::new)));
  }

  private DeadLetter tooLarge(RowChange change, ContentValue value) {
    int table = change.key().tableId();
    return new DeadLetter(
        names.table(table),
        change.keyText()
            + " column "
            + names.column(table, value.columnId())
            + " at LSN "
            + change.version().commit(),
        "VALUE_TOO_LARGE",
        "A content value may have "
            + segmentBytesMax
            + " bytes, found "
            + value.bytes().length
            + "; shorten the value.",
        change.keyText(),
        0,
        RowPlace.ofValue(change.key(), value.columnId()));
  }
}
