package com.hartonomous.ingest.capture.model;

import static com.hartonomous.ingest.capture.model.Jdbc.prepare;
import static com.hartonomous.ingest.capture.model.Jdbc.update;

import com.hartonomous.ingest.capture.model.ModelHeader.ModelFile;
import com.hartonomous.ingest.format.ModelContents;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.ApplicationLock;
import com.hartonomous.ingest.runtime.RowBulkData;
import com.hartonomous.ingest.runtime.SqlBatch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * All SQL of the model source. Each method is the work of one short transaction, on a connection
 * that {@link #prepareSession} prepared; the caller commits or rolls back. Each may be done twice.
 *
 * <p>Models are led in batches: one transaction claims, registers, completes or releases many, each
 * under its own lock and guard.
 *
 * <p>A model's state changes only by an UPDATE that names the state it expects, under the exclusive
 * application lock of the model, which writers of its references hold shared: once the change is
 * committed, nothing is added to the model any more, and what it has can be released in batches.
 *
 * <p>Names are found by the hash of their exact text, since the database's collation takes
 * different names for one. No state of its own; any thread.
 */
final class ModelRegistry {

  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(20);

  private static final String INGESTING = "INGESTING";

  private static final String CREATE =
      "CREATE TABLE #headers (ModelId INT NOT NULL PRIMARY KEY, ModelType NVARCHAR(100) NULL,"
          + " Provider NVARCHAR(100) NULL, MetadataJson NVARCHAR(MAX) NULL,"
          + " ExpectedChunks BIGINT NOT NULL, ExpectedTensors BIGINT NOT NULL,"
          + " ExpectedNodes BIGINT NOT NULL, ExpectedBytes BIGINT NOT NULL);"
          + " CREATE TABLE #registered (ModelId INT NOT NULL PRIMARY KEY);"
          + " CREATE TABLE #files (Ordinal INT NOT NULL PRIMARY KEY, ModelFileId BIGINT NOT NULL);"
          + " CREATE TABLE #ends (ModelId INT NOT NULL PRIMARY KEY, Digest BINARY(32) NOT NULL,"
          + " DuplicateOf INT NULL);";

  private static final List<RowBulkData.Column> HEADER_COLUMNS =
      List.of(
          new RowBulkData.Column("ModelId", Types.INTEGER, 10),
          new RowBulkData.Column("ModelType", Types.NVARCHAR, 100),
          new RowBulkData.Column("Provider", Types.NVARCHAR, 100),
          new RowBulkData.Column("MetadataJson", Types.LONGNVARCHAR, 0),
          new RowBulkData.Column("ExpectedChunks", Types.BIGINT, 19),
          new RowBulkData.Column("ExpectedTensors", Types.BIGINT, 19),
          new RowBulkData.Column("ExpectedNodes", Types.BIGINT, 19),
          new RowBulkData.Column("ExpectedBytes", Types.BIGINT, 19));

  private static final List<RowBulkData.Column> END_COLUMNS =
      List.of(
          new RowBulkData.Column("ModelId", Types.INTEGER, 10),
          new RowBulkData.Column("Digest", Types.BINARY, Sha256.LENGTH),
          new RowBulkData.Column("DuplicateOf", Types.INTEGER, 10));

  /**
   * A model whose submission is claimed.
   *
   * @param expectedFormat name of the format that the file must have; null for any
   * @param byteLength of the file as submitted, null when nobody said
   * @param modifiedAt of the file as submitted, null when nobody said
   * @param expectedChunks null until the model is registered
   * @param expectedNodes null until the model is registered
   * @param hasDeadLetter whether some part of the model could not be ingested
   */
  record ClaimedModel(
      long submissionId,
      int modelId,
      int tenantId,
      String name,
      String path,
      String expectedFormat,
      Long byteLength,
      Long modifiedAt,
      String state,
      Long expectedChunks,
      Long expectedNodes,
      long storedChunks,
      long storedNodes,
      boolean hasDeadLetter) {

    boolean isIngesting() {
      return state.equals(INGESTING);
    }

    /** Whether the writers have stored all that the model expects. */
    boolean isStored() {
      return expectedChunks != null
          && expectedChunks == storedChunks
          && expectedNodes == storedNodes;
    }
  }

  /** A row of {@code dbo.ModelFiles}. */
  record RegisteredFile(long modelFileId, ModelFile file, int chunkSize) {}

  /** Creates the temporary tables that the other methods use. */
  static void prepareSession(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(ModelSubmissions.CREATE);
      SqlBatch.drain(statement);
      statement.execute(ModelReferences.CREATE);
      SqlBatch.drain(statement);
      statement.execute(CREATE);
      SqlBatch.drain(statement);
    }
  }

  /** The models whose submissions the job has claimed and not ended, oldest submission first. */
  List<ClaimedModel> claimedModels(Connection connection, String jobName) throws SQLException {
    String sql =
        "SELECT s.SubmissionId, m.ModelId, m.TenantId, m.ModelName, s.Path, s.ExpectedFormat,"
            + " s.ByteLength, s.ModifiedAt, m.State,"
            + " m.ExpectedChunks, m.ExpectedNodes,"
            + " (SELECT SUM(p.StoredChunks) FROM dbo.ModelProgress AS p WHERE p.ModelId = m.ModelId)"
            + " AS StoredChunks,"
            + " (SELECT SUM(p.StoredNodes) FROM dbo.ModelProgress AS p WHERE p.ModelId = m.ModelId)"
            + " AS StoredNodes,"
            + " (SELECT MIN(e.ErrorId) FROM dbo.AtomizationErrors AS e WHERE e.ModelId = m.ModelId)"
            + " AS FirstError"
            + " FROM dbo.ModelSubmissions AS s"
            + " INNER JOIN dbo.Models AS m ON m.ModelId = s.ModelId"
            + " WHERE s.State = 'CLAIMED' AND s.ClaimedBy = ? ORDER BY s.SubmissionId";
    List<ClaimedModel> models = new ArrayList<>();
    try (PreparedStatement statement = prepare(connection, sql, jobName);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        models.add(
            new ClaimedModel(
                row.getLong("SubmissionId"),
                row.getInt("ModelId"),
                row.getInt("TenantId"),
                row.getString("ModelName"),
                row.getString("Path"),
                row.getString("ExpectedFormat"),
                Jdbc.nullableLong(row, "ByteLength"),
                Jdbc.nullableLong(row, "ModifiedAt"),
                row.getString("State"),
                Jdbc.nullableLong(row, "ExpectedChunks"),
                Jdbc.nullableLong(row, "ExpectedNodes"),
                row.getLong("StoredChunks"),
                row.getLong("StoredNodes"),
                row.getObject("FirstError") != null));
      }
    }
    return models;
  }

  /**
   * Writes down what models consist of and how much is to be expected of them. A model that was
   * registered before stays as it is.
   *
   * @param headers by model id
   * @param chunkSize bytes, for models that are not registered yet
   * @return the registered files of each model that is being ingested; others are left out
   */
  Map<Integer, List<RegisteredFile>> register(
      Connection connection, SortedMap<Integer, ModelHeader> headers, int chunkSize)
      throws SQLException {
    lock(connection, headers.keySet());
    update(connection, "DELETE FROM #headers");
    RowBulkData.copy(
        connection,
        "#headers",
        HEADER_COLUMNS,
        headers.entrySet().stream()
            .map(entry -> headerRow(entry.getKey(), entry.getValue(), chunkSize))
            .iterator());
    Set<Integer> registered = registerHeaders(connection);
    if (!registered.isEmpty()) {
      RowBulkData.copy(
          connection,
          "dbo.ModelFiles",
          ModelRows.FILE_COLUMNS,
          registered.stream()
              .flatMap(id -> stream(ModelRows.files(id, headers.get(id), chunkSize)))
              .iterator());
    }
    Map<Integer, List<RegisteredFile>> files = files(connection, headers.keySet(), true);
    if (!registered.isEmpty()) {
      RowBulkData.copy(
          connection,
          "dbo.Tensors",
          ModelRows.TENSOR_COLUMNS,
          registered.stream()
              .flatMap(id -> stream(ModelRows.tensors(id, headers.get(id), fileIds(files.get(id)))))
              .iterator());
    }
    return files;
  }

  private static <T> Stream<T> stream(Iterator<T> iterator) {
    return StreamSupport.stream(
        Spliterators.spliteratorUnknownSize(iterator, Spliterator.ORDERED), false);
  }

  private static Object[] headerRow(int modelId, ModelHeader header, int chunkSize) {
    ModelContents contents = header.contents();
    return new Object[] {
      modelId,
      ModelRows.modelType(
          contents.weights().stream().map(weight -> weight.layout().formatName()).toList()),
      ModelRows.provider(contents.formatName()),
      contents.metadataJson(),
      header.chunkCount(chunkSize),
      (long) contents.tensorCount(),
      (long) contents.nodeCount(),
      header.byteLength()
    };
  }

  /** Takes over the staged headers of models that are not registered; returns these models. */
  private static Set<Integer> registerHeaders(Connection connection) throws SQLException {
    Set<Integer> registered = new TreeSet<>();
    try (Statement statement = connection.createStatement()) {
      boolean rows =
          statement.execute(
              "DELETE FROM #registered;"
                  + " UPDATE m SET ModelType = h.ModelType, Provider = h.Provider,"
                  + " MetadataJson = h.MetadataJson, ExpectedChunks = h.ExpectedChunks,"
                  + " ExpectedTensors = h.ExpectedTensors, ExpectedNodes = h.ExpectedNodes,"
                  + " ExpectedBytes = h.ExpectedBytes"
                  + " OUTPUT inserted.ModelId INTO #registered (ModelId)"
                  + " FROM dbo.Models AS m INNER JOIN #headers AS h ON h.ModelId = m.ModelId"
                  + " WHERE m.State = 'INGESTING' AND m.ExpectedChunks IS NULL;"
                  + " INSERT INTO dbo.Neo4jSyncQueue (EntityType, EntityId, Operation)"
                  + " SELECT 'Model', CAST(r.ModelId AS BIGINT), 'SYNC' FROM #registered AS r;"
                  + " SELECT ModelId FROM #registered;");
      try (ResultSet row = Jdbc.lastResult(statement, rows)) {
        while (row.next()) {
          registered.add(row.getInt("ModelId"));
        }
      }
      SqlBatch.drain(statement);
    }
    return registered;
  }

  /** The files of models, each model's in path order. */
  Map<Integer, List<RegisteredFile>> files(Connection connection, Set<Integer> modelIds)
      throws SQLException {
    return files(connection, modelIds, false);
  }

  private static Map<Integer, List<RegisteredFile>> files(
      Connection connection, Set<Integer> modelIds, boolean ingesting) throws SQLException {
    Map<Integer, List<RegisteredFile>> files = new TreeMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT f.ModelId, f.ModelFileId, f.RelativePath, f.Uri, f.ByteLength,"
                    + " f.ModifiedAt, f.ChunkSize FROM dbo.ModelFiles AS f"
                    + " INNER JOIN dbo.Models AS m ON m.ModelId = f.ModelId WHERE f.ModelId IN ("
                    + Jdbc.list(modelIds)
                    + ")"
                    + (ingesting ? " AND m.State = 'INGESTING'" : ""))) {
      while (row.next()) {
        ModelFile file =
            new ModelFile(
                row.getString("RelativePath"),
                row.getString("Uri"),
                row.getLong("ByteLength"),
                row.getLong("ModifiedAt"));
        files
            .computeIfAbsent(row.getInt("ModelId"), id -> new ArrayList<>())
            .add(new RegisteredFile(row.getLong("ModelFileId"), file, row.getInt("ChunkSize")));
      }
    }
    // Not by the database, which would order by its collation.
    for (List<RegisteredFile> list : files.values()) {
      list.sort(Comparator.comparing(file -> file.file().relativePath()));
    }
    return files;
  }

  private static Map<String, Long> fileIds(List<RegisteredFile> files) {
    Map<String, Long> ids = new LinkedHashMap<>();
    for (RegisteredFile file : files) {
      ids.put(file.file().relativePath(), file.modelFileId());
    }
    return ids;
  }

  /**
   * Ends the ingestion of models all whose parts are stored: each becomes complete; or, if a
   * complete model of its tenant, name and digest is there, a duplicate of that one, deleted and to
   * be released. Models that are not being ingested any more stay as they are.
   *
   * @param models no two of one tenant and name
   * @return what is wrong with the stored references, by the ids of models of which something is;
   *     they stay as they are
   */
  Map<Integer, String> complete(Connection connection, List<ClaimedModel> models)
      throws SQLException {
    ApplicationLock.acquireExclusive(
        connection,
        models.stream()
            .map(model -> ApplicationLock.modelName(model.tenantId(), model.name()))
            .sorted()
            .toList(),
        LOCK_TIMEOUT);
    SortedSet<Integer> ids = new TreeSet<>();
    models.forEach(model -> ids.add(model.modelId()));
    lock(connection, ids);
    SortedMap<Integer, Expectation> expected = expectations(connection, ids);
    if (expected.isEmpty()) {
      return Map.of();
    }
    Map<Integer, List<RegisteredFile>> files = files(connection, expected.keySet(), true);
    Map<Integer, ModelReferences.StoredChunks> stored =
        ModelReferences.storedChunks(connection, files);
    Map<Integer, String> wrong = new TreeMap<>();
    Map<Integer, Sha256> digests = new TreeMap<>();
    for (Map.Entry<Integer, Expectation> entry : expected.entrySet()) {
      int modelId = entry.getKey();
      ModelReferences.StoredChunks chunks = stored.get(modelId);
      String inconsistency =
          chunks.inconsistency() != null
              ? chunks.inconsistency()
              : entry.getValue().inconsistency(modelId, chunks.count());
      if (inconsistency == null) {
        digests.put(modelId, chunks.digest());
      } else {
        wrong.put(modelId, inconsistency);
      }
    }
    if (!digests.isEmpty()) {
      end(connection, digests);
    }
    return wrong;
  }

  private static void end(Connection connection, Map<Integer, Sha256> digests) throws SQLException {
    update(connection, "DELETE FROM #ends");
    RowBulkData.copy(
        connection,
        "#ends",
        END_COLUMNS,
        digests.entrySet().stream()
            .map(entry -> new Object[] {entry.getKey(), entry.getValue().toBytes(), null})
            .iterator());
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "UPDATE e SET DuplicateOf = o.ModelId FROM #ends AS e INNER JOIN"
              + " (SELECT n.ModelId AS NewId, MIN(c.ModelId) AS ModelId FROM #ends AS x"
              + " INNER JOIN dbo.Models AS n ON n.ModelId = x.ModelId"
              + " INNER JOIN dbo.Models AS c ON c.TenantId = n.TenantId"
              + " AND c.ModelNameHash = n.ModelNameHash AND c.Digest = x.Digest"
              + " WHERE c.State = 'COMPLETE' AND c.ModelId <> n.ModelId GROUP BY n.ModelId) AS o"
              + " ON o.NewId = e.ModelId;"
              + " UPDATE m SET State = 'DELETED', IsActive = 0, Digest = e.Digest,"
              + " DuplicateOf = e.DuplicateOf, Failure = CONCAT(N'duplicate of model ',"
              + " CAST(e.DuplicateOf AS NVARCHAR(20))), FinishedAt = SYSUTCDATETIME()"
              + " FROM dbo.Models AS m INNER JOIN #ends AS e ON e.ModelId = m.ModelId"
              + " WHERE m.State = 'INGESTING' AND e.DuplicateOf IS NOT NULL;"
              + " UPDATE m SET State = 'COMPLETE', Digest = e.Digest,"
              + " FinishedAt = SYSUTCDATETIME() FROM dbo.Models AS m"
              + " INNER JOIN #ends AS e ON e.ModelId = m.ModelId"
              + " WHERE m.State = 'INGESTING' AND e.DuplicateOf IS NULL;"
              + " UPDATE m SET DistinctAtoms = COALESCE(d.Atoms, 0) FROM dbo.Models AS m"
              + " INNER JOIN #ends AS e ON e.ModelId = m.ModelId LEFT JOIN ("
              + ModelReferences.DISTINCT_ATOMS
              + ") AS d ON d.ModelId = m.ModelId WHERE m.State = 'COMPLETE';"
              + " UPDATE s SET State = 'DONE' FROM dbo.ModelSubmissions AS s"
              + " INNER JOIN #ends AS e ON e.ModelId = s.ModelId WHERE e.DuplicateOf IS NULL;"
              + " INSERT INTO dbo.Neo4jSyncQueue (EntityType, EntityId, Operation)"
              + " SELECT 'Model', CAST(e.ModelId AS BIGINT), 'SYNC' FROM #ends AS e;");
      SqlBatch.drain(statement);
    }
  }

  /** What a model expects, and what of it is there besides chunks. */
  private record Expectation(
      long chunks, long nodes, long tensors, long storedNodes, long storedTensors) {

    /** Null when all is there. */
    private String inconsistency(int modelId, long storedChunks) {
      if (storedChunks == chunks && storedNodes == nodes && storedTensors == tensors) {
        return null;
      }
      return "model %d: expected %d chunks, %d nodes, %d tensors, found %d, %d, %d; submit it again"
          .formatted(modelId, chunks, nodes, tensors, storedChunks, storedNodes, storedTensors);
    }
  }

  /** Of the models that are being ingested. */
  private static SortedMap<Integer, Expectation> expectations(
      Connection connection, Set<Integer> modelIds) throws SQLException {
    SortedMap<Integer, Expectation> expectations = new TreeMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT m.ModelId, m.ExpectedChunks, m.ExpectedNodes, m.ExpectedTensors,"
                    + " (SELECT COUNT_BIG(*) FROM dbo.ModelNodes AS n"
                    + " WHERE n.ModelId = m.ModelId) AS Nodes,"
                    + " (SELECT COUNT_BIG(*) FROM dbo.Tensors AS t"
                    + " WHERE t.ModelId = m.ModelId) AS Tensors"
                    + " FROM dbo.Models AS m WHERE m.State = 'INGESTING' AND m.ModelId IN ("
                    + Jdbc.list(modelIds)
                    + ")")) {
      while (row.next()) {
        expectations.put(
            row.getInt("ModelId"),
            new Expectation(
                row.getLong("ExpectedChunks"),
                row.getLong("ExpectedNodes"),
                row.getLong("ExpectedTensors"),
                row.getLong("Nodes"),
                row.getLong("Tensors")));
      }
    }
    return expectations;
  }

  private static void lock(Connection connection, Set<Integer> ascending) throws SQLException {
    ApplicationLock.acquireExclusive(
        connection, ascending.stream().map(ApplicationLock::model).toList(), LOCK_TIMEOUT);
  }

  /**
   * Fails a model that is being ingested, and writes the dead letter that says why. A model in any
   * other state stays as it is, and so do the dead letters.
   *
   * @return whether the model was failed
   */
  boolean fail(Connection connection, DeadLetter deadLetter) throws SQLException {
    int modelId = deadLetter.modelId();
    if (!failWith(connection, modelId, deadLetter.message())) {
      return false;
    }
    ModelLetters.insert(connection, deadLetter);
    return true;
  }

  /**
   * Fails a model that is being ingested for the first dead letter that it has.
   *
   * @return whether the model was failed
   */
  boolean failByDeadLetter(Connection connection, int modelId) throws SQLException {
    String message;
    try (PreparedStatement statement =
            prepare(
                connection,
                "SELECT TOP (1) ErrorMessage FROM dbo.AtomizationErrors WHERE ModelId = ?"
                    + " ORDER BY ErrorId",
                modelId);
        ResultSet row = statement.executeQuery()) {
      if (!row.next()) {
        return false;
      }
      message = row.getString("ErrorMessage");
    }
    return failWith(connection, modelId, message);
  }

  private static boolean failWith(Connection connection, int modelId, String message)
      throws SQLException {
    ApplicationLock.acquireExclusive(connection, ApplicationLock.model(modelId), LOCK_TIMEOUT);
    long failed =
        update(
            connection,
            "UPDATE dbo.Models SET State = 'FAILED', IsActive = 0, Failure = ?,"
                + " FinishedAt = SYSUTCDATETIME() WHERE ModelId = ? AND State = 'INGESTING'",
            message,
            modelId);
    if (failed == 1) {
      markForGraph(connection, modelId);
    }
    return failed == 1;
  }

  /**
   * Releases a batch of what failed or deleted models have; see {@link
   * ModelReferences#releaseBatch}.
   *
   * @return whether rows may be left: call again, in a transaction of its own
   */
  boolean releaseBatch(Connection connection, Set<Integer> modelIds) throws SQLException {
    return ModelReferences.releaseBatch(connection, modelIds, LOCK_TIMEOUT);
  }

  private static void markForGraph(Connection connection, int modelId) throws SQLException {
    update(
        connection,
        "INSERT INTO dbo.Neo4jSyncQueue (EntityType, EntityId, Operation)"
            + " VALUES ('Model', ?, 'SYNC')",
        (long) modelId);
  }
}
