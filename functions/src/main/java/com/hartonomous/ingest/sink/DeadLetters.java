package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.RowPlace;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.jdbc.JdbcExecutionOptions;
import org.apache.flink.connector.jdbc.core.datastream.sink.JdbcSink;

/**
 * Writes dead letters to {@code dbo.AtomizationErrors}. One that is there already adds nothing, nor
 * does one of a model that is complete.
 */
public final class DeadLetters {

  private static final int BATCH_SIZE = 100;
  private static final Duration BATCH_INTERVAL = Duration.ofSeconds(1);
  private static final int RETRIES = 5;

  private static final String COLUMNS =
      "DeadLetterHash, SourceName, Position, Reason, ErrorMessage, PayloadReference, ModelId,"
          + " CapturedTableId, RowKeyHash, ColumnId, Segment, AtomHash";

  private static final String INSERT =
      "INSERT INTO dbo.AtomizationErrors ("
          + COLUMNS
          + ") SELECT "
          + COLUMNS
          + " FROM (VALUES (CAST(? AS BINARY(32)), CAST(? AS NVARCHAR(2000)),"
          + " CAST(? AS NVARCHAR(MAX)), CAST(? AS VARCHAR(100)), CAST(? AS NVARCHAR(MAX)),"
          + " CAST(? AS NVARCHAR(MAX)), CAST(? AS INT), CAST(? AS INT), CAST(? AS BINARY(32)),"
          + " CAST(? AS INT), CAST(? AS INT), CAST(? AS BINARY(32)))) AS v ("
          + COLUMNS
          + ") WHERE NOT EXISTS (SELECT 1 FROM dbo.AtomizationErrors AS e WITH (UPDLOCK, HOLDLOCK)"
          + " WHERE e.DeadLetterHash = v.DeadLetterHash)"
          // What is read again after a restore cannot harm a model that is complete since.
          + " AND NOT EXISTS (SELECT 1 FROM dbo.Models AS m WHERE m.ModelId = v.ModelId"
          + " AND m.State = 'COMPLETE')";

  private static final String REOPEN =
      "UPDATE dbo.AtomizationErrors SET ResolvedAt = NULL, Resolution = NULL, ErrorMessage = ?,"
          + " OccurredAt = SYSUTCDATETIME() WHERE DeadLetterHash = ? AND ResolvedAt IS NOT NULL";

  private static final int SOURCE_CHARACTERS_MAX = 2000;

  private DeadLetters() {}

  /** The sink of the stages' dead letters. At least once; repeats leave one row. */
  public static Sink<DeadLetter> sink(SqlServerOptions server) {
    return JdbcSink.<DeadLetter>builder()
        .withQueryStatement(INSERT, DeadLetters::bind)
        .withExecutionOptions(
            JdbcExecutionOptions.builder()
                .withBatchSize(BATCH_SIZE)
                .withBatchIntervalMs(BATCH_INTERVAL.toMillis())
                .withMaxRetries(RETRIES)
                .build())
        .buildAtLeastOnce(new SqlServerConnectionProvider(server, "hartonomous-dead-letters"));
  }

  /** Writes them in the connection's open transaction. */
  static void insert(Connection connection, List<DeadLetter> letters) throws SQLException {
    if (letters.isEmpty()) {
      return;
    }
    try (PreparedStatement statement = connection.prepareStatement(INSERT)) {
      for (DeadLetter letter : letters) {
        bind(statement, letter);
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  /**
   * Writes one in the connection's open transaction. One that was resolved before, and has come
   * again, stands again.
   */
  static void insertOrReopen(Connection connection, DeadLetter letter) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(REOPEN)) {
      statement.setString(1, letter.message());
      statement.setBytes(2, letter.hash().toBytes());
      statement.executeUpdate();
    }
    insert(connection, List.of(letter));
  }

  private static void bind(PreparedStatement statement, DeadLetter letter) throws SQLException {
    RowPlace place = letter.place();
    statement.setBytes(1, letter.hash().toBytes());
    statement.setString(2, truncate(letter.source()));
    statement.setString(3, letter.position());
    statement.setString(4, letter.reason());
    statement.setString(5, letter.message());
    statement.setString(6, letter.payloadReference());
    setInt(statement, 7, letter.modelId() == 0 ? null : letter.modelId());
    setInt(statement, 8, place == null ? null : place.key().tableId());
    statement.setBytes(9, place == null ? null : place.key().keyHash().toBytes());
    setInt(statement, 10, place == null ? null : place.columnId());
    setInt(statement, 11, place == null ? null : place.segment());
    statement.setBytes(12, place == null || place.hash() == null ? null : place.hash().toBytes());
  }

  private static void setInt(PreparedStatement statement, int index, Integer value)
      throws SQLException {
    if (value == null) {
      statement.setNull(index, Types.INTEGER);
    } else {
      statement.setInt(index, value);
    }
  }

  private static String truncate(String source) {
    return source.length() <= SOURCE_CHARACTERS_MAX
        ? source
        : source.substring(source.length() - SOURCE_CHARACTERS_MAX);
  }
}
