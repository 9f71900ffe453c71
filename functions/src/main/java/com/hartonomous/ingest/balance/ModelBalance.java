package com.hartonomous.ingest.balance;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * Of the chunks and nodes that a model is expected to have:
 *
 * <ul>
 *   <li>a complete model has stored all, and no dead letter names it;
 *   <li>one that is being ingested has stored no more than that, and a job leads it;
 *   <li>a failed one has stored nothing, and dead letters account for all of it;
 *   <li>a duplicate has stored nothing, and its original is there;
 *   <li>a deleted one has stored nothing.
 * </ul>
 *
 * <p>What a model has stored is counted in {@code dbo.FileChunks} and {@code dbo.ModelNodes}, and
 * must be what {@code dbo.ModelProgress} says.
 */
public final class ModelBalance {

  private static final String MODELS =
      "SELECT m.ModelId, m.ModelName, m.State, m.DuplicateOf, o.State AS OriginalState,"
          + " m.ExpectedChunks, m.ExpectedNodes,"
          + " COALESCE(c.Found, 0) AS Chunks, COALESCE(n.Found, 0) AS Nodes,"
          + " COALESCE(p.StoredChunks, 0) AS StoredChunks,"
          + " COALESCE(p.StoredNodes, 0) AS StoredNodes, COALESCE(p.NewAtoms, 0) AS NewAtoms,"
          + " COALESCE(e.Letters, 0) AS Letters, COALESCE(s.Unfinished, 0) AS Unfinished"
          + " FROM dbo.Models AS m"
          + " LEFT JOIN dbo.Models AS o ON o.ModelId = m.DuplicateOf"
          + " LEFT JOIN (SELECT f.ModelId, COUNT_BIG(*) AS Found FROM dbo.FileChunks AS k"
          + " INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = k.ModelFileId GROUP BY f.ModelId)"
          + " AS c ON c.ModelId = m.ModelId"
          + " LEFT JOIN (SELECT ModelId, COUNT_BIG(*) AS Found FROM dbo.ModelNodes"
          + " GROUP BY ModelId) AS n ON n.ModelId = m.ModelId"
          + " LEFT JOIN (SELECT ModelId, SUM(StoredChunks) AS StoredChunks,"
          + " SUM(StoredNodes) AS StoredNodes, SUM(NewAtoms) AS NewAtoms FROM dbo.ModelProgress"
          + " GROUP BY ModelId) AS p ON p.ModelId = m.ModelId"
          + " LEFT JOIN (SELECT ModelId, COUNT_BIG(*) AS Letters FROM dbo.AtomizationErrors"
          + " WHERE ModelId IS NOT NULL GROUP BY ModelId) AS e ON e.ModelId = m.ModelId"
          + " LEFT JOIN (SELECT ModelId, COUNT_BIG(*) AS Unfinished FROM dbo.ModelSubmissions"
          + " WHERE State = 'CLAIMED' GROUP BY ModelId) AS s ON s.ModelId = m.ModelId"
          + " ORDER BY m.ModelId";

  private record Model(
      int modelId,
      String name,
      String state,
      Integer duplicateOf,
      String originalState,
      Long expectedChunks,
      Long expectedNodes,
      long chunks,
      long nodes,
      long storedChunks,
      long storedNodes,
      long newAtoms,
      long letters,
      boolean ledByAJob) {

    static Model of(ResultSet row) throws SQLException {
      return new Model(
          row.getInt("ModelId"),
          row.getString("ModelName"),
          row.getString("State"),
          row.getObject("DuplicateOf", Integer.class),
          row.getString("OriginalState"),
          row.getObject("ExpectedChunks", Long.class),
          row.getObject("ExpectedNodes", Long.class),
          row.getLong("Chunks"),
          row.getLong("Nodes"),
          row.getLong("StoredChunks"),
          row.getLong("StoredNodes"),
          row.getLong("NewAtoms"),
          row.getLong("Letters"),
          row.getLong("Unfinished") > 0);
    }

    /** Null until the file's header was read. */
    Long expected() {
      return expectedChunks == null || expectedNodes == null
          ? null
          : expectedChunks + expectedNodes;
    }

    long found() {
      return chunks + nodes;
    }
  }

