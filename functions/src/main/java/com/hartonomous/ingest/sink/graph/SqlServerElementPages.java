package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.sink.graph.GraphElement.Key;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A complete model's elements of one kind, page by page. Each page is a statement that begins
 * behind the last row of the page before it.
 */
final class SqlServerElementPages implements GraphTables.ElementPages {

  private static final int STATEMENT_TIMEOUT_SECONDS = 300;

  private static final String ATOM = "a.AtomHash, a.ContentType, a.ByteLength";

  private static final String FILES =
      "SELECT TOP (?) f.ModelFileId, f.RelativePath FROM dbo.ModelFiles AS f"
          + " WHERE f.ModelId = ? AND f.ModelFileId > ? ORDER BY f.ModelFileId";

  private static final String TENSORS =
      "SELECT TOP (?) t.TensorId, t.TensorName, t.DType, t.Dimensions FROM dbo.Tensors AS t"
          + " WHERE t.ModelId = ? AND t.TensorId > ? ORDER BY t.TensorId";

  // As in dbo.TensorAtoms: a chunk belongs to the tensor in whose range it begins.
  private static final String TENSOR_ATOMS =
      "SELECT TOP (?) t.TensorId, c.ByteOffset, "
          + ATOM
          + " FROM dbo.Tensors AS t"
          + " INNER JOIN dbo.FileChunks AS c ON c.ModelFileId = t.ModelFileId"
          + " AND c.ByteOffset >= t.ByteOffset AND c.ByteOffset < t.ByteOffset + t.ByteLength"
          + " INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId"
          + " WHERE t.ModelId = ? AND t.TensorId >= ? AND (t.TensorId > ? OR c.ByteOffset > ?)"
          + " ORDER BY t.TensorId, c.ByteOffset";

  private static final String NODES =
      "SELECT TOP (?) n.NodeIndex, n.NodePath, "
          + ATOM
          + " FROM dbo.ModelNodes AS n INNER JOIN dbo.Atoms AS a ON a.AtomId = n.AtomId"
          + " WHERE n.ModelId = ? AND n.NodeIndex > ? ORDER BY n.NodeIndex";

  private static final String CHUNKS =
      "SELECT TOP (?) c.ModelFileId, c.ChunkIndex, c.ByteOffset, "
          + ATOM
          + " FROM dbo.ModelFiles AS f"
          + " INNER JOIN dbo.FileChunks AS c ON c.ModelFileId = f.ModelFileId"
          + " INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId"
          + " WHERE f.ModelId = ? AND f.ModelFileId >= ?"
          + " AND (f.ModelFileId > ? OR c.ChunkIndex > ?)"
          + " ORDER BY c.ModelFileId, c.ChunkIndex";

  private final Connection connection;
  private final ElementKind kind;
  private final int modelId;

  // Where the page before ended: the first and second column of the order, both at least 0.
  private long lastMajor = -1;
  private long lastMinor = -1;
  // Chunks of tensor lastMajor that were given out.
  private long lastTensorChunks;

  SqlServerElementPages(Connection connection, ElementKind kind, int modelId) {
    this.connection = connection;
    this.kind = kind;
    this.modelId = modelId;
  }

  @Override
  public List<GraphElement> next(int limit) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(statement())) {
      statement.setQueryTimeout(STATEMENT_TIMEOUT_SECONDS);
      statement.setInt(1, limit);
      statement.setInt(2, modelId);
      statement.setLong(3, lastMajor);
      if (kind == ElementKind.STORED_AS || kind == ElementKind.HAS_CHUNK) {
        statement.setLong(4, lastMajor);
        statement.setLong(5, lastMinor);
      }
      List<GraphElement> page = new ArrayList<>();
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          page.add(element(row));
        }
      }
      return page;
    }
  }

  private String statement() {
    return switch (kind) {
      case FILE -> FILES;
      case TENSOR -> TENSORS;
      case STORED_AS -> TENSOR_ATOMS;
      case HAS_NODE -> NODES;
      case HAS_CHUNK -> CHUNKS;
    };
  }

  private GraphElement element(ResultSet row) throws SQLException {
    return switch (kind) {
      case FILE -> {
        lastMajor = row.getLong(1);
        yield GraphElement.node(lastMajor, Map.of("path", row.getString(2)));
      }
      case TENSOR -> {
        lastMajor = row.getLong(1);
        yield GraphElement.node(
            lastMajor,
            Map.of(
                "name", row.getString(2),
                "dtype", row.getString(3),
                "dimensions", row.getString(4)));
      }
      case STORED_AS -> tensorAtom(row);
      case HAS_NODE -> {
        lastMajor = row.getLong(1);
        yield new GraphElement(
            new Key(lastMajor, 0),
            Map.of("index", lastMajor, "path", row.getString(2)),
            atom(row, 3));
      }
      case HAS_CHUNK -> {
        lastMajor = row.getLong(1);
        lastMinor = row.getLong(2);
        yield new GraphElement(
            new Key(lastMajor, lastMinor),
            Map.of("index", lastMinor, "offset", row.getLong(3)),
            atom(row, 4));
      }
    };
  }

  private GraphElement tensorAtom(ResultSet row) throws SQLException {
    long tensorId = row.getLong(1);
    if (tensorId != lastMajor) {
      lastTensorChunks = 0;
    }
    lastMajor = tensorId;
    lastMinor = row.getLong(2);
    long position = lastTensorChunks++;
    return new GraphElement(
        new Key(tensorId, position), Map.of("position", position), atom(row, 3));
  }

  private static AtomNode atom(ResultSet row, int column) throws SQLException {
    return new AtomNode(
        Sha256.fromBytes(row.getBytes(column)), row.getString(column + 1), row.getLong(column + 2));
  }
}
