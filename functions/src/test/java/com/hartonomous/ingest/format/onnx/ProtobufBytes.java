package com.hartonomous.ingest.format.onnx;

import java.io.ByteArrayOutputStream;
import java.util.List;

/** Writes protobuf fields by hand, right ones and wrong ones. */
final class ProtobufBytes {

  private ProtobufBytes() {}

  static byte[] varintField(int number, long value) {
    return bytes(varint(number << 3L), varint(value));
  }

  static byte[] bytesField(int number, byte[] value) {
    return bytes(lengthField(number, value.length), value);
  }

  static byte[] lengthField(int number, long length) {
    return bytes(varint(number << 3L | 2), varint(length));
  }

  static byte[] varint(long value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      bytes.write((int) (rest & 0x7F | 0x80));
      rest >>>= 7;
    }
    bytes.write((int) rest);
    return bytes.toByteArray();
  }

  static byte[] bytes(byte[]... parts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] part : List.of(parts)) {
      bytes.writeBytes(part);
    }
    return bytes.toByteArray();
  }
}
