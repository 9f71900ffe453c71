package com.hartonomous.ingest.deduplicate;

import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.Sha256;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Marks references to atoms that were sent to the database before, so that the writer plans no
 * content for them. A cache: the database decides, and the writer ships the content of a "known"
 * atom all the same when the database lacks it.
 */
public final class DeduplicateAtoms
    extends KeyedProcessFunction<Sha256, AtomReference, AtomReference> {

  private static final long serialVersionUID = 1L;

  // One byte an atom, for as long as the job's state lives: the set of atoms is the product.
  private transient ValueState<Boolean> sent;
  private transient Counter newAtoms;
  private transient Counter knownAtoms;

  @Override
  public void open(OpenContext context) {
    sent = getRuntimeContext().getState(new ValueStateDescriptor<>("sent", Boolean.class));
    var metrics = getRuntimeContext().getMetricGroup().addGroup("atoms");
    newAtoms = metrics.counter("new");
    knownAtoms = metrics.counter("known");
  }

  @Override
  public void processElement(AtomReference reference, Context context, Collector<AtomReference> out)
      throws Exception {
    if (!reference.present()) {
      out.collect(reference);
      return;
    }
    boolean known = sent.value() != null;
    (known ? knownAtoms : newAtoms).inc();
    if (!known) {
      sent.update(true);
    }
    out.collect(reference.withKnown(known));
  }
}
