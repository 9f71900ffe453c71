package com.hartonomous.ingest.runtime;

/**
 * The uid of every operator of every job. Savepoints name state by them: an entry is never changed
 * or used for anything else.
 */
public final class OperatorUids {

  /** Prefix of a capture group's source; the group's name follows. */
  public static final String CAPTURE_SOURCE = "capture-source-";

  /** Prefix of a capture group's position tracker; the group's name follows. */
  public static final String CAPTURE_POSITION = "capture-position-";

  /** Prefix of the sweep of a capture group's references; the group's name follows. */
  public static final String CAPTURE_SWEEP = "capture-sweep-";

  /** Prefix of the replay of a capture group's rows; the group's name follows. */
  public static final String CAPTURE_REPLAY = "capture-replay-";

  public static final String ROW_SPLIT = "row-split";
  public static final String ROW_HASH = "row-hash";
  public static final String ROW_REFERENCES = "row-references";
  public static final String MODEL_SOURCE = "model-source";
  public static final String MODEL_HASH = "model-hash";
  public static final String ATOM_DEDUPLICATE = "atom-deduplicate";
  public static final String ATOM_SINK = "atom-sink";
  public static final String DEAD_LETTER_SINK = "dead-letter-sink";

  public static final String OUTBOX_SOURCE = "outbox-source";
  public static final String GRAPH_SINK = "graph-sink";

  /**
   * Key groups of every job. It bounds the parallelism and can never change without giving up the
   * state.
   */
  public static final int MAX_PARALLELISM = 128;

  private OperatorUids() {}
}
