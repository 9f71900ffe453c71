package com.hartonomous.ingest.standin.wire;

import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.io.IOException;
import java.util.List;

/** Puts the tokens of a reply; see the package description for their layout. Not thread-safe. */
public final class TokenWriter {
  /** More tokens of this reply follow. */
  public static final int DONE_MORE = 0x01;

  /** The statement failed. */
  public static final int DONE_ERROR = 0x02;

  /** The row count is meant. */
  public static final int DONE_COUNT = 0x10;

  /** Acknowledges an attention. */
  public static final int DONE_ATTENTION = 0x20;

  /** Token of a statement's end in a batch. */
  public static final int DONE = 0xFD;

  /** Token of a procedure's end. */
  public static final int DONE_PROCEDURE = 0xFE;

  /** Token of a statement's end in a procedure. */
  public static final int DONE_IN_PROCEDURE = 0xFF;

  /** What ENVCHANGE reports as two texts, or as two descriptors of 8 bytes. */
  public enum Environment {
    DATABASE(1),
    LANGUAGE(2),
    PACKET_SIZE(4),
    COLLATION(7),
    TRANSACTION_BEGUN(8),
    TRANSACTION_COMMITTED(9),
    TRANSACTION_ROLLED_BACK(10),
    CONNECTION_RESET(18);

    private final int number;

    Environment(int number) {
      this.number = number;
    }
  }

  private static final int COLUMN_METADATA = 0x81;
  private static final int RETURN_STATUS = 0x79;
  private static final int ERROR = 0xAA;
  private static final int INFO = 0xAB;
  private static final int RETURN_VALUE = 0xAC;
  private static final int LOGIN_ACKNOWLEDGEMENT = 0xAD;
  private static final int ROW = 0xD1;
  private static final int ENVIRONMENT_CHANGE = 0xE3;

  private static final int COLUMN_NULLABLE = 0x01;
  private static final int COLUMN_UPDATABLE_UNKNOWN = 0x08;
  private static final int COLUMN_IDENTITY = 0x10;

  private static final int NO_METADATA = 0xFFFF;

  private static final int RETURN_VALUE_OUTPUT = 0x01;
  private static final int MAX_MESSAGE_LENGTH = 4000;
  private static final int COLLATION_BYTES = 5;

  private static final String PROGRAM_NAME = "Microsoft SQL Server";
  private static final int MAJOR_VERSION = 16;
  private static final int BUILD = 4096;

  private final PacketWriter out;
  private final String serverName;
  private final TdsVersion version;

  /**
   * @param serverName stands in every error, at most 255 characters
   * @param version that the client speaks
   */
  public TokenWriter(PacketWriter out, String serverName, TdsVersion version) {
    this.out = out;
    this.serverName = serverName;
    this.version = version;
  }

  /** The version that is spoken. */
  public TdsVersion version() {
    return version;
  }

  /** Begins a result set. */
  public void columns(List<Column> columns) throws IOException {
    out.putByte(COLUMN_METADATA);
    out.putShort(columns.size());
    for (Column column : columns) {
      putUserType();
      out.putShort(
          COLUMN_UPDATABLE_UNKNOWN
              | (column.nullable() ? COLUMN_NULLABLE : 0)
              | (column.identity() ? COLUMN_IDENTITY : 0));
      column.typeInfo().write(out);
      if (column.typeInfo().isLong()) {
        // The table's name, which is not known here.
        out.putShort(0);
      }
      putShortString(column.name());
    }
  }

  /** Begins a result set whose columns the client said that it knows. */
  public void knownColumns() throws IOException {
    out.putByte(COLUMN_METADATA);
    out.putShort(NO_METADATA);
  }

  /**
   * Puts rows that were stored.
   *
   * @param first counted from 0
   */
  public void rows(StoredRows rows, long first, long count) throws IOException {
    rows.send(out, first, count);
  }

  /**
   * Puts one row.
   *
   * @throws IllegalArgumentException when a value does not fit its column; the row has been taken
   *     back then
   * @throws IOException the same, but a part of the row was sent already, so that the reply cannot
   *     be continued; or the client is gone
   */
  public void row(Column[] columns, Object[] values) throws IOException {
    if (values.length != columns.length) {
      throw new IllegalArgumentException(
          "Expected " + columns.length + " values in a row, found " + values.length);
    }
    long mark = out.mark();
    out.putByte(ROW);
    for (int i = 0; i < columns.length; i++) {
      try {
        ValueWriter.write(out, columns[i].typeInfo(), values[i]);
      } catch (RuntimeException e) {
        String message =
            "Column "
                + (i + 1)
                + " (\""
                + columns[i].name()
                + "\"): expected an instance of "
                + columns[i].typeInfo().type().kind().valueClass().getName()
                + " fit for "
                + columns[i].typeInfo().type()
                + "; "
                + e.getMessage();
        if (out.rewind(mark)) {
          throw new IllegalArgumentException(message, e);
        }
        throw new IOException(message, e);
      }
    }
  }

