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
    // content type, SafeTensors, ONNX, GGUF, PyTorch; "" where the format has no such type
    {"tensor/bool", "BOOL", "BOOL", "", "bool"},
    {"tensor/uint8", "U8", "UINT8", "", "uint8"},
    {"tensor/int8", "I8", "INT8", "I8", "int8"},
    {"tensor/uint16", "U16", "UINT16", "", "uint16"},
    {"tensor/int16", "I16", "INT16", "I16", "int16"},
    {"tensor/uint32", "U32", "UINT32", "", "uint32"},
    {"tensor/int32", "I32", "INT32", "I32", "int32"},
    {"tensor/uint64", "U64", "UINT64", "", "uint64"},
    {"tensor/int64", "I64", "INT64", "I64", "int64"},
    {"tensor/float16", "F16", "FLOAT16", "F16", "float16"},
    {"tensor/bfloat16", "BF16", "BFLOAT16", "BF16", "bfloat16"},
    {"tensor/float32", "F32", "FLOAT", "F32", "float32"},
    {"tensor/float64", "F64", "DOUBLE", "F64", "float64"},
    {"tensor/complex64", "C64", "COMPLEX64", "", "complex64"},
    {"tensor/complex128", "", "COMPLEX128", "", "complex128"},
    {"tensor/float8_e4m3fn", "F8_E4M3", "FLOAT8E4M3FN", "", "float8_e4m3fn"},
    {"tensor/float8_e4m3fnuz", "F8_E4M3FNUZ", "FLOAT8E4M3FNUZ", "", "float8_e4m3fnuz"},
    {"tensor/float8_e5m2", "F8_E5M2", "FLOAT8E5M2", "", "float8_e5m2"},
    {"tensor/float8_e5m2fnuz", "F8_E5M2FNUZ", "FLOAT8E5M2FNUZ", "", "float8_e5m2fnuz"},
    {"tensor/float8_e8m0", "F8_E8M0", "FLOAT8E8M0", "", "float8_e8m0fnu"},
    {"tensor/float6_e2m3", "F6_E2M3", "", "", ""},
    {"tensor/float6_e3m2", "F6_E3M2", "", "", ""},
    {"tensor/float4_e2m1", "F4", "FLOAT4E2M1", "", "float4_e2m1fn_x2"},
    {"tensor/uint4", "", "UINT4", "", ""},
    {"tensor/int4", "", "INT4", "", ""},
    {"tensor/uint2", "", "UINT2", "", ""},
    {"tensor/int2", "", "INT2", "", ""},
    {"tensor/string", "", "STRING", "", ""},
    {"tensor/complex32", "", "", "", "complex32"},
    {"tensor/qint8", "", "", "", "qint8"},
    {"tensor/quint8", "", "", "", "quint8"},
    {"tensor/qint32", "", "", "", "qint32"},
    {"tensor/quint4x2", "", "", "", "quint4x2"},
    {"tensor/quint2x4", "", "", "", "quint2x4"},
    {"tensor/bits1x8", "", "", "", "bits1x8"},
    {"tensor/bits2x4", "", "", "", "bits2x4"},
    {"tensor/bits4x2", "", "", "", "bits4x2"},
    {"tensor/bits8", "", "", "", "bits8"},
    {"tensor/bits16", "", "", "", "bits16"},
    {"tensor/q4_0", "", "", "Q4_0", ""},
    {"tensor/q4_1", "", "", "Q4_1", ""},
    {"tensor/q5_0", "", "", "Q5_0", ""},
    {"tensor/q5_1", "", "", "Q5_1", ""},
    {"tensor/q8_0", "", "", "Q8_0", ""},
    {"tensor/q8_1", "", "", "Q8_1", ""},
    {"tensor/q2_k", "", "", "Q2_K", ""},
    {"tensor/q3_k", "", "", "Q3_K", ""},
    {"tensor/q4_k", "", "", "Q4_K", ""},
    {"tensor/q5_k", "", "", "Q5_K", ""},
    {"tensor/q6_k", "", "", "Q6_K", ""},
    {"tensor/q8_k", "", "", "Q8_K", ""},
    {"tensor/iq2_xxs", "", "", "IQ2_XXS", ""},
    {"tensor/iq2_xs", "", "", "IQ2_XS", ""},
    {"tensor/iq3_xxs", "", "", "IQ3_XXS", ""},
    {"tensor/iq1_s", "", "", "IQ1_S", ""},
    {"tensor/iq4_nl", "", "", "IQ4_NL", ""},
    {"tensor/iq3_s", "", "", "IQ3_S", ""},
    {"tensor/iq2_s", "", "", "IQ2_S", ""},
    {"tensor/iq4_xs", "", "", "IQ4_XS", ""},
    {"tensor/iq1_m", "", "", "IQ1_M", ""},
    {"tensor/tq1_0", "", "", "TQ1_0", ""},
    {"tensor/tq2_0", "", "", "TQ2_0", ""},
    {"tensor/mxfp4", "", "", "MXFP4", ""},
    {"tensor/nvfp4", "", "", "NVFP4", ""},
    {"tensor/q1_0", "", "", "Q1_0", ""},
    {"tensor/q2_0", "", "", "Q2_0", ""},
  };

  private static final Map<String, String> BY_SAFETENSORS = column(1, 0);
  private static final Map<String, String> BY_ONNX = column(2, 0);
  private static final Map<String, String> BY_GGUF = column(3, 0);
  private static final Map<String, String> BY_PYTORCH = column(4, 0);
  private static final Map<String, String> TO_SAFETENSORS = column(0, 1);
  private static final Map<String, String> TO_GGUF = column(0, 3);
  private static final Map<String, String> TO_PYTORCH = column(0, 4);

  private ContentTypes() {}

  /** Returns the content type of a SafeTensors dtype; empty if there is no such dtype. */
  public static Optional<String> ofSafeTensors(String dtype) {
    return Optional.ofNullable(BY_SAFETENSORS.get(dtype));
  }

  /** Returns the content type of an ONNX data type's name; empty if there is no such type. */
  public static Optional<String> ofOnnx(String dataType) {
    return Optional.ofNullable(BY_ONNX.get(dataType));
  }

  /** Returns the content type of a PyTorch dtype; empty if there is no such dtype. */
  public static Optional<String> ofPyTorch(String dtype) {
    return Optional.ofNullable(BY_PYTORCH.get(dtype));
  }

  /** Returns the SafeTensors dtype of a content type; empty if SafeTensors has none. */
  public static Optional<String> toSafeTensors(String contentType) {
    return Optional.ofNullable(TO_SAFETENSORS.get(contentType));
  }

  /** Returns the content type of a ggml type's name; empty if there is no such type. */
  public static Optional<String> ofGguf(String type) {
    return Optional.ofNullable(BY_GGUF.get(type));
  }

  /** Returns the name of the ggml type of a content type; empty if ggml has none. */
  public static Optional<String> toGguf(String contentType) {
    return Optional.ofNullable(TO_GGUF.get(contentType));
  }

  /** Returns the PyTorch dtype of a content type; empty if PyTorch has none. */
  public static Optional<String> toPyTorch(String contentType) {
    return Optional.ofNullable(TO_PYTORCH.get(contentType));
  }

  /**
   * Returns the content type of values that are stored most significant byte first: another one,
   * since the same bytes mean other values.
   */
  public static String bigEndian(String contentType) {
    return contentType + "_be";
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
