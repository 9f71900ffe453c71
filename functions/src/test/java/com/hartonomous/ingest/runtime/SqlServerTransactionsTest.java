package com.hartonomous.ingest.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class SqlServerTransactionsTest {

  private static final SQLException DEADLOCK = new SQLException("deadlock victim", "40001", 1205);
  private static final SQLException LOST = new SQLException("connection reset", "08S01", 0);
  private static final SQLException REFUSED = new SQLException("no rights", "S0001", 229);

  /** What was called on connections, in order: {@code 1 commit} on the first one opened. */
  private final List<String> log = new ArrayList<>();

  /** Failures of the next commits and rollbacks; none when empty. */
  private final Deque<SQLException> commitFailures = new ArrayDeque<>();

  private final Deque<SQLException> rollbackFailures = new ArrayDeque<>();
  private final List<Duration> pauses = new ArrayList<>();
  private int opened;

  private final SqlServerTransactions transactions =
      new SqlServerTransactions(
          this::open, "host:1433/db", connection -> log.add("setup"), pauses::add);

  @Test
  void preparesAConnectionOnceAndKeepsIt() throws Exception {
    assertThat(transactions.<Integer>run("add", connection -> 1 + 1)).isEqualTo(2);
    transactions.run("add", connection -> 3);
    assertThat(log).containsExactly("setup", "1 autocommit off", "1 commit", "1 commit");
    assertThat(pauses).isEmpty();
  }

  @Test
  void rollsBackAndRepeatsWhatIsTransient() throws Exception {
    Deque<SQLException> failures = new ArrayDeque<>(List.of(DEADLOCK, DEADLOCK));
    transactions.run("add", connection -> failOrNull(failures));
    assertThat(log)
        .containsExactly("setup", "1 autocommit off", "1 rollback", "1 rollback", "1 commit");
    assertThat(pauses).containsExactly(Duration.ofMillis(100), Duration.ofMillis(200));
  }

  @Test
  void replacesAConnectionThatCannotRollBack() throws Exception {
    Deque<SQLException> failures = new ArrayDeque<>(List.of(LOST));
    rollbackFailures.add(LOST);
    transactions.run("add", connection -> failOrNull(failures));
    assertThat(log)
        .containsExactly(
            "setup",
            "1 autocommit off",
            "1 rollback",
            "1 close",
            "setup",
            "2 autocommit off",
            "2 commit");
  }

  @Test
  void repeatsWorkWhoseCommitHasAnUnknownOutcome() throws Exception {
    commitFailures.add(LOST);
    rollbackFailures.add(LOST);
    List<String> runs = new ArrayList<>();
    transactions.run("add", connection -> runs.add("run"));
    assertThat(runs).hasSize(2);
    assertThat(log).last().isEqualTo("2 commit");
  }

  @Test
  void givesUpAfterSoManyAttemptsAndSaysWhat() {
    assertThatThrownBy(
            () ->
                transactions.run(
                    "claim a model",
                    connection -> {
                      throw DEADLOCK;
                    }))
        .isInstanceOf(SQLException.class)
        .hasMessage("Could not claim a model at host:1433/db, tried 8 times: deadlock victim")
        .hasCause(DEADLOCK);
    assertThat(pauses).hasSize(SqlServerTransactions.ATTEMPTS_MAX - 1);
    assertThat(pauses).allSatisfy(p -> assertThat(p).isLessThanOrEqualTo(Duration.ofSeconds(10)));
  }

  @Test
  void doesNotRepeatWhatIsRefused() {
    assertThatThrownBy(
            () ->
                transactions.run(
                    "claim a model",
                    connection -> {
                      throw REFUSED;
                    }))
        .hasMessage("Could not claim a model at host:1433/db, tried 1 times: no rights");
    assertThat(log).last().isEqualTo("1 rollback");
  }

  @Test
  void rollsBackWhenTheWorkIsBroken() {
    assertThatThrownBy(
            () ->
                transactions.run(
                    "add",
                    connection -> {
                      throw new IllegalStateException("broken");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(log).last().isEqualTo("1 rollback");
  }

  @Test
  void doesNothingOnceClosed() throws Exception {
    transactions.run("add", connection -> 1);
    transactions.close();
    assertThat(log).last().isEqualTo("1 close");
    assertThatThrownBy(() -> transactions.run("add", connection -> 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThat(opened).isEqualTo(1);
  }

  private static Object failOrNull(Deque<SQLException> failures) throws SQLException {
    SQLException failure = failures.poll();
    if (failure != null) {
      throw failure;
    }
    return null;
  }

  private Connection open() {
    int number = ++opened;
    return (Connection)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              switch (method.getName()) {
                case "setAutoCommit" -> log.add(number + " autocommit off");
                case "commit" -> {
                  log.add(number + " commit");
                  failOrNull(commitFailures);
                }
                case "rollback" -> {
                  log.add(number + " rollback");
                  failOrNull(rollbackFailures);
                }
                case "close" -> log.add(number + " close");
                case "setNetworkTimeout" -> assertThat(arguments[1]).isEqualTo(600_000);
                default -> throw new AssertionError("unexpected call of " + method);
              }
              return null;
            });
  }
}
