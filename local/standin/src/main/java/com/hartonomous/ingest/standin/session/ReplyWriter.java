package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.engine.ResultColumn;
import com.hartonomous.ingest.standin.engine.ResultConsumer;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.wire.Column;
import com.hartonomous.ingest.standin.wire.PacketWriter;
import com.hartonomous.ingest.standin.wire.StoredRows;
import com.hartonomous.ingest.standin.wire.TdsVersion;
import com.hartonomous.ingest.standin.wire.TokenWriter;
import com.hartonomous.ingest.standin.wire.TokenWriter.Environment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns what the engine reports into the tokens of one reply. The done token of a statement is held
 * back until it is known whether anything follows, because it has to say so.
 *
 * <p>Once the client has asked to stop, results are dropped: a row or count behind an attention
 * would make the driver believe that the statement was not interrupted. Changes of the environment
 * still pass.
 */
final class ReplyWriter implements ResultConsumer {
  private static final int FATAL_SEVERITY = 20;
  private static final int NOTHING_HELD = -1;

  private final PacketWriter packets;
  private final TokenWriter tokens;
  private final Attention attention;
  private Column[] columns = new Column[0];
  private int doneToken = TokenWriter.DONE;
  private int heldStatus = NOTHING_HELD;
  private int heldCommand;
  private long heldCount;
  private boolean failed;
  private int firstError;
  private int returnStatus;
  private final List<OutputValue> ownValues = new ArrayList<>();
  private final List<OutputValue> outputValues = new ArrayList<>();
  private boolean fatal;
  private long transaction;

  private int firstOutput;

  private record OutputValue(int ordinal, String name, SqlType type, Object value) {}

  ReplyWriter(PacketWriter packets, TokenWriter tokens, Attention attention) {
    this.packets = packets;
    this.tokens = tokens;
    this.attention = attention;
  }

  /** The version that the client speaks. */
  TdsVersion version() {
    return tokens.version();
  }

  /** True after an error that ends the connection. */
  boolean isFatal() {
    return fatal;
  }

  /** The descriptor of the transaction that the client believes open; 0 for none. */
  long transaction() {
    return transaction;
  }

  /** Begins the reply to a batch or bulk load. */
  void beginBatch() {
    begin(TokenWriter.DONE);
  }

  /** Begins the part of one procedure call within the reply. */
  void beginProcedure() {
    begin(TokenWriter.DONE_IN_PROCEDURE);
  }

  private void begin(int token) {
    doneToken = token;
    heldStatus = NOTHING_HELD;
    failed = false;
    firstError = 0;
    returnStatus = 0;
    ownValues.clear();
    outputValues.clear();
    firstOutput = 0;
  }

  /** Output values are of a statement whose parameters begin at this argument of the call. */
  void outputsBeginAt(int argument) {
    firstOutput = argument;
  }

  /**
   * The value of a parameter of the procedure that executes a statement, such as a cursor's number;
   * those of the statement's own parameters follow.
   *
   * @param ordinal of the argument in the call, from 0
   */
  void ownOutput(int ordinal, String name, SqlType type, Object value) {
    ownValues.add(new OutputValue(ordinal, name, type, value));
  }

  /** Whether the client has asked to stop. */
  boolean isInterrupted() {
    return attention.isRequested();
  }

  /** Whether the part that was begun has reported an error. */
  boolean hasFailed() {
    return failed;
  }

  /**
   * Rows of a cursor.
   *
   * @param described whether the columns have to be
   * @param first counted from 0
   */
  void rows(StoredRows rows, boolean described, long first, long count) throws IOException {
    if (!proceeds()) {
      return;
    }
    if (described) {
      tokens.columns(List.of(rows.columns()));
    } else {
      tokens.knownColumns();
    }
    tokens.rows(rows, first, count);
    done(Command.SELECT, count);
  }

  /** Ends the reply to a batch or bulk load. */
  void endBatch() throws IOException {
    if (attention.isRequested()) {
      endInterrupted();
      return;
    }
    if (heldStatus == NOTHING_HELD) {
      tokens.done(TokenWriter.DONE, failed ? TokenWriter.DONE_ERROR : 0, 0, 0);
    } else {
      tokens.done(TokenWriter.DONE, heldStatus, heldCommand, heldCount);
      heldStatus = NOTHING_HELD;
    }
    packets.endMessage();
  }

