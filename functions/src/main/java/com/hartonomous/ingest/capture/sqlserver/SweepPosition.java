package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.Sha256;

/**
 * State: how far the sweep of a table has come.
 *
 * @param generation of the table that is being swept, or was
 * @param done whether every reference was looked at; the rest means nothing then
 * @param keyHash with the following three, the last reference looked at: a row of {@code
 *     dbo.RowAtoms} by its primary key
 */
public record SweepPosition(
    int tableId,
    int generation,
    boolean done,
    Sha256 keyHash,
    int columnId,
    int segment,
    long atomId) {

  private static final Sha256 LOWEST = Sha256.fromBytes(new byte[Sha256.LENGTH]);

  static SweepPosition start(int tableId, int generation) {
    return new SweepPosition(tableId, generation, false, LOWEST, -1, -1, -1);
  }

  SweepPosition at(Sha256 newKeyHash, int newColumnId, int newSegment, long newAtomId) {
    return new SweepPosition(
        tableId, generation, false, newKeyHash, newColumnId, newSegment, newAtomId);
  }

  SweepPosition end() {
    return new SweepPosition(tableId, generation, true, LOWEST, -1, -1, -1);
  }

  /** The one of both that has come further. Within a row any: the row is looked at again. */
  SweepPosition further(SweepPosition other) {
    if (generation != other.generation) {
      return generation > other.generation ? this : other;
    }
    if (done || other.done) {
      return done ? this : other;
    }
    return keyHash.compareTo(other.keyHash) >= 0 ? this : other;
  }
}
