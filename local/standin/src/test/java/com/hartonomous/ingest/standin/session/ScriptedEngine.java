package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.engine.EngineSession;
import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.engine.ResultColumn;
import com.hartonomous.ingest.standin.engine.ResultConsumer;
import com.hartonomous.ingest.standin.engine.ResultConsumer.Command;
import com.hartonomous.ingest.standin.engine.SqlEngine;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** An engine that knows certain texts and answers them as it was told to. */
final class ScriptedEngine implements SqlEngine {
  static final String USER = "sa";
  static final String PASSWORD = "Pa§§w0rd 漢";
  static final String DATABASE = "Library";

  /** What a text does. */
  interface Script {
    void run(Session session, List<Parameter> parameters, ResultConsumer results)
        throws IOException;
  }

  /** What arrived: a text or procedure name with its parameters. */
  record Executed(String text, List<Parameter> parameters) {}

  private final Map<String, Script> scripts = new ConcurrentHashMap<>();
  private final List<Executed> executed = Collections.synchronizedList(new ArrayList<>());
  private final List<Session> sessions = new CopyOnWriteArrayList<>();
  private final List<Object[]> bulkRows = Collections.synchronizedList(new ArrayList<>());
  private volatile List<ResultColumn> bulkColumns = List.of();

  /** Answers a text; the number of spaces between its words does not count. */
  ScriptedEngine on(String text, Script script) {
    scripts.put(normalized(text), script);
    return this;
  }

  private static String normalized(String text) {
    return text.strip().replaceAll("\\s+", " ");
  }

  /** Answers a text with one result set. */
  ScriptedEngine onQuery(String text, List<ResultColumn> columns, Object[]... rows) {
    return on(text, (session, parameters, results) -> answer(results, columns, rows));
  }

  static void answer(ResultConsumer results, List<ResultColumn> columns, Object[]... rows)
      throws IOException {
    results.columns(columns);
    for (Object[] row : rows) {
      results.row(row);
    }
    results.done(Command.SELECT, rows.length);
  }

  static ResultColumn column(String name, SqlType type) {
    return new ResultColumn(name, type, true, false);
  }

  static ResultColumn column(String name, SqlType.Kind kind) {
    return column(name, SqlType.of(kind));
  }

  List<Executed> executed() {
    synchronized (executed) {
      return List.copyOf(executed);
    }
  }

  List<Session> sessions() {
    return sessions;
  }

  List<Object[]> bulkRows() {
    return bulkRows;
  }

  List<ResultColumn> bulkColumns() {
    return bulkColumns;
  }

  @Override
  public EngineSession login(String user, char[] password, String database, String application)
      throws SqlServerError {
    if (!user.equals(USER) || !Arrays.equals(password, PASSWORD.toCharArray())) {
      throw new SqlServerError(18456, 14, 1, "Login failed for user '" + user + "'.");
    }
    if (!database.isEmpty() && !database.equals(DATABASE)) {
      throw new SqlServerError(
          4060, 11, 1, "Cannot open database \"" + database + "\" requested by the login.");
    }
    Session session = new Session();
    sessions.add(session);
    return session;
  }

  @Override
  public void close() {}

  /** A session that remembers what was done to it. */
  final class Session implements EngineSession {
    final AtomicInteger cancels = new AtomicInteger();
    final AtomicInteger resets = new AtomicInteger();
    final AtomicInteger resetsKeepingTransaction = new AtomicInteger();
    final AtomicBoolean closed = new AtomicBoolean();
    volatile boolean cancelled;
    private String database = DATABASE;
    private boolean awaitsBulkData;

    @Override
    public void execute(String batch, List<Parameter> parameters, ResultConsumer results)
        throws IOException {
      awaitsBulkData = false;
      run(batch, parameters, results);
    }

    @Override
    public boolean isQuery(String batch) {
      return normalized(batch).toLowerCase(Locale.ROOT).startsWith("select ");
    }

    @Override
    public void query(String batch, List<Parameter> parameters, ResultConsumer results)
        throws IOException {
      execute(batch, parameters, results);
    }

    @Override
    public void call(String procedure, List<Parameter> parameters, ResultConsumer results)
        throws IOException {
      run(procedure, parameters, results);
    }

    private void run(String text, List<Parameter> parameters, ResultConsumer results)
        throws IOException {
      cancelled = false;
      executed.add(new Executed(text, parameters));
      String key = normalized(text);
      Script script = scripts.get(key);
      if (script != null) {
        script.run(this, parameters, results);
      } else if (key.startsWith("INSERT BULK")) {
        awaitsBulkData = true;
        results.done(Command.OTHER, -1);
      } else if (key.toLowerCase(Locale.ROOT).startsWith("set ")
          || key.startsWith("IF @@TRANCOUNT")) {
        results.done(Command.OTHER, -1);
      } else {
        results.error(new SqlServerError(208, 16, 1, "Not scripted: " + text));
      }
    }

    void use(String name, ResultConsumer results) throws IOException {
      String old = database;
      database = name;
      results.databaseChanged(old, name);
      results.done(Command.OTHER, -1);
    }

    /** Waits until cancelled, at most for a minute. */
    void waitForCancel() throws IOException {
      for (int i = 0; i < 6000 && !cancelled; i++) {
        try {
          Thread.sleep(10);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IOException(e);
        }
      }
    }

    @Override
    public boolean awaitsBulkData() {
      return awaitsBulkData;
    }

    @Override
    public void bulkInsert(BulkRows rows, ResultConsumer results) throws IOException {
      bulkColumns = rows.columns();
      long count = 0;
      try {
        for (Object[] row = rows.next(); row != null; row = rows.next()) {
          bulkRows.add(row);
          count++;
        }
        results.done(Command.BULK_INSERT, count);
      } catch (SqlServerError e) {
        bulkRows.clear();
        results.error(e);
      }
    }

    @Override
    public void cancel() {
      cancels.incrementAndGet();
      cancelled = true;
    }

    @Override
    public void reset(boolean keepTransaction) {
      (keepTransaction ? resetsKeepingTransaction : resets).incrementAndGet();
      database = DATABASE;
    }

    @Override
    public String database() {
      return database;
    }

    @Override
    public void close() {
      closed.set(true);
    }
  }
}