  /**
   * Ends the part of one procedure call.
   *
   * @param more whether another call's part follows
   */
  void endProcedure(boolean more) throws IOException {
    release();
    tokens.returnStatus(failed ? firstError : returnStatus);
    // Behind the status: before it the driver takes a handle for something else and prepares again.
    for (OutputValue output : ownValues) {
      tokens.returnValue(output.ordinal(), output.name(), output.type(), output.value());
    }
    for (OutputValue output : outputValues) {
      tokens.returnValue(output.ordinal(), output.name(), output.type(), output.value());
    }
    int status = (failed ? TokenWriter.DONE_ERROR : 0) | (more ? TokenWriter.DONE_MORE : 0);
    tokens.done(TokenWriter.DONE_PROCEDURE, status, 0, 0);
    if (!more) {
      packets.endMessage();
    }
  }

  /** Ends a reply that the client does not want any more; the acknowledgement comes after it. */
  void endInterrupted() throws IOException {
    heldStatus = NOTHING_HELD;
    tokens.done(TokenWriter.DONE, TokenWriter.DONE_ERROR, 0, 0);
    packets.endMessage();
  }

  /** Answers an attention, in a message of its own. */
  void acknowledgeAttention() throws IOException {
    tokens.done(TokenWriter.DONE, TokenWriter.DONE_ATTENTION, 0, 0);
    packets.endMessage();
  }

  @Override
  public void columns(List<ResultColumn> described) throws IOException {
    columns = new Column[described.size()];
    for (int i = 0; i < columns.length; i++) {
      ResultColumn column = described.get(i);
      columns[i] =
          Column.of(
              column.name(), column.type(), column.nullable(), column.identity(), tokens.version());
    }
    if (proceeds()) {
      tokens.columns(List.of(columns));
    }
  }

  @Override
  public void row(Object[] values) throws IOException {
    if (!attention.isRequested()) {
      tokens.row(columns, values);
    }
  }

  @Override
  public void done(Command command, long rowCount) throws IOException {
    if (proceeds()) {
      boolean counted = rowCount >= 0 && command != Command.DDL;
      hold(counted ? TokenWriter.DONE_COUNT : 0, number(command), counted ? rowCount : 0);
    }
  }

  @Override
  public void error(SqlServerError error) throws IOException {
    fatal |= error.severity() >= FATAL_SEVERITY;
    if (!failed) {
      firstError = error.number();
    }
    failed = true;
    if (proceeds()) {
      tokens.error(error);
      hold(TokenWriter.DONE_ERROR, 0, 0);
    }
  }

  @Override
  public void info(int number, int severity, String message) throws IOException {
    if (proceeds()) {
      tokens.info(number, severity, message);
    }
  }

  @Override
  public void databaseChanged(String oldName, String newName) throws IOException {
    release();
    tokens.environment(Environment.DATABASE, newName, oldName);
  }

  @Override
  public void transactionBegan(long descriptor) throws IOException {
    release();
    transaction = descriptor;
    tokens.transactionBegan(descriptor);
  }

  @Override
  public void transactionEnded(long descriptor, boolean committed) throws IOException {
    release();
    transaction = 0;
    tokens.transactionEnded(descriptor, committed);
  }

  /** The session was reset, as the client asked in its packet header. */
  void connectionReset() throws IOException {
    tokens.environment(Environment.CONNECTION_RESET, "", "");
  }

  @Override
  public void outputValue(int ordinal, String name, SqlType type, Object value) {
    outputValues.add(new OutputValue(firstOutput + ordinal, name == null ? "" : name, type, value));
  }

  @Override
  public void returnStatus(int status) {
    returnStatus = status;
  }

  /** Releases the held token; false when results are to be dropped. */
  private boolean proceeds() throws IOException {
    if (attention.isRequested()) {
      return false;
    }
    release();
    return true;
  }

  private void hold(int status, int command, long count) {
    heldStatus = status;
    heldCommand = command;
    heldCount = count;
  }

  private void release() throws IOException {
    if (heldStatus != NOTHING_HELD) {
      tokens.done(doneToken, heldStatus | TokenWriter.DONE_MORE, heldCommand, heldCount);
      heldStatus = NOTHING_HELD;
    }
  }

  /** The driver tells updates from queries by these numbers. */
  private static int number(Command command) {
    return switch (command) {
      case SELECT -> 0xC1;
      case INSERT -> 0xC3;
      case DELETE -> 0xC4;
      case UPDATE -> 0xC5;
      case MERGE -> 0x117;
      case BULK_INSERT -> 0xF0;
      case DDL -> 0xC6;
      case OTHER -> 0;
    };
  }
}
