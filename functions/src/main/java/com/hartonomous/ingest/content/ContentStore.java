package com.hartonomous.ingest.content;

import com.hartonomous.ingest.record.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;

/**
 * Where the bytes of atoms are. The rows of {@code dbo.Atoms} are the index of every
 * implementation, so each method works on a connection, inside whatever transaction and isolation
 * level the caller has on it.
 *
 * <p>Implementations hold no state of their own and may be used by several threads, each with its
 * own connection.
 */
public interface ContentStore extends Serializable {

  /**
   * Shows the content of atoms to a visitor, in ascending order of {@code AtomId}. Content is
   * streamed: no more than a buffer of it is held in memory, whatever an atom's size.
   *
   * @param atomIds in ascending order; ids without a row in {@code dbo.Atoms} are left out
   * @throws SQLException when the database cannot be read
   * @throws IOException when content that should be there cannot be read, or as the visitor throws
   */
  void read(Connection connection, long[] atomIds, ContentVisitor visitor)
      throws SQLException, IOException;

  /**
   * Shows the atoms that the store cannot have the right content of, as far as can be said without
   * reading content: it has none, or one of another length than {@code ByteLength}. In ascending
   * order of {@code AtomId}.
   */
  void findMissing(Connection connection, MissingVisitor visitor) throws SQLException;

  /**
   * Inserts the atoms that the database lacks, with a reference count of zero. Part of the
   * connection's open transaction. Content is streamed: no more than a buffer of it is held in
   * memory besides what the caller holds. An atom whose content turns out not to be verified is
   * left out.
   *
   * @param atoms of different hashes; each content is read to its end, once
   * @return the hashes that were really inserted; the others were there, or are not verified
   */
  Set<Sha256> storeMissing(Connection connection, List<NewAtom> atoms) throws SQLException;

  /** Receives atoms without their content. */
  @FunctionalInterface
  interface MissingVisitor {

    /**
     * Called once an atom.
     *
     * @param storedLength bytes that the store has, null when it has nothing
     */
    void visit(Sha256 hash, long byteLength, Long storedLength) throws SQLException;
  }

  /** Receives content. */
  @FunctionalInterface
  interface ContentVisitor {

    /**
     * Called once an atom.
     *
     * @param content valid only during the call; need not be read to its end
     */
    void visit(StoredContent content) throws IOException;
  }

  /**
   * An atom's content as it is stored, not checked against anything.
   *
   * @param atomId {@code dbo.Atoms.AtomId}
   * @param hash the name that the database gives it
   * @param byteLength the length that the database gives it
   * @param bytes null when the store has no content for the atom
   */
  record StoredContent(long atomId, Sha256 hash, long byteLength, InputStream bytes) {}
}
