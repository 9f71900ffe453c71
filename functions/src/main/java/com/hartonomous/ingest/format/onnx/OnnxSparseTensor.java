package com.hartonomous.ingest.format.onnx;

import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorEntry;
import java.io.IOException;
import java.util.List;

/**
 * One {@code SparseTensorProto}: the values that are not zero, their places, and the shape of the
 * dense tensor. It is listed as two tensors, values and indices; the shape goes into the summary.
 *
 * <p>Checks what the official checker does (onnx/onnx, {@code check_sparse_tensor}), but for the
 * indices themselves: those are values, and only headers are read.
 */
final class OnnxSparseTensor {
  private final PositionedInput input;
  private final OnnxDims dims;
  private OnnxTensor values;
  private OnnxTensor indices;

  OnnxSparseTensor(PositionedInput input, OnnxDims dims) {
    this.input = input;
    this.dims = dims;
  }

  OnnxDims dims() {
    return dims;
  }

  OnnxTensor values() {
    return values;
  }

  OnnxTensor indices() {
    return indices;
  }

  void setValues(OnnxTensor values) {
    this.values = values;
  }

  void setIndices(OnnxTensor indices) {
    this.indices = indices;
  }

  /**
   * Adds the two tensors; of an empty one the indices may be absent.
   *
   * @throws ModelFormatException if they do not fit together
   */
  void finish(String path, long position, List<TensorEntry> tensors)
      throws IOException, ModelFormatException {
    String field = "sparse tensor at " + path;
    if (values == null) {
      throw malformed(position, field, "values", "none");
    }
    TensorEntry valueEntry = values.finish(path + "/values");
    tensors.add(valueEntry);
    if (valueEntry.shape().size() != 1) {
      throw malformed(
          position, field, "values of one dimension", "the shape " + valueEntry.shape());
    }
    if (dims.values().isEmpty() || dims.values().contains(0L)) {
      throw malformed(position, field, "one or more dims from 1", dims.values().toString());
    }
    long count = valueEntry.shape().get(0);
    if (indices == null) {
      if (count != 0) {
        throw malformed(position, field, "indices of %d values".formatted(count), "none");
      }
      return;
    }
    TensorEntry indexEntry = indices.finish(path + "/indices");
    tensors.add(indexEntry);
    List<Long> linear = List.of(count);
    List<Long> tuples = List.of(count, (long) dims.values().size());
    if (!indexEntry.dtype().equals(OnnxDataType.INT64.name())
        || !(indexEntry.shape().equals(linear) || indexEntry.shape().equals(tuples))) {
      throw malformed(
          position,
          field,
          "indices of type INT64 and shape %s or %s".formatted(linear, tuples),
          indexEntry.dtype() + " " + indexEntry.shape());
    }
  }

  private ModelFormatException malformed(
      long position, String field, String expected, String found) {
    return ModelFormatException.malformed(input, position, field, expected, found);
  }
}
