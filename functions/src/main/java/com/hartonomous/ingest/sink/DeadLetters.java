package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.record.DeadLetter;
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

  private static final String INSERT =
      "INSERT INTO dbo.AtomizationErrors (DeadLetterHash, SourceName, Position, Reason,"
          + " ErrorMessage, PayloadReference, ModelId)"
          + " SELECT v.DeadLetterHash, v.SourceName, v.Position, v.Reason, v.ErrorMessage,"
          + " v.PayloadReference, v.ModelId"
          + " FROM (VALUES (CAST(? AS BINARY(32)), CAST(? AS NVARCHAR(2000)),"
          + " CAST(? AS NVARCHAR(MAX)), CAST(? AS VARCHAR(100)), CAST(? AS NVARCHAR(MAX)),"
          + " CAST(? AS NVARCHAR(MAX)), CAST(? AS INT)))"
          + " AS v (DeadLetterHash, SourceName, Position, Reason, ErrorMessage, PayloadReference,"
          + " ModelId)"
          + " WHERE NOT EXISTS (SELECT 1 FROM dbo.AtomizationErrors AS e WITH (UPDLOCK, HOLDLOCK)"
          + " WHERE e.DeadLetterHash = v.DeadLetterHash)"
          // What is read again after a restore cannot harm a model that is complete since.
          + " AND NOT EXISTS (SELECT 1 FROM dbo.Models AS m WHERE m.ModelId = v.ModelId"
          + " AND m.State = 'COMPLETE')";

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

  private static void bind(PreparedStatement statement, DeadLetter letter) throws SQLException {
    statement.setBytes(1, letter.hash().toBytes());
    statement.setString(2, truncate(letter.source()));
    statement.setString(3, letter.position());
    statement.setString(4, letter.reason());
    statement.setString(5, letter.message());
    statement.setString(6, letter.payloadReference());
    if (letter.modelId() == 0) {
      statement.setNull(7, Types.INTEGER);
    } else {
      statement.setInt(7, letter.modelId());
    }
  }

  private static String truncate(String source) {
    return source.length() <= SOURCE_CHARACTERS_MAX
        ? source
        : source.substring(source.length() - SOURCE_CHARACTERS_MAX);
  }
}
