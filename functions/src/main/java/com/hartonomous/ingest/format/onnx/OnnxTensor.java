package com.hartonomous.ingest.format.onnx;

import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.format.onnx.OnnxDataType.TypedField;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;

/**
 * One {@code TensorProto}. Protobuf lets a message arrive in pieces: {@link #read} merges a piece
 * (repeated fields grow, of single ones the last wins), {@link #finish} checks the whole. Values
 * are not read, but for counting the varints of typed data.
 */
final class OnnxTensor {
  private static final long UNDEFINED = 0;
  private static final long LOCATION_DEFAULT = 0;
  private static final long LOCATION_EXTERNAL = 1;

  /** Estimate of the memory that a run takes, in bytes. */
  private static final int RUN_BYTES = 32;

  private final PositionedInput input;
  private final ProtobufCursor wire;
  private final LayoutBudget budget;
  private final OnnxExternalFiles externalFiles;

  private final OnnxDims dims;
  private final Map<TypedField, Values> typedData = new EnumMap<>(TypedField.class);
  private final Map<String, String> externalData = new HashMap<>();
  private String name = "";
  private long dataType = UNDEFINED;
  private long dataLocation = LOCATION_DEFAULT;
  private TensorStorage.Range rawData;
  private long position;

  /** What one typed field holds. */
  private static final class Values {
    private final List<TensorStorage.Run> runs = new ArrayList<>();
    private long count;
    private long payloadBytes;
  }

  OnnxTensor(
      PositionedInput input,
      ProtobufCursor wire,
      LayoutBudget budget,
      OnnxExternalFiles externalFiles) {
    this.input = input;
    this.wire = wire;
    this.budget = budget;
    this.externalFiles = externalFiles;
    this.dims = new OnnxDims(input, wire, budget);
  }

