package com.hartonomous.ingest.testing;

import com.hartonomous.ingest.content.ModelDigest;
import com.hartonomous.ingest.record.Sha256;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Consistent contents of the tables, as the ingest job leaves them, written by plain SQL: for tests
 * of what comes behind them. Each method is one transaction, with its outbox marks.
 */
public final class SampleTables {

  private static final int CHUNK_BYTES = 100;
  private static final int GAP_BYTES = 8;

  private final Sql sql;

  public SampleTables(Sql sql) {
    this.sql = sql;
  }

  /**
   * Creates {@code dbo.<name>} with the key {@code Id} and text columns, and registers it, as one
   * that is streamed, with columns numbered from 1.
   */
  public int captureTable(String name, String... columns) throws Exception {
    sql.update(
        "CREATE TABLE dbo."
            + name
            + " (Id INT NOT NULL PRIMARY KEY, "
            + String.join(" NVARCHAR(MAX) NULL, ", columns)
            + " NVARCHAR(MAX) NULL)");
    sql.inTransaction(
        () -> {
          sql.update(
              "INSERT INTO dbo.CdcCheckpoints (SourceName, LastLsn, CheckpointId)"
                  + " SELECT N'main', 0x00000001000000010001, 1"
                  + " WHERE NOT EXISTS (SELECT 1 FROM dbo.CdcCheckpoints)");
          sql.update(
              "INSERT INTO dbo.CapturedTables (SchemaName, TableName, TableHash, GroupName,"
                  + " Generation, SweptGeneration) VALUES ('dbo', ?, ?, 'main', 1, 1)",
              name,
              Sha256.ofText("dbo\0" + name).toBytes());
          for (int column = 0; column < columns.length; column++) {
            sql.update(
                "INSERT INTO dbo.CapturedColumns (CapturedTableId, ColumnId, ColumnName,"
                    + " ContentType) VALUES (?, ?, ?, 'text/plain')",
                tableId(name),
                column + 1,
                columns[column]);
          }
        });
    sql.update(
        "INSERT INTO dbo.TableProgress (CapturedTableId, Writer, StoredReferences, NewAtoms,"
            + " KnownAtoms, LastAt) VALUES (?, 0, 0, 0, 0, SYSUTCDATETIME())",
        tableId(name));
    return tableId(name);
  }

  private int tableId(String name) throws SQLException {
    return (int)
        sql.number("SELECT CapturedTableId FROM dbo.CapturedTables WHERE TableName = ?", name);
  }

  /**
   * Makes the row hold these texts, and refer to them and to nothing else.
   *
   * @param texts of the columns in order; null where the column is NULL
   */
  public void putRow(int tableId, int id, String... texts) throws Exception {
    sql.inTransaction(
        () -> {
          releaseRow(tableId, id);
          sql.update("INSERT INTO " + source(tableId) + " (Id) VALUES (?)", id);
          for (int column = 0; column < texts.length; column++) {
            sql.update(
                "UPDATE "
                    + source(tableId)
                    + " SET "
                    + column(tableId, column + 1)
                    + " = ? WHERE Id = ?",
                texts[column],
                id);
            if (texts[column] != null) {
              long atomId = atom(texts[column].getBytes(StandardCharsets.UTF_16LE), "text/plain");
              sql.update(
                  "INSERT INTO dbo.RowAtoms (CapturedTableId, RowKeyHash, ColumnId, Segment,"
                      + " AtomId, RowKey) VALUES (?, ?, ?, 0, ?, ?)",
                  tableId,
                  keyHash(id).toBytes(),
                  column + 1,
                  atomId,
                  keyText(id));
              count(atomId, 1);
              progress(tableId, 1);
            }
          }
          markRow(tableId, id);
        });
  }

  public void deleteRow(int tableId, int id) throws Exception {
    sql.inTransaction(
        () -> {
          releaseRow(tableId, id);
          markRow(tableId, id);
        });
  }

  private void releaseRow(int tableId, int id) throws SQLException {
    for (String atomId :
        sql.rows(
            "SELECT AtomId FROM dbo.RowAtoms WHERE CapturedTableId = ? AND RowKeyHash = ?",
            tableId,
            keyHash(id).toBytes())) {
      count(Long.parseLong(atomId), -1);
      progress(tableId, -1);
    }
    sql.update("DELETE FROM " + source(tableId) + " WHERE Id = ?", id);
    sql.update(
        "DELETE FROM dbo.RowAtoms WHERE CapturedTableId = ? AND RowKeyHash = ?",
        tableId,
        keyHash(id).toBytes());
  }

