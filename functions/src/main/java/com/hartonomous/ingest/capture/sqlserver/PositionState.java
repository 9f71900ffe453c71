package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.Lsn;

/**
 * State: how far this reader has come, and what it has passed on since the job was first started.
 */
public record PositionState(
    Lsn lsn, long snapshotRows, long insertedRows, long updatedRows, long deletedRows) {

  static final PositionState START = new PositionState(Lsn.ZERO, 0, 0, 0, 0);

  /** Both together: the higher position, the sum of the counts. */
  PositionState merge(PositionState other) {
    return new PositionState(
        lsn.compareTo(other.lsn) >= 0 ? lsn : other.lsn,
        snapshotRows + other.snapshotRows,
        insertedRows + other.insertedRows,
        updatedRows + other.updatedRows,
        deletedRows + other.deletedRows);
  }
}
