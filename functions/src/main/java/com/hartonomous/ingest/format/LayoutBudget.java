package com.hartonomous.ingest.format;

import java.util.Objects;

/**
 * Counts what a reader keeps of one file against its {@link LayoutLimits}, before it keeps it. Not
 * for use by several threads.
 */
public final class LayoutBudget {
  private final PositionedInput input;
  private final LayoutLimits limits;
  private int tensors;
  private int nodes;
  private long textBytes;

  public LayoutBudget(PositionedInput input, LayoutLimits limits) {
    this.input = Objects.requireNonNull(input, "input");
    this.limits = Objects.requireNonNull(limits, "limits");
  }

  /** Returns the bounds that this budget keeps to. */
  public LayoutLimits limits() {
    return limits;
  }

  /**
   * Counts one tensor.
   *
   * @param position in the file, for the error
   * @throws ModelFormatException if there are too many
   */
  public void addTensor(long position) throws ModelFormatException {
    if (tensors == limits.tensorsMax()) {
      throw tooMany(position, "tensors", limits.tensorsMax());
    }
    tensors++;
  }

  /**
   * Counts one graph node.
   *
   * @throws ModelFormatException if there are too many
   */
  public void addNode(long position) throws ModelFormatException {
    if (nodes == limits.nodesMax()) {
      throw tooMany(position, "nodes", limits.nodesMax());
    }
    nodes++;
  }

  /**
   * Counts bytes of names, paths, shapes or other parts of the header that are kept.
   *
   * @throws ModelFormatException if there are too many in the whole file
   */
  public void addBytes(long bytes, long position) throws ModelFormatException {
    if (bytes > limits.textBytesMax() - textBytes) {
      throw tooMany(position, "names, paths, shapes and metadata, in bytes", limits.textBytesMax());
    }
    textBytes += bytes;
  }

  /**
   * Checks the length of one name or other text, and counts it.
   *
   * @throws ModelFormatException if it is too long, or one too many
   */
  public void addText(long bytes, long position, String field) throws ModelFormatException {
    if (bytes > limits.nameBytesMax()) {
      throw ModelFormatException.tooLarge(
          input,
          position,
          field,
          "text of up to %d bytes".formatted(limits.nameBytesMax()),
          Long.toString(bytes));
    }
    addBytes(bytes, position);
  }

  private ModelFormatException tooMany(long position, String what, long most) {
    return ModelFormatException.tooLarge(input, position, what, "up to " + most, "more");
  }
}
