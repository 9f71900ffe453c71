package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.engine.EngineSession;
import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.engine.ResultColumn;
import com.hartonomous.ingest.standin.engine.ResultConsumer;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.wire.Column;
import com.hartonomous.ingest.standin.wire.RpcRequest.Argument;
import com.hartonomous.ingest.standin.wire.StoredRows;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server cursors of one connection: sp_cursoropen and its kin. All are read-only and static:
 * their rows are written down when they are opened, so that what the session does meanwhile does
 * not disturb them, and on the heap there is a fixed part of them only. The connection's thread
 * alone uses them.
 */
final class ServerCursors implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServerCursors.class);

  static final int MAX_CURSORS = 1000;
  private static final long MAX_BYTES = 16L << 30;

  /** SQL Server's numbers are large and odd; clients take 0 for none. */
  private static final int FIRST_NUMBER = 180150003;

  private static final int SCROLL_FORWARD_ONLY = 0x04;
  private static final int SCROLL_STATIC = 0x08;
  private static final int SCROLL_FAST_FORWARD = 0x10;
  private static final int SCROLL_AUTO_FETCH = 0x2000;
  private static final int SCROLL_AUTO_CLOSE = 0x4000;
  private static final int CONCURRENCY_READ_ONLY = 0x01;
  private static final int CONCURRENCY_KINDS = 0x0F;
  private static final int CONCURRENCY_ALLOW_DIRECT = 0x2000;

  private static final int STATUS_ADJUSTED = 2;
  private static final int STATUS_CLOSED = 16;

  private static final int OPTION_SCROLL = 4;
  private static final int OPTION_CONCURRENCY = 5;
  private static final int OPTION_ROW_COUNT = 6;

  private static final int EXECUTED_DIRECTLY = 16954;
  private static final int ALL = -1;
  private static final SqlType INT = SqlType.of(SqlType.Kind.INT);

  /** The column behind the query's own; 1: the row is there. */
  private static final ResultColumn ROW_STATUS = new ResultColumn("ROWSTAT", INT, false, false);

  private static final Integer ROW_FETCHED = 1;

  private final EngineSession session;
  private final ReplyWriter reply;
  private final Map<Integer, ServerCursor> cursors = new LinkedHashMap<>();
  private int lastNumber = FIRST_NUMBER - 2;

  ServerCursors(EngineSession session, ReplyWriter reply) {
    this.session = session;
    this.reply = reply;
  }

  /** Where the arguments of a call that opens a cursor stand. */
  record Places(int cursor, int scroll, int concurrency, int rowCount) {}

  /**
   * Opens a cursor on a query, or executes directly what is none.
   *
   * @throws SqlServerError when it cannot be opened; 0 stands for the cursor's number then
   */
  void open(String text, List<Parameter> parameters, List<Argument> arguments, Places places)
      throws IOException, SqlServerError {
    int scroll = number(arguments, places.scroll(), SCROLL_STATIC);
    int concurrency = number(arguments, places.concurrency(), CONCURRENCY_READ_ONLY);
    int wanted = number(arguments, places.rowCount(), 0);
    int number = 0;
    long size = 0;
    try {
      if (!session.isQuery(text)) {
        if ((concurrency & CONCURRENCY_ALLOW_DIRECT) == 0) {
          throw new SqlServerError(
              16938,
              16,
              1,
              "sp_cursoropen/sp_cursorprepare: The statement parameter can be only a single SELECT"
                  + " statement or a single stored procedure.");
        }
        reply.info(EXECUTED_DIRECTLY, 10, "Executing SQL directly; no cursor.");
        session.execute(text, parameters, reply);
      } else {
        requireReadOnly(concurrency);
        if (cursors.size() >= MAX_CURSORS) {
          throw new SqlServerError(
              701,
              17,
              1,
              "More than " + MAX_CURSORS + " open cursors in one connection; close some.");
        }
        boolean forwardOnly = (scroll & (SCROLL_FORWARD_ONLY | SCROLL_FAST_FORWARD)) != 0;
        Optional<ServerCursor> filled = fill(text, parameters, forwardOnly);
        if (filled.isPresent()) {
          ServerCursor cursor = filled.get();
          lastNumber += 2;
          number = lastNumber;
          cursors.put(number, cursor);
          size = cursor.rows().size();
          boolean fetches = (scroll & SCROLL_AUTO_FETCH) != 0;
          number = show(number, cursor, fetches ? Math.max(wanted, 0) : 0, scroll);
        }
      }
    } finally {
      output(arguments, places.cursor(), number);
      output(arguments, places.scroll(), number == 0 ? scroll : effective(scroll));
      output(arguments, places.concurrency(), CONCURRENCY_READ_ONLY);
      output(arguments, places.rowCount(), (int) Math.min(size, Integer.MAX_VALUE));
    }
  }

  /** Sends the columns, and the first rows if they are wanted; 0 when the cursor is closed then. */
  private int show(int number, ServerCursor cursor, int wanted, int scroll)
      throws IOException, SqlServerError {
    ServerCursor.Block block =
        wanted == 0
            ? new ServerCursor.Block(0, 0, false)
            : cursor.fetch(ServerCursor.NEXT, 0, wanted);
    reply.rows(cursor.rows(), true, block.first(), block.count());
    boolean closes = wanted > 0 && (scroll & SCROLL_AUTO_CLOSE) != 0 && cursor.isAtEnd();
    if (closes || reply.isInterrupted()) {
      cursors.remove(number);
      cursor.close();
      reply.returnStatus(STATUS_CLOSED);
      return 0;
    }
    return number;
  }

  private static int effective(int scroll) {
    int forward = scroll & (SCROLL_FORWARD_ONLY | SCROLL_FAST_FORWARD);
    return forward == 0 ? SCROLL_STATIC : forward;
  }

  private static void requireReadOnly(int concurrency) throws SqlServerError {
    if ((concurrency & CONCURRENCY_KINDS) > CONCURRENCY_READ_ONLY) {
      throw new SqlServerError(
          16929,
          16,
          1,
          "The cursor is READ ONLY. The stand-in has no cursors that change rows: ask for a"
              + " read-only result set.");
    }
  }

  /** Writes the rows down; empty when the query failed, which has been reported. */
  private Optional<ServerCursor> fill(String text, List<Parameter> parameters, boolean forwardOnly)
      throws IOException, SqlServerError {
    Filling filling = new Filling();
    boolean done = false;
    try {
      session.query(text, parameters, filling);
      if (filling.refusal != null) {
        throw filling.refusal;
      }
      done = filling.rows != null && !reply.hasFailed() && !reply.isInterrupted();
    } finally {
      if (!done && filling.rows != null) {
        filling.rows.close();
      }
    }
    return done ? Optional.of(new ServerCursor(filling.rows, forwardOnly)) : Optional.empty();
  }

  /**
   * sp_cursorfetch.
   *
   * @param described whether the client wants the columns described
   */
  void fetch(List<Argument> arguments, boolean described) throws IOException, SqlServerError {
    int number = number(arguments, 0, 0);
    ServerCursor cursor = cursor("sp_cursorfetch", number);
    int kind = number(arguments, 1, ServerCursor.NEXT);
    long row = number(arguments, 2, 0);
    long wanted = number(arguments, 3, 20);
    if (kind == ServerCursor.INFORMATION) {
      output(arguments, 2, cursor.rowNumber());
      output(arguments, 3, (int) Math.min(cursor.rows().size(), Integer.MAX_VALUE));
      return;
    }
    if (wanted < 0) {
      throw new SqlServerError(
          16902, 16, 1, "sp_cursorfetch: The value of the parameter 'nrows' is invalid.");
    }
    ServerCursor.Block block = cursor.fetch(kind, row, wanted);
    reply.rows(cursor.rows(), described, block.first(), block.count());
    if (block.adjusted()) {
      reply.returnStatus(STATUS_ADJUSTED);
    }
  }

  /** sp_cursorclose. */
  void close(List<Argument> arguments) throws IOException, SqlServerError {
    int number = number(arguments, 0, 0);
    if (number == ALL) {
      close();
      return;
    }
    cursor("sp_cursorclose", number).close();
    cursors.remove(number);
  }

  /** sp_cursoroption: a cursor's name and how text is sent change nothing here. */
  void option(List<Argument> arguments) throws SqlServerError {
    ServerCursor cursor = cursor("sp_cursoroption", number(arguments, 0, 0));
    int code = number(arguments, 1, 0);
    switch (code) {
      case 1, 2, 3 -> {}
      case OPTION_SCROLL ->
          output(arguments, 2, cursor.isForwardOnly() ? SCROLL_FORWARD_ONLY : SCROLL_STATIC);
      case OPTION_CONCURRENCY -> output(arguments, 2, CONCURRENCY_READ_ONLY);
      case OPTION_ROW_COUNT ->
          output(arguments, 2, (int) Math.min(cursor.rows().size(), Integer.MAX_VALUE));
      default ->
          throw new SqlServerError(
              16902, 16, 1, "sp_cursoroption: The value of the parameter 'code' is invalid.");
    }
  }

  /** sp_cursor, which changes rows. */
  void change(List<Argument> arguments) throws SqlServerError {
    cursor("sp_cursor", number(arguments, 0, 0));
    throw new SqlServerError(16929, 16, 1, "The cursor is READ ONLY.");
  }

  private ServerCursor cursor(String procedure, int number) throws SqlServerError {
    ServerCursor cursor = cursors.get(number);
    if (cursor == null) {
      throw new SqlServerError(
          16909,
          16,
          1,
          procedure
              + ": The cursor identifier value provided ("
              + Integer.toHexString(number)
              + ") is not valid.");
    }
    return cursor;
  }

  private void output(List<Argument> arguments, int position, int value) {
    if (position < arguments.size() && arguments.get(position).output()) {
      reply.ownOutput(position, arguments.get(position).name(), INT, value);
    }
  }

  private static int number(List<Argument> arguments, int position, int absent)
      throws SqlServerError {
    if (position >= arguments.size() || arguments.get(position).value() == null) {
      return absent;
    }
    if (arguments.get(position).value() instanceof Number number
        && number.intValue() == number.longValue()) {
      return number.intValue();
    }
    throw new SqlServerError(
        214, 16, 2, "Procedure expects parameter " + (position + 1) + " of type 'int'.");
  }

  /** Closes all cursors. */
  @Override
  public void close() {
    for (ServerCursor cursor : cursors.values()) {
      try {
        cursor.close();
      } catch (IOException e) {
        LOG.warn("The temporary file of a cursor could not be closed", e);
      }
    }
    cursors.clear();
  }

  /** Writes down what a query gives; all else passes on to the reply. */
  private final class Filling implements ResultConsumer {
    private StoredRows rows;
    private int width;
    private SqlServerError refusal;

    @Override
    public void columns(List<ResultColumn> described) {
      List<ResultColumn> all = new ArrayList<>(described);
      all.add(ROW_STATUS);
      width = all.size();
      rows =
          new StoredRows(
              all.stream()
                  .map(
                      c ->
                          Column.of(
                              c.name(), c.type(), c.nullable(), c.identity(), reply.version()))
                  .toArray(Column[]::new),
              reply.version());
    }

    @Override
    public void row(Object[] values) throws IOException {
      if (refusal != null) {
        return;
      }
      if (rows.bytes() > MAX_BYTES) {
        refusal =
            new SqlServerError(
                1105,
                17,
                2,
                "Could not allocate space for a cursor in database 'tempdb': the stand-in keeps "
                    + MAX_BYTES
                    + " bytes for one at most.");
        session.cancel();
        return;
      }
      Object[] all = new Object[width];
      System.arraycopy(values, 0, all, 0, width - 1);
      all[width - 1] = ROW_FETCHED;
      rows.add(all);
    }

    @Override
    public void done(Command command, long rowCount) {
      // The rows are counted when they are fetched.
    }

    @Override
    public void error(SqlServerError error) throws IOException {
      reply.error(error);
    }

    @Override
    public void info(int number, int severity, String message) throws IOException {
      reply.info(number, severity, message);
    }

    @Override
    public void databaseChanged(String oldName, String newName) throws IOException {
      reply.databaseChanged(oldName, newName);
    }

    @Override
    public void transactionBegan(long descriptor) throws IOException {
      reply.transactionBegan(descriptor);
    }

    @Override
    public void transactionEnded(long descriptor, boolean committed) throws IOException {
      reply.transactionEnded(descriptor, committed);
    }

    @Override
    public void outputValue(int ordinal, String name, SqlType type, Object value)
        throws IOException {
      reply.outputValue(ordinal, name, type, value);
    }

    @Override
    public void returnStatus(int status) {
      // That of the cursor's procedure counts.
    }
  }
}
