package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.SqlBatch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The set-based statements of a writer's transaction, over the staging tables of {@link
 * StagedReferences}. Each changes only what is not yet as wished and records in {@code #Change}
 * what it changed.
 */
final class ReferenceStatements {

  /** The natural key of a chunk. */
  record ChunkKey(long modelFileId, long chunkIndex) {}

  private static final String RESOLVE =
      "UPDATE s SET AtomId = a.AtomId FROM #Atom AS s"
          + " INNER JOIN dbo.Atoms AS a ON a.AtomHash = s.AtomHash WHERE s.AtomId IS NULL;";

  private static final String UNRESOLVED = "SELECT AtomHash FROM #Atom WHERE AtomId IS NULL";

  private static final String DELETE_ROWS =
      "DELETE r OUTPUT deleted.AtomId, -1, deleted.CapturedTableId, deleted.RowKeyHash"
          + " INTO #Change (AtomId, Delta, CapturedTableId, RowKeyHash)"
          + " FROM dbo.RowAtoms AS r WITH (FORCESEEK)"
          + " INNER JOIN #RowReference AS s ON s.CapturedTableId = r.CapturedTableId"
          + " AND s.RowKeyHash = r.RowKeyHash AND s.ColumnId = r.ColumnId AND s.Segment = r.Segment"
          + " INNER JOIN #Atom AS t ON t.AtomHash = s.AtomHash AND t.AtomId = r.AtomId"
          + " WHERE s.Present = 0;";

  private static final String INSERT_ROWS =
      "INSERT INTO dbo.RowAtoms (CapturedTableId, RowKeyHash, ColumnId, Segment, AtomId, RowKey)"
          + " OUTPUT inserted.AtomId, 1, inserted.CapturedTableId, inserted.RowKeyHash"
          + " INTO #Change (AtomId, Delta, CapturedTableId, RowKeyHash)"
          + " SELECT s.CapturedTableId, s.RowKeyHash, s.ColumnId, s.Segment, t.AtomId, s.RowKey"
          + " FROM #RowReference AS s INNER JOIN #Atom AS t ON t.AtomHash = s.AtomHash"
          + " WHERE s.Present = 1 AND t.AtomId IS NOT NULL AND NOT EXISTS (SELECT 1 FROM"
          + " dbo.RowAtoms AS r WHERE r.CapturedTableId = s.CapturedTableId"
          + " AND r.RowKeyHash = s.RowKeyHash AND r.ColumnId = s.ColumnId"
          + " AND r.Segment = s.Segment AND r.AtomId = t.AtomId);";

  private static final String INSERT_CHUNKS =
      "INSERT INTO dbo.FileChunks (ModelFileId, ChunkIndex, AtomId, ByteOffset, ByteLength)"
          + " OUTPUT inserted.AtomId, 1, inserted.ModelFileId, inserted.ByteLength"
          + " INTO #Change (AtomId, Delta, ModelFileId, ChunkBytes)"
          + " SELECT s.ModelFileId, s.ChunkIndex, t.AtomId, s.ByteOffset, s.ByteLength"
          + " FROM #ChunkReference AS s INNER JOIN #Atom AS t ON t.AtomHash = s.AtomHash"
          + " WHERE t.AtomId IS NOT NULL AND NOT EXISTS (SELECT 1 FROM dbo.FileChunks AS c"
          + " WHERE c.ModelFileId = s.ModelFileId AND c.ChunkIndex = s.ChunkIndex);";

  private static final String INSERT_NODES =
      "INSERT INTO dbo.ModelNodes (ModelId, NodeIndex, NodePath, AtomId)"
          + " OUTPUT inserted.AtomId, 1, inserted.ModelId INTO #Change (AtomId, Delta, NodeModelId)"
          + " SELECT s.ModelId, s.NodeIndex, s.NodePath, t.AtomId"
          + " FROM #NodeReference AS s INNER JOIN #Atom AS t ON t.AtomHash = s.AtomHash"
          + " WHERE t.AtomId IS NOT NULL AND NOT EXISTS (SELECT 1 FROM dbo.ModelNodes AS n"
          + " WHERE n.ModelId = s.ModelId AND n.NodeIndex = s.NodeIndex);";

  private static final String STORED_DIFFERENTLY =
      "SELECT s.ModelFileId, s.ChunkIndex FROM #ChunkReference AS s"
          + " INNER JOIN #Atom AS t ON t.AtomHash = s.AtomHash"
          + " INNER JOIN dbo.FileChunks AS c ON c.ModelFileId = s.ModelFileId"
          + " AND c.ChunkIndex = s.ChunkIndex WHERE c.AtomId <> t.AtomId";

  private static final String ENSURE_PROGRESS =
      "INSERT INTO dbo.ModelProgress (ModelId, Writer, StoredChunks, StoredNodes, StoredBytes,"
          + " NewAtoms, NewBytes, FirstAt, LastAt)"
          + " SELECT m.ModelId, ?, 0, 0, 0, 0, 0, SYSUTCDATETIME(), SYSUTCDATETIME()"
          + " FROM dbo.Models AS m WHERE m.ModelId = ? AND NOT EXISTS (SELECT 1 FROM"
          + " dbo.ModelProgress AS p WHERE p.ModelId = m.ModelId AND p.Writer = ?)";

  private static final String ADD_PROGRESS =
      "UPDATE dbo.ModelProgress SET"
          + " StoredChunks = StoredChunks + (SELECT COUNT_BIG(*) FROM #Change AS c INNER JOIN"
          + " dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId WHERE f.ModelId = ?),"
          + " StoredNodes = StoredNodes + (SELECT COUNT_BIG(*) FROM #Change AS c"
          + " WHERE c.NodeModelId = ?),"
          + " StoredBytes = StoredBytes + (SELECT COALESCE(SUM(c.ChunkBytes), 0) FROM #Change AS c"
          + " INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId WHERE f.ModelId = ?),"
          + " NewAtoms = NewAtoms + ?, NewBytes = NewBytes + ?, LastAt = SYSUTCDATETIME()"
          + " WHERE ModelId = ? AND Writer = ?";

  private static final String ENSURE_TABLE_PROGRESS =
      "INSERT INTO dbo.TableProgress (CapturedTableId, Writer, StoredReferences, NewAtoms,"
          + " KnownAtoms, LastAt) SELECT d.CapturedTableId, ?, 0, 0, 0, SYSUTCDATETIME() FROM"
          + " (SELECT DISTINCT CapturedTableId FROM #Change WHERE CapturedTableId IS NOT NULL) AS d"
          + " WHERE NOT EXISTS (SELECT 1 FROM dbo.TableProgress AS p"
          + " WHERE p.CapturedTableId = d.CapturedTableId AND p.Writer = ?)";

  private static final String ADD_TABLE_PROGRESS =
      "UPDATE p SET StoredReferences = p.StoredReferences + d.Delta,"
          + " KnownAtoms = p.KnownAtoms + d.Inserted, LastAt = SYSUTCDATETIME()"
          + " FROM dbo.TableProgress AS p WITH (FORCESEEK) INNER JOIN (SELECT CapturedTableId, SUM(Delta) AS Delta,"
          + " SUM(CASE WHEN Delta > 0 THEN 1 ELSE 0 END) AS Inserted FROM #Change"
          + " WHERE CapturedTableId IS NOT NULL GROUP BY CapturedTableId) AS d"
          + " ON d.CapturedTableId = p.CapturedTableId WHERE p.Writer = ?";

  private static final String ADD_NEW_ATOMS =
      "UPDATE dbo.TableProgress SET NewAtoms = NewAtoms + ?, KnownAtoms = KnownAtoms - ?"
          + " WHERE CapturedTableId = ? AND Writer = ?";

  // A letter about one segment ends when its reference is as the row wishes it, here and now. One
  // about a value as a whole does not: a wish that is repeated after a restore may be older than
  // the letter.
  private static final String RESOLVE_DEAD_LETTERS =
      "UPDATE e SET ResolvedAt = SYSUTCDATETIME(), Resolution = CASE WHEN s.Present = 1"
          + " THEN N'the reference is stored' ELSE N'the row does not hold it any more' END"
          + " FROM dbo.AtomizationErrors AS e WITH (FORCESEEK) INNER JOIN #RowReference AS s"
          + " ON s.CapturedTableId = e.CapturedTableId AND s.RowKeyHash = e.RowKeyHash"
          + " AND s.ColumnId = e.ColumnId AND s.Segment = e.Segment AND s.AtomHash = e.AtomHash"
          + " WHERE e.ResolvedAt IS NULL";

  private static final String MARK_DIRTY =
      "INSERT INTO dbo.Neo4jSyncQueue (EntityType, EntityId, EntityKey, Operation)"
          + " SELECT DISTINCT N'Row', CAST(c.CapturedTableId AS BIGINT), c.RowKeyHash, N'SYNC'"
          + " FROM #Change AS c WHERE c.CapturedTableId IS NOT NULL;"
          + " INSERT INTO dbo.Neo4jSyncQueue (EntityType, EntityId, Operation)"
          + " SELECT DISTINCT N'Model', CAST(f.ModelId AS BIGINT), N'SYNC' FROM #Change AS c"
          + " INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId;";

  private static final String MOVE_COUNTS =
      "UPDATE a SET ReferenceCount = a.ReferenceCount + d.Delta,"
          + " ReleasedAt = CASE WHEN a.ReferenceCount + d.Delta = 0 THEN SYSUTCDATETIME() END"
          + " FROM dbo.Atoms AS a WITH (FORCESEEK) INNER JOIN (SELECT AtomId, SUM(Delta) AS Delta FROM #Change"
          + " GROUP BY AtomId) AS d ON d.AtomId = a.AtomId WHERE d.Delta <> 0;"
          + " SELECT @@ROWCOUNT AS Moved, (SELECT COUNT(*) FROM (SELECT AtomId, SUM(Delta) AS"
          + " Delta FROM #Change GROUP BY AtomId) AS d WHERE d.Delta <> 0) AS ToMove;";

  private final Connection connection;

  ReferenceStatements(Connection connection) {
    this.connection = connection;
  }

  /** Which of the models are INGESTING. */
  Set<Integer> ingestingAmong(Collection<Integer> models) throws SQLException {
    String sql =
        "SELECT ModelId FROM dbo.Models WHERE State = 'INGESTING' AND ModelId IN ("
            + String.join(", ", Collections.nCopies(models.size(), "?"))
            + ")";
    Set<Integer> ingesting = new HashSet<>();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      int position = 1;
      for (int model : models) {
        statement.setInt(position++, model);
      }
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          ingesting.add(result.getInt(1));
        }
      }
    }
    return ingesting;
  }

  /** Finds the ids of the staged atoms and returns those that the database lacks. */
  Set<Sha256> resolveAtoms() throws SQLException {
    Set<Sha256> missing = new HashSet<>();
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(RESOLVE);
      try (ResultSet result = statement.executeQuery(UNRESOLVED)) {
        while (result.next()) {
          missing.add(Sha256.fromBytes(result.getBytes(1)));
        }
      }
    }
    return missing;
  }

  /** Removes and adds references; a kind that is not staged costs nothing. */
  void applyReferences(boolean rows, boolean chunks, boolean nodes) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          (rows ? DELETE_ROWS + " " + INSERT_ROWS : "")
              + (chunks ? " " + INSERT_CHUNKS : "")
              + (nodes ? " " + INSERT_NODES : ""));
      SqlBatch.drain(statement);
    }
  }

  /** Staged chunks that are stored with another atom already. */
  List<ChunkKey> storedDifferently() throws SQLException {
    List<ChunkKey> keys = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(STORED_DIFFERENTLY)) {
      while (result.next()) {
        keys.add(new ChunkKey(result.getLong(1), result.getLong(2)));
      }
    }
    return keys;
  }

  /** Moves the writer's share of the model's progress by what this transaction stored. */
  void addProgress(int modelId, int writer, long newAtoms, long newBytes) throws SQLException {
    try (PreparedStatement ensure = connection.prepareStatement(ENSURE_PROGRESS);
        PreparedStatement add = connection.prepareStatement(ADD_PROGRESS)) {
      ensure.setInt(1, writer);
      ensure.setInt(2, modelId);
      ensure.setInt(3, writer);
      ensure.executeUpdate();
      add.setInt(1, modelId);
      add.setInt(2, modelId);
      add.setInt(3, modelId);
      add.setLong(4, newAtoms);
      add.setLong(5, newBytes);
      add.setInt(6, modelId);
      add.setInt(7, writer);
      add.executeUpdate();
    }
  }

  /**
   * Moves the writer's share of the captured tables' progress by what this transaction stored.
   *
   * @param newAtoms atoms that came with it, by captured table
   */
  void addTableProgress(int writer, Map<Integer, Long> newAtoms) throws SQLException {
    try (PreparedStatement ensure = connection.prepareStatement(ENSURE_TABLE_PROGRESS);
        PreparedStatement add = connection.prepareStatement(ADD_TABLE_PROGRESS);
        PreparedStatement addNew = connection.prepareStatement(ADD_NEW_ATOMS)) {
      ensure.setInt(1, writer);
      ensure.setInt(2, writer);
      ensure.executeUpdate();
      add.setInt(1, writer);
      add.executeUpdate();
      for (Map.Entry<Integer, Long> table : newAtoms.entrySet()) {
        addNew.setLong(1, table.getValue());
        addNew.setLong(2, table.getValue());
        addNew.setInt(3, table.getKey());
        addNew.setInt(4, writer);
        addNew.executeUpdate();
      }
    }
  }

  /** Ends the dead letters of references that are as they should be now. */
  void resolveDeadLetters() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(RESOLVE_DEAD_LETTERS);
    }
  }

  /** Marks the rows and models that changed for the graph. */
  void markDirty() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(MARK_DIRTY);
      SqlBatch.drain(statement);
    }
  }

  /**
   * @throws SQLException (transient) when an atom that a reference needs is not there: it was
   *     removed between the look-up and now, by something that does not keep our locks
   */
  void assertResolved(List<AtomReference> references) throws SQLException {
    Set<Sha256> needed = new HashSet<>();
    for (AtomReference reference : references) {
      if (reference.present()) {
        needed.add(reference.hash());
      }
    }
    Set<Sha256> unresolved = new HashSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(UNRESOLVED)) {
      while (result.next()) {
        unresolved.add(Sha256.fromBytes(result.getBytes(1)));
      }
    }
    unresolved.retainAll(needed);
    if (!unresolved.isEmpty()) {
      throw atomsVanished(
          unresolved.size() + " atoms of this transaction, first " + unresolved.iterator().next());
    }
  }

  /**
   * Moves the counts by what the transaction changed. Its last statement, so that the locks on hot
   * counts are held briefly.
   *
   * @throws SQLException (transient) when an atom of a changed reference is not there any more
   */
  void moveCounts() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(MOVE_COUNTS);
      while (!statement.getMoreResults()) {
        if (statement.getUpdateCount() < 0) {
          throw new SQLException("The counts were moved, but the server did not say how many.");
        }
      }
      try (ResultSet result = statement.getResultSet()) {
        result.next();
        long moved = result.getLong("Moved");
        long toMove = result.getLong("ToMove");
        if (moved != toMove) {
          throw atomsVanished(toMove - moved + " of the " + toMove + " atoms that are counted");
        }
      }
    }
  }

  private static SQLException atomsVanished(String which) {
    return new SQLException(
        "Not in dbo.Atoms any more: " + which + ". Something removes atoms without the lock.",
        "40001",
        547);
  }
}
