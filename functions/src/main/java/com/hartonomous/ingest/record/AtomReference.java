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

  /** The wish that a row refer to an atom whose bytes travel along. */
  public static AtomReference ofRow(
      Sha256 hash, String contentType, byte[] content, RowReference row) {
    return new AtomReference(hash, true, false, contentType, content, null, row, null, null);
  }

  /** The wish that a row refer to an atom no more. */
  public static AtomReference absentFromRow(Sha256 hash, RowReference row) {
    return new AtomReference(hash, false, true, null, null, null, row, null, null);
  }

  /** The wish that a file refer to an atom whose bytes are read there when they are needed. */
  public static AtomReference ofChunk(
      Sha256 hash, String contentType, FileRange range, ChunkReference chunk) {
    return new AtomReference(hash, true, false, contentType, null, range, null, chunk, null);
  }

  /** The wish that a model refer to a graph node's atom, whose bytes travel along. */
  public static AtomReference ofNode(
      Sha256 hash, String contentType, byte[] content, NodeReference node) {
    return new AtomReference(hash, true, false, contentType, content, null, null, null, node);
  }

  public AtomReference withKnown(boolean nowKnown) {
    return new AtomReference(
        hash, present, nowKnown, contentType, inlineContent, fileContent, row, chunk, node);
  }

  /** Bytes of the atom, wherever they are; 0 for a wish that brings none. */
  public long contentLength() {
    if (inlineContent != null) {
      return inlineContent.length;
    }
    return fileContent == null ? 0 : fileContent.length();
  }

  /**
   * The model that refers to the atom.
   *
   * @throws IllegalStateException when a row does
   */
  public int modelId() {
    if (chunk != null) {
      return chunk.modelId();
    }
    if (node == null) {
      throw new IllegalStateException("Expected a model's reference, found one of " + row);
    }
    return node.modelId();
  }
}
