package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.engine.EngineSession;
import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.engine.ResultConsumer.Command;
import com.hartonomous.ingest.standin.session.PreparedStatements.Prepared;
import com.hartonomous.ingest.standin.session.ServerCursors.Places;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.wire.RpcRequest;
import com.hartonomous.ingest.standin.wire.RpcRequest.Argument;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Executes the calls of RPC messages: the procedures that prepare and execute, and all others. */
final class ProcedureCalls {
  private static final Logger LOG = LoggerFactory.getLogger(ProcedureCalls.class);

  private static final int CURSOR = 1;
  private static final int CURSOR_OPEN = 2;
  private static final int CURSOR_PREPARE = 3;
  private static final int CURSOR_EXECUTE = 4;
  private static final int CURSOR_PREPARE_AND_EXECUTE = 5;
  private static final int CURSOR_UNPREPARE = 6;
  private static final int CURSOR_FETCH = 7;
  private static final int CURSOR_OPTION = 8;
  private static final int CURSOR_CLOSE = 9;
  private static final int EXECUTE_SQL = 10;
  private static final int PREPARE = 11;
  private static final int EXECUTE = 12;
  private static final int PREPARE_AND_EXECUTE = 13;
  private static final int UNPREPARE = 15;

  private static final Pattern UNPREPARE_BATCH =
      Pattern.compile(
          "(?:\\s*EXEC\\s+sp_unprepare\\s+\\d{1,9}\\s*;)++\\s*", Pattern.CASE_INSENSITIVE);
  private static final Pattern HANDLE = Pattern.compile("\\d+");

  private static final Map<String, Integer> NUMBERS =
      Map.ofEntries(
          Map.entry("sp_cursor", CURSOR),
          Map.entry("sp_cursoropen", CURSOR_OPEN),
          Map.entry("sp_cursorprepare", CURSOR_PREPARE),
          Map.entry("sp_cursorexecute", CURSOR_EXECUTE),
          Map.entry("sp_cursorprepexec", CURSOR_PREPARE_AND_EXECUTE),
          Map.entry("sp_cursorunprepare", CURSOR_UNPREPARE),
          Map.entry("sp_cursorfetch", CURSOR_FETCH),
          Map.entry("sp_cursoroption", CURSOR_OPTION),
          Map.entry("sp_cursorclose", CURSOR_CLOSE),
          Map.entry("sp_executesql", EXECUTE_SQL),
          Map.entry("sp_prepare", PREPARE),
          Map.entry("sp_execute", EXECUTE),
          Map.entry("sp_prepexec", PREPARE_AND_EXECUTE),
          Map.entry("sp_unprepare", UNPREPARE));

  private static final Places OPEN_PLACES = new Places(0, 2, 3, 4);
  private static final Places EXECUTE_PLACES = new Places(1, 2, 3, 4);
  private static final Places PREPARE_PLACES = new Places(1, 4, 5, 6);

  private static final SqlType INT = SqlType.of(SqlType.Kind.INT);

  private final EngineSession session;
  private final ReplyWriter reply;
  private final PreparedStatements statements = new PreparedStatements();
  private final ServerCursors cursors;

  ProcedureCalls(EngineSession session, ReplyWriter reply) {
    this.session = session;
    this.reply = reply;
    this.cursors = new ServerCursors(session, reply);
  }

  /** Forgets a handle that the client is not told; 0 is none. */
  void forget(int handle) {
    statements.remove(handle);
  }

  /** Forgets all handles and closes all cursors. */
  void reset() {
    statements.clear();
    cursors.close();
  }

  /**
   * Forgets the handles that a batch names, if it does nothing else: the driver discards its
   * prepared statements by such batches, and handles are known here alone.
   *
   * @return whether the batch was one and has been dealt with
   */
  boolean unprepare(String batch) throws IOException {
    if (!UNPREPARE_BATCH.matcher(batch).matches()) {
      return false;
    }
    Matcher handles = HANDLE.matcher(batch);
    while (handles.find()) {
      statements.remove(Integer.parseInt(handles.group()));
      reply.done(Command.OTHER, -1);
    }
    return true;
  }

