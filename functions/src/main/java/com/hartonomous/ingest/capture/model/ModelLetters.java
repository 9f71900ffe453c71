package com.hartonomous.ingest.capture.model;

import static com.hartonomous.ingest.capture.model.Jdbc.prepare;
import static com.hartonomous.ingest.capture.model.Jdbc.updateAll;

import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.Sha256;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The SQL of {@code dbo.AtomizationErrors}, for the model source. As in {@link ModelRegistry}, each
 * method is the work of one short transaction and may be done twice.
 */
final class ModelLetters {

  private static final String INSERT =
      "INSERT INTO dbo.AtomizationErrors"
          + " (DeadLetterHash, SourceName, Position, Reason, ErrorMessage, PayloadReference, ModelId)"
          + " SELECT ?, ?, ?, ?, ?, ?, CAST(NULLIF(?, 0) AS INT) WHERE NOT EXISTS"
          + " (SELECT 1 FROM dbo.AtomizationErrors WHERE DeadLetterHash = ?)";

  private ModelLetters() {}

  /** Writes a letter; one that is there stays as it is. */
  static void insert(Connection connection, DeadLetter letter) throws SQLException {
    updateAll(connection, INSERT, List.of(letter), ModelLetters::row);
  }

  private static Object[] row(DeadLetter letter) {
    byte[] hash = letter.hash().toBytes();
    return new Object[] {
      hash,
      letter.source(),
      letter.position(),
      letter.reason(),
      letter.message(),
      letter.payloadReference(),
      letter.modelId(),
      hash
    };
  }

  /** Those of a way in that stand. */
  static Set<Sha256> standing(Connection connection, String source) throws SQLException {
    Set<Sha256> standing = new HashSet<>();
    try (PreparedStatement statement =
            prepare(
                connection,
                "SELECT DeadLetterHash, SourceName FROM dbo.AtomizationErrors"
                    + " WHERE SourceName = ? AND ModelId IS NULL AND CapturedTableId IS NULL"
                    + " AND ResolvedAt IS NULL",
                source);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        // The database's collation takes different names for one.
        if (row.getString(2).equals(source)) {
          standing.add(Sha256.fromBytes(row.getBytes(1)));
        }
      }
    }
    return standing;
  }

  /** Writes letters; those that were resolved before stand again. */
  static void stand(Connection connection, Collection<DeadLetter> letters) throws SQLException {
    updateAll(
        connection,
        "UPDATE dbo.AtomizationErrors SET ResolvedAt = NULL, Resolution = NULL, ErrorMessage = ?,"
            + " OccurredAt = SYSUTCDATETIME() WHERE DeadLetterHash = ?"
            + " AND ResolvedAt IS NOT NULL",
        letters,
        letter -> new Object[] {letter.message(), letter.hash().toBytes()});
    updateAll(connection, INSERT, letters, ModelLetters::row);
  }

  /** Settles letters whose cause is gone. */
  static void resolve(Connection connection, Collection<Sha256> letters) throws SQLException {
    updateAll(
        connection,
        "UPDATE dbo.AtomizationErrors SET ResolvedAt = SYSUTCDATETIME(),"
            + " Resolution = N'the ingest job looked again and found it mended or gone'"
            + " WHERE DeadLetterHash = ? AND ResolvedAt IS NULL",
        letters,
        letter -> new Object[] {letter.toBytes()});
  }
}
