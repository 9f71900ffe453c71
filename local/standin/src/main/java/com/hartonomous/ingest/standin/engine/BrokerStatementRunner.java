package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.broker.BrokerObjects;
import com.hartonomous.ingest.standin.broker.BrokerObjects.Queue;
import com.hartonomous.ingest.standin.broker.BrokerSession;
import com.hartonomous.ingest.standin.broker.BrokerSession.Related;
import com.hartonomous.ingest.standin.broker.BrokerSession.Wanted;
import com.hartonomous.ingest.standin.broker.Message;
import com.hartonomous.ingest.standin.engine.SessionOptions.Isolation;
import com.hartonomous.ingest.standin.engine.StatementRunner.Outcome;
import com.hartonomous.ingest.standin.tsql.BrokerStatement;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.Awaitable;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.BeginDialog;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.EndConversation;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.GetConversationGroup;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.MoveConversation;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.Receive;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.Send;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.WaitForMessages;
import com.hartonomous.ingest.standin.tsql.Expression;
import com.hartonomous.ingest.standin.tsql.ObjectName;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Runs the statements of conversations. Each has its effect in whole or none, like every statement:
 * what H2 did of one that fails or has to wait is rolled back to its beginning; the locks of
 * conversation groups stay until the transaction ends.
 */
final class BrokerStatementRunner {

  private static final SqlType IDENTIFIER = SqlType.of(Kind.UNIQUEIDENTIFIER);
  private static final SqlType NAME = SqlType.ofLength(Kind.NVARCHAR, 256);
  private static final SqlType DESCRIPTION = SqlType.ofLength(Kind.NVARCHAR, 3000);

  /** About a hundred years, so that the clock of the process does not overflow. */
  private static final long FOREVER_MILLIS = TimeUnit.DAYS.toMillis(36_500);

  private final H2Session session;
  private final StatementRunner runner;

  BrokerStatementRunner(H2Session session, StatementRunner runner) {
    this.session = session;
    this.runner = runner;
  }

  Outcome run(BrokerStatement statement, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    requireReadCommitted();
    try {
      if (statement instanceof Send send) {
        send(send, scope);
      } else if (statement instanceof Receive receive) {
        return receive(receive, null, scope, results);
      } else if (statement instanceof WaitForMessages wait) {
        return await(wait, scope, results);
      } else if (statement instanceof GetConversationGroup get) {
        return getGroup(get, null, scope);
      } else if (statement instanceof BeginDialog begin) {
        begin(begin, scope);
      } else if (statement instanceof EndConversation end) {
        end(end, scope);
      } else {
        MoveConversation move = (MoveConversation) statement;
        UUID handle = identifier(move.handle(), scope);
        UUID group = identifier(move.group(), scope);
        atomically(
            () -> {
              broker().move(handle, group, lockTimeout());
              return null;
            });
      }
    } catch (SQLException e) {
      throw session.errors().map(e, session.errorContext("conversation", null));
    }
    return new Outcome(ResultConsumer.Command.OTHER, -1);
  }

  /** A snapshot does not see what others send and end; a real server's queues do not take part. */
  private void requireReadCommitted() throws SqlServerError {
    Isolation isolation = session.options().isolation;
    if (isolation != Isolation.READ_COMMITTED && isolation != Isolation.READ_UNCOMMITTED) {
      throw DefinitionRunner.unsupported(
          "statements of Service Broker under the isolation level " + isolation.name());
    }
  }

  private BrokerSession broker() {
    return session.broker();
  }

  private int lockTimeout() {
    return session.options().lockTimeout;
  }

  private UUID identifier(Expression expression, Scope scope) throws SqlServerError {
    return (UUID) runner.evaluate(expression, IDENTIFIER, scope);
  }

  private String name(Expression expression, Scope scope) throws SqlServerError {
    return (String) runner.evaluate(expression, NAME, scope);
  }

  private <T> T atomically(LockWait.Execution<T> execution) throws SQLException, SqlServerError {
    return LockWait.run(
        session,
        () -> {
          Savepoint savepoint = session.connection().setSavepoint();
          try {
            return execution.execute();
          } catch (SQLException | SqlServerError | RuntimeException e) {
            undo(savepoint, e);
            throw e;
          }
        });
  }

