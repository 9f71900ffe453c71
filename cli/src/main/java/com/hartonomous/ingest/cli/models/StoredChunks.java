package com.hartonomous.ingest.cli.models;

import com.hartonomous.ingest.cli.ProblemException;
import com.hartonomous.ingest.cli.models.StoredModel.StoredFile;
import com.hartonomous.ingest.content.ModelDigest;
import com.hartonomous.ingest.record.Sha256;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The chunks of models in file order, a page at a time, so that nothing grows with a file.
 *
 * <p>A model may be deleted meanwhile, since no transaction is held: then chunks are missing, which
 * is told.
 */
final class StoredChunks {

  /** Chunks read in one statement, and held in memory: never their content. */
  static final int PAGE_CHUNKS = 500;

  private static final String PAGE =
      "SELECT TOP ("
          + PAGE_CHUNKS
          + ") c.ChunkIndex, c.AtomId, c.ByteOffset, c.ByteLength, a.AtomHash"
          + " FROM dbo.FileChunks AS c INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId"
          + " WHERE c.ModelFileId = ? AND c.ChunkIndex >= ? ORDER BY c.ChunkIndex";

  /** A chunk of a file: bytes from {@code offset} on. */
  record Chunk(long atomId, long offset, long length, Sha256 hash) {}

  /** Receives a page. */
  @FunctionalInterface
  interface PageVisitor {
    void visit(StoredFile file, List<Chunk> page)
        throws SQLException, IOException, ProblemException;
  }

  private final Connection connection;

  StoredChunks(Connection connection) {
    this.connection = connection;
  }

  /**
   * Shows all chunks of all files, in the order of the digest; a file without a byte has none.
   *
   * @throws ProblemException when they do not cover the files without a gap, or have another digest
   *     than the model: then the database is damaged, or the model was deleted meanwhile
   */
  void read(StoredModel model, PageVisitor visitor)
      throws SQLException, IOException, ProblemException {
    ModelDigest digest = new ModelDigest();
    for (StoredFile file : model.files()) {
      readFile(model, file, digest, visitor);
    }
    Sha256 found = digest.finish();
    if (!found.equals(model.digest())) {
      throw damaged(model, "digest %s, found %s".formatted(model.digest(), found));
    }
  }

  private void readFile(StoredModel model, StoredFile file, ModelDigest digest, PageVisitor visitor)
      throws SQLException, IOException, ProblemException {
    long index = 0;
    long offset = 0;
    try (PreparedStatement statement = connection.prepareStatement(PAGE)) {
      while (offset < file.byteLength()) {
        statement.setLong(1, file.modelFileId());
        statement.setLong(2, index);
        List<Chunk> page = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
          while (row.next()) {
            Chunk chunk =
                new Chunk(
                    row.getLong(2),
                    row.getLong(3),
                    row.getLong(4),
                    Sha256.fromBytes(row.getBytes(5)));
            if (row.getLong(1) != index || chunk.offset() != offset || chunk.length() < 1) {
              throw damaged(
                  model,
                  "chunk %d at offset %d of '%s', found chunk %d of %d bytes at offset %d"
                      .formatted(
                          index,
                          offset,
                          file.path(),
                          row.getLong(1),
                          chunk.length(),
                          chunk.offset()));
            }
            index++;
            offset += chunk.length();
            digest.add(file.path(), chunk.offset(), chunk.length(), chunk.hash());
            page.add(chunk);
          }
        }
        if (page.isEmpty() || offset > file.byteLength()) {
          throw damaged(
              model,
              "%d bytes of '%s', found %d".formatted(file.byteLength(), file.path(), offset));
        }
        visitor.visit(file, page);
      }
    }
  }

  /** What is stored is not what the model says. */
  static ProblemException damaged(StoredModel model, String expectedAndFound) {
    return new ProblemException(
        "model %d (%s): expected %s. Look with ./hartonomous status whether it was deleted meanwhile, otherwise run ./hartonomous verify --read-data."
            .formatted(model.modelId(), model.reference(), expectedAndFound));
  }
}
