package com.hartonomous.ingest.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.record.Segmentation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TextCutsTest {

  private static final int RANDOM_TEXTS = 20_000;

  /** What texts are made of where cuts could go wrong; the last ones are halves of a pair. */
  private static final String[] PIECES = {
    "a",
    "Bc",
    " ",
    "  ",
    "\t",
    ".",
    "! ",
    "? \"",
    "...",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\u0085",
    "\u2028",
    "\u2029",
    "\u000B",
    "\f",
    "\0",
    "\u00E9",
    "e\u0301",
    "\u3002",
    "\uFEFF",
    "\uD83D\uDE00",
    "\uD83C\uDDE9",
    "Mr. ",
    "3.14",
    "\uD800",
    "\uDC00"
  };

  private final TextCuts cuts = new TextCuts(1_000);

  @Test
  void linesEndBehindEachKindOfLineEnd() {
    assertThat(cut("a\nb\r\nc\rd\u0085e\u2028f\u2029g", Segmentation.LINE))
        .containsExactly("a\n", "b\r\n", "c\r", "d\u0085", "e\u2028", "f\u2029", "g");
    assertThat(cut("\n\n\r\r\n", Segmentation.LINE)).containsExactly("\n", "\n", "\r", "\r\n");
  }

  @Test
  void paragraphsEndBehindRunsOfBlankLines() {
    assertThat(cut("a\nb\n\n \t\nc\r\n\r\nd", Segmentation.PARAGRAPH))
        .containsExactly("a\nb\n\n \t\n", "c\r\n\r\n", "d");
    assertThat(cut("a\r\rb\u2029c", Segmentation.PARAGRAPH))
        .containsExactly("a\r\r", "b\u2029", "c");
    assertThat(cut("\n\na\n\n", Segmentation.PARAGRAPH)).containsExactly("\n\na\n\n");
    assertThat(cut(" \n\n", Segmentation.PARAGRAPH)).containsExactly(" \n\n");
  }

  @Test
  void sentencesKeepTheirSpaces() {
    assertThat(cut("One is 3.14.  Two? \"Three!\" \uD83D\uDE00 Four", Segmentation.SENTENCE))
        .containsExactly("One is 3.14.  ", "Two? ", "\"Three!\" ", "\uD83D\uDE00 Four");
  }

  @Test
  void theRestBeyondTheLimitIsOneSegment() {
    assertThat(texts(new TextCuts(2), "a\nb\nc\nd", Segmentation.LINE))
        .containsExactly("a\n", "b\nc\nd");
    assertThat(texts(new TextCuts(2), "a\nb\n", Segmentation.LINE)).containsExactly("a\n", "b\n");
    assertThat(texts(new TextCuts(1), "A b. C d.", Segmentation.SENTENCE))
        .containsExactly("A b. C d.");
  }

  @Test
  void halfACodeUnitIsRefused() {
    assertThatThrownBy(() -> cuts.ends(new byte[3], Segmentation.LINE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("found 3");
  }

  @ParameterizedTest
  @EnumSource(Segmentation.class)
  void theSegmentsInOrderAreTheValue(Segmentation segmentation) {
    long seed = Long.getLong("seed", 20261122L);
    Random random = new Random(seed);
    for (int i = 0; i < RANDOM_TEXTS; i++) {
      String text = randomText(random);
      byte[] bytes = utf16(text);
      int segmentsMax = 1 + random.nextInt(40);
      int[] ends = new TextCuts(segmentsMax).ends(bytes, segmentation);
      String description = String.format("seed %d, text %d: %s", seed, i, escape(text));
      assertThat(ends.length).as(description).isBetween(1, segmentsMax);
      assertThat(ends[ends.length - 1]).as(description).isEqualTo(bytes.length);
      assertThat(ends).as(description).isSorted();
      byte[] joined = new byte[0];
      int start = 0;
      for (int end : ends) {
        assertThat(end > start || bytes.length == 0).as(description).isTrue();
        assertThat(end % 2).as(description).isZero();
        if (end < bytes.length) {
          String around = text.substring(end / 2 - 1, end / 2 + 1);
          assertThat(around).as(description).isNotEqualTo("\r\n");
          assertThat(around.codePointCount(0, 2)).as(description).isEqualTo(2);
        }
        byte[] segment = Arrays.copyOfRange(bytes, start, end);
        joined = Arrays.copyOf(joined, joined.length + segment.length);
        System.arraycopy(segment, 0, joined, joined.length - segment.length, segment.length);
        start = end;
      }
      assertThat(joined).as(description).isEqualTo(bytes);
    }
  }

  @ParameterizedTest
  @EnumSource(Segmentation.class)
  void aTextIsCutTheSameAgain(Segmentation segmentation) {
    byte[] text = utf16("One. Two.\n\nThree. Four.");
    assertThat(cuts.ends(text, segmentation))
        .isEqualTo(new TextCuts(1_000).ends(text, segmentation));
    assertThat(cuts.ends(new byte[0], segmentation)).containsExactly(0);
    assertThat(cuts.ends(text, segmentation)).isEqualTo(cuts.ends(text, segmentation));
  }

  private static String randomText(Random random) {
    StringBuilder text = new StringBuilder();
    for (int pieces = random.nextInt(30); pieces > 0; pieces--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  /** Unlike the JDK's encoder, which replaces halves of a pair. */
  private static byte[] utf16(String text) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * text.length()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asCharBuffer().put(text);
    return bytes.array();
  }

  private List<String> cut(String text, Segmentation segmentation) {
    return texts(cuts, text, segmentation);
  }

  private static List<String> texts(TextCuts cuts, String text, Segmentation segmentation) {
    List<String> texts = new ArrayList<>();
    int start = 0;
    for (int end : cuts.ends(utf16(text), segmentation)) {
      texts.add(text.substring(start / 2, end / 2));
      start = end;
    }
    return texts;
  }

  private static String escape(String text) {
    StringBuilder escaped = new StringBuilder();
    text.chars().forEach(unit -> escaped.append(String.format("\\u%04X", unit)));
    return escaped.toString();
  }
}
