package com.hartonomous.ingest.format.onnx;

import static com.google.protobuf.WireFormat.WIRETYPE_FIXED32;
import static com.google.protobuf.WireFormat.WIRETYPE_FIXED64;
import static com.google.protobuf.WireFormat.WIRETYPE_LENGTH_DELIMITED;
import static com.google.protobuf.WireFormat.WIRETYPE_VARINT;

/**
 * Tags of the fields that are read, from {@code onnx.proto} (onnx/onnx, f754691): field number
 * times 8, plus the wire type. A known field with another wire type counts as unknown, as in
 * protobuf.
 */
final class OnnxFields {
  static final int MODEL_IR_VERSION = 1 << 3 | WIRETYPE_VARINT;
  static final int MODEL_PRODUCER_NAME = 2 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int MODEL_PRODUCER_VERSION = 3 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int MODEL_DOMAIN = 4 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int MODEL_MODEL_VERSION = 5 << 3 | WIRETYPE_VARINT;
  static final int MODEL_DOC_STRING = 6 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int MODEL_GRAPH = 7 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int MODEL_OPSET_IMPORT = 8 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int MODEL_METADATA_PROPS = 14 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int MODEL_TRAINING_INFO = 20 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int MODEL_FUNCTIONS = 25 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int MODEL_CONFIGURATION = 26 << 3 | WIRETYPE_LENGTH_DELIMITED;

  static final int OPSET_DOMAIN = 1 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int OPSET_VERSION = 2 << 3 | WIRETYPE_VARINT;

  static final int ENTRY_KEY = 1 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int ENTRY_VALUE = 2 << 3 | WIRETYPE_LENGTH_DELIMITED;

  static final int TRAINING_INITIALIZATION = 1 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TRAINING_ALGORITHM = 2 << 3 | WIRETYPE_LENGTH_DELIMITED;

  static final int FUNCTION_NODE = 7 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int FUNCTION_ATTRIBUTE_PROTO = 11 << 3 | WIRETYPE_LENGTH_DELIMITED;

  static final int GRAPH_NODE = 1 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int GRAPH_NAME = 2 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int GRAPH_INITIALIZER = 5 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int GRAPH_INPUT = 11 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int GRAPH_OUTPUT = 12 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int GRAPH_SPARSE_INITIALIZER = 15 << 3 | WIRETYPE_LENGTH_DELIMITED;

  static final int VALUE_INFO_NAME = 1 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int VALUE_INFO_TYPE = 2 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TYPE_TENSOR_TYPE = 1 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TENSOR_TYPE_ELEM_TYPE = 1 << 3 | WIRETYPE_VARINT;
  static final int TENSOR_TYPE_SHAPE = 2 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int SHAPE_DIM = 1 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int DIM_VALUE = 1 << 3 | WIRETYPE_VARINT;
  static final int DIM_PARAM = 2 << 3 | WIRETYPE_LENGTH_DELIMITED;

  static final int NODE_NAME = 3 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int NODE_OP_TYPE = 4 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int NODE_ATTRIBUTE = 5 << 3 | WIRETYPE_LENGTH_DELIMITED;

  static final int ATTRIBUTE_T = 5 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int ATTRIBUTE_G = 6 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int ATTRIBUTE_TENSORS = 10 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int ATTRIBUTE_GRAPHS = 11 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int ATTRIBUTE_SPARSE_TENSOR = 22 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int ATTRIBUTE_SPARSE_TENSORS = 23 << 3 | WIRETYPE_LENGTH_DELIMITED;

  static final int SPARSE_VALUES = 1 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int SPARSE_INDICES = 2 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int SPARSE_DIMS = 3 << 3 | WIRETYPE_VARINT;
  static final int SPARSE_DIMS_PACKED = 3 << 3 | WIRETYPE_LENGTH_DELIMITED;

  static final int TENSOR_DIMS = 1 << 3 | WIRETYPE_VARINT;
  static final int TENSOR_DIMS_PACKED = 1 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TENSOR_DATA_TYPE = 2 << 3 | WIRETYPE_VARINT;
  static final int TENSOR_SEGMENT = 3 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TENSOR_FLOAT_DATA = 4 << 3 | WIRETYPE_FIXED32;
  static final int TENSOR_FLOAT_DATA_PACKED = 4 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TENSOR_INT32_DATA = 5 << 3 | WIRETYPE_VARINT;
  static final int TENSOR_INT32_DATA_PACKED = 5 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TENSOR_STRING_DATA = 6 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TENSOR_INT64_DATA = 7 << 3 | WIRETYPE_VARINT;
  static final int TENSOR_INT64_DATA_PACKED = 7 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TENSOR_NAME = 8 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TENSOR_RAW_DATA = 9 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TENSOR_DOUBLE_DATA = 10 << 3 | WIRETYPE_FIXED64;
  static final int TENSOR_DOUBLE_DATA_PACKED = 10 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TENSOR_UINT64_DATA = 11 << 3 | WIRETYPE_VARINT;
  static final int TENSOR_UINT64_DATA_PACKED = 11 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TENSOR_EXTERNAL_DATA = 13 << 3 | WIRETYPE_LENGTH_DELIMITED;
  static final int TENSOR_DATA_LOCATION = 14 << 3 | WIRETYPE_VARINT;

  private OnnxFields() {}
}
