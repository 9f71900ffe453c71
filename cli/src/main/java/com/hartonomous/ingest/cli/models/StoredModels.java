package com.hartonomous.ingest.cli.models;

import com.hartonomous.ingest.cli.ProblemException;
import com.hartonomous.ingest.cli.TextTable;
import com.hartonomous.ingest.cli.models.StoredModel.StoredFile;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.record.Sha256;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** Finds the model that an argument means. */
final class StoredModels {

  /** Names that one argument can stand for. */
  private static final int READINGS_MAX = 4;

  /** Models of one name that an error lists. */
  private static final int LISTED_MAX = 10;

  // By the hash, since the collation takes different names for one.
  private static final String NAMED =
      "SELECT ModelId, TenantId, ModelName, Digest, State, Failure, DuplicateOf FROM dbo.Models"
          + " WHERE ModelNameHash IN ("
          + String.join(", ", Collections.nCopies(READINGS_MAX, "?"))
          + ") ORDER BY ModelId";

  private static final String FILES =
      "SELECT ModelFileId, RelativePath, ByteLength, ChunkSize FROM dbo.ModelFiles"
          + " WHERE ModelId = ?";

  private record Candidate(
      int modelId,
      int tenantId,
      String name,
      Sha256 digest,
      String state,
      String failure,
      Integer duplicateOf) {

    boolean isComplete() {
      return state.equals("COMPLETE");
    }

    String reference() {
      return TextTable.printable(ModelReference.format(tenantId, name, digest));
    }
  }

  private final Connection connection;

  StoredModels(Connection connection) {
    this.connection = connection;
  }

  /**
   * The complete model that the argument means.
   *
   * @throws ConfigurationException when it means none or several; lists them
   * @throws ProblemException when what it means is not complete; says why
   */
  StoredModel find(String argument) throws SQLException, ConfigurationException, ProblemException {
    List<Candidate> meant = candidates(argument);
    List<Candidate> complete = meant.stream().filter(Candidate::isComplete).toList();
    if (complete.size() > 1) {
      throw new ConfigurationException(
          "%s means several models: %s%s. Give the tenant, or more of the digest."
              .formatted(
                  TextTable.printable(argument),
                  complete.stream()
                      .limit(LISTED_MAX)
                      .map(Candidate::reference)
                      .collect(Collectors.joining(", ")),
                  complete.size() > LISTED_MAX
                      ? " and %d more".formatted(complete.size() - LISTED_MAX)
                      : ""));
    }
    if (complete.size() == 1) {
      Candidate found = complete.get(0);
      return new StoredModel(
          found.modelId(), found.tenantId(), found.name(), found.digest(), files(found.modelId()));
    }
    if (meant.isEmpty()) {
      throw new ConfigurationException(
          "%s: there is no such model. ./hartonomous status lists them."
              .formatted(TextTable.printable(argument)));
    }
    throw new ProblemException(whyNot(meant.get(meant.size() - 1)));
  }

  private static String whyNot(Candidate model) {
    String why =
        switch (model.state()) {
          case "INGESTING" ->
              "it is being ingested. ./hartonomous status --watch shows when it is complete.";
          case "FAILED" -> "it failed: %s".formatted(TextTable.printable(model.failure()));
          default ->
              model.duplicateOf() == null
                  ? "it was deleted."
                  : "it was a duplicate of model %d, which is not complete either."
                      .formatted(model.duplicateOf());
        };
    return "model %d (%s) is %s, expected COMPLETE: %s"
        .formatted(model.modelId(), model.reference(), model.state(), why);
  }

  private List<Candidate> candidates(String argument) throws SQLException {
    List<ModelReference> readings = ModelReference.readings(argument);
    List<Candidate> candidates = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(NAMED)) {
      for (int i = 0; i < READINGS_MAX; i++) {
        ModelReference reading = readings.get(Math.min(i, readings.size() - 1));
        statement.setBytes(i + 1, Sha256.ofText(reading.name()).toBytes());
      }
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          byte[] digest = row.getBytes(4);
          Candidate candidate =
              new Candidate(
                  row.getInt(1),
                  row.getInt(2),
                  row.getString(3),
                  digest == null ? null : Sha256.fromBytes(digest),
                  row.getString(5),
                  row.getString(6),
                  row.getObject(7, Integer.class));
          if (readings.stream()
              .anyMatch(
                  reading ->
                      reading.means(candidate.tenantId(), candidate.name(), candidate.digest()))) {
            candidates.add(candidate);
          }
        }
      }
    }
    return candidates;
  }

  private List<StoredFile> files(int modelId) throws SQLException {
    List<StoredFile> files = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(FILES)) {
      statement.setInt(1, modelId);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          files.add(
              new StoredFile(row.getLong(1), row.getString(2), row.getLong(3), row.getInt(4)));
        }
      }
    }
    // Not by the database, which would order by its collation.
    files.sort(Comparator.comparing(StoredFile::path));
    return files;
  }
}
