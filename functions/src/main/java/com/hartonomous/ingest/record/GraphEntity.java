package com.hartonomous.ingest.record;

/**
 * What owns a part of the graph: a model, with its tensors, files and nodes, or a row of a captured
 * table. It is the dirty key of {@code dbo.Neo4jSyncQueue}.
 *
 * @param modelId {@code dbo.Models.ModelId}; 0 when it is a row
 * @param row null when it is a model
 */
public record GraphEntity(int modelId, RowKey row) {

  public GraphEntity {
    if ((modelId == 0) == (row == null)) {
      throw new IllegalArgumentException("A graph entity is either a model or a row.");
    }
  }

  public static GraphEntity model(int modelId) {
    return new GraphEntity(modelId, null);
  }

  public static GraphEntity row(RowKey row) {
    return new GraphEntity(0, row);
  }

  public boolean isModel() {
    return row == null;
  }

  /**
   * The slot whose owner writes this part of the graph.
   *
   * @param slots the number of slots, at least 1
   * @return 0 to {@code slots - 1}, the same on every machine
   */
  public int slot(int slots) {
    return Math.floorMod(hashCode(), slots);
  }

  /** Fixed by this project, as {@link RowKey#hashCode} is, because slots depend on it. */
  @Override
  public int hashCode() {
    return isModel() ? modelId : row.hashCode();
  }

  /** For messages: {@code model 7} or {@code row 2/0a1b...}. */
  @Override
  public String toString() {
    return isModel() ? "model " + modelId : "row " + row.tableId() + "/" + row.keyHash();
  }
}
