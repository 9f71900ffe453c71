package com.hartonomous.ingest.record;

/**
 * The place of a row event in the database's history: total order by (commit LSN, sequence value,
 * operation).
 *
 * @param commit LSN of the commit, {@link Lsn#ZERO} for a snapshot row, which has none
 * @param sequence the change's place inside its transaction ({@code __$seqval})
 * @param operation {@code __$operation}: 1 delete, 2 insert, 4 update; 0 for a snapshot row
 */
public record RowVersion(Lsn commit, Lsn sequence, int operation)
    implements Comparable<RowVersion> {

  /** The version of every row that a snapshot reads. */
  public static final RowVersion SNAPSHOT = new RowVersion(Lsn.ZERO, Lsn.ZERO, 0);

  public boolean isSnapshot() {
    return operation == 0;
  }

  @Override
  public int compareTo(RowVersion other) {
    int result = commit.compareTo(other.commit);
    if (result == 0) {
      result = sequence.compareTo(other.sequence);
    }
    return result != 0 ? result : Integer.compare(operation, other.operation);
  }
}
