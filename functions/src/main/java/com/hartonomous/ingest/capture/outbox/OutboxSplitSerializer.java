package com.hartonomous.ingest.capture.outbox;

import java.io.IOException;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Writes the split, which has no content, as no bytes. */
final class OutboxSplitSerializer implements SimpleVersionedSerializer<OutboxSplit> {

  private static final int VERSION = 1;

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(OutboxSplit split) {
    return new byte[0];
  }

  @Override
  public OutboxSplit deserialize(int version, byte[] serialized) throws IOException {
    if (version != VERSION || serialized.length != 0) {
      throw new IOException(
          String.format(
              "The outbox split is of version %d and %d bytes, expected version %d and none.",
              version, serialized.length, VERSION));
    }
    return new OutboxSplit();
  }
}
