package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** A session of the engine that collects what its batches produce. */
final class Client implements AutoCloseable {

  static final String USER = "tester";
  static final String PASSWORD = "secret";

  private final EngineSession session;

  Client(SqlEngine engine) throws SqlServerError {
    this(engine, "test");
  }

  Client(SqlEngine engine, String application) throws SqlServerError {
    session = engine.login(USER, PASSWORD.toCharArray(), "", application);
  }

  static LocalDatabase.Builder database() {
    return LocalDatabase.builder().login(USER, PASSWORD);
  }

  EngineSession session() {
    return session;
  }

  /** What one batch produced. */
  static final class Results implements ResultConsumer {
    final List<List<Object>> rows = new ArrayList<>();
    final List<ResultColumn> columns = new ArrayList<>();
    final List<Long> counts = new ArrayList<>();
    final List<SqlServerError> errors = new ArrayList<>();
    final List<String> messages = new ArrayList<>();
    final List<String> events = new ArrayList<>();
    final List<String> outputs = new ArrayList<>();
    int status;

    @Override
    public void columns(List<ResultColumn> described) {
      columns.clear();
      columns.addAll(described);
    }

    @Override
    public void row(Object[] values) {
      List<Object> row = new ArrayList<>();
      for (int i = 0; i < values.length; i++) {
        Object value = values[i];
        if (value != null && !columns.get(i).type().kind().valueClass().isInstance(value)) {
          throw new AssertionError(
              "column " + columns.get(i) + " has a value of " + value.getClass());
        }
        row.add(value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : value);
      }
      rows.add(row);
    }

    @Override
    public void done(Command command, long rowCount) {
      counts.add(rowCount);
    }

    @Override
    public void error(SqlServerError error) {
      errors.add(error);
    }

    @Override
    public void info(int number, int severity, String message) {
      messages.add(message);
    }

    @Override
    public void outputValue(int ordinal, String name, SqlType type, Object value) {
      outputs.add(ordinal + " " + name + " " + type + " " + value);
    }

    @Override
    public void databaseChanged(String oldName, String newName) {
      events.add("database " + newName);
    }

    @Override
    public void transactionBegan(long descriptor) {
      events.add("began");
    }

    @Override
    public void transactionEnded(long descriptor, boolean committed) {
      events.add(committed ? "committed" : "rolled back");
    }

    @Override
    public void returnStatus(int value) {
      status = value;
    }

    List<Integer> errorNumbers() {
      return errors.stream().map(SqlServerError::number).toList();
    }
  }

  /** Runs a batch; errors are in the results. */
  Results run(String batch, Parameter... parameters) throws IOException {
    Results results = new Results();
    session.execute(batch, List.of(parameters), results);
    return results;
  }

  /** Runs a batch that must not fail. */
  Results ok(String batch, Parameter... parameters) throws IOException {
    Results results = run(batch, parameters);
    if (!results.errors.isEmpty()) {
      throw new AssertionError(batch + ": " + results.errors.get(0), results.errors.get(0));
    }
    return results;
  }

  /** The rows of a query, as text. */
  List<String> query(String batch, Parameter... parameters) throws IOException {
    List<String> lines = new ArrayList<>();
    for (List<Object> row : ok(batch, parameters).rows) {
      lines.add(String.join("|", row.stream().map(String::valueOf).toList()));
    }
    return lines;
  }

  /** The one error of a batch. */
  SqlServerError error(String batch, Parameter... parameters) throws IOException {
    Results results = run(batch, parameters);
    if (results.errors.size() != 1) {
      throw new AssertionError(batch + ": expected one error, got " + results.errors);
    }
    return results.errors.get(0);
  }

  @Override
  public void close() {
    session.close();
  }
}
