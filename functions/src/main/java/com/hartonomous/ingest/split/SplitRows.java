package com.hartonomous.ingest.split;

import com.hartonomous.ingest.record.CapturedNames;
import com.hartonomous.ingest.record.ContentValue;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.RowChange;
import com.hartonomous.ingest.record.RowPlace;
import com.hartonomous.ingest.record.RowSegments;
import com.hartonomous.ingest.record.Segment;
import com.hartonomous.ingest.record.Segmentation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Cuts the content values of a row into segments, each of which becomes an atom, as its column is
 * configured. The segments of a value in order are the value, byte for byte. NULL has none; the
 * empty value has one, of no bytes; no other segment is empty.
 *
 * <p>A value has at most {@link #SEGMENTS_MAX} segments, the last of which is then all that is left
 * of it: nothing is lost, and what is kept for a row stays bounded. An edit moves the numbers of
 * all segments behind it, so it costs up to two reference changes for each of them.
 *
 * <p>A value with a segment above {@link #SEGMENT_BYTES_MAX} becomes a dead letter and the row is
 * taken as not holding it: an atom that does not fit a batch would stop everything behind it.
 */
public final class SplitRows extends ProcessFunction<RowChange, RowSegments> {

  private static final long serialVersionUID = 1L;

  /** Bytes that one segment may have, the same as the largest chunk of a file. */
  public static final int SEGMENT_BYTES_MAX = 64 << 20;

  /** Segments that one value may have: 520 kB of its row's state. */
  public static final int SEGMENTS_MAX = 10_000;

  private final OutputTag<DeadLetter> deadLetters;
  private final CapturedNames names;
  private final int segmentBytesMax;
  private final int segmentsMax;
  private transient TextCuts cuts;

  public SplitRows(OutputTag<DeadLetter> deadLetters, CapturedNames names) {
    this(deadLetters, names, SEGMENT_BYTES_MAX, SEGMENTS_MAX);
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
    cuts = new TextCuts(segmentsMax);
  }

  @Override
  public void processElement(RowChange change, Context context, Collector<RowSegments> out) {
    List<Segment> segments = new ArrayList<>(change.values().length);
    for (ContentValue value : change.values()) {
      if (value.bytes() == null) {
        continue;
      }
      int[] ends = ends(value);
      int largest = largest(ends);
      if (largest > segmentBytesMax) {
        context.output(deadLetters, tooLarge(change, value, largest));
        continue;
      }
      addSegments(value, ends, segments);
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

  private int[] ends(ContentValue value) {
    // Bytes that are no text have no characters to cut at, nor need they be an even number.
    return value.segments() == Segmentation.VALUE
        ? new int[] {value.bytes().length}
        : cuts.ends(value.bytes(), value.segments());
  }

  private static int largest(int[] ends) {
    int largest = 0;
    int start = 0;
    for (int end : ends) {
      largest = Math.max(largest, end - start);
      start = end;
    }
    return largest;
  }

  private static void addSegments(ContentValue value, int[] ends, List<Segment> segments) {
    int start = 0;
    for (int i = 0; i < ends.length; i++) {
      byte[] bytes =
          ends.length == 1 ? value.bytes() : Arrays.copyOfRange(value.bytes(), start, ends[i]);
      segments.add(new Segment(value.columnId(), i, value.contentType(), bytes));
      start = ends[i];
    }
  }

  private DeadLetter tooLarge(RowChange change, ContentValue value, int found) {
    int table = change.key().tableId();
    return new DeadLetter(
        names.table(table),
        change.keyText()
            + " column "
            + names.column(table, value.columnId())
            + " at LSN "
            + change.version().commit(),
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
