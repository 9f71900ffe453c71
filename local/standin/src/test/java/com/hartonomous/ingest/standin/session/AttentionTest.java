package com.hartonomous.ingest.standin.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.standin.engine.ResultColumn;
import com.hartonomous.ingest.standin.engine.ResultConsumer.Command;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens when a client changes its mind, or dies. */
@Timeout(180)
class AttentionTest {
  private static final List<ResultColumn> NUMBER =
      List.of(ScriptedEngine.column("number", SqlType.Kind.INT));

  private StandInFixture standIn;
  private final CountDownLatch waiting = new CountDownLatch(1);

  @BeforeEach
  void start() throws Exception {
    standIn = new StandInFixture();
    standIn.engine.onQuery("SELECT 1", NUMBER, new Object[] {1});
    standIn.engine.on(
        "wait",
        (session, parameters, results) -> {
          waiting.countDown();
          session.waitForCancel();
          results.error(new SqlServerError(0, 11, 0, "Operation cancelled by user."));
        });
    standIn.engine.on(
        "wait @P0",
        (session, parameters, results) -> {
          session.waitForCancel();
          results.done(Command.UPDATE, 99);
        });
  }

  @AfterEach
  void stop() throws Exception {
    standIn.close();
  }

  @Test
  void queryTimeoutInterruptsTheStatementOnly() throws Exception {
    for (String encrypt : List.of("false", "true")) {
      try (Connection connection =
              standIn.connect("encrypt", encrypt, "trustServerCertificate", "true");
          Statement statement = connection.createStatement()) {
        statement.setQueryTimeout(1);
        for (int round = 0; round < 2; round++) {
          assertThatThrownBy(() -> statement.executeUpdate("wait"))
              .isInstanceOf(SQLTimeoutException.class);
          assertThat(connection.isValid(10)).isTrue();
        }
      }
    }
  }

  @Test
  void queryTimeoutInterruptsPreparedStatement() throws Exception {
    try (Connection connection = standIn.connect();
        PreparedStatement statement = connection.prepareStatement("wait ?")) {
      statement.setQueryTimeout(1);
      for (int round = 0; round < 3; round++) {
        statement.setInt(1, round);
        assertThatThrownBy(statement::executeUpdate).isInstanceOf(SQLTimeoutException.class);
      }
      assertThat(connection.isValid(10)).isTrue();
    }
  }

  @Test
  void cancelFromAnotherThread() throws Exception {
    try (Connection connection = standIn.connect();
        Statement statement = connection.createStatement()) {
      CompletableFuture<Void> execution =
          CompletableFuture.runAsync(
              () -> {
                try {
                  statement.execute("wait");
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              });
      waiting.await();
      statement.cancel();
      assertThatThrownBy(execution::join).hasMessageContaining("canceled");
      assertThat(connection.isValid(10)).isTrue();
    }
  }

  @Test
  void cancelBehindTheEndDisturbsNothing() throws Exception {
    try (Connection connection = standIn.connect();
        Statement statement = connection.createStatement()) {
      statement.executeQuery("SELECT 1").close();
      statement.cancel();
      assertThat(connection.isValid(10)).isTrue();
    }
    assertThat(standIn.engine.sessions().get(0).cancels).hasValue(0);
  }

  /** Cancels at random moments, so that each place in the exchange is hit now and then. */
  @Test
  void cancelAtAnyMomentLeavesTheConnectionUsable() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("AttentionTest seed=" + seed);
    Random random = new Random(seed);
    standIn.engine.on(
        "rows",
        (session, parameters, results) -> {
          results.columns(NUMBER);
          for (int i = 0; i < 20_000 && !session.cancelled; i++) {
            results.row(new Object[] {i});
          }
          results.done(Command.SELECT, 20_000);
        });
    try (Connection connection = standIn.connect();
        Statement statement = connection.createStatement()) {
      for (int round = 0; round < 200; round++) {
        long nanos = random.nextInt(6_000_000);
        CompletableFuture<Void> canceller =
            CompletableFuture.runAsync(
                () -> {
                  long end = System.nanoTime() + nanos;
                  while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                  }
                  try {
                    statement.cancel();
                  } catch (SQLException e) {
                    throw new IllegalStateException(e);
                  }
                });
        try (ResultSet rows = statement.executeQuery("rows")) {
          int expected = 0;
          while (rows.next()) {
            assertThat(rows.getInt(1)).isEqualTo(expected++);
          }
        } catch (SQLException e) {
          assertThat(e.getMessage()).contains("canceled");
        }
        canceller.join();
        try (ResultSet rows = statement.executeQuery("SELECT 1")) {
          assertThat(rows.next()).isTrue();
          assertThat(rows.getInt(1)).isEqualTo(1);
        }
      }
    }
  }

  @Test
  void clientThatVanishesEndsItsStatementAndSession() throws Exception {
    Connection connection = standIn.connect();
    try (Statement statement = connection.createStatement()) {
      CompletableFuture<Void> execution =
          CompletableFuture.runAsync(
              () -> {
                try {
                  statement.execute("wait");
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              });
      waiting.await();
      connection.abort(Runnable::run);
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> standIn.engine.sessions().get(0).closed.get());
      assertThatThrownBy(execution::join).hasCauseInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void clientThatVanishesWhileRowsAreSentEndsItsSession() throws Exception {
    standIn.engine.on(
        "endless",
        (session, parameters, results) -> {
          results.columns(NUMBER);
          for (int i = 0; ; i++) {
            if (session.cancelled) {
              throw new IOException("cancelled");
            }
            results.row(new Object[] {i});
          }
        });
    Connection connection = standIn.connect("responseBuffering", "adaptive");
    Statement statement = connection.createStatement();
    ResultSet rows = statement.executeQuery("endless");
    assertThat(rows.next()).isTrue();
    connection.abort(Runnable::run);
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> standIn.engine.sessions().get(0).closed.get());
  }
}
