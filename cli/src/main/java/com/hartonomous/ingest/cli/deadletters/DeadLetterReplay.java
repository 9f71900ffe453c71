package com.hartonomous.ingest.cli.deadletters;

import com.hartonomous.ingest.runtime.ApplicationLock;
import com.hartonomous.ingest.runtime.SqlBatch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Has dead letters tried again: submits the file of a failed model once more, and asks the ingest
 * job to read a row once more. Changes nothing but requests, in one transaction; the ingest job
 * does the work. Set-based: letters travel only to be shown.
 */
final class DeadLetterReplay {

  /** What is to be done about a letter. */
  enum Action {
    /** The model's file is submitted again. */
    SUBMIT,
    /** The ingest job reads the row again. */
    READ_ROW,
    /** It is resolved, or its replay is under way or was followed by another letter. */
    NONE,
    /**
     * It names neither a failed model nor a row of a captured table; the letter's obstacle says.
     */
    IMPOSSIBLE
  }

  /**
   * A chosen letter.
   *
   * @param submissionId that was made for it; null unless its action is {@link Action#SUBMIT} and
   *     it was done
   * @param obstacle why it cannot be replayed; null unless its action is {@link Action#IMPOSSIBLE}
   */
  record Chosen(
      long id,
      String source,
      String position,
      String reason,
      String state,
      Action action,
      Long submissionId,
      String obstacle) {}

  /**
   * What came of a replay.
   *
   * @param shown the first letters
   */
  record Result(long submitted, long rows, long impossible, long others, List<Chosen> shown) {
    long chosen() {
      return submitted + rows + impossible + others;
    }
  }

  private static final String LOCK = "hartonomous:replay";
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(30);

  private static final String CREATE =
      "CREATE TABLE #Chosen (ErrorId BIGINT NOT NULL PRIMARY KEY, ModelId INT NULL,"
          + " Action VARCHAR(20) NOT NULL);"
          + " CREATE TABLE #ChosenModel (ModelId INT NOT NULL PRIMARY KEY,"
          + " SourceHash BINARY(32) NOT NULL);";

  /** What was replayed and failed again has a letter of its own, which is the one to replay. */
  private static final String CHOOSE =
      "INSERT INTO #Chosen (ErrorId, ModelId, Action)"
          + " SELECT l.ErrorId, l.ModelId, CASE"
          + " WHEN l.State <> 'stands' THEN 'NONE'"
          + " WHEN m.State = 'FAILED' AND s.ModelId IS NOT NULL THEN 'SUBMIT'"
          + " WHEN l.ModelId IS NULL AND t.CapturedTableId IS NOT NULL"
          + " AND l.PayloadReference IS NOT NULL THEN 'READ_ROW'"
          + " ELSE 'IMPOSSIBLE' END"
          + " FROM dbo.vw_DeadLetters AS l"
          + " LEFT JOIN dbo.Models AS m ON m.ModelId = l.ModelId"
          + " LEFT JOIN (SELECT DISTINCT ModelId FROM dbo.ModelSubmissions"
          + " WHERE ModelId IS NOT NULL) AS s ON s.ModelId = m.ModelId"
          + " LEFT JOIN dbo.CapturedTables AS t ON t.CapturedTableId = l.CapturedTableId WHERE ";

  // As dbo.sp_ResubmitModel names it, so that a failed model is submitted again once.
  private static final String CHOOSE_MODELS =
      "INSERT INTO #ChosenModel (ModelId, SourceHash) SELECT DISTINCT ModelId,"
          + " HASHBYTES('SHA2_256', CONCAT(N'sp_ResubmitModel ', CONVERT(NVARCHAR(20), ModelId)))"
          + " FROM #Chosen WHERE Action = 'SUBMIT'";

  // Without length and time: the file as it is now, which may have been mended.
  private static final String SUBMIT =
      "INSERT INTO dbo.ModelSubmissions (SourceName, SourceHash, TenantId, ModelName, Path,"
          + " ExpectedFormat) SELECT N'sp_ResubmitModel', x.SourceHash, s.TenantId, s.ModelName,"
          + " s.Path, s.ExpectedFormat FROM #ChosenModel AS x"
          + " INNER JOIN (SELECT ModelId, MAX(SubmissionId) AS SubmissionId"
          + " FROM dbo.ModelSubmissions GROUP BY ModelId) AS n ON n.ModelId = x.ModelId"
          + " INNER JOIN dbo.ModelSubmissions AS s ON s.SubmissionId = n.SubmissionId"
          + " WHERE NOT EXISTS (SELECT 1 FROM dbo.ModelSubmissions AS o"
          + " WHERE o.SourceHash = x.SourceHash)";

  // All letters of the model: it is replayed as a whole.
  private static final String MARK_MODELS =
      "UPDATE e SET ReplayedAt = SYSUTCDATETIME(), ReplaySubmissionId = s.SubmissionId"
          + " FROM dbo.AtomizationErrors AS e"
          + " INNER JOIN #ChosenModel AS x ON x.ModelId = e.ModelId"
          + " INNER JOIN dbo.ModelSubmissions AS s ON s.SourceHash = x.SourceHash";

