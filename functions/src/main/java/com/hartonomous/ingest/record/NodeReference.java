package com.hartonomous.ingest.record;

/**
 * A model graph node's reference to an atom: one row of {@code dbo.ModelNodes}.
 *
 * @param modelId {@code dbo.Models.ModelId}
 * @param nodeIndex place among the model's nodes, from 0
 * @param nodePath the node's path in its model
 */
public record NodeReference(int modelId, int nodeIndex, String nodePath) {}
