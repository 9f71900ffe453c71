package com.hartonomous.ingest.capture.outbox;

import java.io.IOException;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** The enumerator's state, whether the split is assigned, as one byte: 0 or 1. */
final class AssignmentSerializer implements SimpleVersionedSerializer<Boolean> {

  private static final int VERSION = 1;

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(Boolean assigned) {
    return new byte[] {(byte) (assigned ? 1 : 0)};
  }

  @Override
  public Boolean deserialize(int version, byte[] serialized) throws IOException {
    if (version != VERSION || serialized.length != 1) {
      throw new IOException(
          String.format(
              "The outbox enumerator's state is of version %d and %d bytes, expected version %d and"
                  + " 1 byte.",
              version, serialized.length, VERSION));
    }
    return serialized[0] != 0;
  }
}