  /** Reads one piece of the message, which ends at {@code end}. */
  void read(long end) throws IOException, ModelFormatException {
    position = wire.position();
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.TENSOR_DIMS -> dims.read(end);
        case OnnxFields.TENSOR_DIMS_PACKED -> dims.readPacked(end);
        // An int32 in the schema: of a longer varint protobuf keeps the low bits.
        case OnnxFields.TENSOR_DATA_TYPE -> dataType = (int) wire.readVarint(end, "data_type");
        case OnnxFields.TENSOR_SEGMENT ->
            throw ModelFormatException.unsupported(
                input, wire.tagPosition(), "segment", "a whole tensor", "a segment of one");
        case OnnxFields.TENSOR_NAME -> name = wire.readName(end, "name", budget);
        case OnnxFields.TENSOR_RAW_DATA -> {
          long length = wire.readLength(end, "raw_data");
          rawData = new TensorStorage.Range(wire.position(), length);
          wire.skip(length);
        }
        case OnnxFields.TENSOR_EXTERNAL_DATA -> readExternalData(end);
        case OnnxFields.TENSOR_DATA_LOCATION ->
            dataLocation = wire.readVarint(end, "data_location");
        default -> {
          if (!readTypedData(tag, end)) {
            wire.skipField(tag, end);
          }
        }
      }
    }
  }

  private boolean readTypedData(int tag, long end) throws IOException, ModelFormatException {
    switch (tag) {
      case OnnxFields.TENSOR_FLOAT_DATA -> readValue(TypedField.FLOAT_DATA, end);
      case OnnxFields.TENSOR_INT32_DATA -> readValue(TypedField.INT32_DATA, end);
      case OnnxFields.TENSOR_STRING_DATA -> readValue(TypedField.STRING_DATA, end);
      case OnnxFields.TENSOR_INT64_DATA -> readValue(TypedField.INT64_DATA, end);
      case OnnxFields.TENSOR_DOUBLE_DATA -> readValue(TypedField.DOUBLE_DATA, end);
      case OnnxFields.TENSOR_UINT64_DATA -> readValue(TypedField.UINT64_DATA, end);
      case OnnxFields.TENSOR_FLOAT_DATA_PACKED -> readPacked(TypedField.FLOAT_DATA, end);
      case OnnxFields.TENSOR_INT32_DATA_PACKED -> readPacked(TypedField.INT32_DATA, end);
      case OnnxFields.TENSOR_INT64_DATA_PACKED -> readPacked(TypedField.INT64_DATA, end);
      case OnnxFields.TENSOR_DOUBLE_DATA_PACKED -> readPacked(TypedField.DOUBLE_DATA, end);
      case OnnxFields.TENSOR_UINT64_DATA_PACKED -> readPacked(TypedField.UINT64_DATA, end);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Reads one value behind its own tag. */
  private void readValue(TypedField field, long end) throws IOException, ModelFormatException {
    long start = wire.tagPosition();
    Values values = values(field);
    if (field == TypedField.STRING_DATA) {
      long length = wire.readLength(end, field.fieldName());
      wire.skip(length);
      values.payloadBytes += length;
    } else if (field.fixedBytes() > 0) {
      wire.skipFixed(field.fixedBytes(), end, field.fieldName());
    } else {
      wire.readVarint(end, field.fieldName());
    }
    values.count++;
    int last = values.runs.size() - 1;
    if (last >= 0 && values.runs.get(last).tagged() && values.runs.get(last).end() == start) {
      long runStart = values.runs.get(last).offset();
      values.runs.set(last, new TensorStorage.Run(runStart, wire.position() - runStart, true));
    } else {
      addRun(field, values, new TensorStorage.Run(start, wire.position() - start, true));
    }
  }

  private void readPacked(TypedField field, long end) throws IOException, ModelFormatException {
    long length = wire.readLength(end, field.fieldName());
    if (length == 0) {
      return;
    }
    long start = wire.position();
    long runEnd = start + length;
    Values values = values(field);
    if (field.fixedBytes() > 0) {
      if (length % field.fixedBytes() != 0) {
        throw ModelFormatException.malformed(
            input,
            wire.tagPosition(),
            field.fieldName(),
            "a multiple of %d bytes".formatted(field.fixedBytes()),
            Long.toString(length));
      }
      values.count += length / field.fixedBytes();
      wire.skip(length);
    } else {
      while (wire.position() < runEnd) {
        wire.readVarint(runEnd, field.fieldName());
        values.count++;
      }
    }
    addRun(field, values, new TensorStorage.Run(start, length, false));
  }

  private Values values(TypedField field) {
    return typedData.computeIfAbsent(field, key -> new Values());
  }

  private void addRun(TypedField field, Values values, TensorStorage.Run run)
      throws ModelFormatException {
    if (values.runs.size() == budget.limits().runsMax()) {
      throw ModelFormatException.tooLarge(
          input,
          run.offset(),
          field.fieldName(),
          "up to %d separate runs of values".formatted(budget.limits().runsMax()),
          "more");
    }
    budget.addBytes(RUN_BYTES, run.offset());
    values.runs.add(run);
  }

  private void readExternalData(long end) throws IOException, ModelFormatException {
    long messageEnd = wire.enterMessage(end, "external_data");
    String key = "";
    String value = "";
    int tag;
    while ((tag = wire.nextTag(messageEnd)) != 0) {
      switch (tag) {
        case OnnxFields.ENTRY_KEY -> key = wire.readName(messageEnd, "external_data", budget);
        case OnnxFields.ENTRY_VALUE -> value = wire.readName(messageEnd, "external_data", budget);
        default -> wire.skipField(tag, messageEnd);
      }
    }
    wire.leaveMessage();
    if (externalData.putIfAbsent(key, value) != null) {
      throw ModelFormatException.malformed(
          input, wire.tagPosition(), "external_data", "'" + key + "' once", "it twice");
    }
  }

  /**
   * Checks the tensor as a whole.
   *
   * @throws ModelFormatException if type, shape and values do not fit together
   */
  TensorEntry finish(String path) throws IOException, ModelFormatException {
    budget.addTensor(position);
    budget.addBytes(path.length(), position);
    String tensor = "tensor '%s' at %s".formatted(name, path);
    if (dataType == UNDEFINED) {
      throw malformed("data_type of " + tensor, "a type", "none (0, UNDEFINED)");
    }
    OnnxDataType type =
        OnnxDataType.of(dataType)
            .orElseThrow(
                () ->
                    ModelFormatException.unsupported(
                        input,
                        position,
                        "data_type of " + tensor,
                        "a type from 1 to " + OnnxDataType.values().length,
                        Long.toString(dataType)));
    return new TensorEntry(
        name, path, type.name(), type.contentType(), dims.values(), storage(type, tensor));
  }

  private TensorStorage storage(OnnxDataType type, String tensor)
      throws IOException, ModelFormatException {
    long elements = elementCount(tensor);
    long nbytes = rawLength(type, elements, tensor);
    if (dataLocation == LOCATION_EXTERNAL) {
      if (type == OnnxDataType.STRING) {
        throw malformed(tensor, "a type other than STRING for external data", "STRING");
      }
      if (rawData != null || !typedData.isEmpty()) {
        throw malformed(tensor, "no values beside external data", valueFields());
      }
      return externalFiles.resolve(externalData, nbytes, position, tensor);
    }
    if (dataLocation != LOCATION_DEFAULT) {
      throw ModelFormatException.unsupported(
          input,
          position,
          "data_location of " + tensor,
          "0 (default) or 1 (external)",
          Long.toString(dataLocation));
    }
    if (rawData != null) {
      if (!typedData.isEmpty() || type == OnnxDataType.STRING || rawData.length() != nbytes) {
        throw malformed(
            tensor,
            type == OnnxDataType.STRING
                ? "string_data alone"
                : "raw_data alone, of %d bytes for %s %s".formatted(nbytes, type, dims.values()),
            valueFields());
      }
      return rawData;
    }
    return typedStorage(type, elements, nbytes, tensor);
  }

  private TensorStorage typedStorage(OnnxDataType type, long elements, long nbytes, String tensor)
      throws ModelFormatException {
    if (typedData.isEmpty() && elements == 0) {
      return new TensorStorage.TypedData(type.encoding(), List.of(), 0);
    }
    boolean strings = type == OnnxDataType.STRING;
    long count = strings ? elements : nbytes / type.encoding().bytesPerEntry();
    Values values = typedData.get(type.typedField());
    if (typedData.size() != 1 || values == null || values.count != count) {
      throw malformed(
          tensor,
          "raw_data or %d values in %s for %s %s"
              .formatted(count, type.typedField().fieldName(), type, dims.values()),
          valueFields());
    }
    long length = strings ? values.payloadBytes + values.count * Long.BYTES : nbytes;
    return new TensorStorage.TypedData(type.encoding(), values.runs, length);
  }

  private long elementCount(String tensor) throws ModelFormatException {
    if (dims.values().contains(0L)) {
      return 0;
    }
    long product = 1;
    for (long dimension : dims.values()) {
      if (product > Long.MAX_VALUE / dimension) {
        throw malformed(tensor, "fewer than 2^63 elements", "the shape " + dims.values());
      }
      product *= dimension;
    }
    return product;
  }

  private long rawLength(OnnxDataType type, long elements, String tensor)
      throws ModelFormatException {
    if (type.bits() > 0 && elements > (Long.MAX_VALUE - Byte.SIZE) / type.bits()) {
      throw malformed(tensor, "fewer than 2^63 bits", "the shape " + dims.values());
    }
    return (elements * type.bits() + Byte.SIZE - 1) / Byte.SIZE;
  }

  private String valueFields() {
    List<String> found = new ArrayList<>();
    if (rawData != null) {
      found.add("raw_data of %d bytes".formatted(rawData.length()));
    }
    for (Entry<TypedField, Values> entry : typedData.entrySet()) {
      found.add("%d in %s".formatted(entry.getValue().count, entry.getKey().fieldName()));
    }
    return found.isEmpty() ? "no values" : String.join(", ", found);
  }

  private ModelFormatException malformed(String tensor, String expected, String found) {
    return ModelFormatException.malformed(input, position, tensor, expected, found);
  }
}
