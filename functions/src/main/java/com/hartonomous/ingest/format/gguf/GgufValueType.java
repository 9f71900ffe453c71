package com.hartonomous.ingest.format.gguf;

/** The types of key-values ({@code gguf_type}); the ordinal is the number in the file. */
enum GgufValueType {
  UINT8(1),
  INT8(1),
  UINT16(2),
  INT16(2),
  UINT32(4),
  INT32(4),
  FLOAT32(4),
  BOOL(1),
  STRING(0),
  ARRAY(0),
  UINT64(8),
  INT64(8),
  FLOAT64(8);

  private static final GgufValueType[] BY_ID = values();

  private final int bytes;

  GgufValueType(int bytes) {
    this.bytes = bytes;
  }

  static boolean isKnown(long id) {
    return id < BY_ID.length;
  }

  /** Returns the type of a known number. */
  static GgufValueType of(long id) {
    return BY_ID[(int) id];
  }

  /** Returns the bytes of a value; 0 for strings and arrays, whose lengths differ. */
  int bytes() {
    return bytes;
  }

  /** Returns the bytes that a value takes at least, in a file of that width of lengths. */
  int bytesMin(int lengthBytes) {
    return switch (this) {
      case STRING -> lengthBytes;
      case ARRAY -> Integer.BYTES + lengthBytes;
      default -> bytes;
    };
  }
}