  /**
   * Executes one call; its results and errors go to the reply.
   *
   * @return the handle made by it, or 0
   */
  int execute(RpcRequest request) throws IOException {
    int number =
        request.procedureNumber() != 0
            ? request.procedureNumber()
            : NUMBERS.getOrDefault(request.procedure().toLowerCase(Locale.ROOT), 0);
    List<Argument> arguments = request.arguments();
    int handle = 0;
    try {
      switch (number) {
        case 0 -> session.call(request.procedure(), named(arguments), reply);
        case EXECUTE_SQL -> run(prepared(arguments, 0, 1), arguments, 2);
        case PREPARE, CURSOR_PREPARE -> handle = prepare(arguments, prepared(arguments, 2, 1));
        case PREPARE_AND_EXECUTE -> {
          Prepared prepared = prepared(arguments, 2, 1);
          handle = prepare(arguments, prepared);
          run(prepared, arguments, 3);
        }
        case EXECUTE -> run(statements.get(handle(arguments)), arguments, 1);
        case CURSOR_OPEN -> {
          Prepared prepared = prepared(arguments, 1, 5);
          open(prepared, arguments, 6, OPEN_PLACES);
        }
        case CURSOR_PREPARE_AND_EXECUTE -> {
          Prepared prepared = prepared(arguments, 3, 2);
          handle = prepare(arguments, prepared);
          open(prepared, arguments, 7, PREPARE_PLACES);
        }
        case CURSOR_EXECUTE ->
            open(statements.get(handle(arguments)), arguments, 5, EXECUTE_PLACES);
        case CURSOR_FETCH ->
            cursors.fetch(arguments, (request.options() & RpcRequest.OPTION_NO_METADATA) == 0);
        case CURSOR_OPTION -> cursors.option(arguments);
        case CURSOR_CLOSE -> cursors.close(arguments);
        case CURSOR -> cursors.change(arguments);
        case UNPREPARE, CURSOR_UNPREPARE -> statements.remove(handle(arguments));
        default -> {
          LOG.warn("Unsupported procedure number {}", number);
          throw new SqlServerError(
              50000,
              16,
              1,
              "The stand-in does not support the procedure with number " + number + ".");
        }
      }
    } catch (SqlServerError e) {
      LOG.debug("Procedure {} {} refused", number, request.procedure(), e);
      reply.error(e);
    }
    return handle;
  }

  /**
   * @param first argument of the call that is the statement's own
   */
  private void run(Prepared prepared, List<Argument> arguments, int first)
      throws IOException, SqlServerError {
    List<Parameter> parameters =
        prepared.declarations().bind(prepared.text(), rest(arguments, first));
    reply.outputsBeginAt(first);
    session.execute(prepared.text(), parameters, reply);
  }

  private void open(Prepared prepared, List<Argument> arguments, int first, Places places)
      throws IOException, SqlServerError {
    List<Parameter> parameters =
        prepared.declarations().bind(prepared.text(), rest(arguments, first));
    reply.outputsBeginAt(first);
    cursors.open(prepared.text(), parameters, arguments, places);
  }

  /**
   * Keeps a statement and tells its handle, also when it fails then; the handle that the client
   * gives back in its place is forgotten.
   */
  private int prepare(List<Argument> arguments, Prepared prepared) throws SqlServerError {
    if (arguments.get(0).value() instanceof Integer old) {
      statements.remove(old);
    }
    int handle = statements.add(prepared);
    reply.ownOutput(0, arguments.get(0).name(), INT, handle);
    return handle;
  }

  private static Prepared prepared(List<Argument> arguments, int text, int declarations)
      throws SqlServerError {
    return new Prepared(
        text(arguments, text, "@stmt"),
        ParameterDeclarations.parse(
            arguments.size() <= declarations ? "" : text(arguments, declarations, "@params")));
  }

  private static String text(List<Argument> arguments, int position, String name)
      throws SqlServerError {
    Object value = position < arguments.size() ? arguments.get(position).value() : null;
    if (value == null && name.equals("@params") && position < arguments.size()) {
      return "";
    }
    if (value instanceof String text) {
      return text;
    }
    throw new SqlServerError(
        214, 16, 2, "Procedure expects parameter '" + name + "' of type 'ntext/nchar/nvarchar'.");
  }

  private static int handle(List<Argument> arguments) throws SqlServerError {
    if (!arguments.isEmpty() && arguments.get(0).value() instanceof Integer handle) {
      return handle;
    }
    throw new SqlServerError(214, 16, 2, "Procedure expects parameter '@handle' of type 'int'.");
  }

  private static List<Argument> rest(List<Argument> arguments, int from) {
    return from >= arguments.size() ? List.of() : arguments.subList(from, arguments.size());
  }

  private static List<Parameter> named(List<Argument> arguments) {
    List<Parameter> parameters = new ArrayList<>(arguments.size());
    for (Argument argument : arguments) {
      parameters.add(
          new Parameter(argument.name(), argument.type(), argument.value(), argument.output()));
    }
    return parameters;
  }
}
