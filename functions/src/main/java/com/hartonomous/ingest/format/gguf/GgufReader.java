package com.hartonomous.ingest.format.gguf;

import com.fasterxml.jackson.core.JsonGenerator;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads the header of one file; what other files of the model say is not looked at. */
final class GgufReader {
  private static final int VERSION_MAX = 3;

  /** The low half of a version that was written big-endian. */
  private static final int LOW_HALF = 0xFFFF;

  static final int DIMENSIONS_MAX = 4;
  static final int NAME_BYTES_MAX = 63;

  private final GgufCursor cursor;
  private final LayoutBudget budget;

  /** Names of all tensors of the model so far, this file's and others'. */
  private final Set<String> names;

  /** A tensor of which it is known where in the data it is, but not where the data begins. */
  private record Info(
      String name, GgufType type, List<Long> shape, long offset, long length, long position) {}

  /**
   * What a file says.
   *
   * @param json an open object, to which members may be added
   * @param text takes the JSON
   */
  record Header(
      GgufMetadata metadata, List<TensorEntry> tensors, JsonGenerator json, StringWriter text) {

    /** Ends the JSON object and returns it. */
    String closeJson() throws IOException {
      json.writeEndObject();
      json.close();
      return text.toString();
    }
  }

  private GgufReader(PositionedInput input, LayoutBudget budget, Set<String> names) {
    this.cursor = new GgufCursor(input, budget.limits());
    this.budget = budget;
    this.names = names;
  }

  /**
   * Reads a header.
   *
   * @param names of the tensors of the model's other files; this one's are added
   */
  static Header read(PositionedInput input, LayoutBudget budget, Set<String> names)
      throws IOException, ModelFormatException {
    return new GgufReader(input, budget, names).read();
  }

  private Header read() throws IOException, ModelFormatException {
    readMagic();
    long version = readVersion();
    int lengthBytes = cursor.lengthBytes();
    long tensorCount =
        cursor.readCount(
            "tensor count", lengthBytes + 2 * Integer.BYTES + Long.BYTES, Long.MAX_VALUE);
    long keyCount =
        cursor.readCount(
            "key-value count", lengthBytes + Integer.BYTES + 2 * Byte.BYTES, Long.MAX_VALUE);
    StringWriter text = new StringWriter();
    JsonGenerator json = GgufMetadata.newJson(text);
    json.writeNumberField("version", version);
    json.writeStringField("byte_order", cursor.isBigEndian() ? "big" : "little");
    json.writeNumberField("tensors", tensorCount);
    json.writeObjectFieldStart("key_values");
    GgufMetadata metadata = GgufMetadata.read(cursor, keyCount, budget, json);
    json.writeEndObject();
    json.writeNumberField("alignment", metadata.alignment());
    List<Info> infos = new ArrayList<>();
    long end = 0;
    for (long i = 0; i < tensorCount; i++) {
      Info info = readInfo(i, end);
      end = padded(info, metadata.alignment());
      infos.add(info);
    }
    return new Header(metadata, place(infos, metadata.alignment()), json, text);
  }

  private void readMagic() throws IOException, ModelFormatException {
    String found = cursor.readText(GgufFormat.MAGIC.length(), "magic");
    String forerunner = GgufFormat.FORERUNNERS.get(found);
    if (forerunner != null) {
      throw ModelFormatException.unsupported(
          cursor.input(),
          0,
          "magic",
          "GGUF",
          forerunner + ", a format of ggml before GGUF; convert it with a llama.cpp of 2023");
    }
    if (!found.equals(GgufFormat.MAGIC)) {
      throw cursor.malformed(0, "magic", "GGUF", "'" + found + "'");
    }
  }

  private long readVersion() throws IOException, ModelFormatException {
    String field = "version";
    long position = cursor.position();
    int version = cursor.readInt(field);
    if ((version & LOW_HALF) == 0) {
      cursor.setBigEndian();
      version = Integer.reverseBytes(version);
    }
    if (version < 1 || version > VERSION_MAX) {
      throw ModelFormatException.unsupported(
          cursor.input(),
          position,
          field,
          "from 1 to " + VERSION_MAX,
          Integer.toUnsignedString(version));
    }
    if (version == 1) {
      cursor.setShortLengths();
    }
    return version;
  }

  private Info readInfo(long index, long offsetExpected) throws IOException, ModelFormatException {
    long position = cursor.position();
    budget.addTensor(position);
    String name = readName("name of tensor " + index, position);
    String field = "tensor '" + name + "'";
    List<Long> shape = readShape(field);
    GgufType type = readType(field);
    long length = byteLength(field, shape, type, position);
    long offsetPosition = cursor.position();
    long offset = cursor.readUnsignedLong(field);
    if (offset != offsetExpected) {
      throw cursor.malformed(
          offsetPosition,
          "offset of " + field,
          "%d, behind the tensor before it and its padding".formatted(offsetExpected),
          Long.toString(offset));
    }
    return new Info(name, type, shape, offset, length, position);
  }

