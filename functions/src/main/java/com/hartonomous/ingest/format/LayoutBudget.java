package com.hartonomous.ingest.format;

import java.util.Objects;

/**
 * Counts what readers keep of the files of one model against the {@link LayoutLimits}, before they
 * keep it. Each file has a budget of its own, for the errors, that shares the counts. Not for use
 * by several threads.
 */
public final class LayoutBudget {
  /** Estimate of the memory that one member of the metadata takes besides its text, in bytes. */
  private static final int METADATA_MEMBER_BYTES = 128;

  private static final int METADATA_TEXT_FACTOR = 16;

  private final PositionedInput input;
  private final LayoutLimits limits;
  private final Counts counts;

  /** What was kept of the model so far. */
  private static final class Counts {
    private int tensors;
    private int nodes;
    private long textBytes;
  }

  /** Makes the budget of a model's first file: nothing was kept yet. */
  public LayoutBudget(PositionedInput input, LayoutLimits limits) {
    this(input, limits, new Counts());
  }

  private LayoutBudget(PositionedInput input, LayoutLimits limits, Counts counts) {
    this.input = Objects.requireNonNull(input, "input");
    this.limits = Objects.requireNonNull(limits, "limits");
    this.counts = counts;
  }

  /** Returns the budget of another file of the same model: what both keep counts together. */
  public LayoutBudget forFile(PositionedInput other) {
    return new LayoutBudget(other, limits, counts);
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
    if (counts.tensors == limits.tensorsMax()) {
      throw tooMany(position, "tensors", limits.tensorsMax());
    }
    counts.tensors++;
  }

  /**
   * Counts one graph node.
   *
   * @throws ModelFormatException if there are too many
   */
  public void addNode(long position) throws ModelFormatException {
    if (counts.nodes == limits.nodesMax()) {
      throw tooMany(position, "nodes", limits.nodesMax());
    }
    counts.nodes++;
  }

  /**
   * Counts bytes of names, paths, shapes or other parts of the header that are kept.
   *
   * @throws ModelFormatException if there are too many in the whole model
   */
  public void addBytes(long bytes, long position) throws ModelFormatException {
    if (bytes > limits.textBytesMax() - counts.textBytes) {
      throw tooMany(position, "names, paths, shapes and metadata, in bytes", limits.textBytesMax());
    }
    counts.textBytes += bytes;
  }

  /**
   * Checks the length of one name or other text, and counts it: twice, since one character beyond
   * Latin-1 doubles what all of the text takes in memory.
   *
   * @param bytes of the text as it is in the file, or its characters
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
    addBytes(2 * bytes, position);
  }

  /**
   * Counts a part of {@link ModelLayout#metadataJson} as the memory that it takes until the JSON is
   * made, where escapes make six characters of one.
   *
   * @param bytes of the text as it is in the file, or its characters
   * @throws ModelFormatException if there are too many in the whole model
   */
  public void addMetadata(long bytes, long position) throws ModelFormatException {
    addBytes(METADATA_MEMBER_BYTES + METADATA_TEXT_FACTOR * bytes, position);
  }

  private ModelFormatException tooMany(long position, String what, long most) {
    return ModelFormatException.tooLarge(input, position, what, "up to " + most, "more");
  }
}
