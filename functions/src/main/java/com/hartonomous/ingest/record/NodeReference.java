package com.hartonomous.ingest.record;

/** A model graph node's reference to an atom: one row of {@code dbo.ModelNodes}. */
public record NodeReference(int modelId, int nodeIndex, String nodePath) {}
