package com.hartonomous.ingest.record;

/**
 * The wish that one reference to an atom be present, or absent, in the database. Both are
 * idempotent. Exactly one of {@code row}, {@code chunk}, {@code node} is set; only a row's
 * reference can be wished absent.
 *
 * @param hash the atom
 * @param present ensure present, or ensure absent
 * @param known whether the database is believed to hold the atom already; a hint that saves reading
 *     and sending its content, never relied upon
 * @param contentType the atom's, if this reference should be its first
 * @param inlineContent the atom's bytes, small; null when {@code fileContent} says where they are
 * @param fileContent where the atom's bytes are; null when they are inline
 */
public record AtomReference(
    Sha256 hash,
    boolean present,
    boolean known,
    String contentType,
    byte[] inlineContent,
    FileRange fileContent,
    RowReference row,
    ChunkReference chunk,
    NodeReference node) {

  public AtomReference withKnown(boolean nowKnown) {
    return new AtomReference(
        hash, present, nowKnown, contentType, inlineContent, fileContent, row, chunk, node);
  }

  /** Bytes of the atom. */
  public long contentLength() {
    return inlineContent != null ? inlineContent.length : fileContent.length();
  }
}
