package com.hartonomous.ingest.format.onnx;

import com.hartonomous.ingest.format.ContentTypes;
import com.hartonomous.ingest.format.TensorStorage.Encoding;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * {@code TensorProto.DataType}: the number in the file, the bits of an element in {@code raw_data},
 * and the typed field that may hold the values instead.
 */
enum OnnxDataType {
  FLOAT(1, 32, TypedField.FLOAT_DATA, Encoding.FIXED_4_BYTES),
  UINT8(2, 8, TypedField.INT32_DATA, Encoding.VARINT_TO_1_BYTE),
  INT8(3, 8, TypedField.INT32_DATA, Encoding.VARINT_TO_1_BYTE),
  UINT16(4, 16, TypedField.INT32_DATA, Encoding.VARINT_TO_2_BYTES),
  INT16(5, 16, TypedField.INT32_DATA, Encoding.VARINT_TO_2_BYTES),
  INT32(6, 32, TypedField.INT32_DATA, Encoding.VARINT_TO_4_BYTES),
  INT64(7, 64, TypedField.INT64_DATA, Encoding.VARINT_TO_8_BYTES),
  STRING(8, 0, TypedField.STRING_DATA, Encoding.LENGTH_PREFIXED_STRING),
  BOOL(9, 8, TypedField.INT32_DATA, Encoding.VARINT_TO_BOOLEAN),
  FLOAT16(10, 16, TypedField.INT32_DATA, Encoding.VARINT_TO_2_BYTES),
  DOUBLE(11, 64, TypedField.DOUBLE_DATA, Encoding.FIXED_8_BYTES),
  UINT32(12, 32, TypedField.UINT64_DATA, Encoding.VARINT_TO_4_BYTES),
  UINT64(13, 64, TypedField.UINT64_DATA, Encoding.VARINT_TO_8_BYTES),
  COMPLEX64(14, 64, TypedField.FLOAT_DATA, Encoding.FIXED_4_BYTES),
  COMPLEX128(15, 128, TypedField.DOUBLE_DATA, Encoding.FIXED_8_BYTES),
  BFLOAT16(16, 16, TypedField.INT32_DATA, Encoding.VARINT_TO_2_BYTES),
  FLOAT8E4M3FN(17, 8, TypedField.INT32_DATA, Encoding.VARINT_TO_1_BYTE),
  FLOAT8E4M3FNUZ(18, 8, TypedField.INT32_DATA, Encoding.VARINT_TO_1_BYTE),
  FLOAT8E5M2(19, 8, TypedField.INT32_DATA, Encoding.VARINT_TO_1_BYTE),
  FLOAT8E5M2FNUZ(20, 8, TypedField.INT32_DATA, Encoding.VARINT_TO_1_BYTE),
  UINT4(21, 4, TypedField.INT32_DATA, Encoding.VARINT_TO_1_BYTE),
  INT4(22, 4, TypedField.INT32_DATA, Encoding.VARINT_TO_1_BYTE),
  FLOAT4E2M1(23, 4, TypedField.INT32_DATA, Encoding.VARINT_TO_1_BYTE),
  FLOAT8E8M0(24, 8, TypedField.INT32_DATA, Encoding.VARINT_TO_1_BYTE),
  UINT2(25, 2, TypedField.INT32_DATA, Encoding.VARINT_TO_1_BYTE),
  INT2(26, 2, TypedField.INT32_DATA, Encoding.VARINT_TO_1_BYTE);

  /** The repeated fields of {@code TensorProto} that hold values one by one. */
  enum TypedField {
    FLOAT_DATA("float_data", 4),
    INT32_DATA("int32_data", 0),
    STRING_DATA("string_data", 0),
    INT64_DATA("int64_data", 0),
    DOUBLE_DATA("double_data", 8),
    UINT64_DATA("uint64_data", 0);

    private final String fieldName;
    private final int fixedBytes;

    TypedField(String fieldName, int fixedBytes) {
      this.fieldName = fieldName;
      this.fixedBytes = fixedBytes;
    }

    String fieldName() {
      return fieldName;
    }

    /** Returns the bytes of one stored value; 0 if values differ in length. */
    int fixedBytes() {
      return fixedBytes;
    }
  }

  private static final Map<Long, OnnxDataType> BY_ID =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(type -> type.id, Function.identity()));

  private final long id;
  private final int bits;
  private final TypedField typedField;
  private final Encoding encoding;
  private final String contentType;

  OnnxDataType(long id, int bits, TypedField typedField, Encoding encoding) {
    this.id = id;
    this.bits = bits;
    this.typedField = typedField;
    this.encoding = encoding;
    this.contentType = ContentTypes.ofOnnx(name()).orElseThrow();
  }

  static Optional<OnnxDataType> of(long id) {
    return Optional.ofNullable(BY_ID.get(id));
  }

  /** Returns the bits of one element in {@code raw_data}; 0 for strings, which have no raw form. */
  int bits() {
    return bits;
  }

  TypedField typedField() {
    return typedField;
  }

  /** Returns how an entry of the typed field becomes bytes of {@code raw_data}. */
  Encoding encoding() {
    return encoding;
  }

  String contentType() {
    return contentType;
  }
}
