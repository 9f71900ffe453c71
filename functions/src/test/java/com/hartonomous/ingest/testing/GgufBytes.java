package com.hartonomous.ingest.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Puts GGUF files together piece by piece, right or wrong, in the widths and order of a version.
 */
public final class GgufBytes {
  public static final int F32 = 0;
  public static final int Q4_0 = 2;
  public static final int I8 = 24;

  public static final int UINT16 = 2;
  public static final int UINT32 = 4;
  public static final int INT32 = 5;
  public static final int BOOL = 7;
  public static final int STRING = 8;
  public static final int ARRAY = 9;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final int version;
  private final ByteOrder order;

  /** Begins with the magic and the version. */
  public GgufBytes(int version, ByteOrder order) {
    this.version = version;
    this.order = order;
    raw("GGUF".getBytes(StandardCharsets.US_ASCII));
    u32(version);
  }

  /** Begins a file of version 3, little-endian, with its counts. */
  public static GgufBytes of(long tensors, long keys) {
    return new GgufBytes(3, ByteOrder.LITTLE_ENDIAN).length(tensors).length(keys);
  }

  public GgufBytes raw(byte... raw) {
    bytes.writeBytes(raw);
    return this;
  }

  public GgufBytes zeros(int count) {
    return raw(new byte[count]);
  }

  public GgufBytes u16(int value) {
    return raw(ByteBuffer.allocate(Short.BYTES).order(order).putShort((short) value).array());
  }

  public GgufBytes u32(long value) {
    return raw(ByteBuffer.allocate(Integer.BYTES).order(order).putInt((int) value).array());
  }

  public GgufBytes u64(long value) {
    return raw(ByteBuffer.allocate(Long.BYTES).order(order).putLong(value).array());
  }

  public GgufBytes length(long value) {
    return version == 1 ? u32(value) : u64(value);
  }

  public GgufBytes text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return length(utf8.length).raw(utf8);
  }

  public GgufBytes key(String key, int type) {
    return text(key).u32(type);
  }

  public GgufBytes alignment(long alignment) {
    return key("general.alignment", UINT32).u32(alignment);
  }

  /** Three key-values. */
  public GgufBytes split(int number, int count, int tensors) {
    return key("split.no", UINT16)
        .u16(number)
        .key("split.count", UINT16)
        .u16(count)
        .key("split.tensors.count", INT32)
        .u32(tensors);
  }

  public GgufBytes tensor(String name, int type, long offset, long... dimensions) {
    text(name).u32(dimensions.length);
    for (long dimension : dimensions) {
      length(dimension);
    }
    return u32(type).u64(offset);
  }

  public GgufBytes pad(int alignment) {
    return zeros(-bytes.size() & (alignment - 1));
  }

  public byte[] build() {
    return bytes.toByteArray();
  }

  /**
   * Writes vectors of I8 into files of a split model, or into one.
   *
   * @return the files in order; the first stands for the model
   */
  public static List<Path> write(Path folder, Map<String, byte[]> weights, int files)
      throws IOException {
    List<Map.Entry<String, byte[]>> entries = List.copyOf(weights.entrySet());
    List<Path> written = new ArrayList<>();
    Files.createDirectories(folder);
    for (int i = 0; i < files; i++) {
      List<Map.Entry<String, byte[]>> part =
          entries.subList(i * entries.size() / files, (i + 1) * entries.size() / files);
      GgufBytes file = of(part.size(), files == 1 ? 0 : 3);
      if (files > 1) {
        file.split(i, files, entries.size());
      }
      long offset = 0;
      for (Map.Entry<String, byte[]> weight : part) {
        file.tensor(weight.getKey(), I8, offset, weight.getValue().length);
        offset += weight.getValue().length + 31 & ~31;
      }
      for (Map.Entry<String, byte[]> weight : part) {
        file.pad(32).raw(weight.getValue());
      }
      String name = files == 1 ? "model.gguf" : "model-%05d-of-%05d.gguf".formatted(i + 1, files);
      written.add(Files.write(folder.resolve(name), file.build()));
    }
    return written;
  }
}
