package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.tsql.DataStatement.BulkColumn;
import com.hartonomous.ingest.standin.tsql.DataStatement.InsertBulk;
import com.hartonomous.ingest.standin.tsql.EmittedSql;
import com.hartonomous.ingest.standin.tsql.H2Emitter;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * An accepted INSERT BULK. Rows are inserted one by one, as H2 itself does with batches; a failure
 * takes all rows of the message back. NULL for a column with a default inserts the default unless
 * KEEP_NULLS was given; values of an identity column are only taken with KEEP_IDENTITY.
 */
final class BulkInsert {

  private static final Set<String> OPTIONS =
      Set.of("KEEP_NULLS", "TABLOCK", "CHECK_CONSTRAINTS", "FIRE_TRIGGERS", "KEEP_IDENTITY");

  private final String text;
  private final Table table;
  private final List<Column> columns;
  private final boolean[] defaulted;
  private final String sql;
  private final String physicalName;

  private BulkInsert(
      String text,
      Table table,
      List<Column> columns,
      boolean[] defaulted,
      String sql,
      String physicalName) {
    this.text = text;
    this.table = table;
    this.columns = columns;
    this.defaulted = defaulted;
    this.sql = sql;
    this.physicalName = physicalName;
  }

  /** Checks the announcement against the table. */
  static BulkInsert announced(InsertBulk bulk, H2Session session, Scope scope, String text)
      throws SqlServerError {
    SessionEnvironment environment = session.environment(scope);
    Table table =
        environment
            .findAnyTable(bulk.table())
            .orElseThrow(() -> SessionEnvironment.invalidObject(bulk.table()));
    boolean keepNulls = false;
    boolean keepIdentity = false;
    for (String option : bulk.options()) {
      String name = option.split("[ =(]", 2)[0].toUpperCase(Locale.ROOT);
      if (!OPTIONS.contains(name)
          && !name.equals("ROWS_PER_BATCH")
          && !name.equals("KILOBYTES_PER_BATCH")
          && !name.equals("ORDER")) {
        throw DefinitionRunner.unsupported("the option '" + option + "' of INSERT BULK");
      }
      keepNulls |= name.equals("KEEP_NULLS");
      keepIdentity |= name.equals("KEEP_IDENTITY");
    }
    List<Column> columns = new ArrayList<>();
    for (BulkColumn announced : bulk.columns()) {
      Column column =
          table
              .column(announced.name())
              .orElseThrow(
                  () ->
                      new SqlServerError(
                          207, 16, 1, "Invalid column name '" + announced.name() + "'."));
      if (column.isComputed()) {
        throw ErrorMap.computedColumn(column.name(), null);
      }
      columns.add(column);
    }
    boolean[] defaulted = new boolean[columns.size()];
    List<String> names = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      Column column = columns.get(i);
      defaulted[i] = !keepNulls && column.defaultId() != 0;
      if (!column.isIdentity() || keepIdentity) {
        names.add(column.name());
      }
    }
    EmittedSql emitted = H2Emitter.emitRowInsert(bulk.table(), names, environment);
    List<Column> inserted = new ArrayList<>();
    for (Column column : columns) {
      inserted.add(column.isIdentity() && !keepIdentity ? null : column);
    }
    return new BulkInsert(
        text, table, inserted, defaulted, emitted.sql(), environment.table(bulk.table()));
  }

  String text() {
    return text;
  }

  /** Inserts all rows and returns their number. */
  long insert(EngineSession.BulkRows rows, H2Session session)
      throws SqlServerError, SQLException, IOException {
    Savepoint savepoint = session.connection().setSavepoint();
    boolean done = false;
    try {
      long count = insertAll(rows, session);
      done = true;
      return count;
    } finally {
      if (!done) {
        session.connection().rollback(savepoint);
        // The client has more to send than it will be told about.
        Object[] skipped = rows.next();
        while (skipped != null) {
          skipped = rows.next();
        }
      }
    }
  }

  private long insertAll(EngineSession.BulkRows rows, H2Session session)
      throws SqlServerError, SQLException, IOException {
    requireColumns(rows);
    if (table.object().id() > 0) {
      session.transaction().wroteTo(table);
    }
    PreparedStatement statement = session.prepared().prepare(sql);
    session.running(statement);
    long count = 0;
    try {
      for (Object[] row = rows.next(); row != null; row = rows.next()) {
        session.requireNotCancelled();
        if (needsDefault(row)) {
          insertWithDefaults(row, session);
        } else {
          bind(statement, row);
          LockWait.run(session, statement::executeLargeUpdate);
        }
        count++;
      }
      return count;
    } catch (SQLException e) {
      throw session.errors().map(e, session.errorContext("INSERT", table));
    } finally {
      session.running(null);
    }
  }

  private void requireColumns(EngineSession.BulkRows rows) throws SqlServerError {
    if (rows.columns().size() != columns.size()) {
      throw new SqlServerError(
          4816,
          16,
          1,
          "Invalid column count from bcp client: "
              + columns.size()
              + " columns were announced for table '"
              + table.object().name()
              + "', "
              + rows.columns().size()
              + " were sent.");
    }
  }

  private boolean needsDefault(Object[] row) {
    for (int i = 0; i < row.length; i++) {
      if (row[i] == null && defaulted[i]) {
        return true;
      }
    }
    return false;
  }

  private void bind(PreparedStatement statement, Object[] row) throws SQLException {
    int index = 1;
    for (int i = 0; i < row.length; i++) {
      if (columns.get(i) != null) {
        Values.bind(statement, index++, Values.stored(row[i], columns.get(i).type()));
      }
    }
  }

  /** A row whose NULLs stand for defaults has a statement of its own shape. */
  private void insertWithDefaults(Object[] row, H2Session session)
      throws SQLException, SqlServerError {
    StringBuilder names = new StringBuilder();
    StringBuilder marks = new StringBuilder();
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < row.length; i++) {
      if (columns.get(i) == null) {
        continue;
      }
      String separator = names.isEmpty() ? "" : ", ";
      names.append(separator).append(Definitions.quote(columns.get(i).name()));
      if (row[i] == null && defaulted[i]) {
        marks.append(separator).append("DEFAULT");
      } else {
        marks.append(separator).append("?");
        values.add(Values.stored(row[i], columns.get(i).type()));
      }
    }
    PreparedStatement statement =
        session
            .prepared()
            .prepare("INSERT INTO " + physicalName + " (" + names + ") VALUES (" + marks + ")");
    for (int i = 0; i < values.size(); i++) {
      Values.bind(statement, i + 1, values.get(i));
    }
    LockWait.run(session, statement::executeLargeUpdate);
  }
}
