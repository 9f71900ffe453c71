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
import com.hartonomous.ingest.record.Sha256;
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
        ProcessFunctionTestHarnesses.forProcessFunction(new SplitRows(DEAD_LETTERS, NAMES, 4))) {
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

  private static ContentValue value(int column, byte[] bytes) {
    return new ContentValue(column, "text/plain", bytes);
  }

  private static RowChange change(ContentValue... values) {
    RowKey key = new RowKey(1, Sha256.ofText("{\"Id\":1}"));
    return new RowChange(key, "{\"Id\":1}", 1, RowVersion.SNAPSHOT, false, values);
  }
}
