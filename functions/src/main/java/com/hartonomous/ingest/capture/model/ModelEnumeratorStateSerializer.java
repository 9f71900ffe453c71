package com.hartonomous.ingest.capture.model;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * The enumerator's state as bytes, version 1, big-endian:
 *
 * <pre>
 * int magic "HMEN", text jobName, int n, n times int modelId in ascending order,
 * int split version, int m, m times (int length, that many bytes of a split)
 * </pre>
 */
final class ModelEnumeratorStateSerializer
    implements SimpleVersionedSerializer<ModelEnumeratorState> {

  private static final int VERSION = 1;
  private static final int MAGIC = 0x484D454E;
  private static final String SUBJECT = "state of the model source";

  private final ModelSplitSerializer splits = new ModelSplitSerializer();

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(ModelEnumeratorState state) throws IOException {
    StateWriter out = new StateWriter(MAGIC);
    out.writeText(state.jobName());
    out.writeInt(state.plannedModels().size());
    for (int modelId : new TreeSet<>(state.plannedModels())) {
      out.writeInt(modelId);
    }
    out.writeInt(splits.getVersion());
    out.writeInt(state.pendingSplits().size());
    for (ModelSplit split : state.pendingSplits()) {
      out.writeBytes(splits.serialize(split));
    }
    return out.toBytes();
  }

  /**
   * @throws IOException for another version, and for bytes that are not this state: cut short, too
   *     long, or damaged
   */
  @Override
  public ModelEnumeratorState deserialize(int version, byte[] serialized) throws IOException {
    StateReader.requireVersion(SUBJECT, VERSION, version);
    StateReader in = new StateReader(SUBJECT, serialized, MAGIC);
    String jobName = in.readText();
    int modelCount = in.readCount(Integer.BYTES);
    Set<Integer> plannedModels = new HashSet<>();
    for (int i = 0; i < modelCount; i++) {
      plannedModels.add(in.readInt());
    }
    int splitVersion = in.readInt();
    int splitCount = in.readCount(Integer.BYTES);
    List<ModelSplit> pending = new ArrayList<>(splitCount);
    for (int i = 0; i < splitCount; i++) {
      pending.add(splits.deserialize(splitVersion, in.readBytes()));
    }
    in.finish();
    return new ModelEnumeratorState(jobName, plannedModels, pending);
  }
}
