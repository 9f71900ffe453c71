package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.content.ModelDigest;
import com.hartonomous.ingest.record.Sha256;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Complete models: the chunks cover each file without gap or overlap, numbers and digest are those
 * that the model states, tensors lie inside their files.
 */
final class ModelChecks {

  private static final String MODELS =
      "SELECT ModelId, Digest, ExpectedChunks, ExpectedTensors, ExpectedNodes, ExpectedBytes,"
          + " DistinctAtoms FROM dbo.Models WHERE State = 'COMPLETE' ORDER BY ModelId";

  private static final String FILES =
      "SELECT ModelFileId, RelativePath, ByteLength FROM dbo.ModelFiles WHERE ModelId = ?";

  private static final String CHUNKS =
      "SELECT c.ChunkIndex, c.ByteOffset, c.ByteLength, a.AtomHash, a.ByteLength"
          + " FROM dbo.FileChunks AS c INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId"
          + " WHERE c.ModelFileId = ? ORDER BY c.ChunkIndex";

  private static final String TENSORS = "SELECT COUNT_BIG(*) FROM dbo.Tensors WHERE ModelId = ?";

  private static final String NODES =
      "SELECT COUNT_BIG(*), COALESCE(MAX(NodeIndex), -1) FROM dbo.ModelNodes WHERE ModelId = ?";

  private static final String DISTINCT_ATOMS =
      "SELECT COUNT_BIG(*) FROM (SELECT c.AtomId FROM dbo.FileChunks AS c"
          + " INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId WHERE f.ModelId = ?"
          + " UNION SELECT n.AtomId FROM dbo.ModelNodes AS n WHERE n.ModelId = ?) AS d";

  private static final String TENSORS_OUTSIDE =
      "SELECT t.TensorId, t.ByteOffset, t.ByteLength, f.ModelId, f.ByteLength"
          + " FROM dbo.Tensors AS t LEFT JOIN dbo.ModelFiles AS f ON f.ModelFileId = t.ModelFileId"
          + " WHERE t.ModelId = ? AND (f.ModelFileId IS NULL OR f.ModelId <> t.ModelId"
          + " OR t.ByteLength < 0 OR t.ByteOffset < 0"
          + " OR t.ByteOffset > f.ByteLength OR t.ByteLength > f.ByteLength - t.ByteOffset)"
          + " ORDER BY t.TensorId";

  private record Model(
      int modelId,
      Sha256 digest,
      Long chunks,
      Long tensors,
      Long nodes,
      Long bytes,
      Long distinctAtoms) {}

  private record File(long modelFileId, String path, long byteLength) {}

  /** What the chunks of a model add up to. */
  private static final class Sums {
    long chunks;
    long bytes;
  }

  private final Connection connection;
  private final Differences differences;

  ModelChecks(Connection connection, Differences differences) {
    this.connection = connection;
    this.differences = differences;
  }

  void check() throws SQLException {
    differences.begin("complete models");
    for (Model model : models()) {
      differences.examined(1);
      checkChunks(model);
      checkNumbers(model);
      checkTensors(model);
    }
    differences.end();
  }

