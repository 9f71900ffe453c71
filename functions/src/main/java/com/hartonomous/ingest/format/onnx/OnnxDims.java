package com.hartonomous.ingest.format.onnx;

import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A repeated field {@code dims}: the shape of a tensor, in any mixture of packed and not. */
final class OnnxDims {
  private final PositionedInput input;
  private final ProtobufCursor wire;
  private final LayoutBudget budget;
  private final List<Long> values = new ArrayList<>();

  OnnxDims(PositionedInput input, ProtobufCursor wire, LayoutBudget budget) {
    this.input = input;
    this.wire = wire;
    this.budget = budget;
  }

  /** Returns the dimensions so far, none negative. */
  List<Long> values() {
    return values;
  }

  void readPacked(long end) throws IOException, ModelFormatException {
    long length = wire.readLength(end, "dims");
    long runEnd = wire.position() + length;
    while (wire.position() < runEnd) {
      read(runEnd);
    }
  }

  void read(long end) throws IOException, ModelFormatException {
    long dimension = wire.readVarint(end, "dims");
    if (dimension < 0) {
      throw ModelFormatException.malformed(
          input, wire.tagPosition(), "dims", "dimensions from 0", Long.toString(dimension));
    }
    if (values.size() == budget.limits().rankMax()) {
      throw ModelFormatException.tooLarge(
          input,
          wire.tagPosition(),
          "dims",
          "up to %d dimensions".formatted(budget.limits().rankMax()),
          "more");
    }
    budget.addBytes(Long.BYTES, wire.tagPosition());
    values.add(dimension);
  }
}
