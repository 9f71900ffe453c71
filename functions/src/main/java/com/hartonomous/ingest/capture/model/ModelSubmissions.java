package com.hartonomous.ingest.capture.model;

import static com.hartonomous.ingest.capture.model.Jdbc.update;

import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.RowBulkData;
import com.hartonomous.ingest.runtime.SqlBatch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The SQL of {@code dbo.ModelSubmissions}, for the model source. As in {@link ModelRegistry}, each
 * method is the work of one short transaction and may be done twice.
 */
final class ModelSubmissions {

  static final String CREATE =
      "CREATE TABLE #submissions (SourceHash BINARY(32) NOT NULL, TenantId INT NOT NULL,"
          + " ModelName NVARCHAR(400) NOT NULL, Path NVARCHAR(2000) NOT NULL,"
          + " ByteLength BIGINT NULL, ModifiedAt BIGINT NULL);"
          + " CREATE TABLE #claimed (SubmissionId BIGINT NOT NULL PRIMARY KEY);";

  private static final List<RowBulkData.Column> COLUMNS =
      List.of(
          new RowBulkData.Column("SourceHash", Types.BINARY, Sha256.LENGTH),
          new RowBulkData.Column("TenantId", Types.INTEGER, 10),
          new RowBulkData.Column("ModelName", Types.NVARCHAR, ModelLocation.NAME_LENGTH_MAX),
          new RowBulkData.Column("Path", Types.NVARCHAR, ModelLocation.PATH_LENGTH_MAX),
          new RowBulkData.Column("ByteLength", Types.BIGINT, 19),
          new RowBulkData.Column("ModifiedAt", Types.BIGINT, 19));

  // One statement after the other in one round trip. Of several jobs each takes other submissions:
  // who comes second waits for the first one's locks and then finds them claimed.
  private static final String CLAIM =
      "DELETE FROM #claimed;"
          + " UPDATE dbo.ModelSubmissions SET State = 'CLAIMED', ClaimedBy = ?,"
          + " ClaimedAt = SYSUTCDATETIME() OUTPUT inserted.SubmissionId INTO #claimed (SubmissionId)"
          + " WHERE State = 'NEW' AND SubmissionId IN (SELECT TOP (?) SubmissionId"
          + " FROM dbo.ModelSubmissions WITH (UPDLOCK) WHERE State = 'NEW' ORDER BY SubmissionId);"
          + " INSERT INTO dbo.Models (TenantId, ModelName, ModelNameHash, State, SubmissionId)"
          + " SELECT s.TenantId, s.ModelName, HASHBYTES('SHA2_256', s.ModelName), 'INGESTING',"
          + " s.SubmissionId FROM dbo.ModelSubmissions AS s INNER JOIN #claimed AS c"
          + " ON c.SubmissionId = s.SubmissionId ORDER BY s.SubmissionId;"
          + " UPDATE s SET ModelId = m.ModelId FROM dbo.ModelSubmissions AS s"
          + " INNER JOIN #claimed AS c ON c.SubmissionId = s.SubmissionId"
          + " INNER JOIN dbo.Models AS m ON m.SubmissionId = s.SubmissionId;"
          + " INSERT INTO dbo.Neo4jSyncQueue (EntityType, EntityId, Operation)"
          + " SELECT 'Model', CAST(m.ModelId AS BIGINT), 'SYNC' FROM dbo.Models AS m"
          + " INNER JOIN #claimed AS c ON c.SubmissionId = m.SubmissionId;"
          + " SELECT COUNT(*) FROM #claimed;";

  private ModelSubmissions() {}

  /**
   * A file or directory to be ingested.
   *
   * @param byteLength of the file; null for a directory, and when it was not there
   * @param modifiedAt of the file, milliseconds since 1970 UTC; null likewise
   * @param fingerprint of a directory's files, null for a file: another one is another submission
   */
  record Submission(
      int tenantId,
      String name,
      String path,
      Long byteLength,
      Long modifiedAt,
      String fingerprint) {

    /** What the submissions of a source are unique by. */
    private Sha256 hash(String sourceName) {
      String key =
          String.join(
              "\0",
              sourceName,
              path,
              byteLength == null ? "" : byteLength.toString(),
              modifiedAt == null ? "" : modifiedAt.toString());
      return Sha256.ofText(fingerprint == null ? key : key + '\0' + fingerprint);
    }
  }

  /**
   * Submits files; those that the source submitted before, with the same length and time, are left
   * as they are.
   */
  static void submit(Connection connection, String sourceName, List<Submission> submissions)
      throws SQLException {
    Map<Sha256, Object[]> rows = new LinkedHashMap<>();
    for (Submission submission : submissions) {
      Sha256 hash = submission.hash(sourceName);
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
    RowBulkData.copy(connection, "#submissions", COLUMNS, rows.values().iterator());
    update(
        connection,
        "INSERT INTO dbo.ModelSubmissions"
            + " (SourceName, SourceHash, TenantId, ModelName, Path, ByteLength, ModifiedAt)"
            + " SELECT ?, n.SourceHash, n.TenantId, n.ModelName, n.Path, n.ByteLength, n.ModifiedAt"
            + " FROM #submissions AS n WHERE NOT EXISTS"
            + " (SELECT 1 FROM dbo.ModelSubmissions AS s WHERE s.SourceHash = n.SourceHash)",
        sourceName);
  }

  /**
   * Claims the oldest new submissions and makes a model of each, which is being ingested from then
   * on.
   *
   * @param most how many at most
   * @return how many there were; another job may have been quicker to claim them
   */
  static int claim(Connection connection, String jobName, int most) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(CLAIM)) {
      statement.setNString(1, jobName);
      statement.setInt(2, most);
      int claimed;
      try (ResultSet row = Jdbc.lastResult(statement, statement.execute())) {
        row.next();
        claimed = row.getInt(1);
      }
      SqlBatch.drain(statement);
      return claimed;
    }
  }

  /** Ends the submissions of models that have ended and hold nothing that they should not hold. */
  static void end(Connection connection, List<Long> submissionIds) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(
          "UPDATE dbo.ModelSubmissions SET State = 'DONE' WHERE State = 'CLAIMED'"
              + " AND SubmissionId IN ("
              + Jdbc.list(submissionIds)
              + ")");
    }
  }
}
