package com.hartonomous.ingest.format.gguf;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormatException;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * The key-values of a file: those that say how to read it, and all of them as a JSON object, whose
 * size is bounded whatever the file holds.
 *
 * <p>In the JSON, strings of more than 16 KiB become {@code {"type":"string","bytes":N,"first":"the
 * first KiB"}}, and arrays of more than 16 values {@code
 * {"type":"array","element_type":"string","count":N,"first":[the first 8]}}: nobody looks for a
 * vocabulary there, and the file is kept as it is. Numbers that JSON has none for are strings.
 */
final class GgufMetadata {
  private static final String ALIGNMENT = "general.alignment";
  private static final String SPLIT_NO = "split.no";
  private static final String SPLIT_COUNT = "split.count";
  private static final String SPLIT_TENSORS = "split.tensors.count";

  private static final long ALIGNMENT_DEFAULT = 32;

  /** The most elements that ggml takes. */
  private static final long ARRAY_ELEMENTS_MAX = 1 << 30;

  private static final int ARRAY_DEPTH_MAX = 8;
  private static final int WHOLE_ARRAY_ELEMENTS_MAX = 16;
  private static final int FIRST_ELEMENTS = 8;
  private static final int WHOLE_STRING_BYTES_MAX = 16 << 10;
  private static final int FIRST_BYTES = 1 << 10;

  /** Bound on the JSON of one file, in characters. */
  private static final long JSON_MAX = 16L << 20;

  /** JSON characters of one byte of text at most, for a control character. */
  private static final int ESCAPED_MAX = 6;

  /** JSON characters that a number, or what stands around a text or array, takes at most. */
  private static final int VALUE_MAX = 80;

  /** Estimate of the memory that a key takes besides its text, in bytes. */
  private static final int KEY_BYTES = 128;

  private final GgufCursor cursor;
  private final LayoutBudget budget;
  private final JsonGenerator json;
  private final Set<String> keys = new HashSet<>();
  private long jsonReserved;

  private long alignment = ALIGNMENT_DEFAULT;
  private int splitNo = -1;
  private int splitCount;
  private int splitTensors = -1;

  /** An array whose elements are being read. */
  private static final class OpenArray {
    private final GgufValueType elementType;
    private final boolean isWhole;
    private long remaining;

    /** Elements that still go into the JSON. */
    private long shown;

    OpenArray(GgufValueType elementType, long count, boolean isWhole, long shown) {
      this.elementType = elementType;
      this.remaining = count;
      this.isWhole = isWhole;
      this.shown = shown;
    }
  }

  private GgufMetadata(GgufCursor cursor, LayoutBudget budget, JsonGenerator json) {
    this.cursor = cursor;
    this.budget = budget;
    this.json = json;
  }

  /**
   * Reads the key-values, which come next, and writes them into an open JSON object.
   *
   * @param count of them
   */
  static GgufMetadata read(GgufCursor cursor, long count, LayoutBudget budget, JsonGenerator json)
      throws IOException, ModelFormatException {
    GgufMetadata metadata = new GgufMetadata(cursor, budget, json);
    for (long i = 0; i < count; i++) {
      metadata.readKeyValue(i);
    }
    return metadata;
  }

  /** Begins a JSON object that {@link #read} can write to. */
  static JsonGenerator newJson(StringWriter target) throws IOException {
    JsonGenerator json = new JsonFactory().createGenerator(target);
    json.writeStartObject();
    return json;
  }

  /** Returns the alignment of tensors in bytes, a power of two. */
  long alignment() {
    return alignment;
  }

  /** Returns the number of files of the model; 0 or 1 if it is not split. */
  int splitCount() {
    return splitCount;
  }

  /** Returns which of them this one is, from 0; -1 if it does not say. */
  int splitNo() {
    return splitNo;
  }

  /** Returns the tensors of all files; -1 if it does not say. */
  int splitTensors() {
    return splitTensors;
  }

  private void readKeyValue(long index) throws IOException, ModelFormatException {
    long position = cursor.position();
    String field = "key " + index;
    long length = cursor.readStringLength(field);
    budget.addText(length, position, field);
    budget.addBytes(KEY_BYTES, position);
    String key = cursor.readText((int) length, field);
    if (key.isEmpty() || !keys.add(key)) {
      throw cursor.malformed(
          position,
          field,
          "a name that no other key has",
          key.isEmpty() ? "an empty one" : "'" + key + "' again");
    }
    reserve(length, position);
    json.writeFieldName(key);
    field = "value of key '" + key + "'";
    position = cursor.position();
    GgufValueType type = readType(field);
    switch (key) {
      case ALIGNMENT -> readAlignment(field, type, position);
      case SPLIT_NO -> splitNo = readShort(field, type, position);
      case SPLIT_COUNT -> splitCount = readShort(field, type, position);
      case SPLIT_TENSORS -> readSplitTensors(field, type, position);
      default -> {
        if (type == GgufValueType.ARRAY) {
          readArray(field);
        } else {
          writeScalar(type, field);
        }
      }
    }
  }

  private void readAlignment(String field, GgufValueType type, long position)
      throws IOException, ModelFormatException {
    requireType(field, type, GgufValueType.UINT32, position);
    alignment = cursor.readUnsignedInt(field);
    if (Long.bitCount(alignment) != 1) {
      throw cursor.malformed(position, field, "a power of two", Long.toString(alignment));
    }
    json.writeNumber(alignment);
  }

  private int readShort(String field, GgufValueType type, long position)
      throws IOException, ModelFormatException {
    requireType(field, type, GgufValueType.UINT16, position);
    int value = Short.toUnsignedInt(cursor.readShort(field));
    json.writeNumber(value);
    return value;
  }

  private void readSplitTensors(String field, GgufValueType type, long position)
      throws IOException, ModelFormatException {
    requireType(field, type, GgufValueType.INT32, position);
    splitTensors = cursor.readInt(field);
    if (splitTensors < 0) {
      throw cursor.malformed(position, field, "0 or more", Integer.toString(splitTensors));
    }
    json.writeNumber(splitTensors);
  }

  private void requireType(String field, GgufValueType type, GgufValueType expected, long position)
      throws ModelFormatException {
    if (type != expected) {
      throw cursor.malformed(position, field, "the type " + expected, type.toString());
    }
  }

  private GgufValueType readType(String field) throws IOException, ModelFormatException {
    long position = cursor.position();
    long id = cursor.readUnsignedInt(field);
    if (!GgufValueType.isKnown(id)) {
      throw cursor.malformed(position, field, "a type from 0 to 12", Long.toString(id));
    }
    return GgufValueType.of(id);
  }

  /** Reads an array, whatever is inside it, with a stack of its own: files do not nest calls. */
  private void readArray(String field) throws IOException, ModelFormatException {
    Deque<OpenArray> open = new ArrayDeque<>();
    open.push(openArray(field, true));
    while (!open.isEmpty()) {
      OpenArray array = open.element();
      if (array.remaining == 0) {
        open.pop();
        closeArray(array, open);
      } else if (array.elementType == GgufValueType.ARRAY) {
        if (open.size() == ARRAY_DEPTH_MAX) {
          throw ModelFormatException.unsupported(
              cursor.input(),
              cursor.position(),
              field,
              "up to %d arrays inside each other".formatted(ARRAY_DEPTH_MAX),
              "more");
        }
        array.remaining--;
        open.push(openArray(field, array.shown > 0));
      } else {
        readElements(array, field);
      }
    }
  }

  private OpenArray openArray(String field, boolean isShown)
      throws IOException, ModelFormatException {
    long position = cursor.position();
    GgufValueType type = readType(field);
    long count = cursor.readCount(field, type.bytesMin(cursor.lengthBytes()), ARRAY_ELEMENTS_MAX);
    boolean isWhole = count <= WHOLE_ARRAY_ELEMENTS_MAX;
    if (!isShown) {
      return new OpenArray(type, count, isWhole, -1);
    }
    reserve(0, position);
    if (!isWhole) {
      json.writeStartObject();
      json.writeStringField("type", "array");
      json.writeStringField("element_type", name(type));
      json.writeNumberField("count", count);
      json.writeFieldName("first");
    }
    json.writeStartArray();
    return new OpenArray(type, count, isWhole, isWhole ? count : FIRST_ELEMENTS);
  }

  private void closeArray(OpenArray array, Deque<OpenArray> open) throws IOException {
    if (array.shown < 0) {
      return;
    }
    json.writeEndArray();
    if (!array.isWhole) {
      json.writeEndObject();
    }
    if (!open.isEmpty()) {
      open.element().shown--;
    }
  }

  private void readElements(OpenArray array, String field)
      throws IOException, ModelFormatException {
    for (; array.remaining > 0 && array.shown > 0; array.remaining--, array.shown--) {
      writeScalar(array.elementType, field);
    }
    if (array.elementType != GgufValueType.STRING) {
      cursor.skip(array.remaining * array.elementType.bytes(), field);
      array.remaining = 0;
    }
    for (; array.remaining > 0; array.remaining--) {
      cursor.skip(cursor.readStringLength(field), field);
    }
  }

  private void writeScalar(GgufValueType type, String field)
      throws IOException, ModelFormatException {
    if (type == GgufValueType.STRING) {
      writeString(field);
      return;
    }
    reserve(0, cursor.position());
    switch (type) {
      case UINT8 -> json.writeNumber(cursor.readByte(field));
      case INT8 -> json.writeNumber((byte) cursor.readByte(field));
      case UINT16 -> json.writeNumber(Short.toUnsignedInt(cursor.readShort(field)));
      case INT16 -> json.writeNumber(cursor.readShort(field));
      case UINT32 -> json.writeNumber(cursor.readUnsignedInt(field));
      case INT32 -> json.writeNumber(cursor.readInt(field));
      case FLOAT32 -> json.writeNumber(cursor.readFloat(field));
      // ggml takes any byte but 0 for true.
      case BOOL -> json.writeBoolean(cursor.readByte(field) != 0);
      case UINT64 ->
          json.writeNumber(new BigInteger(Long.toUnsignedString(cursor.readLong(field))));
      case INT64 -> json.writeNumber(cursor.readLong(field));
      case FLOAT64 -> json.writeNumber(cursor.readDouble(field));
      default -> throw new IllegalStateException(type + " is not a scalar");
    }
  }

  private void writeString(String field) throws IOException, ModelFormatException {
    long position = cursor.position();
    long length = cursor.readStringLength(field);
    boolean isWhole = length <= WHOLE_STRING_BYTES_MAX;
    int shown = isWhole ? (int) length : FIRST_BYTES;
    reserve(shown, position);
    String text = cursor.readText(shown, field);
    cursor.skip(length - shown, field);
    if (isWhole) {
      json.writeString(text);
      return;
    }
    json.writeStartObject();
    json.writeStringField("type", name(GgufValueType.STRING));
    json.writeNumberField("bytes", length);
    json.writeStringField("first", text);
    json.writeEndObject();
  }

  private static String name(GgufValueType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }

  /** Counts what a value may add to the JSON, before it does. */
  private void reserve(long textBytes, long position) throws ModelFormatException {
    long characters = textBytes * ESCAPED_MAX + VALUE_MAX;
    if (characters > JSON_MAX - jsonReserved) {
      throw ModelFormatException.tooLarge(
          cursor.input(),
          position,
          "key-values",
          "keys and short values of up to %d characters as JSON".formatted(JSON_MAX),
          "more");
    }
    jsonReserved += characters;
    budget.addBytes(characters, position);
  }
}
