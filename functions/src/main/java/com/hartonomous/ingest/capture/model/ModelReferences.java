package com.hartonomous.ingest.capture.model;

import static com.hartonomous.ingest.capture.model.Jdbc.count;
import static com.hartonomous.ingest.capture.model.Jdbc.prepare;
import static com.hartonomous.ingest.capture.model.Jdbc.update;

import com.hartonomous.ingest.capture.model.ModelRegistry.RegisteredFile;
import com.hartonomous.ingest.content.ModelDigest;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.ApplicationLock;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The references of one model: what {@link ModelRegistry} must know of them to complete the model,
 * and their release when it ended otherwise.
 */
final class ModelReferences {

  /** Rows that one release transaction deletes at most, of each table. */
  static final int RELEASE_ROWS_MAX = 2000;

  private static final String ENDED =
      " AND EXISTS (SELECT 1 FROM dbo.Models"
          + " WHERE ModelId = ? AND State IN ('FAILED', 'DELETING', 'DELETED'))";

  private ModelReferences() {}

  /**
   * What is stored of a model's files.
   *
   * @param count chunks
   * @param digest of the model; null if the chunks do not cover the files
   * @param inconsistency where they do not; null if they do
   */
  record StoredChunks(long count, Sha256 digest, String inconsistency) {}

  /**
   * Walks the stored chunks, which must cover each file without a gap. Files whose numbers follow
   * one another in path order, as registration numbers them, are read by one query.
   *
   * @param files in path order
   */
  static StoredChunks storedChunks(Connection connection, int modelId, List<RegisteredFile> files)
      throws SQLException {
    Map<Long, Integer> ranks = new HashMap<>();
    long[] sorted = files.stream().mapToLong(RegisteredFile::modelFileId).sorted().toArray();
    for (int i = 0; i < sorted.length; i++) {
      ranks.put(sorted[i], i);
    }
    ChunkWalk walk = new ChunkWalk();
    int first = 0;
    while (first < files.size() && walk.inconsistency == null) {
      int end = first + 1;
      while (end < files.size()
          && ranks.get(files.get(end).modelFileId())
              == ranks.get(files.get(end - 1).modelFileId()) + 1) {
        end++;
      }
      walk.read(connection, modelId, files.subList(first, end));
      first = end;
    }
    return walk.result();
  }

  /** Follows the chunks of the files, one after the other. */
  private static final class ChunkWalk {
    private final ModelDigest digest = new ModelDigest();
    private long count;
    private String inconsistency;

    /**
     * Reads the chunks of some files.
     *
     * @param files in path order and in the order of their numbers, no other one of the model
     *     between them
     */
    void read(Connection connection, int modelId, List<RegisteredFile> files) throws SQLException {
      try (PreparedStatement statement =
              prepare(
                  connection,
                  "SELECT c.ModelFileId, c.ChunkIndex, c.ByteOffset, c.ByteLength, a.AtomHash"
                      + " FROM dbo.FileChunks AS c"
                      + " INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId"
                      + " INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId"
                      + " WHERE f.ModelId = ? AND c.ModelFileId >= ? AND c.ModelFileId <= ?"
                      + " ORDER BY c.ModelFileId, c.ChunkIndex",
                  modelId,
                  files.get(0).modelFileId(),
                  files.get(files.size() - 1).modelFileId());
          ResultSet row = statement.executeQuery()) {
        boolean more = row.next();
        for (RegisteredFile file : files) {
          long index = 0;
          long offset = 0;
          while (more
              && row.getLong("ModelFileId") == file.modelFileId()
              && row.getLong("ChunkIndex") == index
              && row.getLong("ByteOffset") == offset) {
            long length = row.getLong("ByteLength");
            digest.add(
                file.file().relativePath(),
                offset,
                length,
                Sha256.fromBytes(row.getBytes("AtomHash")));
            index++;
            offset += length;
            more = row.next();
          }
          if (offset != file.file().byteLength()) {
            inconsistency =
                "%s: expected chunks of all %d bytes, found none at byte %d, chunk %d; submit it again"
                    .formatted(file.file().uri(), file.file().byteLength(), offset, index);
            return;
          }
          count += index;
        }
        if (more) {
          inconsistency =
              "%s: expected no chunk behind the last byte, found chunk %d; submit it again"
                  .formatted(files.get(0).file().uri(), row.getLong("ChunkIndex"));
        }
      }
    }

    StoredChunks result() {
      return new StoredChunks(count, inconsistency == null ? digest.finish() : null, inconsistency);
    }
  }

  /** Atoms that the model refers to. */
  static long distinctAtoms(Connection connection, int modelId) throws SQLException {
    return count(
        connection,
        "SELECT COUNT_BIG(*) FROM (SELECT c.AtomId FROM dbo.FileChunks AS c"
            + " INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId"
            + " WHERE f.ModelId = ?"
            + " UNION SELECT n.AtomId FROM dbo.ModelNodes AS n WHERE n.ModelId = ?) AS d",
        modelId,
        modelId);
  }

  /**
   * Releases a batch of what a failed or deleted model has, at most {@link #RELEASE_ROWS_MAX} rows
   * of a table: references, whose atoms' counts follow by the rows really deleted, then tensors,
   * then progress. Files stay, as a record of what it was. Models in other states keep everything.
   *
   * @return whether rows may be left: call again, in a transaction of its own
   */
  static boolean releaseBatch(Connection connection, int modelId, Duration lockTimeout)
      throws SQLException {
    ApplicationLock.acquireShared(connection, ApplicationLock.ATOMS, lockTimeout);
    update(connection, "DELETE FROM #released");
    long references =
        update(
            connection,
            deleteTop("dbo.FileChunks", true)
                + "ModelFileId IN (SELECT ModelFileId FROM dbo.ModelFiles WHERE ModelId = ?)"
                + ENDED,
            modelId,
            modelId);
    references +=
        update(
            connection,
            deleteTop("dbo.ModelNodes", true) + "ModelId = ?" + ENDED,
            modelId,
            modelId);
    if (references > 0) {
      update(
          connection,
          "UPDATE a SET ReferenceCount = a.ReferenceCount - r.Removed,"
              + " ReleasedAt = CASE WHEN a.ReferenceCount = r.Removed THEN SYSUTCDATETIME() END"
              + " FROM dbo.Atoms AS a INNER JOIN"
              + " (SELECT AtomId, COUNT_BIG(*) AS Removed FROM #released GROUP BY AtomId) AS r"
              + " ON r.AtomId = a.AtomId");
      return true;
    }
    long tensors =
        update(
            connection, deleteTop("dbo.Tensors", false) + "ModelId = ?" + ENDED, modelId, modelId);
    if (tensors > 0) {
      return true;
    }
    update(
        connection,
        deleteTop("dbo.ModelProgress", false) + "ModelId = ?" + ENDED,
        modelId,
        modelId);
    return false;
  }

  private static String deleteTop(String table, boolean references) {
    return "DELETE TOP ("
        + RELEASE_ROWS_MAX
        + ") FROM "
        + table
        + (references ? " OUTPUT deleted.AtomId INTO #released (AtomId)" : "")
        + " WHERE ";
  }
}