  private List<Model> models() throws SQLException {
    List<Model> models = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(MODELS);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        byte[] digest = row.getBytes(2);
        models.add(
            new Model(
                row.getInt(1),
                digest == null ? null : Sha256.fromBytes(digest),
                row.getObject(3, Long.class),
                row.getObject(4, Long.class),
                row.getObject(5, Long.class),
                row.getObject(6, Long.class),
                row.getObject(7, Long.class)));
      }
    }
    return models;
  }

  private void checkChunks(Model model) throws SQLException {
    ModelDigest digest = new ModelDigest();
    Sums sums = new Sums();
    boolean sound = true;
    for (File file : files(model.modelId())) {
      sound &= checkFile(model.modelId(), file, digest, sums);
    }
    expect(model, "ExpectedChunks", model.chunks(), sums.chunks, "chunks are stored");
    expect(model, "ExpectedBytes", model.bytes(), sums.bytes, "bytes are in its chunks");
    if (sound) {
      Sha256 found = digest.finish();
      if (!found.equals(model.digest())) {
        differences.add(
            "model " + model.modelId(),
            "Digest is " + model.digest() + ", but its chunks have " + found + ".");
      }
    }
  }

  /** In the order of the digest, which is not that of the database's collation. */
  private List<File> files(int modelId) throws SQLException {
    List<File> files = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(FILES)) {
      statement.setInt(1, modelId);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          files.add(new File(row.getLong(1), row.getString(2), row.getLong(3)));
        }
      }
    }
    files.sort(Comparator.comparing(File::path));
    return files;
  }

  /** Returns whether the chunks cover the file, so that its digest can be told. */
  private boolean checkFile(int modelId, File file, ModelDigest digest, Sums sums)
      throws SQLException {
    String key = "model " + modelId + ", file " + file.path();
    long index = 0;
    long offset = 0;
    boolean sound = true;
    try (PreparedStatement statement = connection.prepareStatement(CHUNKS)) {
      statement.setLong(1, file.modelFileId());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          long length = row.getLong(3);
          if (row.getLong(1) != index || row.getLong(2) != offset) {
            sound = false;
            differences.add(
                key,
                String.format(
                    "expected chunk %d at offset %d, found chunk %d at offset %d.",
                    index, offset, row.getLong(1), row.getLong(2)));
          }
          if (length != row.getLong(5)) {
            sound = false;
            differences.add(
                key,
                String.format(
                    "chunk %d has %d bytes, but its atom has %d.",
                    row.getLong(1), length, row.getLong(5)));
          }
          if (sound) {
            digest.add(file.path(), offset, length, Sha256.fromBytes(row.getBytes(4)));
          }
          sums.chunks++;
          sums.bytes += length;
          index = row.getLong(1) + 1;
          offset = row.getLong(2) + length;
        }
      }
    }
    if (offset != file.byteLength()) {
      sound = false;
      differences.add(
          key,
          String.format(
              "its chunks end at offset %d, but it has %d bytes.", offset, file.byteLength()));
    }
    return sound;
  }

  private void checkNumbers(Model model) throws SQLException {
    int modelId = model.modelId();
    expect(
        model, "ExpectedTensors", model.tensors(), number(TENSORS, modelId), "tensors are stored");
    expect(
        model,
        "DistinctAtoms",
        model.distinctAtoms(),
        number(DISTINCT_ATOMS, modelId, modelId),
        "atoms are referred to");
    try (PreparedStatement statement = connection.prepareStatement(NODES)) {
      statement.setInt(1, modelId);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        long nodes = row.getLong(1);
        expect(model, "ExpectedNodes", model.nodes(), nodes, "nodes are stored");
        if (row.getLong(2) != nodes - 1) {
          differences.add(
              "model " + modelId,
              String.format(
                  "has %d nodes, but the last one's index is %d.", nodes, row.getLong(2)));
        }
      }
    }
  }

  private void checkTensors(Model model) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(TENSORS_OUTSIDE)) {
      statement.setInt(1, model.modelId());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          differences.add(
              String.format("model %d, tensor %d", model.modelId(), row.getInt(1)),
              String.format(
                  "lies at offset %s, length %s, of a file of model %s with %s bytes: not inside a"
                      + " file of its own model.",
                  row.getString(2), row.getString(3), row.getString(4), row.getString(5)));
        }
      }
    }
  }

  private void expect(Model model, String column, Long expected, long found, String what) {
    if (expected == null || expected != found) {
      differences.add(
          "model " + model.modelId(),
          String.format("%s is %s, but %d %s.", column, expected, found, what));
    }
  }

  private long number(String sql, int... parameters) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setInt(i + 1, parameters[i]);
      }
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }
}
