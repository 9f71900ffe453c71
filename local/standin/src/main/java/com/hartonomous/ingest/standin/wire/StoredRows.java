package com.hartonomous.ingest.standin.wire;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * The rows of a server cursor as the tokens in which they will be sent. Of any number of them a
 * fixed part is on the heap, the others in a temporary file. Not thread-safe.
 */
public final class StoredRows implements AutoCloseable {
  private static final int MEMORY_OF_ROWS = 256 * 1024;
  private static final int MEMORY_OF_ENDS = 64 * 1024;
  private static final int COPY_BYTES = 32 * 1024;

  private final Column[] columns;
  private final SpillingBytes rows = new SpillingBytes(MEMORY_OF_ROWS);

  /** For each row the place behind it, eight bytes. */
  private final SpillingBytes ends = new SpillingBytes(MEMORY_OF_ENDS);

  private final PacketWriter encoder;
  private final TokenWriter tokens;
  private final byte[] end = new byte[Long.BYTES];

  public StoredRows(Column[] columns, TdsVersion version) {
    this.columns = columns.clone();
    this.encoder =
        PacketWriter.unframed(
            new OutputStream() {
              @Override
              public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
              }

              @Override
              public void write(byte[] bytes, int offset, int length) throws IOException {
                rows.append(bytes, offset, length);
              }
            });
    this.tokens = new TokenWriter(encoder, "", version);
  }

  /** The columns that each row has. */
  public Column[] columns() {
    return columns.clone();
  }

  /**
   * Stores one row.
   *
   * @throws IOException when it does not fit its columns, or the temporary file cannot be written
   */
  public void add(Object[] values) throws IOException {
    tokens.row(columns, values);
    encoder.endMessage();
    ends.append(ByteBuffer.wrap(end).putLong(0, rows.length()).array(), 0, Long.BYTES);
  }

  /** How many rows there are. */
  public long size() {
    return ends.length() / Long.BYTES;
  }

  /** The bytes of all rows. */
  public long bytes() {
    return rows.length();
  }

  /**
   * Puts rows.
   *
   * @param first counted from 0
   * @param count of rows, which must be there
   */
  public void send(PacketWriter out, long first, long count) throws IOException {
    if (count == 0) {
      return;
    }
    long position = first == 0 ? 0 : endOf(first - 1);
    long limit = endOf(first + count - 1);
    byte[] part = new byte[(int) Math.min(COPY_BYTES, limit - position)];
    while (position < limit) {
      int length = (int) Math.min(part.length, limit - position);
      rows.read(position, part, length);
      out.putBytes(part, 0, length);
      position += length;
    }
  }

  private long endOf(long row) throws IOException {
    ends.read(row * Long.BYTES, end, Long.BYTES);
    return ByteBuffer.wrap(end).getLong(0);
  }

  @Override
  public void close() throws IOException {
    try {
      rows.close();
    } finally {
      ends.close();
    }
  }
}
