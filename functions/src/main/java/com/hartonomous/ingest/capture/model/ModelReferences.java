package com.hartonomous.ingest.capture.model;

import static com.hartonomous.ingest.capture.model.Jdbc.update;

import com.hartonomous.ingest.capture.model.ModelRegistry.RegisteredFile;
import com.hartonomous.ingest.content.ModelDigest;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.ApplicationLock;
import com.hartonomous.ingest.runtime.RowBulkData;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The references of one model: what {@link ModelRegistry} must know of them to complete the model,
 * and their release when it ended otherwise.
 */
final class ModelReferences {

  /** Rows that one release transaction deletes at most, of each table. */
  static final int RELEASE_ROWS_MAX = 2000;

  static final String CREATE = "CREATE TABLE #released (AtomId BIGINT NOT NULL)";

  /** Atoms that each model of {@code #ends} refers to. */
  static final String DISTINCT_ATOMS =
      "SELECT r.ModelId, COUNT_BIG(*) AS Atoms FROM (SELECT f.ModelId, c.AtomId"
          + " FROM dbo.FileChunks AS c INNER JOIN dbo.ModelFiles AS f"
          + " ON f.ModelFileId = c.ModelFileId INNER JOIN #ends AS x ON x.ModelId = f.ModelId"
          + " UNION SELECT n.ModelId, n.AtomId FROM dbo.ModelNodes AS n"
          + " INNER JOIN #ends AS x ON x.ModelId = n.ModelId) AS r GROUP BY r.ModelId";

  private static final List<RowBulkData.Column> FILE_COLUMNS =
      List.of(
          new RowBulkData.Column("Ordinal", Types.INTEGER, 10),
          new RowBulkData.Column("ModelFileId", Types.BIGINT, 19));

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
   * Walks the stored chunks, which must cover each file without a gap.
   *
   * @param files by model, each model's in path order
   */
  static Map<Integer, StoredChunks> storedChunks(
      Connection connection, Map<Integer, List<RegisteredFile>> files) throws SQLException {
    stageFiles(connection, files);
    Map<Integer, StoredChunks> stored = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT c.ModelFileId, c.ChunkIndex, c.ByteOffset, c.ByteLength, a.AtomHash"
                    + " FROM #files AS f"
                    + " INNER JOIN dbo.FileChunks AS c ON c.ModelFileId = f.ModelFileId"
                    + " INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId"
                    + " ORDER BY f.Ordinal, c.ChunkIndex")) {
      ChunkRows rows = new ChunkRows(row);
      for (Map.Entry<Integer, List<RegisteredFile>> model : files.entrySet()) {
        stored.put(model.getKey(), storedChunks(rows, model.getValue()));
      }
    }
    return stored;
  }

  private static void stageFiles(Connection connection, Map<Integer, List<RegisteredFile>> files)
      throws SQLException {
    List<Object[]> ordered = new ArrayList<>();
    for (List<RegisteredFile> model : files.values()) {
      for (RegisteredFile file : model) {
        ordered.add(new Object[] {ordered.size(), file.modelFileId()});
      }
    }
    update(connection, "DELETE FROM #files");
    RowBulkData.copy(connection, "#files", FILE_COLUMNS, ordered.iterator());
  }

  private static StoredChunks storedChunks(ChunkRows rows, List<RegisteredFile> files)
      throws SQLException {
    ModelDigest digest = new ModelDigest();
    long count = 0;
    String inconsistency = null;
    for (RegisteredFile file : files) {
      long index = 0;
      long offset = 0;
      boolean gap = false;
      for (; rows.isOf(file.modelFileId()); rows.advance()) {
        gap |= rows.number("ChunkIndex") != index || rows.number("ByteOffset") != offset;
        if (gap && offset == file.file().byteLength() && inconsistency == null) {
          inconsistency =
              "%s: expected no chunk behind the last byte, found chunk %d; submit it again"
                  .formatted(file.file().uri(), rows.number("ChunkIndex"));
        }
        if (!gap) {
          long length = rows.number("ByteLength");
          digest.add(file.file().relativePath(), offset, length, rows.hash());
          index++;
          offset += length;
        }
      }
      if (offset != file.file().byteLength() && inconsistency == null) {
        inconsistency =
            "%s: expected chunks of all %d bytes, found none at byte %d, chunk %d; submit it again"
                .formatted(file.file().uri(), file.file().byteLength(), offset, index);
      }
      count += index;
    }
    return new StoredChunks(count, inconsistency == null ? digest.finish() : null, inconsistency);
  }

  /** The chunks of all files, file after file. */
  private static final class ChunkRows {
    private final ResultSet row;
    private boolean there;

    ChunkRows(ResultSet row) throws SQLException {
      this.row = row;
      this.there = row.next();
    }

    boolean isOf(long modelFileId) throws SQLException {
      return there && row.getLong("ModelFileId") == modelFileId;
    }

    long number(String column) throws SQLException {
      return row.getLong(column);
    }

    Sha256 hash() throws SQLException {
      return Sha256.fromBytes(row.getBytes("AtomHash"));
    }

    void advance() throws SQLException {
      there = row.next();
    }
  }

  /**
   * Releases a batch of what failed or deleted models have, at most {@link #RELEASE_ROWS_MAX} rows
   * of a table: references, whose atoms' counts follow by the rows really deleted, then tensors,
   * then progress. Files stay, as a record of what it was. Models in other states keep everything.
   *
   * @return whether rows may be left: call again, in a transaction of its own
   */
  static boolean releaseBatch(Connection connection, Set<Integer> modelIds, Duration lockTimeout)
      throws SQLException {
    ApplicationLock.acquireShared(connection, ApplicationLock.ATOMS, lockTimeout);
    Set<Integer> ended = endedAmong(connection, modelIds);
    if (ended.isEmpty()) {
      return false;
    }
    String ofEnded = "ModelId IN (" + Jdbc.list(ended) + ")";
    update(connection, "DELETE FROM #released");
    long references =
        update(
            connection,
            deleteTop("dbo.FileChunks", true)
                + "ModelFileId IN (SELECT ModelFileId FROM dbo.ModelFiles WHERE "
                + ofEnded
                + ")");
    references += update(connection, deleteTop("dbo.ModelNodes", true) + ofEnded);
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
    if (update(connection, deleteTop("dbo.Tensors", false) + ofEnded) > 0) {
      return true;
    }
    return update(connection, deleteTop("dbo.ModelProgress", false) + ofEnded) > 0;
  }

  /** Those that have ended otherwise than complete, which none of them ever leaves. */
  private static Set<Integer> endedAmong(Connection connection, Set<Integer> modelIds)
      throws SQLException {
    Set<Integer> ended = new TreeSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT ModelId FROM dbo.Models WHERE State IN ('FAILED', 'DELETING', 'DELETED')"
                    + " AND ModelId IN ("
                    + Jdbc.list(modelIds)
                    + ")")) {
      while (row.next()) {
        ended.add(row.getInt("ModelId"));
      }
    }
    return ended;
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