  private static final String REQUEST_ROWS =
      "INSERT INTO dbo.ReplayRequests (ErrorId, CapturedTableId, RowKeyHash, RowKey)"
          + " SELECT e.ErrorId, e.CapturedTableId, e.RowKeyHash, e.PayloadReference"
          + " FROM #Chosen AS c INNER JOIN dbo.AtomizationErrors AS e ON e.ErrorId = c.ErrorId"
          + " WHERE c.Action = 'READ_ROW'";

  private static final String MARK_ROWS =
      "UPDATE e SET ReplayedAt = SYSUTCDATETIME(), Resolution = NULL"
          + " FROM dbo.AtomizationErrors AS e INNER JOIN #Chosen AS c ON c.ErrorId = e.ErrorId"
          + " WHERE c.Action = 'READ_ROW'";

  private static final String SUMS = "SELECT Action, COUNT_BIG(*) FROM #Chosen GROUP BY Action";

  private static final String SHOWN =
      "SELECT TOP (?) l.ErrorId, l.SourceName, l.Position, l.State, c.Action,"
          + " l.ReplaySubmissionId, l.Reason, CASE WHEN c.Action <> 'IMPOSSIBLE' THEN NULL"
          + " WHEN l.ModelId IS NOT NULL AND m.ModelId IS NULL"
          + " THEN CONCAT(N'model ', l.ModelId, N' is not there any more')"
          + " WHEN m.State = 'FAILED' THEN CONCAT(N'model ', m.ModelId, N' has no submission')"
          + " WHEN m.ModelId IS NOT NULL"
          + " THEN CONCAT(N'model ', m.ModelId, N' is ', m.State, N', not FAILED')"
          + " WHEN l.CapturedTableId IS NOT NULL AND l.PayloadReference IS NULL"
          + " THEN N'the letter does not say which row'"
          + " WHEN l.CapturedTableId IS NOT NULL THEN N'its table is not captured any more'"
          + " ELSE N'it names neither a model nor a row; what a pattern or a watched directory led to"
          + " is settled by the ingest job, when it looks again and finds it mended' END"
          + " FROM #Chosen AS c INNER JOIN dbo.vw_DeadLetters AS l ON l.ErrorId = c.ErrorId"
          + " LEFT JOIN dbo.Models AS m ON m.ModelId = l.ModelId ORDER BY l.ErrorId";

  private final Connection connection;

  /**
   * @param connection owned by the caller, who closes it after an exception: that rolls back
   */
  DeadLetterReplay(Connection connection) {
    this.connection = connection;
  }

  /**
   * Replays the letters that the filter chooses; unless it names ids, those that stand.
   *
   * @param dryRun only says what would be done
   * @param limit letters to show at most
   */
  Result run(DeadLetterFilter filter, boolean dryRun, int limit) throws SQLException {
    execute(CREATE);
    connection.setAutoCommit(false);
    ApplicationLock.acquireExclusive(connection, LOCK, LOCK_TIMEOUT);
    choose(filter);
    if (!dryRun) {
      execute(CHOOSE_MODELS);
      execute(SUBMIT);
      execute(MARK_MODELS);
      execute(REQUEST_ROWS);
      execute(MARK_ROWS);
    }
    Result result = result(limit, dryRun);
    if (dryRun) {
      connection.rollback();
    } else {
      connection.commit();
    }
    return result;
  }

  private void choose(DeadLetterFilter filter) throws SQLException {
    String sql =
        CHOOSE + filter.condition() + (filter.ids().isEmpty() ? " AND l.State = 'stands'" : "");
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      filter.bind(statement, 1);
      statement.executeUpdate();
    }
  }

  private Result result(int limit, boolean dryRun) throws SQLException {
    long[] counts = new long[Action.values().length];
    try (PreparedStatement statement = connection.prepareStatement(SUMS);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        counts[Action.valueOf(row.getString(1)).ordinal()] = row.getLong(2);
      }
    }
    List<Chosen> shown = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(SHOWN)) {
      statement.setInt(1, limit);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          Action action = Action.valueOf(row.getString(5));
          shown.add(
              new Chosen(
                  row.getLong(1),
                  row.getString(2),
                  row.getString(3),
                  row.getString(7),
                  row.getString(4),
                  action,
                  action == Action.SUBMIT && !dryRun ? row.getLong(6) : null,
                  row.getString(8)));
        }
      }
    }
    return new Result(
        counts[Action.SUBMIT.ordinal()],
        counts[Action.READ_ROW.ordinal()],
        counts[Action.IMPOSSIBLE.ordinal()],
        counts[Action.NONE.ordinal()],
        shown);
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
      SqlBatch.drain(statement);
    }
  }
}
