package com.hartonomous.ingest.format;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The one table that gives the element types of all formats common names, so that the same values
 * are of one type whichever file they came from.
 */
public final class ContentTypes {
  /** Bytes of a model file that belong to no tensor. */
  public static final String MODEL_BYTES = "model/bytes";

  /** The text {@code name:op_type} of a graph node. */
  public static final String ONNX_NODE = "onnx/node";

  private static final String[][] TENSOR_TYPES = {
    // content type, SafeTensors, ONNX; "" where the format has no such type
    {"tensor/bool", "BOOL", "BOOL"},
    {"tensor/uint8", "U8", "UINT8"},
    {"tensor/int8", "I8", "INT8"},
    {"tensor/uint16", "U16", "UINT16"},
    {"tensor/int16", "I16", "INT16"},
    {"tensor/uint32", "U32", "UINT32"},
    {"tensor/int32", "I32", "INT32"},
    {"tensor/uint64", "U64", "UINT64"},
    {"tensor/int64", "I64", "INT64"},
    {"tensor/float16", "F16", "FLOAT16"},
    {"tensor/bfloat16", "BF16", "BFLOAT16"},
    {"tensor/float32", "F32", "FLOAT"},
    {"tensor/float64", "F64", "DOUBLE"},
    {"tensor/complex64", "C64", "COMPLEX64"},
    {"tensor/complex128", "", "COMPLEX128"},
    {"tensor/float8_e4m3fn", "F8_E4M3", "FLOAT8E4M3FN"},
    {"tensor/float8_e4m3fnuz", "F8_E4M3FNUZ", "FLOAT8E4M3FNUZ"},
    {"tensor/float8_e5m2", "F8_E5M2", "FLOAT8E5M2"},
    {"tensor/float8_e5m2fnuz", "F8_E5M2FNUZ", "FLOAT8E5M2FNUZ"},
    {"tensor/float8_e8m0", "F8_E8M0", "FLOAT8E8M0"},
    {"tensor/float6_e2m3", "F6_E2M3", ""},
    {"tensor/float6_e3m2", "F6_E3M2", ""},
    {"tensor/float4_e2m1", "F4", "FLOAT4E2M1"},
    {"tensor/uint4", "", "UINT4"},
    {"tensor/int4", "", "INT4"},
    {"tensor/uint2", "", "UINT2"},
    {"tensor/int2", "", "INT2"},
    {"tensor/string", "", "STRING"},
  };

  private static final Map<String, String> BY_SAFETENSORS = column(1, 0);
  private static final Map<String, String> BY_ONNX = column(2, 0);
  private static final Map<String, String> TO_SAFETENSORS = column(0, 1);

  private ContentTypes() {}

  /** Returns the content type of a SafeTensors dtype; empty if there is no such dtype. */
  public static Optional<String> ofSafeTensors(String dtype) {
    return Optional.ofNullable(BY_SAFETENSORS.get(dtype));
  }

  /** Returns the content type of an ONNX data type's name; empty if there is no such type. */
  public static Optional<String> ofOnnx(String dataType) {
    return Optional.ofNullable(BY_ONNX.get(dataType));
  }

  /** Returns the SafeTensors dtype of a content type; empty if SafeTensors has none. */
  public static Optional<String> toSafeTensors(String contentType) {
    return Optional.ofNullable(TO_SAFETENSORS.get(contentType));
  }

  private static Map<String, String> column(int key, int value) {
    Map<String, String> map = new LinkedHashMap<>();
    for (String[] row : TENSOR_TYPES) {
      if (!row[key].isEmpty() && !row[value].isEmpty()) {
        map.put(row[key], row[value]);
      }
    }
    return Map.copyOf(map);
  }
}
