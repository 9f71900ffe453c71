package com.hartonomous.ingest.format;

/**
 * Upper bounds on what readers take from the files of one model, so that a hostile one can cost
 * neither memory nor time without end. A model beyond them is refused as {@link
 * ModelFormatException.Kind#TOO_LARGE}.
 *
 * @param headerBytesMax bytes of a header that is read as a whole (SafeTensors, GGUF)
 * @param tensorsMax tensors of one model, all its files together
 * @param nodesMax graph nodes of one model
 * @param rankMax dimensions of one tensor
 * @param nameBytesMax bytes of one name, path or other text
 * @param textBytesMax bytes of all names, paths, shapes and metadata of one model together
 * @param nestingMax levels of messages or containers inside each other
 * @param runsMax pieces in which the values of one tensor may lie scattered
 */
public record LayoutLimits(
    long headerBytesMax,
    int tensorsMax,
    int nodesMax,
    int rankMax,
    int nameBytesMax,
    long textBytesMax,
    int nestingMax,
    int runsMax) {

  /**
   * The bounds that the command line and the jobs use. 100,000,000 header bytes is the bound of the
   * SafeTensors reference implementation, 100 levels that of protobuf; the largest published models
   * have some 200,000 tensors.
   */
  public static final LayoutLimits DEFAULT =
      new LayoutLimits(100_000_000L, 500_000, 500_000, 255, 1 << 20, 64L << 20, 100, 1 << 16);

  public LayoutLimits {
    requirePositive(headerBytesMax, "headerBytesMax");
    requirePositive(tensorsMax, "tensorsMax");
    requirePositive(nodesMax, "nodesMax");
    requirePositive(rankMax, "rankMax");
    requirePositive(nameBytesMax, "nameBytesMax");
    requirePositive(textBytesMax, "textBytesMax");
    requirePositive(nestingMax, "nestingMax");
    requirePositive(runsMax, "runsMax");
  }

  private static void requirePositive(long value, String name) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + ": expected more than 0, found " + value);
    }
  }
}
