package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.record.GraphEntity;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.sink.graph.GraphLevel;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the graph should be, read from the tables. One cursor at a time may be open. */
final class TableSide {

  private static final String MODELS =
      "SELECT m.ModelId, m.TenantId, m.ModelName, m.State, f.Format, m.Digest FROM dbo.Models AS m"
          + " LEFT JOIN (SELECT ModelId, MIN(Format) AS Format FROM dbo.ModelFiles GROUP BY ModelId)"
          + " AS f ON f.ModelId = m.ModelId"
          + " WHERE m.State <> 'DELETED' AND m.DuplicateOf IS NULL ORDER BY m.ModelId";

  private static final String TENSORS =
      "SELECT t.ModelId, t.TensorId, t.TensorName, t.DType, t.Dimensions FROM dbo.Tensors AS t"
          + " INNER JOIN dbo.Models AS m ON m.ModelId = t.ModelId"
          + " WHERE m.State = 'COMPLETE' ORDER BY t.ModelId, t.TensorId";

  private static final String TENSOR_ATOMS =
      "SELECT t.ModelId, t.TensorId, a.AtomHash FROM dbo.Models AS m"
          + " INNER JOIN dbo.Tensors AS t ON t.ModelId = m.ModelId"
          + " INNER JOIN dbo.FileChunks AS c ON c.ModelFileId = t.ModelFileId"
          + " AND c.ByteOffset >= t.ByteOffset AND c.ByteOffset < t.ByteOffset + t.ByteLength"
          + " INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId"
          + " WHERE m.State = 'COMPLETE' ORDER BY t.ModelId, t.TensorId, c.ByteOffset";

  private static final String NODES =
      "SELECT n.ModelId, n.NodeIndex, n.NodePath, a.AtomHash FROM dbo.ModelNodes AS n"
          + " INNER JOIN dbo.Models AS m ON m.ModelId = n.ModelId"
          + " INNER JOIN dbo.Atoms AS a ON a.AtomId = n.AtomId"
          + " WHERE m.State = 'COMPLETE' ORDER BY n.ModelId, n.NodeIndex";

  private static final String FILES =
      "SELECT f.ModelFileId, f.RelativePath, f.ModelId FROM dbo.ModelFiles AS f"
          + " INNER JOIN dbo.Models AS m ON m.ModelId = f.ModelId"
          + " WHERE m.State = 'COMPLETE' ORDER BY f.ModelFileId";

  private static final String CHUNKS =
      "SELECT c.ModelFileId, c.ChunkIndex, c.ByteOffset, a.AtomHash, f.ModelId"
          + " FROM dbo.FileChunks AS c"
          + " INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId"
          + " INNER JOIN dbo.Models AS m ON m.ModelId = f.ModelId"
          + " INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId"
          + " WHERE m.State = 'COMPLETE' ORDER BY c.ModelFileId, c.ChunkIndex";

  private static final String ROW_ATOMS =
      "SELECT r.CapturedTableId, r.RowKeyHash, r.RowKey, c.ColumnName, r.Segment, a.AtomHash"
          + " FROM dbo.RowAtoms AS r"
          + " INNER JOIN dbo.CapturedColumns AS c"
          + " ON c.CapturedTableId = r.CapturedTableId AND c.ColumnId = r.ColumnId"
          + " INNER JOIN dbo.Atoms AS a ON a.AtomId = r.AtomId"
          + " ORDER BY r.CapturedTableId, r.RowKeyHash";

  private static final String TABLES =
      "SELECT CapturedTableId, SchemaName, TableName FROM dbo.CapturedTables"
          + " ORDER BY CapturedTableId";

  private static final String ATOMS =
      "SELECT AtomHash, ContentType, ByteLength FROM dbo.Atoms ORDER BY AtomHash";

  private final Connection connection;
  private final GraphLevel level;

  TableSide(Connection connection, GraphLevel level) {
    this.connection = connection;
    this.level = level;
  }

  /** Opens a part; the caller closes it. */
  EntryCursor open(GraphPart part) throws SQLException {
    return switch (part) {
      case MODEL -> new Rows(MODELS, TableSide::model);
      case TENSOR -> new Rows(TENSORS, TableSide::tensor);
      case STORED_AS -> new Rows(TENSOR_ATOMS, new TensorAtoms());
      case HAS_NODE -> new Rows(NODES, TableSide::node);
      case FILE -> level == GraphLevel.CHUNK ? new Rows(FILES, TableSide::file) : new Nothing();
      case HAS_CHUNK ->
          level == GraphLevel.CHUNK ? new Rows(CHUNKS, TableSide::chunk) : new Nothing();
      case ROW -> new RowsWithContents(new Rows(ROW_ATOMS, TableSide::rowAtom));
      case TABLE -> new Rows(TABLES, TableSide::table);
      case ATOM -> new Rows(ATOMS, TableSide::atom);
    };
  }

  private static GraphEntry model(ResultSet row) throws SQLException {
    byte[] digest = row.getBytes(6);
    Map<String, Object> values = new HashMap<>();
    values.put("tenantId", row.getLong(2));
    values.put("name", row.getString(3));
    values.put("state", row.getString(4));
    values.put("format", row.getString(5));
    values.put("digest", digest == null ? null : Sha256.fromBytes(digest).toHex());
    int modelId = row.getInt(1);
    return new GraphEntry(key(modelId, 0, 0), values, GraphEntity.model(modelId));
  }