  /**
   * Ends a statement or procedure.
   *
   * @param token {@link #DONE}, {@link #DONE_PROCEDURE} or {@link #DONE_IN_PROCEDURE}
   * @param status the or of DONE_ bits
   * @param command the number of the statement's kind
   */
  public void done(int token, int status, int command, long rowCount) throws IOException {
    out.putByte(token);
    out.putShort(status);
    out.putShort(command);
    if (version.isWide()) {
      out.putLong(rowCount);
    } else {
      out.putInt((int) Math.min(rowCount, Integer.MAX_VALUE));
    }
  }

  /** An error, without the done token that must follow. */
  public void error(SqlServerError error) throws IOException {
    String message = error.getMessage() == null ? "" : error.getMessage();
    message(ERROR, error.number(), error.state(), error.severity(), message, error.line());
  }

  /** An informational message. */
  public void info(int number, int severity, String text) throws IOException {
    message(INFO, number, 1, severity, text, 1);
  }

  /** A change of database, language or packet size. */
  public void environment(Environment kind, String newValue, String oldValue) throws IOException {
    out.putByte(ENVIRONMENT_CHANGE);
    out.putShort(3 + 2 * (newValue.length() + oldValue.length()));
    out.putByte(kind.number);
    putShortString(newValue);
    putShortString(oldValue);
  }

  /** The collation of the session's character values. */
  public void collation() throws IOException {
    out.putByte(ENVIRONMENT_CHANGE);
    out.putShort(3 + COLLATION_BYTES);
    out.putByte(Environment.COLLATION.number);
    out.putByte(COLLATION_BYTES);
    TypeInfo.writeCollation(out);
    out.putByte(0);
  }

  /** A transaction began. */
  public void transactionBegan(long descriptor) throws IOException {
    if (!version.isWide()) {
      return;
    }
    out.putByte(ENVIRONMENT_CHANGE);
    out.putShort(11);
    out.putByte(Environment.TRANSACTION_BEGUN.number);
    out.putByte(8);
    out.putLong(descriptor);
    out.putByte(0);
  }

  /** A transaction ended. */
  public void transactionEnded(long descriptor, boolean committed) throws IOException {
    if (!version.isWide()) {
      return;
    }
    out.putByte(ENVIRONMENT_CHANGE);
    out.putShort(11);
    out.putByte(
        committed
            ? Environment.TRANSACTION_COMMITTED.number
            : Environment.TRANSACTION_ROLLED_BACK.number);
    out.putByte(0);
    out.putByte(8);
    out.putLong(descriptor);
  }

  /** The login was accepted. */
  public void loginAcknowledgement() throws IOException {
    out.putByte(LOGIN_ACKNOWLEDGEMENT);
    out.putShort(1 + 4 + 1 + 2 * PROGRAM_NAME.length() + 4);
    out.putByte(1);
    out.putInt(Integer.reverseBytes(version.number()));
    putShortString(PROGRAM_NAME);
    out.putByte(MAJOR_VERSION);
    out.putByte(0);
    out.putByte(BUILD >> 8);
    out.putByte(BUILD);
  }

  /** What a procedure returned. */
  public void returnStatus(int status) throws IOException {
    out.putByte(RETURN_STATUS);
    out.putInt(status);
  }

  /**
   * An output parameter of a procedure.
   *
   * @param ordinal of the argument in the call, from 0
   * @param name as the caller gave it, with its at sign; may be empty
   * @param value an instance of the type's value class, or null
   */
  public void returnValue(int ordinal, String name, SqlType type, Object value) throws IOException {
    out.putByte(RETURN_VALUE);
    out.putShort(ordinal);
    putShortString(name);
    out.putByte(RETURN_VALUE_OUTPUT);
    putUserType();
    out.putShort(COLUMN_NULLABLE);
    TypeInfo typeInfo = TypeInfo.ofOutput(type, version);
    typeInfo.write(out);
    ValueWriter.write(out, typeInfo, value);
  }

  private void message(int token, int number, int state, int severity, String text, int line)
      throws IOException {
    String cut =
        text.length() <= MAX_MESSAGE_LENGTH ? text : text.substring(0, MAX_MESSAGE_LENGTH) + "...";
    out.putByte(token);
    int lineBytes = version.isWide() ? 4 : 2;
    out.putShort(4 + 1 + 1 + 2 + 2 * cut.length() + 1 + 2 * serverName.length() + 1 + lineBytes);
    out.putInt(number);
    out.putByte(state);
    out.putByte(severity);
    out.putShort(cut.length());
    out.putUtf16(cut);
    putShortString(serverName);
    out.putByte(0);
    out.putUnsigned(version.isWide() ? line : Math.min(line, 0xFFFF), lineBytes);
  }

  private void putUserType() throws IOException {
    if (version.isWide()) {
      out.putInt(0);
    } else {
      out.putShort(0);
    }
  }

  private void putShortString(String text) throws IOException {
    out.putByte(text.length());
    out.putUtf16(text);
  }
}
