package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.wire.StoredRows;
import java.io.IOException;

/**
 * A read-only cursor over the rows that its query had when it was opened: static, whatever kind the
 * client asked for. Its position is a block of rows, the one fetched last.
 */
final class ServerCursor implements AutoCloseable {
  static final int FIRST = 0x01;
  static final int NEXT = 0x02;
  static final int PREVIOUS = 0x04;
  static final int LAST = 0x08;
  static final int ABSOLUTE = 0x10;
  static final int RELATIVE = 0x20;
  static final int REFRESH = 0x80;
  static final int INFORMATION = 0x100;
  static final int PREVIOUS_UNADJUSTED = 0x200;

  private final StoredRows rows;
  private final boolean forwardOnly;

  /** The block; before the first one it is one row long and begins at -1. */
  private long start = -1;

  private long count = 1;

  ServerCursor(StoredRows rows, boolean forwardOnly) {
    this.rows = rows;
    this.forwardOnly = forwardOnly;
  }

  /** Rows of the block that a fetch came to. */
  record Block(long first, long count, boolean adjusted) {}

  StoredRows rows() {
    return rows;
  }

  boolean isForwardOnly() {
    return forwardOnly;
  }

  /** The number of the block's first row, from 1; 0 before the first, -1 behind the last. */
  int rowNumber() {
    return start >= rows.size() ? -1 : (int) Math.min(start + 1, Integer.MAX_VALUE);
  }

  /** True when no row lies behind the block. */
  boolean isAtEnd() {
    return start + count >= rows.size();
  }

  /**
   * Moves.
   *
   * @param kind of the fetch, one of the constants
   * @param row the number of FETCH ABSOLUTE and RELATIVE
   * @param wanted rows of the block, not negative
   * @throws SqlServerError 16911 when a forward-only cursor cannot do it, 16902 when none can
   */
  Block fetch(int kind, long row, long wanted) throws SqlServerError {
    long size = rows.size();
    if (forwardOnly && kind != NEXT && kind != INFORMATION) {
      throw new SqlServerError(
          16911,
          16,
          1,
          "sp_cursorfetch: The fetch type "
              + name(kind)
              + " cannot be used with forward only cursors.");
    }
    return switch (kind) {
      case FIRST -> wanted == 0 ? before() : block(0, wanted, false);
      case NEXT -> block(start + count, wanted, false);
      case PREVIOUS -> previous(wanted, true);
      case PREVIOUS_UNADJUSTED -> previous(wanted, false);
      case LAST -> block(wanted == 0 ? size : Math.max(0, size - wanted), wanted, false);
      case ABSOLUTE -> row == 0 ? before() : from(row > 0 ? row - 1 : size + row, wanted);
      case RELATIVE -> from(start + row, wanted);
      case REFRESH -> block(start, count, false);
      default ->
          throw new SqlServerError(
              16902, 16, 1, "sp_cursorfetch: The value of the parameter 'fetchtype' is invalid.");
    };
  }

  private Block previous(long wanted, boolean adjusting) {
    if (start <= 0) {
      return before();
    }
    if (start >= wanted) {
      return block(start - wanted, wanted, false);
    }
    return adjusting ? block(0, wanted, true) : block(0, start, false);
  }

  private Block from(long first, long wanted) {
    return first < 0 ? block(0, wanted, true) : block(first, wanted, false);
  }

  private Block before() {
    start = -1;
    count = 1;
    return new Block(0, 0, false);
  }

  private Block block(long first, long wanted, boolean adjusted) {
    long size = rows.size();
    if (first < 0) {
      return before();
    }
    start = Math.min(first, size);
    count = Math.min(wanted, size - start);
    return new Block(start, count, adjusted);
  }

  private static String name(int kind) {
    return switch (kind) {
      case FIRST -> "first";
      case PREVIOUS, PREVIOUS_UNADJUSTED -> "prev";
      case LAST -> "last";
      case ABSOLUTE -> "absolute";
      case RELATIVE -> "relative";
      case REFRESH -> "refresh";
      default -> Integer.toString(kind);
    };
  }

  @Override
  public void close() throws IOException {
    rows.close();
  }
}
