package com.hartonomous.ingest.cli.models;

import com.hartonomous.ingest.cli.models.StoredModel.StoredFile;
import com.hartonomous.ingest.content.ContentStore;
import com.hartonomous.ingest.format.ModelContents;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.record.Sha256;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;

/** A file of a stored model, to be read at positions. Holds the content of one chunk. */
final class StoredInput implements PositionedInput {

  // A chunk that holds a byte begins less than a chunk's length before it.
  private static final String CHUNK =
      "SELECT TOP (1) AtomId, ByteOffset, ByteLength FROM dbo.FileChunks WHERE ModelFileId = ?"
          + " AND ByteOffset <= ? AND ByteOffset > ? ORDER BY ByteOffset DESC";

  private final Connection connection;
  private final ContentStore store;
  private final StoredModel model;
  private final StoredFile file;

  private long heldOffset;
  private byte[] held = new byte[0];

  StoredInput(Connection connection, ContentStore store, StoredModel model, StoredFile file) {
    this.connection = connection;
    this.store = store;
    this.model = model;
    this.file = file;
  }

  @Override
  public String identity() {
    return model.reference() + ": " + file.path();
  }

  @Override
  public String name() {
    return file.path().substring(file.path().lastIndexOf('/') + 1);
  }

  @Override
  public long length() {
    return file.byteLength();
  }

  @Override
  public void readFully(long position, byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (position < 0 || length > file.byteLength() - position) {
      throw new EOFException(
          "%s: expected %d bytes at %d, found a file of %d bytes"
              .formatted(identity(), length, position, file.byteLength()));
    }
    int done = 0;
    while (done < length) {
      long at = position + done;
      if (at < heldOffset || at >= heldOffset + held.length) {
        hold(at);
      }
      int from = (int) (at - heldOffset);
      int count = Math.min(length - done, held.length - from);
      System.arraycopy(held, from, buffer, offset + done, count);
      done += count;
    }
  }

  /** Reads the chunk that holds a byte. */
  private void hold(long position) throws IOException {
    try (PreparedStatement statement = connection.prepareStatement(CHUNK)) {
      statement.setLong(1, file.modelFileId());
      statement.setLong(2, position);
      statement.setLong(3, position - file.chunkSize());
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw damaged(position, "no chunk");
        }
        long atomId = row.getLong(1);
        long chunkOffset = row.getLong(2);
        long chunkLength = row.getLong(3);
        if (chunkLength > file.chunkSize() || position >= chunkOffset + chunkLength) {
          throw damaged(
              position, "a chunk of %d bytes at offset %d".formatted(chunkLength, chunkOffset));
        }
        held = new byte[0];
        store.read(
            connection,
            new long[] {atomId},
            content -> {
              byte[] bytes =
                  content.bytes() == null
                      ? new byte[0]
                      : content.bytes().readNBytes(Math.toIntExact(chunkLength));
              if (bytes.length != chunkLength || !Sha256.of(bytes).equals(content.hash())) {
                throw damaged(position, "other content of atom " + content.hash());
              }
              held = bytes;
            });
        if (held.length == 0) {
          throw damaged(position, "no atom");
        }
        heldOffset = chunkOffset;
      }
    } catch (SQLException e) {
      throw new IOException(identity() + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private EOFException damaged(long position, String found) {
    return new EOFException(
        "%s: expected the byte at %d, found %s; run ./hartonomous verify --read-data"
            .formatted(identity(), position, found));
  }

  @Override
  public PositionedInput openRelative(String location) throws FileNotFoundException {
    String path = ModelContents.sibling(file.path(), location);
    for (StoredFile other : model.files()) {
      if (other.path().equals(path)) {
        return new StoredInput(connection, store, model, other);
      }
    }
    throw new FileNotFoundException(
        "%s: location '%s': the model has no such file".formatted(identity(), location));
  }

  /** Nothing to do: the connection is its owner's. */
  @Override
  public void close() {
    held = new byte[0];
  }
}
