package com.hartonomous.ingest.deduplicate;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.RowVersion;
import com.hartonomous.ingest.record.Sha256;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class RowStateTest {

  /** As the documentation of the limit of segments says. */
  private static final int SEGMENT_BYTES_MAX = 52;

  private static final int SEGMENTS = 10_000;

  @Test
  void aHeldSegmentTakesAsManyBytesAsTheLimitOfSegmentsCountsOn() throws Exception {
    HeldSegment[] held = new HeldSegment[SEGMENTS];
    for (int i = 0; i < SEGMENTS; i++) {
      held[i] = new HeldSegment(1, i, Sha256.ofText(Integer.toString(i)));
    }
    DataOutputSerializer out = new DataOutputSerializer(64);
    TypeInformation.of(RowState.class)
        .createSerializer(new SerializerConfigImpl())
        .serialize(new RowState(1, RowVersion.SNAPSHOT, held), out);
    assertThat(out.length()).isBetween(36 * SEGMENTS, SEGMENT_BYTES_MAX * SEGMENTS);
  }
}
