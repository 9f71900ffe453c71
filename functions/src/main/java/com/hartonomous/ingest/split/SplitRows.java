package com.hartonomous.ingest.split;

import com.hartonomous.ingest.record.CapturedNames;
import com.hartonomous.ingest.record.ContentValue;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.RowChange;
import com.hartonomous.ingest.record.RowEvent;
import com.hartonomous.ingest.record.RowPlace;
import com.hartonomous.ingest.record.RowSegments;
import com.hartonomous.ingest.record.Segment;
import com.hartonomous.ingest.record.Segmentation;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Cuts the content values of a row into segments, each of which becomes an atom, as {@link
 * ValueSplitter} does.
 *
 * <p>A value with a segment above {@link ValueSplitter#SEGMENT_BYTES_MAX} becomes a dead letter and
 * the row is taken as not holding it: an atom that does not fit a batch would stop everything
 * behind it.
 */
public final class SplitRows extends ProcessFunction<RowChange, RowSegments> {

  private static final long serialVersionUID = 1L;

  private final OutputTag<DeadLetter> deadLetters;
  private final CapturedNames names;
  private final int segmentBytesMax;
  private final int segmentsMax;
  private transient ValueSplitter splitter;

  public SplitRows(OutputTag<DeadLetter> deadLetters, CapturedNames names) {
    this(deadLetters, names, ValueSplitter.SEGMENT_BYTES_MAX, ValueSplitter.SEGMENTS_MAX);
  }

  SplitRows(
      OutputTag<DeadLetter> deadLetters,
      CapturedNames names,
      int segmentBytesMax,
      int segmentsMax) {
    this.deadLetters = deadLetters;
    this.names = names;
    this.segmentBytesMax = segmentBytesMax;
    this.segmentsMax = segmentsMax;
  }

  @Override
  public void open(OpenContext context) {
    splitter = new ValueSplitter(segmentBytesMax, segmentsMax);
  }

  @Override
  public void processElement(RowChange change, Context context, Collector<RowSegments> out) {
    List<Segment> segments = new ArrayList<>(change.values().length);
    for (ContentValue value : change.values()) {
      ValueSplitter.Cut cut = splitter.cut(value);
      // A value that is still too large when it is replayed has its dead letter.
      if (cut.isTooLarge() && change.event() != RowEvent.REPLAY) {
        context.output(deadLetters, tooLarge(change, value, cut.tooLarge()));
      }
      segments.addAll(cut.segments());
    }
    out.collect(
        new RowSegments(
            change.event(),
            change.key(),
            change.keyText(),
            change.generation(),
            change.version(),
            segments.toArray(Segment[]::new),
            change.stored()));
  }

  private DeadLetter tooLarge(RowChange change, ContentValue value, int found) {
    int table = change.key().tableId();
    return new DeadLetter(
        names.table(table),
        change.keyText()
            + " column "
            + names.column(table, value.columnId())
            + (change.version().isSnapshot()
                ? " in snapshot " + change.generation()
                : " at LSN " + change.version().commit()),
        "VALUE_TOO_LARGE",
        (value.segments() == Segmentation.VALUE
                ? "A content value"
                : "A segment (" + value.segments().label() + ") of a content value")
            + " may have "
            + segmentBytesMax
            + " bytes, found "
            + found
            + "; shorten the value.",
        change.keyText(),
        0,
        RowPlace.ofValue(change.key(), value.columnId()));
  }
}
