package com.hartonomous.ingest.deduplicate;

import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.HashedRow;
import com.hartonomous.ingest.record.HashedSegment;
import com.hartonomous.ingest.record.RowEvent;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.RowReference;
import com.hartonomous.ingest.record.RowVersion;
import com.hartonomous.ingest.record.Segment;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.record.StoredSegment;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Compares what a row is to refer to with what it referred to, and emits the difference: ensure
 * present, ensure absent. Events of a row arrive in commit order; one that is not newer than the
 * state (read again after a restore) changes nothing.
 *
 * <p>A snapshot row has no LSN. It replaces the state of an earlier reading of the same snapshot
 * (which a restore repeats), never that of a streamed event: streaming of a group begins when its
 * snapshot is complete, so a snapshot row behind a streamed one is an older reading.
 *
 * <p>A sweep compares what the database holds of a row with the state, which it leaves as it is,
 * unless it is of an earlier generation; a replay has stored again what of the row the state holds,
 * and leaves it as it is too.
 */
public final class CompareRows extends KeyedProcessFunction<RowKey, HashedRow, AtomReference> {

  private static final long serialVersionUID = 1L;

  private record Place(int columnId, int segment) {}

  // One entry a live row; cleared when the row is deleted. Order within a row is kept by the
  // channel, so no tombstone is needed.
  private transient ValueState<RowState> rowState;
  private transient Counter sweptReferences;

  @Override
  public void open(OpenContext context) {
    rowState = getRuntimeContext().getState(new ValueStateDescriptor<>("row", RowState.class));
    sweptReferences = getRuntimeContext().getMetricGroup().counter("sweptReferences");
  }

  @Override
  public void processElement(HashedRow row, Context context, Collector<AtomReference> out)
      throws Exception {
    RowState state = rowState.value();
    if (row.event() == RowEvent.SWEEP) {
      sweep(row, state, out);
      return;
    }
    if (row.event() == RowEvent.REPLAY) {
      replay(row, state, out);
      return;
    }
    if (state != null && !applies(row, state)) {
      return;
    }
    Map<Place, Sha256> before = held(state, row.generation());
    HeldSegment[] held = new HeldSegment[row.segments().length];
    for (int i = 0; i < held.length; i++) {
      HashedSegment hashed = row.segments()[i];
      int columnId = hashed.segment().columnId();
      int segment = hashed.segment().segment();
      held[i] = new HeldSegment(columnId, segment, hashed.hash());
      Sha256 previous = before.remove(new Place(columnId, segment));
      if (!hashed.hash().equals(previous)) {
        if (previous != null) {
          out.collect(absent(row, columnId, segment, previous));
        }
        out.collect(present(row, hashed));
      }
    }
    before.forEach(
        (place, hash) -> out.collect(absent(row, place.columnId(), place.segment(), hash)));
    if (held.length == 0) {
      rowState.clear();
    } else {
      rowState.update(new RowState(row.generation(), row.version(), held));
    }
  }

  /**
   * Makes absent what the database holds of the row and the state does not. Right at any moment: a
   * reference that the state does not hold is to be absent, and one that it comes to hold later is
   * made present later, through the same channel.
   */
  private void sweep(HashedRow row, RowState state, Collector<AtomReference> out) throws Exception {
    if (state != null && state.generation() > row.generation()) {
      // Behind the table's next snapshot, whose own sweep follows.
      return;
    }
    if (state != null && state.generation() < row.generation()) {
      // The table's new snapshot did not find the row: nobody will ask for this state again.
      rowState.clear();
    }
    Map<Place, Sha256> held = held(state, row.generation());
    for (StoredSegment stored : row.stored()) {
      if (!stored.hash().equals(held.get(new Place(stored.columnId(), stored.segment())))) {
        sweptReferences.inc();
        out.collect(absent(row, stored.columnId(), stored.segment(), stored.hash()));
      }
    }
  }

  /**
   * Has what the row holds made present once more. Right at any moment: what the state does not
   * hold, or not so, has an event of its own, before or behind this one in the same channel.
   */
  private static void replay(HashedRow row, RowState state, Collector<AtomReference> out) {
    Map<Place, Sha256> held = held(state, row.generation());
    for (HashedSegment hashed : row.segments()) {
      Place place = new Place(hashed.segment().columnId(), hashed.segment().segment());
      if (hashed.hash().equals(held.get(place))) {
        out.collect(present(row, hashed));
      }
    }
  }

  private static Map<Place, Sha256> held(RowState state, int generation) {
    Map<Place, Sha256> held = new HashMap<>();
    if (state != null && state.generation() == generation) {
      for (HeldSegment segment : state.held()) {
        held.put(new Place(segment.columnId(), segment.segment()), segment.hash());
      }
    }
    return held;
  }

  private static boolean applies(HashedRow row, RowState state) {
    if (row.generation() != state.generation()) {
      return row.generation() > state.generation();
    }
    RowVersion version = row.version();
    return version.isSnapshot()
        ? state.version().isSnapshot()
        : version.compareTo(state.version()) > 0;
  }

  private static AtomReference present(HashedRow row, HashedSegment hashed) {
    Segment segment = hashed.segment();
    return AtomReference.ofRow(
        hashed.hash(),
        segment.contentType(),
        segment.bytes(),
        new RowReference(row.key(), row.keyText(), segment.columnId(), segment.segment()));
  }

  private static AtomReference absent(HashedRow row, int columnId, int segment, Sha256 hash) {
    return AtomReference.absentFromRow(
        hash, new RowReference(row.key(), row.keyText(), columnId, segment));
  }
}
