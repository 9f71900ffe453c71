package com.hartonomous.ingest.capture.model;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Submits the file of a failed model again, for tools. No state; any thread. */
public final class ModelResubmission {

  private static final String RESUBMIT = "EXEC dbo.sp_ResubmitModel @ModelId = ?";

  private ModelResubmission() {}

  /**
   * Submits the file of a FAILED model again, as it is now, under the same tenant, name and
   * expected format; a running ingest job makes a new model of it. Once for each failed model: a
   * repetition returns the submission that the first call made. Commits or rolls back nothing.
   *
   * @return {@code dbo.ModelSubmissions.SubmissionId}
   * @throws SQLException with error code 50001 if there is no failed model of that id, which the
   *     message says
   */
  public static long submit(Connection connection, int modelId) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(RESUBMIT)) {
      statement.setInt(1, modelId);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new SQLException(
              "sp_ResubmitModel: expected a submission of model " + modelId + ", found none");
        }
        return row.getLong("SubmissionId");
      }
    }
  }
}
