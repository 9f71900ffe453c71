package com.hartonomous.ingest.split;

import com.hartonomous.ingest.record.ContentValue;
import com.hartonomous.ingest.record.Segment;
import com.hartonomous.ingest.record.Segmentation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts a content value into segments, each of which becomes an atom, as its column is configured.
 * The segments of a value in order are the value, byte for byte. NULL has none; the empty value has
 * one, of no bytes; no other segment is empty.
 *
 * <p>A value has at most {@link #SEGMENTS_MAX} segments, the last of which is then all that is left
 * of it: nothing is lost, and what is kept for a row stays bounded. An edit moves the numbers of
 * all segments behind it, so it costs up to two reference changes for each of them.
 *
 * <p>Not thread-safe.
 */
public final class ValueSplitter {

  /** Bytes that one segment may have, the same as the largest chunk of a file. */
  public static final int SEGMENT_BYTES_MAX = 64 << 20;

  /** Segments that one value may have: 520 kB of its row's state. */
  public static final int SEGMENTS_MAX = 10_000;

  /**
   * What a value consists of.
   *
   * @param segments in order; empty for NULL, and for a value that is too large
   * @param tooLarge bytes of its largest segment when that is above the limit, else 0
   */
  public record Cut(List<Segment> segments, int tooLarge) {

    private static final Cut NONE = new Cut(List.of(), 0);

    /** Whether the value has a segment that is too large to be stored. */
    public boolean isTooLarge() {
      return tooLarge > 0;
    }
  }

  private final int segmentBytesMax;
  private final TextCuts cuts;

  public ValueSplitter() {
    this(SEGMENT_BYTES_MAX, SEGMENTS_MAX);
  }

  ValueSplitter(int segmentBytesMax, int segmentsMax) {
    this.segmentBytesMax = segmentBytesMax;
    this.cuts = new TextCuts(segmentsMax);
  }

  /** Cuts a value. */
  public Cut cut(ContentValue value) {
    if (value.bytes() == null) {
      return Cut.NONE;
    }
    int[] ends = ends(value);
    int largest = largest(ends);
    return largest > segmentBytesMax
        ? new Cut(List.of(), largest)
        : new Cut(segments(value, ends), 0);
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

  private static List<Segment> segments(ContentValue value, int[] ends) {
    List<Segment> segments = new ArrayList<>(ends.length);
    int start = 0;
    for (int i = 0; i < ends.length; i++) {
      byte[] bytes =
          ends.length == 1 ? value.bytes() : Arrays.copyOfRange(value.bytes(), start, ends[i]);
      segments.add(new Segment(value.columnId(), i, value.contentType(), bytes));
      start = ends[i];
    }
    return segments;
  }
}