  private void progress(int tableId, int delta) throws SQLException {
    sql.update(
        "UPDATE dbo.TableProgress SET StoredReferences = StoredReferences + ?"
            + " WHERE CapturedTableId = ?",
        delta,
        tableId);
  }

  private String source(int tableId) throws SQLException {
    return sql.rows(
            "SELECT CONCAT(SchemaName, '.', TableName) FROM dbo.CapturedTables"
                + " WHERE CapturedTableId = ?",
            tableId)
        .get(0);
  }

  private String column(int tableId, int columnId) throws SQLException {
    return sql.rows(
            "SELECT ColumnName FROM dbo.CapturedColumns WHERE CapturedTableId = ? AND ColumnId = ?",
            tableId,
            columnId)
        .get(0);
  }

  private void markRow(int tableId, int id) throws SQLException {
    sql.update(
        "INSERT INTO dbo.Neo4jSyncQueue (EntityType, EntityId, EntityKey, Operation)"
            + " VALUES ('Row', ?, ?, 'SYNC')",
        (long) tableId,
        keyHash(id).toBytes());
  }

  /** The key of a row, {@code {"Id":id}}. */
  public static String keyText(int id) {
    return "{\"Id\":" + id + "}";
  }

  public static Sha256 keyHash(int id) {
    return Sha256.ofText(keyText(id));
  }

  /**
   * Adds a complete model of one file: a header chunk, then tensors of {@code chunksInTensor}
   * chunks, every third of them the same atom; and nodes.
   */
  public int addModel(String name, int tensors, int chunksInTensor, int nodes) throws Exception {
    sql.inTransaction(() -> insertModel(name, tensors, chunksInTensor, nodes));
    return modelId(name);
  }

  private int modelId(String name) throws SQLException {
    return (int) sql.number("SELECT MAX(ModelId) FROM dbo.Models WHERE ModelName = ?", name);
  }

  private void insertModel(String name, int tensors, int chunksInTensor, int nodes)
      throws SQLException {
    sql.update(
        "INSERT INTO dbo.Models (TenantId, ModelName, ModelNameHash, State)"
            + " VALUES (3, ?, ?, 'INGESTING')",
        name,
        Sha256.ofText(name).toBytes());
    int modelId = modelId(name);
    long tensorBytes = (long) chunksInTensor * CHUNK_BYTES;
    long fileBytes = GAP_BYTES + tensors * tensorBytes;
    String path = name + ".safetensors";
    sql.update(
        "INSERT INTO dbo.ModelFiles (ModelId, RelativePath, PathHash, Uri, Format, ByteLength,"
            + " ModifiedAt, ChunkSize) VALUES (?, ?, ?, ?, 'safetensors', ?, 0, ?)",
        modelId,
        path,
        Sha256.ofText(path).toBytes(),
        "/models/" + path,
        fileBytes,
        CHUNK_BYTES);
    long fileId = sql.number("SELECT ModelFileId FROM dbo.ModelFiles WHERE ModelId = ?", modelId);
    ModelDigest digest = new ModelDigest();
    Set<Sha256> atoms = new HashSet<>();
    byte[] header = (name + "        ").substring(0, GAP_BYTES).getBytes(StandardCharsets.US_ASCII);
    addChunk(fileId, 0, 0, header, "model/bytes");
    digest.add(path, 0, header.length, Sha256.of(header));
    atoms.add(Sha256.of(header));
    for (int chunk = 0; chunk < tensors * chunksInTensor; chunk++) {
      byte[] content = new byte[CHUNK_BYTES];
      content[0] = (byte) (chunk % 3 == 0 ? 0 : chunk);
      content[1] = (byte) (chunk % 3 == 0 ? 0 : chunk >> 8);
      long offset = GAP_BYTES + (long) chunk * CHUNK_BYTES;
      addChunk(fileId, chunk + 1, offset, content, "tensor/float32");
      digest.add(path, offset, content.length, Sha256.of(content));
      atoms.add(Sha256.of(content));
    }
    for (int tensor = 0; tensor < tensors; tensor++) {
      sql.update(
          "INSERT INTO dbo.Tensors (ModelId, TensorId, TensorName, DType, ContentType, Dimensions,"
              + " ModelFileId, ByteOffset, ByteLength)"
              + " VALUES (?, ?, ?, 'F32', 'tensor/float32', '[5,5]', ?, ?, ?)",
          modelId,
          tensor,
          "layer." + tensor + ".weight",
          fileId,
          GAP_BYTES + tensor * tensorBytes,
          tensorBytes);
    }
    for (int node = 0; node < nodes; node++) {
      byte[] content = ("Add_" + node % 4 + ":Add").getBytes(StandardCharsets.UTF_16LE);
      long atomId = atom(content, "onnx/node");
      sql.update(
          "INSERT INTO dbo.ModelNodes (ModelId, NodeIndex, NodePath, AtomId) VALUES (?, ?, ?, ?)",
          modelId,
          node,
          "/Add_" + node,
          atomId);
      count(atomId, 1);
      atoms.add(Sha256.of(content));
    }
    sql.update(
        "INSERT INTO dbo.ModelProgress (ModelId, Writer, StoredChunks, StoredNodes, StoredBytes,"
            + " NewAtoms, NewBytes, FirstAt, LastAt)"
            + " VALUES (?, 0, ?, ?, ?, 0, 0, SYSUTCDATETIME(), SYSUTCDATETIME())",
        modelId,
        1L + (long) tensors * chunksInTensor,
        (long) nodes,
        fileBytes);
    sql.update(
        "UPDATE dbo.Models SET State = 'COMPLETE', Digest = ?, ExpectedChunks = ?,"
            + " ExpectedTensors = ?, ExpectedNodes = ?, ExpectedBytes = ?, DistinctAtoms = ?"
            + " WHERE ModelId = ?",
        digest.finish().toBytes(),
        1L + (long) tensors * chunksInTensor,
        (long) tensors,
        (long) nodes,
        fileBytes,
        (long) atoms.size(),
        modelId);
    markModel(modelId);
  }

