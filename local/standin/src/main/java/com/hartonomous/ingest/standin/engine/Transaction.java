package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.capture.ChangeCapture;
import com.hartonomous.ingest.standin.capture.SessionCapture;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * SQL Server's transactions over an H2 connection that never commits by itself. Nested BEGIN TRAN
 * only count; work outside a transaction is committed after each statement. Every commit of the
 * stand-in goes through {@link #commitWork}.
 */
final class Transaction {

  /** What must happen when the transaction is undone, beyond what H2 undoes itself. */
  @FunctionalInterface
  interface Compensation {
    void undo() throws SQLException, SqlServerError;
  }

  /** Told when a transaction ends, after H2's did. */
  @FunctionalInterface
  interface EndListener {
    void ended(boolean committed);
  }

  private record Mark(Savepoint savepoint, int compensations) {}

  private static final AtomicLong DESCRIPTORS = new AtomicLong(1);

  private final Connection connection;
  private final ChangeCapture capture;
  private final SessionCapture sessionCapture;
  private final Faults faults;
  private final EndListener endListener;
  private final Map<String, Mark> savepoints = new HashMap<>();
  private final Deque<Compensation> compensations = new ArrayDeque<>();

  private final Map<Integer, String> written = new TreeMap<>();
  private final Set<Integer> created = new HashSet<>();

  private int depth;
  private long descriptor;
  private String name;
  private boolean doomed;
  private boolean wrote;
  private boolean unfinished;
  private boolean halfUndone;

  /** The session's view of the fault injector. */
  @FunctionalInterface
  interface Faults {
    void reached(FaultInjector.Point point, String kind) throws SqlServerError, IOException;
  }

  Transaction(
      Connection connection,
      ChangeCapture capture,
      SessionCapture sessionCapture,
      Faults faults,
      EndListener endListener) {
    this.connection = connection;
    this.capture = capture;
    this.sessionCapture = sessionCapture;
    this.faults = faults;
    this.endListener = endListener;
  }

  /**
   * @@TRANCOUNT.
   */
  int depth() {
    return depth;
  }

  boolean isOpen() {
    return depth > 0;
  }

  /** XACT_STATE(): 0 none, 1 open, -1 can only be rolled back. */
  int state() {
    return depth == 0 ? 0 : doomed ? -1 : 1;
  }

  void doom() {
    doomed = depth > 0;
  }

  boolean isDoomed() {
    return doomed;
  }

  long descriptor() {
    return descriptor;
  }

  /** A statement of this transaction wrote, or may have. */
  void wrote() {
    wrote = true;
  }

  /** The transaction wrote rows of a permanent table. */
  void wroteTo(Table table) {
    if (depth > 0 && !created.contains(table.object().id())) {
      written.put(table.object().id(), table.object().qualifiedName());
    }
  }

  /** The transaction made a table: rolling back takes it away with its rows. */
  void created(int tableId) {
    created.add(tableId);
  }

  /**
   * Commits the rows written so far because a definition has to lock a table that they are in. What
   * was defined can still be taken away; rows of tables that were there before cannot, and a
   * rollback will say so.
   */
  void commitBeforeDefinition() throws SqlServerError, SQLException, IOException {
    commitRows();
    savepoints.clear();
    if (!written.isEmpty()) {
      String tables = String.join(", ", written.values());
      written.clear();
      onRollback(
          () -> {
            throw new SqlServerError(
                40000,
                16,
                1,
                "The transaction was rolled back, but the stand-in could not undo the rows that it"
                    + " had written to "
                    + tables
                    + " before it defined something on a table that it had written.");
          });
    }
  }

  /**
   * A definition follows, which H2 commits at once. Until the transaction ends the file says that
   * it is unfinished, and for good when something of it could not be undone: {@link
   * CatalogueStore#requireFinished} reads that when the file is opened.
   */
  void defines(Definitions definitions) throws SQLException {
    if (depth > 0 && !unfinished) {
      definitions.execute(List.of(CatalogueStore.insertUnfinished(descriptor)));
      unfinished = true;
    }
  }

  /** Part of the H2 transaction that is open. */
  private void deleteUnfinished() throws SQLException {
    if (unfinished && !halfUndone) {
      try (Statement statement = connection.createStatement()) {
        statement.execute(CatalogueStore.deleteUnfinished(descriptor));
      }
    }
  }

  boolean hasWritten() {
    return wrote;
  }

  void begin(String transactionName, ResultConsumer results) throws IOException {
    if (depth == 0) {
      descriptor = DESCRIPTORS.getAndIncrement();
      name = transactionName;
      results.transactionBegan(descriptor);
    }
    depth++;
  }

  void commit(ResultConsumer results) throws SqlServerError, SQLException, IOException {
    if (depth == 0) {
      throw new SqlServerError(
          3902, 16, 1, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.");
    }
    if (doomed) {
      throw new SqlServerError(
          3930,
          16,
          1,
          "The current transaction cannot be committed and cannot support operations that write to"
              + " the log file. Roll back the transaction.");
    }
    if (depth > 1) {
      depth--;
      return;
    }
    try {
      commitWork();
    } catch (SqlServerError | SQLException e) {
      rollbackAll(results);
      throw e;
    }
    long ended = descriptor;
    finish(true);
    results.transactionEnded(ended, true);
  }

  /** Makes the work since the last commit durable and visible; depth and name stay. */
  void commitWork() throws SqlServerError, SQLException, IOException {
    if (!wrote) {
      deleteUnfinished();
      connection.commit();
      return;
    }
    try {
      faults.reached(FaultInjector.Point.BEFORE_COMMIT, "Commit");
    } catch (IOException e) {
      connection.rollback();
      throw e;
    }
    deleteUnfinished();
    commitRows();
    compensations.clear();
    savepoints.clear();
    faults.reached(FaultInjector.Point.AFTER_COMMIT, "Commit");
  }

  private void commitRows() throws SQLException {
    capture.numbering().commit(sessionCapture);
    wrote = false;
  }

  /** Ends a statement outside a transaction. */
  void commitStatement() throws SqlServerError, SQLException, IOException {
    commitWork();
    endListener.ended(true);
  }

  /** ROLLBACK without a name, and what errors do. */
  void rollbackAll(ResultConsumer results) throws SQLException, SqlServerError, IOException {
    boolean wasOpen = depth > 0;
    long ended = descriptor;
    try {
      rollbackWork();
    } finally {
      if (wasOpen) {
        results.transactionEnded(ended, false);
      }
    }
  }

  /** Undoes everything without telling the client. */
  void rollbackWork() throws SQLException, SqlServerError {
    try {
      connection.rollback();
      undoTo(0);
      if (unfinished) {
        deleteUnfinished();
        connection.commit();
      }
    } finally {
      try {
        sessionCapture.ended();
      } finally {
        finish(false);
      }
    }
  }

  /**
   * Undoes everything at once but stays open, so that a CATCH block finds a transaction that it can
   * only roll back. (SQL Server undoes it at the ROLLBACK; the difference is when locks are freed.)
   */
  void abort() throws SQLException, SqlServerError {
    if (depth == 0) {
      return;
    }
    doomed = true;
    savepoints.clear();
    connection.rollback();
    sessionCapture.ended();
    undoTo(0);
  }

  private void finish(boolean committed) {
    depth = 0;
    descriptor = 0;
    name = null;
    doomed = false;
    wrote = false;
    unfinished = false;
    halfUndone = false;
    savepoints.clear();
    compensations.clear();
    written.clear();
    created.clear();
    endListener.ended(committed);
  }

  /** Undoes all it can; the first failure is thrown when the others were tried. */
  private void undoTo(int size) throws SQLException, SqlServerError {
    Exception failure = null;
    while (compensations.size() > size) {
      try {
        compensations.removeLast().undo();
      } catch (SQLException | SqlServerError e) {
        halfUndone = true;
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure instanceof SQLException e) {
      throw e;
    }
    if (failure instanceof SqlServerError e) {
      throw e;
    }
  }

  /** ROLLBACK TRAN with a name: to a savepoint, or all when it is the transaction's own. */
  void rollbackTo(String target, ResultConsumer results)
      throws SQLException, SqlServerError, IOException {
    if (depth == 0) {
      throw noTransactionToRollBack();
    }
    Mark mark = savepoints.get(target.toLowerCase(Locale.ROOT));
    if (mark != null) {
      connection.rollback(mark.savepoint());
      undoTo(mark.compensations());
      return;
    }
    if (target.equalsIgnoreCase(Optional.ofNullable(name).orElse(""))) {
      rollbackAll(results);
      return;
    }
    throw new SqlServerError(
        6401,
        16,
        1,
        "Cannot roll back " + target + ". No transaction or savepoint of that name was found.");
  }

  static SqlServerError noTransactionToRollBack() {
    return new SqlServerError(
        3903, 16, 1, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.");
  }

  void save(String savepointName) throws SQLException, SqlServerError {
    if (depth == 0) {
      throw new SqlServerError(
          628, 16, 1, "Cannot issue SAVE TRANSACTION when there is no active transaction.");
    }
    savepoints.put(
        savepointName.toLowerCase(Locale.ROOT),
        new Mark(connection.setSavepoint(), compensations.size()));
  }

  /** Adds what undoes a definition; only inside a transaction. */
  void onRollback(Compensation compensation) {
    if (depth > 0) {
      compensations.addLast(compensation);
    }
  }
}
