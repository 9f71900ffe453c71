package com.hartonomous.ingest.hash;

import com.hartonomous.ingest.record.HashedRow;
import com.hartonomous.ingest.record.HashedSegment;
import com.hartonomous.ingest.record.RowSegments;
import com.hartonomous.ingest.record.Segment;
import com.hartonomous.ingest.record.Sha256;
import org.apache.flink.api.common.functions.MapFunction;

/** Names the segments of a row by the SHA-256 of their bytes. */
public final class HashSegments implements MapFunction<RowSegments, HashedRow> {

  private static final long serialVersionUID = 1L;

  @Override
  public HashedRow map(RowSegments row) {
    HashedSegment[] hashed = new HashedSegment[row.segments().length];
    for (int i = 0; i < hashed.length; i++) {
      Segment segment = row.segments()[i];
      hashed[i] = new HashedSegment(segment, Sha256.of(segment.bytes()));
    }
    return new HashedRow(
        row.event(),
        row.key(),
        row.keyText(),
        row.generation(),
        row.version(),
        hashed,
        row.stored());
  }
}
