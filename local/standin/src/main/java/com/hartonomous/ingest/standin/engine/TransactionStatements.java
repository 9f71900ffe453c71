package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.engine.SessionOptions.Isolation;
import com.hartonomous.ingest.standin.tsql.SessionStatement;
import com.hartonomous.ingest.standin.tsql.SessionStatement.BeginTransaction;
import com.hartonomous.ingest.standin.tsql.SessionStatement.CommitTransaction;
import com.hartonomous.ingest.standin.tsql.SessionStatement.RollbackTransaction;
import com.hartonomous.ingest.standin.tsql.SessionStatement.SaveTransaction;
import com.hartonomous.ingest.standin.tsql.SessionStatement.SetIdentityInsert;
import com.hartonomous.ingest.standin.tsql.SessionStatement.SetOption;
import com.hartonomous.ingest.standin.tsql.SessionStatement.Use;
import com.hartonomous.ingest.standin.tsql.SetOptions;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Set;

/** Transactions, SET and USE. */
final class TransactionStatements {

  /** Options that a session may only have the way the stand-in always has them. */
  private static final Set<String> ALWAYS_ON =
      Set.of(
          "ANSI_NULLS",
          "ANSI_PADDING",
          "ANSI_WARNINGS",
          "CONCAT_NULL_YIELDS_NULL",
          "QUOTED_IDENTIFIER",
          "ARITHABORT",
          "ANSI_NULL_DFLT_ON",
          "ANSI_DEFAULTS");

  private static final Set<String> ALWAYS_OFF =
      Set.of("ANSI_NULL_DFLT_OFF", "ARITHIGNORE", "NUMERIC_ROUNDABORT", "CURSOR_CLOSE_ON_COMMIT");

  private final H2Session session;
  private final SessionState state;

  TransactionStatements(H2Session session, SessionState state) {
    this.session = session;
    this.state = state;
  }

  void run(SessionStatement statement, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    Transaction transaction = session.transaction();
    if (statement instanceof BeginTransaction begin) {
      if (session.options().implicitTransactions && !transaction.isOpen()) {
        transaction.begin(null, results);
      }
      transaction.begin(name(begin.name(), scope), results);
    } else if (statement instanceof CommitTransaction) {
      transaction.commit(results);
    } else if (statement instanceof RollbackTransaction rollback) {
      rollback(name(rollback.name(), scope), results);
    } else if (statement instanceof SaveTransaction save) {
      transaction.save(name(save.name(), scope));
    } else if (statement instanceof SetOption option) {
      set(option);
    } else if (statement instanceof SetIdentityInsert identity) {
      setIdentityInsert(identity, scope);
    } else if (statement instanceof Use use) {
      use(use.database(), results);
    } else {
      throw new IllegalStateException("no execution for " + statement);
    }
    state.succeeded(0);
    results.done(ResultConsumer.Command.OTHER, -1);
  }

  /** A transaction's name may be given by a variable. */
  private static String name(String name, Scope scope) throws SqlServerError {
    if (name == null || !name.startsWith("@")) {
      return name;
    }
    return String.valueOf(scope.variable(name).value);
  }

  private void rollback(String name, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    Transaction transaction = session.transaction();
    if (name != null) {
      transaction.rollbackTo(name, results);
    } else if (transaction.isOpen()) {
      transaction.rollbackAll(results);
    } else {
      throw Transaction.noTransactionToRollBack();
    }
  }

  private void set(SetOption statement) throws SqlServerError, SQLException {
    SessionOptions options = session.options();
    String value = statement.value();
    switch (statement.option()) {
      case "IMPLICIT_TRANSACTIONS" -> options.implicitTransactions = isOn(value);
      case "XACT_ABORT" -> options.transactionAbort = isOn(value);
      case "NOCOUNT" -> options.noCount = isOn(value);
      case "FMTONLY" -> options.formatOnly = isOn(value);
      case "NO_BROWSETABLE", "DEADLOCK_PRIORITY" -> {
        // Hints to the server's optimiser and deadlock monitor: nothing here follows them.
      }
      case "TEXTSIZE" ->
          requireFixed(
              statement,
              value.equals("-1") || value.equals("0") || value.equals("2147483647"),
              "2147483647");
      case "ROWCOUNT" -> options.rowCount = Long.parseLong(value);
      case "LOCK_TIMEOUT" -> {
        options.lockTimeout = Integer.parseInt(value);
        session.applyOptions();
      }
      case SetOptions.ISOLATION_LEVEL -> setIsolation(value);
      case "DATEFIRST" -> requireFixed(statement, value.equals("7"), "7");
      case "LANGUAGE" ->
          requireFixed(
              statement,
              value.equalsIgnoreCase("us_english") || value.equalsIgnoreCase("English"),
              "us_english");
      case "DATEFORMAT" -> requireFixed(statement, value.equalsIgnoreCase("mdy"), "mdy");
      default -> setSwitch(statement);
    }
  }

