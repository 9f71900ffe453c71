package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.record.ModelPart;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.FileRangeReader;
import com.hartonomous.ingest.testing.Sql;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;

/** Stores the parts of splits as the job's writers do, only slower: part by part. */
final class StoringWriter {

  private final Sql sql;

  StoringWriter(Sql sql) {
    this.sql = sql;
  }

  void store(List<ModelSplit> splits) throws IOException, SQLException, InterruptedException {
    for (ModelSplit split : splits) {
      for (long index = split.nextIndex(); index < split.endIndex(); index++) {
        store(split.part(index));
      }
    }
  }

  private void store(ModelPart part) throws IOException, SQLException, InterruptedException {
    byte[] bytes;
    if (part.isChunk()) {
      try (FileRangeReader reader = new FileRangeReader()) {
        bytes = reader.open(part.range()).readAllBytes();
      }
    } else {
      bytes = part.nodeText().getBytes(StandardCharsets.UTF_16LE);
    }
    byte[] hash = Sha256.of(bytes).toBytes();
    if (sql.rows("SELECT AtomId FROM dbo.Atoms WHERE AtomHash = ?", (Object) hash).isEmpty()) {
      sql.update(
          "INSERT INTO dbo.Atoms (AtomHash, ByteLength, Content, ContentType) VALUES (?, ?, ?, ?)",
          hash,
          (long) bytes.length,
          bytes,
          part.contentType());
    }
    long atomId = sql.number("SELECT AtomId FROM dbo.Atoms WHERE AtomHash = ?", (Object) hash);
    if (part.isChunk()) {
      sql.update(
          "INSERT INTO dbo.FileChunks (ModelFileId, ChunkIndex, AtomId, ByteOffset, ByteLength)"
              + " VALUES (?, ?, ?, ?, ?)",
          part.modelFileId(),
          part.index(),
          atomId,
          part.range().offset(),
          (long) part.range().length());
    } else {
      sql.update(
          "INSERT INTO dbo.ModelNodes (ModelId, NodeIndex, NodePath, AtomId) VALUES (?, ?, ?, ?)",
          part.modelId(),
          (int) part.index(),
          part.nodePath(),
          atomId);
    }
    sql.update("UPDATE dbo.Atoms SET ReferenceCount = ReferenceCount + 1 WHERE AtomId = ?", atomId);
    moveProgress(part, bytes.length);
  }

  private void moveProgress(ModelPart part, int length) throws SQLException {
    // Two writers, as parts of a model reach several.
    int writer = (int) (part.index() % 2);
    if (sql.rows(
            "SELECT 1 FROM dbo.ModelProgress WHERE ModelId = ? AND Writer = ?",
            part.modelId(),
            writer)
        .isEmpty()) {
      sql.update(
          "INSERT INTO dbo.ModelProgress (ModelId, Writer, StoredChunks, StoredNodes, StoredBytes,"
              + " NewAtoms, NewBytes, FirstAt, LastAt)"
              + " VALUES (?, ?, 0, 0, 0, 0, 0, SYSUTCDATETIME(), SYSUTCDATETIME())",
          part.modelId(),
          writer);
    }
    sql.update(
        "UPDATE dbo.ModelProgress SET StoredChunks = StoredChunks + ?,"
            + " StoredNodes = StoredNodes + ?, StoredBytes = StoredBytes + ?"
            + " WHERE ModelId = ? AND Writer = ?",
        part.isChunk() ? 1L : 0L,
        part.isChunk() ? 0L : 1L,
        part.isChunk() ? (long) length : 0L,
        part.modelId(),
        writer);
  }
}
