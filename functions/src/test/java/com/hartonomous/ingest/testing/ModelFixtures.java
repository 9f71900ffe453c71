package com.hartonomous.ingest.testing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Small model files, made from a seed. */
public final class ModelFixtures {

  private ModelFixtures() {}

  /**
   * Writes a SafeTensors file of F32 tensors {@code layer.N.weight}.
   *
   * @param floats elements of each tensor
   */
  public static Path safeTensors(Path file, long seed, int tensors, int floats) throws IOException {
    StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
    int bytes = floats * Float.BYTES;
    for (int i = 0; i < tensors; i++) {
      header.append(
          String.format(
              ",\"layer.%d.weight\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[%d,%d]}",
              i, floats, (long) i * bytes, (long) (i + 1) * bytes));
    }
    byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer content =
        ByteBuffer.allocate(Long.BYTES + json.length + tensors * bytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json);
    byte[] data = new byte[tensors * bytes];
    new Random(seed).nextBytes(data);
    Files.write(file, content.put(data).array());
    return file;
  }
}
