package com.hartonomous.ingest.format.onnx;

import com.google.protobuf.WireFormat;
import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormat;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;

/**
 * ONNX: one protobuf {@code ModelProto} (onnx/onnx, {@code onnx/onnx.proto}), without a magic
 * number.
 *
 * <p>Tensors are listed wherever they may stand: initializers, sparse initializers (their values
 * and their indices), node attributes, subgraphs at any depth, functions, training information; in
 * the order of the field numbers, not of the file. Their paths are made of the field names: {@code
 * graph/node[3]/attribute[0]/g/initializer[1]}.
 */
public final class OnnxFormat implements ModelFormat {
  static final String NAME = "onnx";

  private static final int IR_VERSION_MAX = 0x7F;

  /** Length-delimited fields of ModelProto with a one-byte tag, which follow ir_version. */
  private static final Set<Integer> FIELDS_AFTER_VERSION =
      Set.of(
          OnnxFields.MODEL_PRODUCER_NAME,
          OnnxFields.MODEL_PRODUCER_VERSION,
          OnnxFields.MODEL_DOMAIN,
          OnnxFields.MODEL_MODEL_VERSION,
          OnnxFields.MODEL_DOC_STRING,
          OnnxFields.MODEL_GRAPH,
          OnnxFields.MODEL_OPSET_IMPORT,
          OnnxFields.MODEL_METADATA_PROPS);

  @Override
  public String name() {
    return NAME;
  }

  /** Last, since the bytes only look plausible. */
  @Override
  public int detectionOrder() {
    return 1000;
  }

  @Override
  public boolean matches(PositionedInput input, String fileName) throws IOException {
    if (fileName.toLowerCase(Locale.ROOT).endsWith(".onnx")) {
      return true;
    }
    int probedBytes = 3;
    if (input.length() < probedBytes) {
      return false;
    }
    InputCursor cursor = new InputCursor(input);
    if (cursor.readUnsignedByte() != OnnxFields.MODEL_IR_VERSION
        || cursor.readUnsignedByte() > IR_VERSION_MAX) {
      return false;
    }
    int tag = cursor.readUnsignedByte();
    if (!FIELDS_AFTER_VERSION.contains(tag)) {
      return false;
    }
    return WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT || lengthFits(cursor);
  }

  private static boolean lengthFits(InputCursor cursor) throws IOException {
    long length = 0;
    for (int shift = 0; shift < Long.SIZE && cursor.remaining() > 0; shift += 7) {
      int next = cursor.readUnsignedByte();
      length |= (next & 0x7FL) << shift;
      if (next <= 0x7F) {
        return length >= 0 && length <= cursor.remaining();
      }
    }
    return false;
  }

  @Override
  public ModelLayout read(PositionedInput input, LayoutBudget budget)
      throws IOException, ModelFormatException {
    return new OnnxReader(input, budget).read();
  }
}
