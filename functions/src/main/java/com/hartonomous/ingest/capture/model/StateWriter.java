package com.hartonomous.ingest.capture.model;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Writes state: a magic number, then big-endian numbers, and texts and bytes after their length.
 */
final class StateWriter {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final DataOutputStream out = new DataOutputStream(bytes);

  StateWriter(int magic) throws IOException {
    out.writeInt(magic);
  }

  void writeByte(int value) throws IOException {
    out.writeByte(value);
  }

  void writeInt(int value) throws IOException {
    out.writeInt(value);
  }

  void writeLong(long value) throws IOException {
    out.writeLong(value);
  }

  void writeBytes(byte[] value) throws IOException {
    out.writeInt(value.length);
    out.write(value);
  }

  /**
   * Writes a text as UTF-8.
   *
   * @throws IOException if it holds a lone surrogate, which UTF-8 cannot say
   */
  void writeText(String text) throws IOException {
    ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
    out.writeInt(encoded.remaining());
    out.write(encoded.array(), encoded.arrayOffset(), encoded.remaining());
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }
}
