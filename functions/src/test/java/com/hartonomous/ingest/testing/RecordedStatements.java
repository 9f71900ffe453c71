package com.hartonomous.ingest.testing;

import com.hartonomous.ingest.standin.engine.EngineSession;
import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.engine.ResultConsumer;
import com.hartonomous.ingest.standin.engine.SqlEngine;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes down each T-SQL text that the product sends, once: in {@code target/tsql/}, a file for
 * each process, every text ended by a line {@code GO}. {@code sql/check/run} shows them to a parser
 * that is not ours. What tests send themselves is left out. Thread-safe.
 */
final class RecordedStatements implements SqlEngine {

  private static final Path FILE =
      Path.of("target", "tsql", ProcessHandle.current().pid() + ".sql");

  /** Beyond it a text is generated, not written, and belongs in no list. */
  private static final int TEXTS_MAX = 5_000;

  private static final int TEXT_LENGTH_MAX = 200_000;

  /** The names that tests log in with. */
  private static final Set<String> TESTS = Set.of("test", "purge");

  private static final Set<String> KNOWN = ConcurrentHashMap.newKeySet();

  private final SqlEngine engine;

  RecordedStatements(SqlEngine engine) {
    this.engine = engine;
  }

  @Override
  public EngineSession login(String user, char[] password, String database, String application)
      throws SqlServerError {
    EngineSession session = engine.login(user, password, database, application);
    return TESTS.contains(application) ? session : new Session(session);
  }

  private static void record(String batch) {
    if (KNOWN.contains(batch)
        || KNOWN.size() >= TEXTS_MAX
        || batch.length() > TEXT_LENGTH_MAX
        || !KNOWN.add(batch)) {
      return;
    }
    try {
      Files.createDirectories(FILE.getParent());
      // One write, since sessions do not wait for each other here.
      Files.writeString(
          FILE, batch + "\nGO\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    engine.close();
  }

  private static final class Session extends ForwardingSession {

    Session(EngineSession session) {
      super(session);
    }

    @Override
    public void execute(String batch, List<Parameter> parameters, ResultConsumer results)
        throws IOException {
      record(batch);
      super.execute(batch, parameters, results);
    }

    @Override
    public void query(String batch, List<Parameter> parameters, ResultConsumer results)
        throws IOException {
      record(batch);
      super.query(batch, parameters, results);
    }
  }
}
