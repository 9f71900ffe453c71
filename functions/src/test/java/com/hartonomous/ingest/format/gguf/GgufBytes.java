package com.hartonomous.ingest.format.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Puts GGUF files together piece by piece, right or wrong, in the widths and order of a version.
 */
final class GgufBytes {
  static final int F32 = 0;
  static final int Q4_0 = 2;
  static final int I8 = 24;

  static final int UINT16 = 2;
  static final int UINT32 = 4;
  static final int INT32 = 5;
  static final int BOOL = 7;
  static final int STRING = 8;
  static final int ARRAY = 9;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final int version;
  private final ByteOrder order;

  /** Begins with the magic and the version. */
  GgufBytes(int version, ByteOrder order) {
    this.version = version;
    this.order = order;
    raw("GGUF".getBytes(StandardCharsets.US_ASCII));
    u32(version);
  }

  /** Begins a file of version 3, little-endian, with its counts. */
  static GgufBytes of(long tensors, long keys) {
    return new GgufBytes(3, ByteOrder.LITTLE_ENDIAN).length(tensors).length(keys);
  }

  GgufBytes raw(byte... raw) {
    bytes.writeBytes(raw);
    return this;
  }

  GgufBytes zeros(int count) {
    return raw(new byte[count]);
  }

  GgufBytes u16(int value) {
    return raw(ByteBuffer.allocate(Short.BYTES).order(order).putShort((short) value).array());
  }

  GgufBytes u32(long value) {
    return raw(ByteBuffer.allocate(Integer.BYTES).order(order).putInt((int) value).array());
  }

  GgufBytes u64(long value) {
    return raw(ByteBuffer.allocate(Long.BYTES).order(order).putLong(value).array());
  }

  GgufBytes length(long value) {
    return version == 1 ? u32(value) : u64(value);
  }

  GgufBytes text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return length(utf8.length).raw(utf8);
  }

  GgufBytes key(String key, int type) {
    return text(key).u32(type);
  }

  GgufBytes alignment(long alignment) {
    return key("general.alignment", UINT32).u32(alignment);
  }

  /** Three key-values. */
  GgufBytes split(int number, int count, int tensors) {
    return key("split.no", UINT16)
        .u16(number)
        .key("split.count", UINT16)
        .u16(count)
        .key("split.tensors.count", INT32)
        .u32(tensors);
  }

  GgufBytes tensor(String name, int type, long offset, long... dimensions) {
    text(name).u32(dimensions.length);
    for (long dimension : dimensions) {
      length(dimension);
    }
    return u32(type).u64(offset);
  }

  GgufBytes pad(int alignment) {
    return zeros(-bytes.size() & (alignment - 1));
  }

  byte[] build() {
    return bytes.toByteArray();
  }
}