  /** After a deadlock H2 has rolled back all, and the savepoint is no more. */
  private void undo(Savepoint savepoint, Exception cause) {
    try {
      session.connection().rollback(savepoint);
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  private void begin(BeginDialog begin, Scope scope) throws SqlServerError, SQLException {
    String from = name(begin.fromService(), scope);
    String to =
        (String) runner.evaluate(begin.toService(), SqlType.ofLength(Kind.NVARCHAR, 4000), scope);
    String instance = begin.brokerInstance() == null ? null : name(begin.brokerInstance(), scope);
    String contract =
        begin.contract() == null ? BrokerObjects.DEFAULT : name(begin.contract(), scope);
    int lifetime = BrokerSession.LIFETIME_MAX;
    if (begin.lifetime() != null) {
      Object seconds = runner.evaluate(begin.lifetime(), SqlType.of(Kind.INT), scope);
      if (seconds == null) {
        throw new SqlServerError(
            8406,
            16,
            1,
            "The dialog lifetime can not be NULL. Specify a valid dialog lifetime value from 1 to "
                + BrokerSession.LIFETIME_MAX
                + ".");
      }
      lifetime = (Integer) seconds;
    }
    Related related = related(begin, scope);
    int life = lifetime;
    scope.variable(begin.handle().name()).value =
        atomically(
            () -> broker().begin(from, to, instance, contract, life, related, lockTimeout()));
  }

  private Related related(BeginDialog begin, Scope scope) throws SqlServerError {
    if (begin.related() == null) {
      return new Related(null, null);
    }
    UUID id = identifier(begin.related(), scope);
    if (begin.relatedIsGroup()) {
      return new Related(null, id);
    }
    if (id == null) {
      throw new SqlServerError(
          8418, 16, 1, "The conversation handle is missing. Specify a conversation handle.");
    }
    return new Related(id, null);
  }

  private void send(Send send, Scope scope) throws SqlServerError, SQLException {
    String type =
        send.messageType() == null ? BrokerObjects.DEFAULT : name(send.messageType(), scope);
    byte[] body = send.body() == null ? null : body(send.body(), scope);
    UUID[] handles = new UUID[send.handles().size()];
    for (int i = 0; i < handles.length; i++) {
      handles[i] = identifier(send.handles().get(i), scope);
    }
    atomically(
        () -> {
          for (UUID handle : handles) {
            broker().send(handle, type, body, lockTimeout());
          }
          return null;
        });
  }

  private byte[] body(Expression expression, Scope scope) throws SqlServerError {
    Object value =
        expression instanceof Expression.Variable variable
                && scope.variable(variable.name()).value instanceof String text
                && isNational(scope.variable(variable.name()).type)
            ? text.getBytes(StandardCharsets.UTF_16LE)
            : runner.evaluate(expression, SqlType.ofLength(Kind.VARBINARY, SqlType.MAX), scope);
    if (value == null) {
      throw new SqlServerError(
          8433,
          16,
          1,
          "The message body may not be NULL. A zero-length UNICODE or binary string is allowed.");
    }
    return (byte[]) value;
  }

  private static boolean isNational(SqlType type) {
    return type.kind() == Kind.NVARCHAR;
  }

  private void end(EndConversation end, Scope scope) throws SqlServerError, SQLException {
    UUID handle = identifier(end.handle(), scope);
    int code = 0;
    String description = null;
    if (end.code() != null) {
      Object number = runner.evaluate(end.code(), SqlType.of(Kind.INT), scope);
      description = (String) runner.evaluate(end.description(), DESCRIPTION, scope);
      if (number == null || description == null) {
        throw new SqlServerError(
            8419,
            16,
            1,
            "Both the error code and the description must be provided for END CONVERSATION WITH"
                + " ERROR. Neither value can be NULL.");
      }
      code = (Integer) number;
      if (code <= 0) {
        throw DefinitionRunner.unsupported(
            "the error code "
                + code
                + " in END CONVERSATION, nor does SQL Server: it must be greater than 0");
      }
    }
    int errorCode = code;
    String errorText = description;
    atomically(
        () -> {
          if (end.cleanup()) {
            broker().cleanUp(handle, lockTimeout());
          } else {
            broker().end(handle, errorCode, errorText, lockTimeout());
          }
          return null;
        });
  }

  /** Until when a statement waits for something to be there. */
  private record Patience(long deadlineNanos) {}

  private Outcome await(WaitForMessages wait, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    long millis = FOREVER_MILLIS;
    if (wait.timeout() != null) {
      Object timeout = runner.evaluate(wait.timeout(), SqlType.of(Kind.INT), scope);
      if (timeout != null && (Integer) timeout >= 0) {
        millis = (Integer) timeout;
      }
    }
    Patience patience = new Patience(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
    Awaitable statement = wait.statement();
    return statement instanceof Receive receive
        ? receive(receive, patience, scope, results)
        : getGroup((GetConversationGroup) statement, patience, scope);
  }

  private Queue queue(ObjectName name, Scope scope) throws SqlServerError {
    return session
        .environment(scope)
        .findQueue(name)
        .orElseThrow(() -> SessionEnvironment.invalidObject(name));
  }

  /** An attempt that may find nothing. */
  @FunctionalInterface
  private interface Attempt<T> {
    Optional<T> on(Queue queue) throws SQLException, SqlServerError;
  }

  /** Tries until something is there or the patience, if any, is at its end. */
  private <T> Optional<T> patiently(
      ObjectName name, Patience patience, Scope scope, Attempt<T> attempt)
      throws SqlServerError, SQLException {
    while (true) {
      // Anew each time: the queue may be dropped or disabled while it is waited for.
      Queue queue = queue(name, scope);
      long version = broker().version(queue);
      Optional<T> found = atomically(() -> attempt.on(queue));
      if (found.isPresent()
          || patience == null
          || !broker().awaitChange(queue, version, patience.deadlineNanos())) {
        return found;
      }
    }
  }

  private Outcome getGroup(GetConversationGroup get, Patience patience, Scope scope)
      throws SqlServerError, SQLException {
    Optional<UUID> group =
        patiently(get.queue(), patience, scope, queue -> broker().nextGroup(queue));
    if (group.isPresent()) {
      scope.variable(get.group().name()).value = group.get();
    }
    return new Outcome(ResultConsumer.Command.OTHER, group.isPresent() ? 1 : 0);
  }

  private Outcome receive(Receive receive, Patience patience, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException {
    long top = top(receive.top(), scope);
    Wanted wanted = wanted(receive, scope);
    Savepoint before = session.connection().setSavepoint();
    List<Message> messages =
        patiently(
                receive.queue(),
                patience,
                scope,
                queue ->
                    Optional.of(
                            broker().receive(queue, wanted, top, patience != null, lockTimeout()))
                        .filter(found -> !found.isEmpty()))
            .orElse(List.of());
    session.received().set(messages);
    try {
      Outcome outcome = runner.runReceived(receive.reading(), scope, results);
      return new Outcome(outcome.command(), messages.size());
    } catch (SQLException | SqlServerError | RuntimeException e) {
      // What could not be read was not received.
      undo(before, e);
      throw e;
    } finally {
      session.received().set(List.of());
    }
  }

  private long top(Expression top, Scope scope) throws SqlServerError {
    if (top == null) {
      return Long.MAX_VALUE;
    }
    Object value = runner.evaluate(top, SqlType.of(Kind.BIGINT), scope);
    if (value == null || (Long) value < 0) {
      throw new SqlServerError(
          1060,
          15,
          1,
          "The number of rows provided for a TOP or FETCH clauses row count parameter"
              + " must be an integer.");
    }
    return (Long) value;
  }

  private Wanted wanted(Receive receive, Scope scope) throws SqlServerError {
    if (receive.conversation() != null) {
      UUID handle = identifier(receive.conversation(), scope);
      if (handle == null) {
        throw new SqlServerError(
            8418, 16, 1, "The conversation handle is missing. Specify a conversation handle.");
      }
      return new Wanted(handle, null);
    }
    if (receive.group() == null) {
      return new Wanted(null, null);
    }
    UUID group = identifier(receive.group(), scope);
    if (group == null) {
      throw new SqlServerError(
          8420, 16, 1, "The conversation group is missing. Specify a conversation group.");
    }
    return new Wanted(null, group);
  }
}
