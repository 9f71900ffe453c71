package com.hartonomous.ingest.format.pickle;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes a pickle opcode by opcode, right or wrong. */
public final class PickleBytes {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Begins with PROTO 2. */
  public static PickleBytes begin() {
    return new PickleBytes().raw(Opcode.PROTO, 2);
  }

  /** Appends bytes. */
  public PickleBytes raw(int... values) {
    for (int value : values) {
      bytes.write(value);
    }
    return this;
  }

  /** Appends characters: most opcodes are letters. */
  public PickleBytes ops(String opcodes) {
    bytes.writeBytes(opcodes.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  /** Appends an integer of four bytes. */
  public PickleBytes int32(long value) {
    bytes.writeBytes(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt((int) value).array());
    return this;
  }

  /** Appends an integer of eight bytes. */
  public PickleBytes int64(long value) {
    bytes.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    return this;
  }

  /** BINUNICODE. */
  public PickleBytes text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    ops("X").int32(utf8.length);
    bytes.writeBytes(utf8);
    return this;
  }

  /** BININT. */
  public PickleBytes integer(int value) {
    return ops("J").int32(value);
  }

  /** BINFLOAT. */
  public PickleBytes number(double value) {
    ops("G");
    bytes.writeBytes(ByteBuffer.allocate(8).putDouble(value).array());
    return this;
  }

  /** GLOBAL. */
  public PickleBytes global(String module, String name) {
    return ops("c" + module + "\n" + name + "\n");
  }

  /** A storage of 32-bit floats in a zip archive: BINPERSID. */
  public PickleBytes storage(String key, int elements) {
    return ops("(")
        .text("storage")
        .global("torch", "FloatStorage")
        .text(key)
        .text("cpu")
        .integer(elements)
        .ops("tQ");
  }

  /** A matrix over such a storage. */
  public PickleBytes matrix(String key, int elements, int rows, int columns) {
    return global("torch._utils", "_rebuild_tensor_v2")
        .ops("(")
        .storage(key, elements)
        .integer(0)
        .integer(rows)
        .integer(columns)
        .raw(Opcode.TUPLE2)
        .integer(columns)
        .integer(1)
        .raw(Opcode.TUPLE2)
        .raw(Opcode.NEWFALSE)
        .global("collections", "OrderedDict")
        .ops(")RtR");
  }

  /** Ends with STOP. */
  public byte[] stop() {
    return ops(".").bytes();
  }

  /** Returns what was written so far. */
  public byte[] bytes() {
    return bytes.toByteArray();
  }
}