  private static void setSwitch(SetOption statement) throws SqlServerError {
    if (ALWAYS_ON.contains(statement.option())) {
      requireFixed(statement, isOn(statement.value()), "ON");
    } else if (ALWAYS_OFF.contains(statement.option())) {
      requireFixed(statement, !isOn(statement.value()), "OFF");
    } else {
      throw new SqlServerError(
          195, 15, 5, "'" + statement.option() + "' is not a recognized SET option.");
    }
  }

  private static void requireFixed(SetOption statement, boolean asFixed, String fixed)
      throws SqlServerError {
    if (!asFixed) {
      throw new SqlServerError(
          40000,
          16,
          1,
          "The stand-in supports SET "
              + statement.option()
              + " only as "
              + fixed
              + ", not as "
              + statement.value()
              + ".");
    }
  }

  private static boolean isOn(String value) {
    return value.toUpperCase(Locale.ROOT).equals("ON");
  }

  private void setIsolation(String label) throws SqlServerError, SQLException {
    Isolation wanted =
        Isolation.named(label)
            .orElseThrow(
                () -> new SqlServerError(102, 15, 1, "Incorrect syntax near '" + label + "'."));
    Isolation current = session.options().isolation;
    if (wanted == current) {
      return;
    }
    if (session.transaction().isOpen()) {
      if (wanted == Isolation.SNAPSHOT) {
        throw new SqlServerError(
            3951,
            16,
            1,
            "Transaction failed in database '"
                + session.database()
                + "' because the statement was run under snapshot isolation but the transaction did"
                + " not start in snapshot isolation. You cannot change the isolation level of the"
                + " transaction to snapshot after the transaction has started.");
      }
      if (session.transaction().hasWritten()) {
        throw new SqlServerError(
            40000,
            16,
            1,
            "The stand-in cannot change the isolation level of a transaction that has written"
                + " already; set it before the first statement.");
      }
    }
    session.options().isolation = wanted;
    session.applyOptions();
  }

  private void setIdentityInsert(SetIdentityInsert statement, Scope scope) throws SqlServerError {
    Table table =
        session
            .environment(scope)
            .findAnyTable(statement.table())
            .orElseThrow(() -> SessionEnvironment.invalidObject(statement.table()));
    if (table.identityColumn().isEmpty()) {
      throw new SqlServerError(
          8106,
          16,
          1,
          "Table '"
              + statement.table()
              + "' does not have the identity property. Cannot perform SET operation.");
    }
    SessionOptions options = session.options();
    int id = table.object().id();
    if (statement.on() && options.identityInsertTable != 0 && options.identityInsertTable != id) {
      throw new SqlServerError(
          8107,
          16,
          1,
          "IDENTITY_INSERT is already ON for another table. Cannot perform SET operation for table '"
              + statement.table()
              + "'.");
    }
    if (statement.on()) {
      options.identityInsertTable = id;
    } else if (options.identityInsertTable == id) {
      options.identityInsertTable = 0;
    }
  }

  private void use(String database, ResultConsumer results) throws SqlServerError, IOException {
    if (!session.engine().isKnownDatabase(database)) {
      throw new SqlServerError(
          911,
          16,
          1,
          "Database '"
              + database
              + "' does not exist. Make sure that the name is entered correctly.");
    }
    String name = session.database();
    results.databaseChanged(name, name);
    results.info(5701, 10, "Changed database context to '" + name + "'.");
  }
}
