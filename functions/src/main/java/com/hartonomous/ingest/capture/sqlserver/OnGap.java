package com.hartonomous.ingest.capture.sqlserver;

/** What a job does about changes that are lost; it ends by a {@link CaptureGapException} anyway. */
public enum OnGap {
  /** Nothing is changed: people decide. */
  FAIL,
  /**
   * The tables whose changes are lost are marked to be read anew by the job's next start, see
   * {@link ResnapshotRequests}. Not when the database is another one than was read: then nobody
   * knows whether it is the right one.
   */
  RESNAPSHOT
}