  private final Findings findings;
  private long in;
  private long stored;
  private long known;
  private long dead;
  private long underWay;

  private ModelBalance(Findings findings) {
    this.findings = findings;
  }

  /** Counts in the connection's transaction; one row a model travels. */
  public static void check(Connection connection, Findings findings) throws SQLException {
    ModelBalance balance = new ModelBalance(findings);
    try (PreparedStatement statement = connection.prepareStatement(MODELS);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        balance.add(Model.of(row));
      }
    }
    findings.balance(
        new SourceBalance(
            "models",
            "chunks and nodes",
            balance.in,
            balance.stored,
            balance.known,
            balance.dead,
            balance.underWay));
  }

  private void add(Model model) throws SQLException {
    switch (model.state()) {
      case "COMPLETE" -> addComplete(model);
      case "INGESTING" -> addIngesting(model);
      case "FAILED" -> addFailed(model);
      // Deleted models have no input any more; what they still hold is being released.
      default -> addDeleted(model);
    }
  }

  private void addComplete(Model model) throws SQLException {
    requireProgress(model);
    if (model.expected() == null
        || model.chunks() != model.expectedChunks()
        || model.nodes() != model.expectedNodes()) {
      differ(
          model,
          "is COMPLETE with %d chunks and %d nodes stored, expected %s and %s.",
          model.chunks(),
          model.nodes(),
          model.expectedChunks(),
          model.expectedNodes());
    }
    if (model.letters() > 0) {
      differ(model, "is COMPLETE, but %d dead letters name it.", model.letters());
    }
    in += model.expected() == null ? 0 : model.expected();
    addStored(model);
  }

  private void addIngesting(Model model) throws SQLException {
    requireProgress(model);
    long expected = model.expected() == null ? 0 : model.expected();
    if (model.found() > expected) {
      differ(
          model,
          "is INGESTING with %d chunks and nodes stored, expected %d at most.",
          model.found(),
          expected);
    }
    if (!model.ledByAJob()) {
      differ(model, "is INGESTING, but no claimed submission names it: no job will end it.");
    }
    in += expected;
    addStored(model);
    underWay += expected - model.found();
  }

  private void addFailed(Model model) throws SQLException {
    requireReleased(model);
    if (model.letters() == 0) {
      differ(model, "is FAILED, but no dead letter says why.");
    }
    long expected = model.expected() == null ? 1 : model.expected();
    in += expected;
    dead += model.letters() == 0 ? 0 : expected;
  }

  private void addDeleted(Model model) throws SQLException {
    if (model.state().equals("DELETED")) {
      requireReleased(model);
    }
    if (model.duplicateOf() != null && model.originalState() == null) {
      differ(model, "is a duplicate of model %d, which is not in dbo.Models.", model.duplicateOf());
    }
  }

  private void addStored(Model model) throws SQLException {
    if (model.newAtoms() > model.found()) {
      differ(
          model,
          "brought %d atoms, but has only %d chunks and nodes.",
          model.newAtoms(),
          model.found());
    }
    stored += Math.min(model.newAtoms(), model.found());
    known += Math.max(0, model.found() - model.newAtoms());
  }

  private void requireProgress(Model model) throws SQLException {
    if (model.chunks() != model.storedChunks() || model.nodes() != model.storedNodes()) {
      differ(
          model,
          "has %d chunks and %d nodes, but dbo.ModelProgress says %d and %d.",
          model.chunks(),
          model.nodes(),
          model.storedChunks(),
          model.storedNodes());
    }
  }

  private void requireReleased(Model model) throws SQLException {
    if (model.found() > 0) {
      findings.difference(
          key(model),
          String.format(
              "is %s, but %d chunks and nodes of it are stored.", model.state(), model.found()),
          model.ledByAJob());
    }
  }

  private void differ(Model model, String message, Object... values) throws SQLException {
    findings.difference(key(model), String.format(message, values), false);
  }

  private static String key(Model model) {
    return "model " + model.modelId() + " (" + model.name() + ")";
  }
}
