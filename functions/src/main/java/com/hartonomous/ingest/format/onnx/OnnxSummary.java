package com.hartonomous.ingest.format.onnx;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormatException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * What an ONNX model says about itself besides its tensors and nodes, as a JSON object: versions,
 * producer, operator sets, counts, inputs and outputs of the graph, metadata properties, and the
 * dense shapes of sparse tensors.
 */
final class OnnxSummary {
  private static final JsonMapper MAPPER = new JsonMapper();

  private final ProtobufCursor wire;
  private final LayoutBudget budget;
  private final ObjectNode model = MAPPER.createObjectNode();
  private final ObjectNode counts = MAPPER.createObjectNode();
  private final ArrayNode operatorSets = MAPPER.createArrayNode();
  private final ObjectNode properties = MAPPER.createObjectNode();
  private final ArrayNode inputs = MAPPER.createArrayNode();
  private final ArrayNode sparseTensors = MAPPER.createArrayNode();
  private final ArrayNode outputs = MAPPER.createArrayNode();

  OnnxSummary(ProtobufCursor wire, LayoutBudget budget) {
    this.wire = wire;
    this.budget = budget;
  }

  void count(String name, int count) {
    counts.put(name, count);
  }

  /** Adds the dense shape of a sparse tensor. */
  void addSparseTensor(String path, List<Long> dims) throws ModelFormatException {
    budget.addMetadata(path.length() + (long) Long.BYTES * dims.size(), wire.tagPosition());
    ArrayNode shape = sparseTensors.addObject().put("path", path).putArray("dims");
    dims.forEach(shape::add);
  }

  String toJson() throws JsonProcessingException {
    model.set("opset_import", operatorSets);
    model.set("counts", counts);
    model.set("inputs", inputs);
    model.set("outputs", outputs);
    model.set("metadata_props", properties);
    if (!sparseTensors.isEmpty()) {
      model.set("sparse_tensors", sparseTensors);
    }
    return MAPPER.writeValueAsString(model);
  }

  /** Reads a field of ModelProto if it belongs to the summary; says whether it did. */
  boolean readModelField(int tag, long end) throws IOException, ModelFormatException {
    switch (tag) {
      case OnnxFields.MODEL_IR_VERSION ->
          model.put("ir_version", wire.readVarint(end, "ir_version"));
      case OnnxFields.MODEL_PRODUCER_NAME ->
          model.put("producer_name", readText(end, "producer_name"));
      case OnnxFields.MODEL_PRODUCER_VERSION ->
          model.put("producer_version", readText(end, "producer_version"));
      case OnnxFields.MODEL_DOMAIN -> model.put("domain", readText(end, "domain"));
      case OnnxFields.MODEL_MODEL_VERSION ->
          model.put("model_version", wire.readVarint(end, "model_version"));
      case OnnxFields.MODEL_OPSET_IMPORT -> readOperatorSet(end);
      case OnnxFields.MODEL_METADATA_PROPS -> readProperty(end);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Reads a field of the main GraphProto if it belongs to the summary; says whether it did. */
  boolean readGraphField(int tag, long end) throws IOException, ModelFormatException {
    switch (tag) {
      case OnnxFields.GRAPH_NAME -> model.put("graph_name", readText(end, "graph name"));
      case OnnxFields.GRAPH_INPUT -> inputs.add(readValueInfo(end, "input"));
      case OnnxFields.GRAPH_OUTPUT -> outputs.add(readValueInfo(end, "output"));
      default -> {
        return false;
      }
    }
    return true;
  }

  private String readText(long end, String field) throws IOException, ModelFormatException {
    long length = wire.readLength(end, field);
    budget.addMetadata(length, wire.tagPosition());
    return wire.readText(length);
  }

  private long enter(long outerEnd, String field) throws IOException, ModelFormatException {
    budget.addMetadata(0, wire.tagPosition());
    return wire.enterMessage(outerEnd, field);
  }

  private void readOperatorSet(long outerEnd) throws IOException, ModelFormatException {
    long end = enter(outerEnd, "opset_import");
    ObjectNode set = operatorSets.addObject().put("domain", "").put("version", 0L);
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.OPSET_DOMAIN -> set.put("domain", readText(end, "opset domain"));
        case OnnxFields.OPSET_VERSION -> set.put("version", wire.readVarint(end, "opset version"));
        default -> wire.skipField(tag, end);
      }
    }
    wire.leaveMessage();
  }

  private void readProperty(long outerEnd) throws IOException, ModelFormatException {
    long end = enter(outerEnd, "metadata_props");
    String key = "";
    String value = "";
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.ENTRY_KEY -> key = readText(end, "metadata_props");
        case OnnxFields.ENTRY_VALUE -> value = readText(end, "metadata_props");
        default -> wire.skipField(tag, end);
      }
    }
    wire.leaveMessage();
    properties.put(key, value);
  }

  private ObjectNode readValueInfo(long outerEnd, String field)
      throws IOException, ModelFormatException {
    long end = enter(outerEnd, field);
    ObjectNode value = MAPPER.createObjectNode().put("name", "");
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.VALUE_INFO_NAME -> value.put("name", readText(end, field));
        case OnnxFields.VALUE_INFO_TYPE -> readType(end, value);
        default -> wire.skipField(tag, end);
      }
    }
    wire.leaveMessage();
    return value;
  }

  private void readType(long outerEnd, ObjectNode value) throws IOException, ModelFormatException {
    long end = wire.enterMessage(outerEnd, "type");
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      if (tag == OnnxFields.TYPE_TENSOR_TYPE) {
        readTensorType(end, value);
      } else {
        wire.skipField(tag, end);
      }
    }
    wire.leaveMessage();
  }

  private void readTensorType(long outerEnd, ObjectNode value)
      throws IOException, ModelFormatException {
    long end = wire.enterMessage(outerEnd, "tensor_type");
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.TENSOR_TYPE_ELEM_TYPE -> {
          long id = wire.readVarint(end, "elem_type");
          Optional<OnnxDataType> type = OnnxDataType.of(id);
          value.put("dtype", type.map(OnnxDataType::name).orElse(Long.toString(id)));
        }
        case OnnxFields.TENSOR_TYPE_SHAPE -> readShape(end, value.withArray("/shape"));
        default -> wire.skipField(tag, end);
      }
    }
    wire.leaveMessage();
  }

  private void readShape(long outerEnd, ArrayNode shape) throws IOException, ModelFormatException {
    long end = wire.enterMessage(outerEnd, "shape");
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      if (tag == OnnxFields.SHAPE_DIM) {
        readDimension(end, shape);
      } else {
        wire.skipField(tag, end);
      }
    }
    wire.leaveMessage();
  }

  /** Adds a dimension: its number, the name of a symbolic one, or null where neither is known. */
  private void readDimension(long outerEnd, ArrayNode shape)
      throws IOException, ModelFormatException {
    long end = enter(outerEnd, "dim");
    int index = shape.size();
    shape.addNull();
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.DIM_VALUE -> shape.set(index, wire.readVarint(end, "dim_value"));
        case OnnxFields.DIM_PARAM -> shape.set(index, readText(end, "dim_param"));
        default -> wire.skipField(tag, end);
      }
    }
    wire.leaveMessage();
  }
}
