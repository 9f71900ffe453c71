package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;

/** The values that {@code @@ROWCOUNT} and its kin give, and the error that is being handled. */
final class SessionState {

  static final String VERSION =
      "Microsoft SQL Server 2019 wire-compatible stand-in (Hartonomous, H2) - 15.0.2000.5 (X64)";

  private final H2Session session;
  private final Deque<Scope> scopes = new ArrayDeque<>();
  private long rowCount;
  private int lastError;
  private SqlServerError caught;
  private SqlServerError raised;
  private ErrorEffect.Origin raisedBy = ErrorEffect.Origin.SERVER;
  private BigDecimal identity;

  SessionState(H2Session session) {
    this.session = session;
  }

  void reset() {
    scopes.clear();
    rowCount = 0;
    lastError = 0;
    caught = null;
    raised = null;
    identity = null;
  }

  void enter(Scope scope) {
    scopes.push(scope);
  }

  void leave() {
    Scope scope = scopes.pop();
    if (scope.identity != null) {
      identity = scope.identity;
    }
  }

  /** A statement ended well. */
  void succeeded(long rows) {
    rowCount = rows;
    lastError = 0;
  }

  void failed(SqlServerError error) {
    rowCount = 0;
    lastError = error.number();
  }

  /** Begins or ends the handling of an error; returns the one that was handled before. */
  SqlServerError caught(SqlServerError error) {
    SqlServerError before = caught;
    caught = error;
    return before;
  }

  SqlServerError caught() {
    return caught;
  }

  /** Remembers that a statement raised this error. */
  SqlServerError raised(SqlServerError error, ErrorEffect.Origin origin) {
    raised = error;
    raisedBy = origin;
    return error;
  }

  ErrorEffect effectOf(SqlServerError error) {
    ErrorEffect.Origin origin = error == raised ? raisedBy : ErrorEffect.Origin.SERVER;
    return ErrorEffect.of(error, origin, session.options().transactionAbort);
  }

  void restoreOptions(SessionOptions saved) throws SQLException {
    SessionOptions current = session.options();
    // These belong to the connection, not to the procedure that set them.
    saved.implicitTransactions = current.implicitTransactions;
    if (session.transaction().isOpen()) {
      saved.isolation = current.isolation;
    }
    session.restoreOptions(saved);
  }

  /** The value of one of {@link com.hartonomous.ingest.standin.tsql.SessionValues#names()}. */
  Object value(String name) throws SqlServerError {
    return switch (name) {
      case "@@TRANCOUNT" -> session.transaction().depth();
      case "@@ROWCOUNT" -> (int) Math.min(rowCount, Integer.MAX_VALUE);
      case "ROWCOUNT_BIG" -> rowCount;
      case "@@ERROR" -> lastError;
      case "@@SPID" -> (short) session.id();
      case "@@VERSION" -> VERSION;
      case "@@SERVERNAME", "HOST_NAME" -> "standin";
      case "@@SERVICENAME" -> "MSSQLSERVER";
      case "@@LANGUAGE" -> "us_english";
      case "SCOPE_IDENTITY" -> scopes.isEmpty() ? null : scopes.peek().identity;
      case "@@IDENTITY" ->
          !scopes.isEmpty() && scopes.peek().identity != null ? scopes.peek().identity : identity;
      case "@@OPTIONS" -> optionBits();
      case "@@LOCK_TIMEOUT" -> session.options().lockTimeout;
      case "@@TEXTSIZE" -> Integer.MAX_VALUE;
      case "@@MAX_PRECISION" -> (short) 38;
      case "@@MICROSOFTVERSION" -> 0x0F0007D0;
      case "@@FETCH_STATUS" -> 0;
      case "@@PROCID" -> 0;
      case "@@NESTLEVEL" -> Math.max(scopes.size() - 1, 0);
      case "XACT_STATE" -> (short) session.transaction().state();
      case "CURRENT_TRANSACTION_ID" -> session.transaction().descriptor();
      case "APP_NAME" -> session.application();
      case "ORIGINAL_LOGIN", "SYSTEM_USER" -> session.user();
      case "CURRENT_USER", "SESSION_USER" -> "dbo";
      default -> errorValue(name);
    };
  }

  private Object errorValue(String name) throws SqlServerError {
    if (!name.startsWith("ERROR_")) {
      throw new SqlServerError(40000, 16, 1, "The stand-in has no value for '" + name + "'.");
    }
    if (caught == null) {
      return null;
    }
    return switch (name) {
      case "ERROR_NUMBER" -> caught.number();
      case "ERROR_SEVERITY" -> caught.severity();
      case "ERROR_STATE" -> caught.state();
      case "ERROR_MESSAGE" -> caught.getMessage();
      case "ERROR_LINE" -> caught.line();
      case "ERROR_PROCEDURE" -> scopes.isEmpty() ? null : scopes.peek().procedure().orElse(null);
      default ->
          throw new SqlServerError(40000, 16, 1, "The stand-in has no value for '" + name + "'.");
    };
  }

  /** The documented bits of those options that the engine keeps. */
  private int optionBits() {
    SessionOptions options = session.options();
    int bits = 0x1000 | 0x20 | 0x10 | 0x8;
    bits |= options.implicitTransactions ? 0x2 : 0;
    bits |= options.noCount ? 0x200 : 0;
    bits |= options.transactionAbort ? 0x4000 : 0;
    return bits;
  }
}
