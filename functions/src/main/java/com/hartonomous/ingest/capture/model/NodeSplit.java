package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.record.ModelPart;
import java.util.List;
import java.util.Objects;

/**
 * Consecutive graph nodes of a model file. The split carries their texts, so that no reader has to
 * walk the header again, which might have changed meanwhile; {@link SplitPlanner} bounds how many
 * it carries.
 *
 * @param firstIndex {@code NodeIndex} of the first node
 * @param nodes at least one
 * @param nextIndex {@code NodeIndex} of the next node to emit
 */
public record NodeSplit(
    int modelId, long modelFileId, long firstIndex, List<Node> nodes, long nextIndex)
    implements ModelSplit {

  /**
   * A node.
   *
   * @param path in its model, unique there
   * @param text {@code name:op_type}, the content of its atom
   */
  public record Node(String path, String text) {
    public Node {
      Objects.requireNonNull(path, "path");
      Objects.requireNonNull(text, "text");
    }
  }

  /**
   * @throws IllegalArgumentException if there is no node, or {@code nextIndex} is none of theirs
   */
  public NodeSplit {
    nodes = List.copyOf(nodes);
    if (nodes.isEmpty() || firstIndex < 0) {
      throw new IllegalArgumentException(
          "node split: expected nodes from an index of at least 0, found %d from %d"
              .formatted(nodes.size(), firstIndex));
    }
    if (nextIndex < firstIndex || nextIndex >= firstIndex + nodes.size()) {
      throw new IllegalArgumentException(
          "node split: expected a next node from %d to %d, found %d"
              .formatted(firstIndex, firstIndex + nodes.size() - 1, nextIndex));
    }
  }

  @Override
  public String splitId() {
    return modelId + "/" + modelFileId + "/node/" + firstIndex;
  }

  @Override
  public long endIndex() {
    return firstIndex + nodes.size();
  }

  @Override
  public long byteLength() {
    long characters = 0;
    for (Node node : nodes.subList(Math.toIntExact(nextIndex - firstIndex), nodes.size())) {
      characters += (long) node.path().length() + node.text().length();
    }
    return Character.BYTES * characters;
  }

  @Override
  public ModelPart part(long index) {
    int position = Math.toIntExact(Objects.checkIndex(index - firstIndex, nodes.size()));
    Node node = nodes.get(position);
    return ModelPart.node(modelId, modelFileId, index, node.path(), node.text());
  }

  @Override
  public NodeSplit startingAt(long index) {
    return new NodeSplit(modelId, modelFileId, firstIndex, nodes, index);
  }
}
