package com.hartonomous.ingest.standin.wire;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads a bulk load message row by row, as its packets arrive. */
public final class BulkRowReader {
  private static final int COLUMN_METADATA = 0x81;
  private static final int ROW = 0xD1;
  private static final int DONE = 0xFD;
  private static final int DONE_BYTES = 12;
  private static final int MAX_COLUMNS = 1024;
  private static final int COLUMN_NULLABLE = 0x01;
  private static final int COLUMN_IDENTITY = 0x10;

  private final MessageReader in;
  private final ValueReader values;
  private final List<Column> columns;
  private final int doneBytes;
  private boolean ended;
  private MessageInterruptedException interruption;

  /**
   * Reads the column descriptions.
   *
   * @throws SqlServerError 8009 for a column type that the stand-in does not know
   */
  public BulkRowReader(MessageReader in, WireLimits limits, TdsVersion version)
      throws IOException, SqlServerError {
    this.in = in;
    this.values = new ValueReader(in, limits.valueBytes());
    this.columns = readColumns(in, version);
    this.doneBytes = version.isWide() ? DONE_BYTES : DONE_BYTES - 4;
  }

  public List<Column> columns() {
    return columns;
  }

  /**
   * Reads the next row; null at the end.
   *
   * @throws SqlServerError for a value that its type does not have, or 4804 when the client broke
   *     the load off; no further row can be read then
   */
  public Object[] next() throws IOException, SqlServerError {
    if (ended) {
      return null;
    }
    try {
      return readRow();
    } catch (MessageInterruptedException e) {
      ended = true;
      interruption = e;
      throw new SqlServerError(
          4804, 16, 1, "The bulk load was broken off by the client: " + e.getMessage() + ".", e);
    } catch (SqlServerError | IOException e) {
      // Whoever asks again must not be given what stands behind a broken row.
      ended = true;
      throw e;
    }
  }

  /** How the client broke the load off; empty when it did not. */
  public Optional<MessageInterruptedException> interruption() {
    return Optional.ofNullable(interruption);
  }

  private Object[] readRow() throws IOException, SqlServerError {
    int token = in.readUnsignedByte();
    if (token == DONE) {
      in.skip(doneBytes);
      in.drain();
      ended = true;
      return null;
    }
    if (token != ROW) {
      throw new ProtocolException(
          String.format(
              "Bulk load: expected a row or the end at byte %d, found token 0x%02X",
              in.offset() - 1, token));
    }
    Object[] row = new Object[columns.size()];
    for (int i = 0; i < row.length; i++) {
      row[i] = readValue(i);
    }
    return row;
  }

  private Object readValue(int column) throws IOException, SqlServerError {
    try {
      return values.read(columns.get(column).typeInfo());
    } catch (SqlServerError e) {
      if (e.number() != ValueReader.INVALID_LENGTH) {
        throw e;
      }
      throw new SqlServerError(
          4815,
          16,
          1,
          "Received an invalid column length from the bcp client for colid " + (column + 1) + ".",
          e);
    }
  }

  private static void skipTableName(MessageReader in, TdsVersion version) throws IOException {
    int parts = version.isWide() ? in.readUnsignedByte() : 1;
    for (int i = 0; i < parts; i++) {
      in.skip(2L * in.readUnsignedShort());
    }
  }

  private static List<Column> readColumns(MessageReader in, TdsVersion version)
      throws IOException, SqlServerError {
    int token = in.readUnsignedByte();
    int count = in.readUnsignedShort();
    if (token != COLUMN_METADATA || count == 0 || count > MAX_COLUMNS) {
      throw new ProtocolException(
          String.format(
              "Bulk load: expected column descriptions (1 to %d), found token 0x%02X, count %d",
              MAX_COLUMNS, token, count));
    }
    List<Column> columns = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      in.skip(version.isWide() ? 4 : 2);
      int flags = in.readUnsignedShort();
      TypeInfo info = TypeInfo.read(in, "Bulk load column " + (i + 1));
      if (info.isLong()) {
        skipTableName(in, version);
      }
      columns.add(
          new Column(
              in.readShortString(),
              info,
              (flags & COLUMN_NULLABLE) != 0,
              (flags & COLUMN_IDENTITY) != 0));
    }
    return List.copyOf(columns);
  }
}
