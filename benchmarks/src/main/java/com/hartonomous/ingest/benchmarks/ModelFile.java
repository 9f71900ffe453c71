package com.hartonomous.ingest.benchmarks;

import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.format.safetensors.SafeTensorsWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A SafeTensors file of generated values, of any size, written as a stream.
 *
 * @param bytes of all values, a multiple of 4
 * @param tensorBytes of one tensor, a multiple of 4; the last one may be smaller
 * @param copies how often each value occurs: 1 for distinct chunks, 10 when nine of ten chunks are
 *     to be known already. The values repeat as a whole, behind their end.
 * @param seed the same seed, the same bytes
 */
record ModelFile(long bytes, long tensorBytes, int copies, long seed) {

  static final long TENSOR_BYTES_DEFAULT = 64L << 20;

  private static final int FLOAT_BYTES = 4;
  private static final int BUFFER_BYTES = 1 << 20;

  ModelFile {
    if (bytes <= 0 || bytes % FLOAT_BYTES != 0) {
      throw new IllegalArgumentException(
          "bytes: expected a positive multiple of 4, found " + bytes);
    }
    if (tensorBytes <= 0 || tensorBytes % FLOAT_BYTES != 0) {
      throw new IllegalArgumentException(
          "tensor bytes: expected a positive multiple of 4, found " + tensorBytes);
    }
    if (copies < 1) {
      throw new IllegalArgumentException("copies: expected at least 1, found " + copies);
    }
  }

  /** Distinct values in tensors of the default size. */
  static ModelFile distinct(long bytes, long seed) {
    return new ModelFile(bytes, TENSOR_BYTES_DEFAULT, 1, seed);
  }

  /** Writes the file; returns its length, which is a header more than {@link #bytes}. */
  long write(Path file) throws IOException {
    // Copies meet at the starts of tensors, from where chunks are cut.
    long tensors = (bytes + tensorBytes - 1) / tensorBytes;
    long period = (tensors + copies - 1) / copies * tensorBytes;
    GeneratedInput values = new GeneratedInput(seed, bytes, period);
    try (OutputStream output =
        new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES)) {
      return SafeTensorsWriter.write(values, layout(), Map.of(), output).bytes();
    }
  }

  private ModelLayout layout() {
    List<TensorEntry> tensors = new ArrayList<>();
    for (long offset = 0; offset < bytes; offset += tensorBytes) {
      long length = Math.min(tensorBytes, bytes - offset);
      tensors.add(
          new TensorEntry(
              "layer.%d.weight".formatted(tensors.size()),
              null,
              "F32",
              "tensor/float32",
              List.of(length / FLOAT_BYTES),
              new TensorStorage.Range(offset, length)));
    }
    return new ModelLayout("generated", "{}", tensors, List.of(), bytes);
  }
}
