package com.hartonomous.ingest.format;

import java.util.Objects;

/**
 * One node of a model's graph.
 *
 * @param path place in the file's structure, unique in it, such as {@code graph/node[3]}
 * @param name as the file has it; may be empty or repeated
 * @param opType the operator
 */
public record NodeEntry(String path, String name, String opType) {
  public NodeEntry {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(opType, "opType");
  }

  /** Returns the text that becomes the node's atom, of type {@link ContentTypes#ONNX_NODE}. */
  public String text() {
    return name + ":" + opType;
  }
}
