package com.hartonomous.ingest.record;

/** Why a row passes through the pipeline. */
public enum RowEvent {
  /** The database reported it: read by a snapshot, inserted, updated or deleted. */
  CHANGE,
  /**
   * References of the row are in the database; those that the row's state does not hold are to go.
   * Changes no state.
   */
  SWEEP
}
