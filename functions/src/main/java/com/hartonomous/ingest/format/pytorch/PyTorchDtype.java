package com.hartonomous.ingest.format.pytorch;

import com.hartonomous.ingest.format.ContentTypes;
import com.hartonomous.ingest.format.TensorStorage.ElementForm;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The element types of PyTorch that storages and tensors in files have. */
enum PyTorchDtype {
  FLOAT64("Double", 8),
  FLOAT32("Float", 4),
  FLOAT16("Half", 2),
  BFLOAT16("BFloat16", 2),
  INT64("Long", 8),
  INT32("Int", 4),
  INT16("Short", 2),
  INT8("Char", 1),
  UINT8("Byte", 1),
  BOOL("Bool", 1),
  COMPLEX64("ComplexFloat", 8),
  COMPLEX128("ComplexDouble", 16),
  QINT8("QInt8", 1),
  QUINT8("QUInt8", 1),
  QINT32("QInt32", 4),
  QUINT4X2("QUInt4x2", 1),
  QUINT2X4("QUInt2x4", 1),
  // Without a storage class of their own.
  COMPLEX32("", 4),
  UINT16("", 2),
  UINT32("", 4),
  UINT64("", 8),
  FLOAT8_E4M3FN("", 1),
  FLOAT8_E4M3FNUZ("", 1),
  FLOAT8_E5M2("", 1),
  FLOAT8_E5M2FNUZ("", 1),
  FLOAT8_E8M0FNU("", 1),
  FLOAT4_E2M1FN_X2("", 1),
  // Bits without a meaning of their own.
  BITS1X8("", 1),
  BITS2X4("", 1),
  BITS4X2("", 1),
  BITS8("", 1),
  BITS16("", 2);

  private static final Map<String, PyTorchDtype> BY_NAME = new HashMap<>();
  private static final Map<String, PyTorchDtype> BY_CLASS_PREFIX = new HashMap<>();

  static {
    for (PyTorchDtype dtype : values()) {
      BY_NAME.put(dtype.torchName(), dtype);
      if (!dtype.classPrefix.isEmpty()) {
        BY_CLASS_PREFIX.put(dtype.classPrefix, dtype);
      }
    }
  }

  private final String classPrefix;
  private final int bytes;

  PyTorchDtype(String classPrefix, int bytes) {
    this.classPrefix = classPrefix;
    this.bytes = bytes;
  }

  /** Returns the type of that name in the module {@code torch}, such as {@code float32}. */
  static Optional<PyTorchDtype> named(String name) {
    return Optional.ofNullable(BY_NAME.get(name));
  }

  /**
   * Returns the type of a storage or tensor class, such as {@code FloatStorage}; an untyped storage
   * is one of bytes.
   *
   * @param suffix {@code Storage} or {@code Tensor}
   */
  static Optional<PyTorchDtype> ofClass(String name, String suffix) {
    if (name.equals("UntypedStorage") && suffix.equals("Storage")) {
      return Optional.of(UINT8);
    }
    return name.endsWith(suffix)
        ? Optional.ofNullable(
            BY_CLASS_PREFIX.get(name.substring(0, name.length() - suffix.length())))
        : Optional.empty();
  }

  /** Returns the name of the class of its storages in the module {@code torch}, if it has one. */
  Optional<String> storageClass() {
    return classPrefix.isEmpty() ? Optional.empty() : Optional.of(classPrefix + "Storage");
  }

  /** Returns the name in the module {@code torch}. */
  String torchName() {
    return name().toLowerCase(Locale.ROOT);
  }

  String contentType() {
    return ContentTypes.ofPyTorch(torchName()).orElseThrow();
  }

  /** Returns the bytes of an element; of a packed type, of {@link #elementsInByte()} of them. */
  int bytes() {
    return bytes;
  }

  /** Returns how many elements share a byte; 1 for types of whole bytes. */
  int elementsInByte() {
    return this == QUINT4X2 ? 2 : this == QUINT2X4 ? 4 : 1;
  }

  /** Says whether turning the sign bit of each word turns the sign of the value. */
  boolean hasSignBit() {
    return switch (this) {
      case FLOAT64, FLOAT32, FLOAT16, BFLOAT16, COMPLEX32, COMPLEX64, COMPLEX128 -> true;
      default -> false;
    };
  }

  ElementForm form(boolean bigEndian, boolean negated, boolean conjugated) {
    boolean complex = this == COMPLEX32 || this == COMPLEX64 || this == COMPLEX128;
    return new ElementForm(bytes, complex ? bytes / 2 : bytes, bigEndian, negated, conjugated);
  }
}
