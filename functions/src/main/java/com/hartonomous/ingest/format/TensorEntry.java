package com.hartonomous.ingest.format;

import java.util.List;
import java.util.Objects;

/**
 * One tensor of a model file.
 *
 * @param name as the file has it; may be empty or repeated where {@code path} tells them apart
 * @param path place in the file's structure, unique in it: a text (ONNX: {@code
 *     graph/node[3]/attribute[0]/t}), or a JSON array of keys, which begins with a bracket as no
 *     such text does (PyTorch: {@code ["model","layers",0]}); null for formats whose names are
 *     unique
 * @param dtype element type in the format's own words
 * @param contentType the same in the words that all formats share, see {@link ContentTypes}
 * @param shape dimensions as the file has them; empty for a scalar
 * @param storage where the values are
 */
public record TensorEntry(
    String name,
    String path,
    String dtype,
    String contentType,
    List<Long> shape,
    TensorStorage storage) {
  public TensorEntry {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(contentType, "contentType");
    shape = List.copyOf(shape);
    Objects.requireNonNull(storage, "storage");
  }

  /** Returns the length of the values in their canonical form, in bytes. */
  public long nbytes() {
    return storage.nbytes();
  }
}
