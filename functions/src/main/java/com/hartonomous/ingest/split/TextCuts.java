package com.hartonomous.ingest.split;

import com.hartonomous.ingest.record.Segmentation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.text.BreakIterator;
import java.util.Arrays;
import java.util.Locale;

/**
 * Finds where a text is cut. Works on the text's UTF-16 code units, so nothing is decoded and
 * nothing can be lost; a cut never falls between the two units of a surrogate pair or of CR LF.
 *
 * <p>Not thread-safe.
 */
final class TextCuts {

  private static final int BYTES_PER_UNIT = 2;
  private static final char NEXT_LINE = '\u0085';
  private static final char LINE_SEPARATOR = '\u2028';
  private static final char PARAGRAPH_SEPARATOR = '\u2029';

  private final int segmentsMax;

  /** Of the root locale, so that a value is cut alike on every machine. */
  private BreakIterator sentences;

  /**
   * @param segmentsMax segments of a text at most, at least 1; the last one is the whole rest
   */
  TextCuts(int segmentsMax) {
    this.segmentsMax = segmentsMax;
  }

  /**
   * The end of each segment in bytes, ascending; the last one is the length. A text of no bytes has
   * one segment of no bytes; otherwise none is empty.
   *
   * @param text UTF-16LE
   * @throws IllegalArgumentException for half a code unit
   */
  int[] ends(byte[] text, Segmentation segmentation) {
    if (text.length % BYTES_PER_UNIT != 0) {
      throw new IllegalArgumentException(
          "A UTF-16 text has an even number of bytes, found " + text.length + ".");
    }
    if (segmentation == Segmentation.VALUE || text.length == 0) {
      return new int[] {text.length};
    }
    CharBuffer units = ByteBuffer.wrap(text).order(ByteOrder.LITTLE_ENDIAN).asCharBuffer();
    Cuts cuts = new Cuts(units.length());
    if (segmentation == Segmentation.LINE) {
      cutLines(units, cuts);
    } else if (segmentation == Segmentation.PARAGRAPH) {
      cutParagraphs(units, cuts);
    } else {
      cutSentences(units, cuts);
    }
    return cuts.ends();
  }

  private static void cutLines(CharBuffer units, Cuts cuts) {
    int position = 0;
    while (position < units.length() && !cuts.isFull()) {
      position = lineEnd(units, position);
      cuts.add(position);
    }
  }

  private static void cutParagraphs(CharBuffer units, Cuts cuts) {
    boolean hasText = false;
    boolean ended = false;
    int position = 0;
    while (position < units.length() && !cuts.isFull()) {
      int end = lineEnd(units, position);
      if (isBlank(units, position, end)) {
        ended |= hasText;
      } else {
        if (ended) {
          cuts.add(position);
        }
        hasText = true;
        ended = units.get(end - 1) == PARAGRAPH_SEPARATOR;
      }
      position = end;
    }
  }

  private void cutSentences(CharBuffer units, Cuts cuts) {
    if (sentences == null) {
      sentences = BreakIterator.getSentenceInstance(Locale.ROOT);
    }
    sentences.setText(units.toString());
    for (int end = sentences.next();
        end != BreakIterator.DONE && !cuts.isFull();
        end = sentences.next()) {
      if (!isInsidePair(units, end)) {
        cuts.add(end);
      }
    }
    // The iterator lives as long as the task: it must not hold on to the text.
    sentences.setText("");
  }

  private static boolean isInsidePair(CharBuffer units, int position) {
    if (position >= units.length()) {
      return false;
    }
    char before = units.get(position - 1);
    char after = units.get(position);
    return Character.isSurrogatePair(before, after) || (before == '\r' && after == '\n');
  }

  /** Behind the line's end characters, or the end of the text. */
  private static int lineEnd(CharBuffer units, int start) {
    for (int i = start; i < units.length(); i++) {
      char unit = units.get(i);
      if (isLineEnd(unit)) {
        boolean pair = unit == '\r' && i + 1 < units.length() && units.get(i + 1) == '\n';
        return i + (pair ? 2 : 1);
      }
    }
    return units.length();
  }

  private static boolean isLineEnd(char unit) {
    return unit == '\n'
        || unit == '\r'
        || unit == NEXT_LINE
        || unit == LINE_SEPARATOR
        || unit == PARAGRAPH_SEPARATOR;
  }

  private static boolean isBlank(CharBuffer units, int start, int end) {
    for (int i = start; i < end; i++) {
      char unit = units.get(i);
      if (unit != ' ' && unit != '\t' && !isLineEnd(unit)) {
        return false;
      }
    }
    return true;
  }

  /** The ends that were found, in bytes: as many as a text may have. */
  private final class Cuts {

    private final int length;
    private int[] found = new int[16];
    private int count;

    Cuts(int units) {
      length = units * BYTES_PER_UNIT;
    }

    /** Whether the rest of the text is one segment. */
    boolean isFull() {
      return count == segmentsMax - 1;
    }

    void add(int unit) {
      int end = unit * BYTES_PER_UNIT;
      if (end == length) {
        return;
      }
      if (count == found.length) {
        found = Arrays.copyOf(found, 2 * count);
      }
      found[count++] = end;
    }

    int[] ends() {
      int[] ends = Arrays.copyOf(found, count + 1);
      ends[count] = length;
      return ends;
    }
  }
}
