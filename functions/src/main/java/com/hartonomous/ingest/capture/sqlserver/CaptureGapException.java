package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.CapturedTable;
import java.util.List;

/**
 * Changes of captured tables are lost, or may be: SQL Server cleaned them up before they were read,
 * capture was switched off, or the database was set back to an earlier time. No restart brings them
 * back, so a job fails by it once and for all. The message says which, since when, and what to do.
 */
public final class CaptureGapException extends Exception {

  private static final long serialVersionUID = 1L;

  private final List<String> tables;
  private final boolean marked;

  CaptureGapException(String message, List<CapturedTable> tables, boolean marked) {
    super(message);
    this.marked = marked;
    this.tables = tables.stream().map(CapturedTable::qualifiedName).toList();
  }

  /** The tables that have to be read anew, at least one. */
  public List<String> tables() {
    return tables;
  }

  /** Whether the job's next start reads the tables anew, by {@link OnGap#RESNAPSHOT}. */
  public boolean isMarked() {
    return marked;
  }
}
