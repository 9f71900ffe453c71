package com.hartonomous.ingest.split;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedNames;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.ContentValue;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.RowChange;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.RowSegments;
import com.hartonomous.ingest.record.RowVersion;
import com.hartonomous.ingest.record.Segment;
import com.hartonomous.ingest.record.Segmentation;
import com.hartonomous.ingest.record.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.util.ProcessFunctionTestHarnesses;
import org.apache.flink.util.OutputTag;
import org.junit.jupiter.api.Test;

class SplitRowsTest {

  private static final CapturedNames NAMES =
      new CapturedNames(
          List.of(
              new CapturedTable(
                  1,
                  "dbo",
                  "Documents",
                  "main",
                  1,
                  List.of("Id"),
                  List.of(new CapturedColumn(1, "Title", "text/plain")))));

  private static final OutputTag<DeadLetter> DEAD_LETTERS =
      new OutputTag<>("dead-letters", TypeInformation.of(DeadLetter.class));

  @Test
  void nullHasNoSegmentAndTheEmptyValueHasOne() throws Exception {
    try (var harness =
        ProcessFunctionTestHarnesses.forProcessFunction(new SplitRows(DEAD_LETTERS, NAMES))) {
      harness.processElement(
          change(value(1, null), value(2, new byte[0]), value(3, new byte[] {65, 0})), 0);
      RowSegments row = harness.extractOutputValues().get(0);
      assertThat(row.segments()).extracting(Segment::columnId).containsExactly(2, 3);
      assertThat(row.segments()[0].bytes()).isEmpty();
      assertThat(row.segments()[1].segment()).isZero();
      assertThat(harness.getSideOutput(DEAD_LETTERS)).isNull();
    }
  }

  @Test
  void aValueAboveTheLimitIsADeadLetterAndTheRestGoesOn() throws Exception {
    try (var harness =
        ProcessFunctionTestHarnesses.forProcessFunction(
            new SplitRows(DEAD_LETTERS, NAMES, 4, 10))) {
      harness.processElement(change(value(1, new byte[5]), value(2, new byte[4])), 0);
      assertThat(harness.extractOutputValues().get(0).segments())
          .extracting(Segment::columnId)
          .containsExactly(2);
      DeadLetter letter = harness.getSideOutput(DEAD_LETTERS).remove().getValue();
      assertThat(letter.source()).isEqualTo("dbo.Documents");
      assertThat(letter.reason()).isEqualTo("VALUE_TOO_LARGE");
      assertThat(letter.message()).contains("4 bytes, found 5");
      assertThat(letter.position()).contains("{\"Id\":1}").contains("column Title");
    }
  }

  @Test
  void aValueIsCutAndTheSegmentsBeyondTheLimitAreOne() throws Exception {
    try (var harness =
        ProcessFunctionTestHarnesses.forProcessFunction(
            new SplitRows(DEAD_LETTERS, NAMES, 100, 3))) {
      harness.processElement(change(lines(1, "a\nb\n"), lines(2, "a\nb\nc\nd\n"), lines(3, "")), 0);
      assertThat(harness.extractOutputValues().get(0).segments())
          .extracting(
              segment ->
                  segment.columnId()
                      + "/"
                      + segment.segment()
                      + " "
                      + new String(segment.bytes(), StandardCharsets.UTF_16LE))
          .containsExactly("1/0 a\n", "1/1 b\n", "2/0 a\n", "2/1 b\n", "2/2 c\nd\n", "3/0 ");
      assertThat(harness.getSideOutput(DEAD_LETTERS)).isNull();
    }
  }

  @Test
  void aSegmentAboveTheLimitMakesItsValueADeadLetter() throws Exception {
    try (var harness =
        ProcessFunctionTestHarnesses.forProcessFunction(new SplitRows(DEAD_LETTERS, NAMES, 8, 3))) {
      harness.processElement(change(lines(1, "a\nlong\nb\n"), lines(2, "abc\nabc\n")), 0);
      assertThat(harness.extractOutputValues().get(0).segments())
          .extracting(Segment::columnId)
          .containsExactly(2, 2);
      DeadLetter letter = harness.getSideOutput(DEAD_LETTERS).remove().getValue();
      assertThat(letter.reason()).isEqualTo("VALUE_TOO_LARGE");
      assertThat(letter.message()).contains("A segment (line)", "8 bytes, found 10");
      assertThat(letter.position()).contains("{\"Id\":1}").contains("column Title");
    }
  }

  private static ContentValue lines(int column, String text) {
    return new ContentValue(
        column, "text/plain", Segmentation.LINE, text.getBytes(StandardCharsets.UTF_16LE));
  }

  private static ContentValue value(int column, byte[] bytes) {
    return new ContentValue(column, "text/plain", Segmentation.VALUE, bytes);
  }

  private static RowChange change(ContentValue... values) {
    RowKey key = new RowKey(1, Sha256.ofText("{\"Id\":1}"));
    return RowChange.present(key, "{\"Id\":1}", 1, RowVersion.SNAPSHOT, values);
  }
}