  private void addChunk(long fileId, long index, long offset, byte[] content, String contentType)
      throws SQLException {
    long atomId = atom(content, contentType);
    sql.update(
        "INSERT INTO dbo.FileChunks (ModelFileId, ChunkIndex, AtomId, ByteOffset, ByteLength)"
            + " VALUES (?, ?, ?, ?, ?)",
        fileId,
        index,
        atomId,
        offset,
        (long) content.length);
    count(atomId, 1);
  }

  /** Deletes a model, with its references and tensors. */
  public void deleteModel(int modelId) throws Exception {
    sql.inTransaction(
        () -> {
          List<String> released =
              sql.rows(
                  "SELECT c.AtomId FROM dbo.FileChunks AS c INNER JOIN dbo.ModelFiles AS f"
                      + " ON f.ModelFileId = c.ModelFileId WHERE f.ModelId = ?"
                      + " UNION ALL SELECT AtomId FROM dbo.ModelNodes WHERE ModelId = ?",
                  modelId,
                  modelId);
          for (String atomId : released) {
            count(Long.parseLong(atomId), -1);
          }
          sql.update(
              "DELETE FROM dbo.FileChunks WHERE ModelFileId IN"
                  + " (SELECT ModelFileId FROM dbo.ModelFiles WHERE ModelId = ?)",
              modelId);
          sql.update("DELETE FROM dbo.ModelNodes WHERE ModelId = ?", modelId);
          sql.update("DELETE FROM dbo.Tensors WHERE ModelId = ?", modelId);
          sql.update("DELETE FROM dbo.ModelProgress WHERE ModelId = ?", modelId);
          sql.update("UPDATE dbo.Models SET State = 'DELETED' WHERE ModelId = ?", modelId);
          markModel(modelId);
        });
  }

  private void markModel(int modelId) throws SQLException {
    sql.update(
        "INSERT INTO dbo.Neo4jSyncQueue (EntityType, EntityId, Operation)"
            + " VALUES ('Model', ?, 'SYNC')",
        (long) modelId);
  }

  private long atom(byte[] content, String contentType) throws SQLException {
    byte[] hash = Sha256.of(content).toBytes();
    if (sql.rows("SELECT AtomId FROM dbo.Atoms WHERE AtomHash = ?", hash).isEmpty()) {
      sql.update(
          "INSERT INTO dbo.Atoms (AtomHash, ByteLength, Content, ContentType, ReferenceCount)"
              + " VALUES (?, ?, ?, ?, 0)",
          hash,
          (long) content.length,
          content,
          contentType);
    }
    return sql.number("SELECT AtomId FROM dbo.Atoms WHERE AtomHash = ?", hash);
  }

  private void count(long atomId, int delta) throws SQLException {
    sql.update(
        "UPDATE dbo.Atoms SET ReferenceCount = ReferenceCount + ? WHERE AtomId = ?", delta, atomId);
  }
}
