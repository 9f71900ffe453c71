package com.hartonomous.ingest.capture.model;

import static com.hartonomous.ingest.capture.model.Jdbc.bind;
import static com.hartonomous.ingest.capture.model.Jdbc.count;
import static com.hartonomous.ingest.capture.model.Jdbc.prepare;
import static com.hartonomous.ingest.capture.model.Jdbc.update;

import com.hartonomous.ingest.capture.model.ModelHeader.ModelFile;
import com.hartonomous.ingest.format.ModelContents;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.ApplicationLock;
import com.hartonomous.ingest.runtime.RowBulkData;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All SQL of the model source. Each method is the work of one short transaction, on a connection
 * that {@link #prepareSession} prepared; the caller commits or rolls back. Each may be done twice.
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

  /**
   * A file to be ingested.
   *
   * @param byteLength null when the file was not there
   * @param modifiedAt milliseconds since 1970 UTC; null when the file was not there
   */
  record Submission(int tenantId, String name, String path, Long byteLength, Long modifiedAt) {}

  /**
   * A model whose submission is claimed.
   *
   * @param byteLength of the file as submitted, null when nobody said
   * @param modifiedAt of the file as submitted, null when nobody said
   * @param expectedChunks null until the model is registered
   * @param expectedNodes null until the model is registered
   * @param hasDeadLetter whether some part of the model could not be ingested
   */
  record ClaimedModel(
      long submissionId,
      int modelId,
      String path,
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
      statement.execute(
          "CREATE TABLE #submissions (SourceHash BINARY(32) NOT NULL, TenantId INT NOT NULL,"
              + " ModelName NVARCHAR(400) NOT NULL, Path NVARCHAR(2000) NOT NULL,"
              + " ByteLength BIGINT NULL, ModifiedAt BIGINT NULL)");
      statement.execute("CREATE TABLE #released (AtomId BIGINT NOT NULL)");
    }
  }

  /**
   * Submits files; those that the source submitted before, with the same length and time, are left
   * as they are.
   */
  void submit(Connection connection, String sourceName, List<Submission> submissions)
      throws SQLException {
    Map<Sha256, Object[]> rows = new LinkedHashMap<>();
    for (Submission submission : submissions) {
      Sha256 hash =
          Sha256.ofText(
              sourceName
                  + '\0'
                  + submission.path()
                  + '\0'
                  + (submission.byteLength() == null ? "" : submission.byteLength())
                  + '\0'
                  + (submission.modifiedAt() == null ? "" : submission.modifiedAt()));
      rows.putIfAbsent(
          hash,
          new Object[] {
            hash.toBytes(),
            submission.tenantId(),
            submission.name(),
            submission.path(),
            submission.byteLength(),
            submission.modifiedAt()
          });
    }
    if (rows.isEmpty()) {
      return;
    }
    update(connection, "DELETE FROM #submissions");
    RowBulkData.copy(
        connection,
        "#submissions",
        List.of(
            new RowBulkData.Column("SourceHash", Types.BINARY, Sha256.LENGTH),
            new RowBulkData.Column("TenantId", Types.INTEGER, 10),
            new RowBulkData.Column("ModelName", Types.NVARCHAR, 400),
            new RowBulkData.Column("Path", Types.NVARCHAR, 2000),
            new RowBulkData.Column("ByteLength", Types.BIGINT, 19),
            new RowBulkData.Column("ModifiedAt", Types.BIGINT, 19)),
        rows.values().iterator());
    update(
        connection,
        "INSERT INTO dbo.ModelSubmissions"
            + " (SourceName, SourceHash, TenantId, ModelName, Path, ByteLength, ModifiedAt)"
            + " SELECT ?, n.SourceHash, n.TenantId, n.ModelName, n.Path, n.ByteLength, n.ModifiedAt"
            + " FROM #submissions AS n WHERE NOT EXISTS"
            + " (SELECT 1 FROM dbo.ModelSubmissions AS s WHERE s.SourceHash = n.SourceHash)",
        sourceName);
  }

  /** The models whose submissions the job has claimed and not ended, oldest submission first. */
  List<ClaimedModel> claimedModels(Connection connection, String jobName) throws SQLException {
    String sql =
        "SELECT s.SubmissionId, m.ModelId, s.Path, s.ByteLength, s.ModifiedAt, m.State,"
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
                row.getString("Path"),
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
   * Claims the oldest new submission and makes a model of it, which is being ingested from then on.
   *
   * @return whether there was a new submission; another job may have been quicker to claim it
   */
  boolean claim(Connection connection, String jobName) throws SQLException {
    long submissionId;
    int tenantId;
    String name;
    try (PreparedStatement statement =
            prepare(
                connection,
                "SELECT TOP (1) SubmissionId, TenantId, ModelName FROM dbo.ModelSubmissions"
                    + " WHERE State = 'NEW' ORDER BY SubmissionId");
        ResultSet row = statement.executeQuery()) {
      if (!row.next()) {
        return false;
      }
      submissionId = row.getLong("SubmissionId");
      tenantId = row.getInt("TenantId");
      name = row.getString("ModelName");
    }
    long claimed =
        update(
            connection,
            "UPDATE dbo.ModelSubmissions SET State = 'CLAIMED', ClaimedBy = ?,"
                + " ClaimedAt = SYSUTCDATETIME() WHERE SubmissionId = ? AND State = 'NEW'",
            jobName,
            submissionId);
    if (claimed == 1) {
      int modelId = insertModel(connection, tenantId, name);
      update(
          connection,
          "UPDATE dbo.ModelSubmissions SET ModelId = ? WHERE SubmissionId = ?",
          modelId,
          submissionId);
      markForGraph(connection, modelId);
    }
    return true;
  }

  private static int insertModel(Connection connection, int tenantId, String name)
      throws SQLException {
    String sql =
        "INSERT INTO dbo.Models (TenantId, ModelName, ModelNameHash, State) VALUES (?, ?, ?, ?)";
    try (PreparedStatement statement =
        connection.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS)) {
      bind(statement, tenantId, name, Sha256.ofText(name).toBytes(), INGESTING);
      statement.executeUpdate();
      try (ResultSet keys = statement.getGeneratedKeys()) {
        if (!keys.next()) {
          throw new SQLException(
              "dbo.Models: expected the identity of an inserted row, found none");
        }
        return keys.getInt(1);
      }
    }
  }

  /**
   * Writes down what the model consists of and how much is to be expected of it. A model that was
   * registered before stays as it is.
   *
   * @param chunkSize bytes, for a model that is not registered yet
   * @return the registered files; empty if the model is not being ingested any more
   */
  List<RegisteredFile> register(
      Connection connection, int modelId, ModelHeader header, int chunkSize) throws SQLException {
    ApplicationLock.acquireExclusive(connection, ApplicationLock.model(modelId), LOCK_TIMEOUT);
    ModelContents contents = header.contents();
    long registered =
        update(
            connection,
            "UPDATE dbo.Models SET ModelType = ?, Provider = ?, MetadataJson = ?,"
                + " ExpectedChunks = ?, ExpectedTensors = ?, ExpectedNodes = ?, ExpectedBytes = ?"
                + " WHERE ModelId = ? AND State = 'INGESTING' AND ExpectedChunks IS NULL",
            ModelRows.modelType(
                contents.weights().stream().map(weight -> weight.layout().formatName()).toList()),
            ModelRows.provider(contents.formatName()),
            contents.metadataJson(),
            header.chunkCount(chunkSize),
            (long) contents.tensorCount(),
            (long) contents.nodeCount(),
            header.byteLength(),
            modelId);
    if (registered == 1) {
      RowBulkData.copy(
          connection,
          "dbo.ModelFiles",
          ModelRows.FILE_COLUMNS,
          ModelRows.files(modelId, header, chunkSize));
      RowBulkData.copy(
          connection,
          "dbo.Tensors",
          ModelRows.TENSOR_COLUMNS,
          ModelRows.tensors(modelId, header, fileIds(files(connection, modelId))));
      markForGraph(connection, modelId);
    } else if (!INGESTING.equals(state(connection, modelId))) {
      return List.of();
    }
    return files(connection, modelId);
  }

  /** The files of a model, in path order. */
  List<RegisteredFile> files(Connection connection, int modelId) throws SQLException {
    List<RegisteredFile> files = new ArrayList<>();
    try (PreparedStatement statement =
            prepare(
                connection,
                "SELECT ModelFileId, RelativePath, Uri, ByteLength, ModifiedAt, ChunkSize"
                    + " FROM dbo.ModelFiles WHERE ModelId = ?",
                modelId);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        ModelFile file =
            new ModelFile(
                row.getString("RelativePath"),
                row.getString("Uri"),
                row.getLong("ByteLength"),
                row.getLong("ModifiedAt"));
        files.add(new RegisteredFile(row.getLong("ModelFileId"), file, row.getInt("ChunkSize")));
      }
    }
    // Not by the database, which would order by its collation.
    files.sort(Comparator.comparing(file -> file.file().relativePath()));
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
   * Ends the ingestion of a model all whose parts are stored: it becomes complete; or, if a
   * complete model of its tenant, name and digest is there, a duplicate of that one, deleted and to
   * be released. A model that is not being ingested any more stays as it is.
   *
   * @return what is wrong with the stored references, if something is; then nothing was changed
   */
  Optional<String> complete(Connection connection, int modelId) throws SQLException {
    Expectation expected = expectation(connection, modelId);
    ApplicationLock.acquireExclusive(
        connection, ApplicationLock.modelName(expected.tenantId(), expected.name()), LOCK_TIMEOUT);
    ApplicationLock.acquireExclusive(connection, ApplicationLock.model(modelId), LOCK_TIMEOUT);
    if (!INGESTING.equals(state(connection, modelId))) {
      return Optional.empty();
    }
    ModelReferences.StoredChunks stored =
        ModelReferences.storedChunks(connection, modelId, files(connection, modelId));
    if (stored.inconsistency() != null) {
      return Optional.of(stored.inconsistency());
    }
    long nodes =
        count(connection, "SELECT COUNT_BIG(*) FROM dbo.ModelNodes WHERE ModelId = ?", modelId);
    long tensors =
        count(connection, "SELECT COUNT_BIG(*) FROM dbo.Tensors WHERE ModelId = ?", modelId);
    if (stored.count() != expected.chunks()
        || nodes != expected.nodes()
        || tensors != expected.tensors()) {
      return Optional.of(
          "model %d: expected %d chunks, %d nodes, %d tensors, found %d, %d, %d; submit it again"
              .formatted(
                  modelId,
                  expected.chunks(),
                  expected.nodes(),
                  expected.tensors(),
                  stored.count(),
                  nodes,
                  tensors));
    }
    end(connection, modelId, expected, stored.digest());
    return Optional.empty();
  }

  private static void end(Connection connection, int modelId, Expectation expected, Sha256 digest)
      throws SQLException {
    Optional<Integer> original =
        original(connection, modelId, expected.tenantId(), expected.name(), digest);
    if (original.isPresent()) {
      update(
          connection,
          "UPDATE dbo.Models SET State = 'DELETED', IsActive = 0, Digest = ?, DuplicateOf = ?,"
              + " Failure = ?, FinishedAt = SYSUTCDATETIME()"
              + " WHERE ModelId = ? AND State = 'INGESTING'",
          digest.toBytes(),
          original.get(),
          "duplicate of model " + original.get(),
          modelId);
    } else {
      update(
          connection,
          "UPDATE dbo.Models SET State = 'COMPLETE', Digest = ?, FinishedAt = SYSUTCDATETIME(),"
              + " DistinctAtoms = ? WHERE ModelId = ? AND State = 'INGESTING'",
          digest.toBytes(),
          ModelReferences.distinctAtoms(connection, modelId),
          modelId);
      update(
          connection, "UPDATE dbo.ModelSubmissions SET State = 'DONE' WHERE ModelId = ?", modelId);
    }
    markForGraph(connection, modelId);
  }

  private record Expectation(int tenantId, String name, long chunks, long nodes, long tensors) {}

  private static Expectation expectation(Connection connection, int modelId) throws SQLException {
    try (PreparedStatement statement =
            prepare(
                connection,
                "SELECT TenantId, ModelName, ExpectedChunks, ExpectedNodes, ExpectedTensors"
                    + " FROM dbo.Models WHERE ModelId = ?",
                modelId);
        ResultSet row = statement.executeQuery()) {
      if (!row.next()) {
        throw new SQLException("dbo.Models: expected a row of model " + modelId + ", found none");
      }
      return new Expectation(
          row.getInt("TenantId"),
          row.getString("ModelName"),
          row.getLong("ExpectedChunks"),
          row.getLong("ExpectedNodes"),
          row.getLong("ExpectedTensors"));
    }
  }

  private static Optional<Integer> original(
      Connection connection, int modelId, int tenantId, String name, Sha256 digest)
      throws SQLException {
    try (PreparedStatement statement =
            prepare(
                connection,
                "SELECT MIN(ModelId) AS ModelId FROM dbo.Models WHERE TenantId = ?"
                    + " AND ModelNameHash = ? AND Digest = ? AND State = 'COMPLETE'"
                    + " AND ModelId <> ?",
                tenantId,
                Sha256.ofText(name).toBytes(),
                digest.toBytes(),
                modelId);
        ResultSet row = statement.executeQuery()) {
      row.next();
      int original = row.getInt("ModelId");
      return row.wasNull() ? Optional.empty() : Optional.of(original);
    }
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
    byte[] hash = deadLetter.hash().toBytes();
    update(
        connection,
        "INSERT INTO dbo.AtomizationErrors"
            + " (DeadLetterHash, SourceName, Position, Reason, ErrorMessage, PayloadReference, ModelId)"
            + " SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS"
            + " (SELECT 1 FROM dbo.AtomizationErrors WHERE DeadLetterHash = ?)",
        hash,
        deadLetter.source(),
        deadLetter.position(),
        deadLetter.reason(),
        deadLetter.message(),
        deadLetter.payloadReference(),
        modelId,
        hash);
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
   * Releases a batch of what a failed or deleted model has; see {@link
   * ModelReferences#releaseBatch}.
   *
   * @return whether rows may be left: call again, in a transaction of its own
   */
  boolean releaseBatch(Connection connection, int modelId) throws SQLException {
    return ModelReferences.releaseBatch(connection, modelId, LOCK_TIMEOUT);
  }

  /** Ends a submission whose model has ended and holds nothing that it should not hold. */
  void endSubmission(Connection connection, long submissionId) throws SQLException {
    update(
        connection,
        "UPDATE dbo.ModelSubmissions SET State = 'DONE'"
            + " WHERE SubmissionId = ? AND State = 'CLAIMED'",
        submissionId);
  }

  private static void markForGraph(Connection connection, int modelId) throws SQLException {
    update(
        connection,
        "INSERT INTO dbo.Neo4jSyncQueue (EntityType, EntityId, Operation)"
            + " VALUES ('Model', ?, 'SYNC')",
        (long) modelId);
  }

  private static String state(Connection connection, int modelId) throws SQLException {
    try (PreparedStatement statement =
            prepare(connection, "SELECT State FROM dbo.Models WHERE ModelId = ?", modelId);
        ResultSet row = statement.executeQuery()) {
      return row.next() ? row.getString("State") : null;
    }
  }
}
