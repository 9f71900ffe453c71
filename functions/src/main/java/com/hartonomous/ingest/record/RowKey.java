package com.hartonomous.ingest.record;

/**
 * A row of a captured table.
 *
 * @param tableId {@code dbo.CapturedTables.CapturedTableId}
 * @param keyHash SHA-256 over the UTF-16LE bytes of the row's key text
 */
public record RowKey(int tableId, Sha256 keyHash) {

  /** Fixed by this project, as {@link Sha256#hashCode} is, because key groups depend on it. */
  @Override
  public int hashCode() {
    return 31 * tableId + keyHash.hashCode();
  }
}
