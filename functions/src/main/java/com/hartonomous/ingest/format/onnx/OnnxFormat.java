package com.hartonomous.ingest.format.onnx;

import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormat;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import java.io.IOException;
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

  /** How many fields of ModelProto are looked at; real models have some ten. */
  private static final int FIELDS_PROBED = 64;

  private static final Set<Integer> MODEL_FIELDS =
      Set.of(
          OnnxFields.MODEL_IR_VERSION,
          OnnxFields.MODEL_PRODUCER_NAME,
          OnnxFields.MODEL_PRODUCER_VERSION,
          OnnxFields.MODEL_DOMAIN,
          OnnxFields.MODEL_MODEL_VERSION,
          OnnxFields.MODEL_DOC_STRING,
          OnnxFields.MODEL_GRAPH,
          OnnxFields.MODEL_OPSET_IMPORT,
          OnnxFields.MODEL_METADATA_PROPS,
          OnnxFields.MODEL_TRAINING_INFO,
          OnnxFields.MODEL_FUNCTIONS,
          OnnxFields.MODEL_CONFIGURATION);

  @Override
  public String name() {
    return NAME;
  }

  /** Last, since the bytes only look plausible. */
  @Override
  public int detectionOrder() {
    return 1000;
  }

  /**
   * Writers put the version first, and then one more field decides. In another order all of the
   * file must be fields, and one of them the graph.
   */
  @Override
  public boolean matches(PositionedInput input) throws IOException {
    ProtobufCursor wire = new ProtobufCursor(input, LayoutLimits.DEFAULT);
    long end = input.length();
    boolean versionFirst = false;
    boolean hasGraph = false;
    boolean onlyKnown = true;
    try {
      for (int field = 0; field < FIELDS_PROBED; field++) {
        int tag = wire.nextTag(end);
        if (tag == 0) {
          return hasGraph;
        }
        hasGraph |= tag == OnnxFields.MODEL_GRAPH;
        onlyKnown &= MODEL_FIELDS.contains(tag);
        if (field == 0 && tag == OnnxFields.MODEL_IR_VERSION) {
          long version = wire.readVarint(end, "ir_version");
          versionFirst = version >= 0 && version <= IR_VERSION_MAX;
        } else {
          wire.skipField(tag, end);
          if (versionFirst && onlyKnown) {
            return true;
          }
        }
      }
    } catch (ModelFormatException e) {
      // Not protobuf, or cut short: then the name decides.
      return false;
    }
    return hasGraph && onlyKnown;
  }

  @Override
  public ModelLayout read(PositionedInput input, LayoutBudget budget)
      throws IOException, ModelFormatException {
    return new OnnxReader(input, budget).read();
  }
}