  private String readName(String field, long position) throws IOException, ModelFormatException {
    long length = cursor.readStringLength(field);
    if (length > NAME_BYTES_MAX) {
      throw cursor.malformed(
          position, field, "up to %d bytes".formatted(NAME_BYTES_MAX), Long.toString(length));
    }
    budget.addText(length, position, field);
    String name = cursor.readText((int) length, field);
    if (name.indexOf('\0') >= 0) {
      throw cursor.malformed(position, field, "text without NUL", "'" + name + "'");
    }
    if (!names.add(name)) {
      throw cursor.malformed(
          position, field, "a name that no other tensor has", "'" + name + "' again");
    }
    return name;
  }

  private List<Long> readShape(String tensor) throws IOException, ModelFormatException {
    String field = "dimensions of " + tensor;
    long position = cursor.position();
    long count = cursor.readUnsignedInt(field);
    if (count > DIMENSIONS_MAX) {
      throw ModelFormatException.unsupported(
          cursor.input(), position, field, "up to " + DIMENSIONS_MAX, Long.toString(count));
    }
    budget.addBytes(count * Long.BYTES, position);
    List<Long> shape = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      shape.add(cursor.readLength(field));
    }
    return List.copyOf(shape);
  }

  private GgufType readType(String tensor) throws IOException, ModelFormatException {
    long position = cursor.position();
    long id = cursor.readUnsignedInt("type of " + tensor);
    Optional<GgufType> type = GgufType.of(id);
    if (type.isEmpty()) {
      throw ModelFormatException.unsupported(
          cursor.input(),
          position,
          "type of " + tensor,
          "the number of a ggml type, as of ggml d99724f",
          GgufType.removed(id)
              .map(removed -> "%d, %s, which ggml took away".formatted(id, removed))
              .orElse(id + ", which is none; forks of llama.cpp have such types of their own"));
    }
    return type.get();
  }

  /** Exact, where ggml's product wraps around; nothing but 0 if a dimension is 0. */
  private long byteLength(String tensor, List<Long> shape, GgufType type, long position)
      throws ModelFormatException {
    String field = "dimensions of " + tensor;
    long row = shape.isEmpty() ? 1 : shape.get(0);
    if (row % type.blockElements() != 0) {
      throw cursor.malformed(
          position,
          field,
          "rows of a multiple of %d elements for %s".formatted(type.blockElements(), type),
          Long.toString(row));
    }
    if (shape.contains(0L)) {
      return 0;
    }
    try {
      long elements = 1;
      for (long dimension : shape) {
        elements = Math.multiplyExact(elements, dimension);
      }
      return Math.multiplyExact(elements / type.blockElements(), (long) type.blockBytes());
    } catch (ArithmeticException e) {
      ModelFormatException overflow =
          cursor.malformed(
              position, field, "fewer than 2^63 elements and bytes", shape + " of " + type);
      overflow.initCause(e);
      throw overflow;
    }
  }

  /** Returns where the tensor behind this one begins. */
  private long padded(Info info, long alignment) throws ModelFormatException {
    try {
      return roundUp(Math.addExact(info.offset(), info.length()), alignment);
    } catch (ArithmeticException e) {
      ModelFormatException overflow =
          cursor.malformed(
              info.position(),
              "tensor '" + info.name() + "'",
              "an end below 2^63",
              "%d bytes at %d".formatted(info.length(), info.offset()));
      overflow.initCause(e);
      throw overflow;
    }
  }

  /**
   * Finds the tensors in the file, which must hold them; padding behind the last may be missing.
   */
  private List<TensorEntry> place(List<Info> infos, long alignment) throws ModelFormatException {
    // Far from overflowing: the position is within the limit of headers, the alignment a u32.
    long dataStart = roundUp(cursor.position(), alignment);
    long dataLength = cursor.input().length() - dataStart;
    List<TensorEntry> tensors = new ArrayList<>(infos.size());
    for (Info info : infos) {
      if (dataLength < 0 || info.length() > dataLength - info.offset()) {
        throw cursor.malformed(
            info.position(),
            "tensor '" + info.name() + "'",
            "%d bytes at %d of the data, which begin at byte %d"
                .formatted(info.length(), info.offset(), dataStart),
            "a file of " + cursor.input().length());
      }
      tensors.add(
          new TensorEntry(
              info.name(),
              null,
              info.type().name(),
              info.type().contentType(cursor.isBigEndian()),
              info.shape(),
              new TensorStorage.Range(dataStart + info.offset(), info.length())));
    }
    return tensors;
  }

  private static long roundUp(long value, long alignment) {
    return Math.addExact(value, alignment - 1) & -alignment;
  }
}
