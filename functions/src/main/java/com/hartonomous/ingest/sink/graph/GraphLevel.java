package com.hartonomous.ingest.sink.graph;

/** How fine the graph of a model is. */
public enum GraphLevel {
  /** Tensors, and the atoms that they are stored in. */
  TENSOR,
  /** Files and all their chunks as well. */
  CHUNK
}
