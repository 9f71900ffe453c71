package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.RowBulkData;
import com.hartonomous.ingest.runtime.SqlBatch;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.List;
import java.util.Set;

/**
 * The session's staging tables: what a batch wishes, to be joined with what is there. They live as
 * long as the connection and are emptied for each transaction.
 */
final class StagedReferences {

  static final String CREATE =
      "CREATE TABLE #Atom (AtomHash BINARY(32) NOT NULL PRIMARY KEY, AtomId BIGINT NULL);"
          + " CREATE TABLE #RowReference (CapturedTableId INT NOT NULL, RowKeyHash BINARY(32) NOT"
          + " NULL, ColumnId INT NOT NULL, Segment INT NOT NULL, AtomHash BINARY(32) NOT NULL,"
          + " Present BIT NOT NULL, RowKey NVARCHAR(MAX) NOT NULL, PRIMARY KEY (CapturedTableId,"
          + " RowKeyHash, ColumnId, Segment, AtomHash));"
          + " CREATE TABLE #ChunkReference (ModelId INT NOT NULL, ModelFileId BIGINT NOT NULL,"
          + " ChunkIndex BIGINT NOT NULL, AtomHash BINARY(32) NOT NULL, ByteOffset BIGINT NOT NULL,"
          + " ByteLength BIGINT NOT NULL, PRIMARY KEY (ModelFileId, ChunkIndex));"
          + " CREATE TABLE #NodeReference (ModelId INT NOT NULL, NodeIndex INT NOT NULL, AtomHash"
          + " BINARY(32) NOT NULL, NodePath NVARCHAR(MAX) NOT NULL, PRIMARY KEY (ModelId,"
          + " NodeIndex));"
          // What a transaction really changed: the counts, the progress and the graph's marks
          // follow from it.
          + " CREATE TABLE #Change (AtomId BIGINT NOT NULL, Delta INT NOT NULL, CapturedTableId INT"
          + " NULL, RowKeyHash BINARY(32) NULL, ModelFileId BIGINT NULL, ChunkBytes BIGINT NULL,"
          + " NodeModelId INT NULL);";

  static final String EMPTY =
      "TRUNCATE TABLE #Atom; TRUNCATE TABLE #RowReference; TRUNCATE TABLE #ChunkReference;"
          + " TRUNCATE TABLE #NodeReference; TRUNCATE TABLE #Change;";

  private static final List<RowBulkData.Column> ATOM =
      List.of(new RowBulkData.Column("AtomHash", Types.BINARY, Sha256.LENGTH));

  private static final List<RowBulkData.Column> ROW_REFERENCE =
      List.of(
          new RowBulkData.Column("CapturedTableId", Types.INTEGER, 0),
          new RowBulkData.Column("RowKeyHash", Types.BINARY, Sha256.LENGTH),
          new RowBulkData.Column("ColumnId", Types.INTEGER, 0),
          new RowBulkData.Column("Segment", Types.INTEGER, 0),
          new RowBulkData.Column("AtomHash", Types.BINARY, Sha256.LENGTH),
          new RowBulkData.Column("Present", Types.BIT, 0),
          new RowBulkData.Column("RowKey", Types.LONGNVARCHAR, 0));

  private static final List<RowBulkData.Column> CHUNK_REFERENCE =
      List.of(
          new RowBulkData.Column("ModelId", Types.INTEGER, 0),
          new RowBulkData.Column("ModelFileId", Types.BIGINT, 0),
          new RowBulkData.Column("ChunkIndex", Types.BIGINT, 0),
          new RowBulkData.Column("AtomHash", Types.BINARY, Sha256.LENGTH),
          new RowBulkData.Column("ByteOffset", Types.BIGINT, 0),
          new RowBulkData.Column("ByteLength", Types.BIGINT, 0));

  private static final List<RowBulkData.Column> NODE_REFERENCE =
      List.of(
          new RowBulkData.Column("ModelId", Types.INTEGER, 0),
          new RowBulkData.Column("NodeIndex", Types.INTEGER, 0),
          new RowBulkData.Column("AtomHash", Types.BINARY, Sha256.LENGTH),
          new RowBulkData.Column("NodePath", Types.LONGNVARCHAR, 0));

  private final Connection connection;

  StagedReferences(Connection connection) {
    this.connection = connection;
  }

  /** Makes room for a new transaction. */
  void empty() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(EMPTY);
      SqlBatch.drain(statement);
    }
  }

  void stageAtoms(Set<Sha256> hashes) throws SQLException {
    RowBulkData.copy(
        connection,
        "#Atom",
        ATOM,
        hashes.stream().sorted().map(hash -> new Object[] {hash.toBytes()}).iterator());
  }

  /** Stages what has rows; a kind without rows costs no round trip. */
  void stageReferences(List<AtomReference> references) throws SQLException {
    stage(
        "#RowReference",
        ROW_REFERENCE,
        references.stream().filter(r -> r.row() != null).map(StagedReferences::rowOf).toList());
    stage(
        "#ChunkReference",
        CHUNK_REFERENCE,
        references.stream().filter(r -> r.chunk() != null).map(StagedReferences::chunkOf).toList());
    stage(
        "#NodeReference",
        NODE_REFERENCE,
        references.stream().filter(r -> r.node() != null).map(StagedReferences::nodeOf).toList());
  }

  private void stage(String table, List<RowBulkData.Column> columns, List<Object[]> rows)
      throws SQLException {
    if (!rows.isEmpty()) {
      RowBulkData.copy(connection, table, columns, rows.iterator());
    }
  }

  private static Object[] rowOf(AtomReference reference) {
    var row = reference.row();
    return new Object[] {
      row.key().tableId(),
      row.key().keyHash().toBytes(),
      row.columnId(),
      row.segment(),
      reference.hash().toBytes(),
      reference.present(),
      row.keyText()
    };
  }

  private static Object[] chunkOf(AtomReference reference) {
    var chunk = reference.chunk();
    return new Object[] {
      chunk.modelId(),
      chunk.modelFileId(),
      chunk.chunkIndex(),
      reference.hash().toBytes(),
      chunk.byteOffset(),
      (long) chunk.byteLength()
    };
  }

  private static Object[] nodeOf(AtomReference reference) {
    var node = reference.node();
    return new Object[] {
      node.modelId(), node.nodeIndex(), reference.hash().toBytes(), node.nodePath()
    };
  }
}
