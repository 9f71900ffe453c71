package com.hartonomous.ingest.record;

/** Why a row passes through the pipeline. */
public enum RowEvent {
  /** The database reported it: read by a snapshot, inserted, updated or deleted. */
  CHANGE,
  /**
   * References of the row are in the database; those that the row's state does not hold are to go.
   * Changes no state.
   */
  SWEEP,
  /**
   * The row's present content was read again, since some of it could not be stored; what of it the
   * row's state holds is to be stored once more. Changes no state.
   */
  REPLAY
}