  private static GraphEntry tensor(ResultSet row) throws SQLException {
    int modelId = row.getInt(1);
    return new GraphEntry(
        key(modelId, row.getLong(2), 0),
        Map.of(
            "name", row.getString(3),
            "dtype", row.getString(4),
            "dimensions", row.getString(5),
            "HAS_TENSOR from models", List.of((long) modelId)),
        GraphEntity.model(modelId));
  }

  /** Numbers a tensor's chunks from 0. */
  private static final class TensorAtoms implements RowMapper {
    private int modelId = -1;
    private long tensorId = -1;
    private long position;

    @Override
    public GraphEntry map(ResultSet row) throws SQLException {
      if (row.getInt(1) != modelId || row.getLong(2) != tensorId) {
        modelId = row.getInt(1);
        tensorId = row.getLong(2);
        position = 0;
      }
      return new GraphEntry(
          key(modelId, tensorId, position++),
          Map.of("atom", hex(row, 3)),
          GraphEntity.model(modelId));
    }
  }

  private static GraphEntry node(ResultSet row) throws SQLException {
    int modelId = row.getInt(1);
    return new GraphEntry(
        key(modelId, row.getLong(2), 0),
        Map.of("path", row.getString(3), "atom", hex(row, 4)),
        GraphEntity.model(modelId));
  }

  private static GraphEntry file(ResultSet row) throws SQLException {
    int modelId = row.getInt(3);
    return new GraphEntry(
        key(row.getLong(1), 0, 0),
        Map.of("path", row.getString(2), "HAS_FILE from models", List.of((long) modelId)),
        GraphEntity.model(modelId));
  }

  private static GraphEntry chunk(ResultSet row) throws SQLException {
    return new GraphEntry(
        key(row.getLong(1), row.getLong(2), 0),
        Map.of("offset", row.getLong(3), "atom", hex(row, 4)),
        GraphEntity.model(row.getInt(5)));
  }

  private static GraphEntry rowAtom(ResultSet row) throws SQLException {
    int tableId = row.getInt(1);
    Sha256 keyHash = Sha256.fromBytes(row.getBytes(2));
    String content = row.getString(4) + ", segment " + row.getInt(5) + ", atom " + hex(row, 6);
    return new GraphEntry(
        new GraphKey(tableId, 0, 0, keyHash.toHex()),
        Map.of("key", row.getString(3), "HAS_CONTENT", content),
        GraphEntity.row(new RowKey(tableId, keyHash)));
  }

  private static GraphEntry table(ResultSet row) throws SQLException {
    return new GraphEntry(
        key(row.getInt(1), 0, 0), Map.of("name", row.getString(2) + "." + row.getString(3)), null);
  }

  private static GraphEntry atom(ResultSet row) throws SQLException {
    return new GraphEntry(
        new GraphKey(0, 0, 0, hex(row, 1)),
        Map.of("contentType", row.getString(2), "byteLength", row.getLong(3)),
        null);
  }

  private static GraphKey key(long first, long second, long third) {
    return new GraphKey(first, second, third, "");
  }

  private static String hex(ResultSet row, int column) throws SQLException {
    return Sha256.fromBytes(row.getBytes(column)).toHex();
  }

  private interface RowMapper {
    GraphEntry map(ResultSet row) throws SQLException;
  }

  /** A statement's rows. */
  private final class Rows implements EntryCursor {
    private final PreparedStatement statement;
    private final ResultSet rows;
    private final RowMapper mapper;

    Rows(String sql, RowMapper mapper) throws SQLException {
      this.statement = connection.prepareStatement(sql);
      this.rows = statement.executeQuery();
      this.mapper = mapper;
    }

    @Override
    public GraphEntry next() throws SQLException {
      return rows.next() ? mapper.map(rows) : null;
    }

    @Override
    public void close() throws SQLException {
      statement.close();
    }
  }

  /** Puts the references of a captured row together. */
  private static final class RowsWithContents implements EntryCursor {
    private final EntryCursor references;
    private GraphEntry ahead;

    RowsWithContents(EntryCursor references) throws SQLException {
      this.references = references;
      this.ahead = references.next();
    }

    @Override
    public GraphEntry next() throws SQLException {
      if (ahead == null) {
        return null;
      }
      GraphEntry first = ahead;
      List<String> contents = new ArrayList<>();
      while (ahead != null && ahead.key().equals(first.key())) {
        contents.add((String) ahead.values().get("HAS_CONTENT"));
        ahead = references.next();
      }
      Collections.sort(contents);
      return new GraphEntry(
          first.key(),
          Map.of(
              "key", first.values().get("key"),
              "ROW_OF to tables", List.of(first.key().first()),
              "HAS_CONTENT", contents),
          first.entity());
    }

    @Override
    public void close() throws SQLException {
      references.close();
    }
  }

  /** A part that the graph's level does not show. */
  private static final class Nothing implements EntryCursor {
    @Override
    public GraphEntry next() {
      return null;
    }

    @Override
    public void close() {
      // Holds nothing.
    }
  }
}
