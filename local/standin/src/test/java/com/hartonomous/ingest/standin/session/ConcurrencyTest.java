package com.hartonomous.ingest.standin.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.engine.ResultConsumer.Command;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many connections at a time. */
@Timeout(120)
class ConcurrencyTest {
  private static final int CONNECTIONS = 24;
  private static final int STATEMENTS = 200;

  @Test
  void keepsConnectionsApart() throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(CONNECTIONS);
    try (StandInFixture standIn = new StandInFixture()) {
      standIn.engine.on(
          "SELECT @P0 , @P1",
          (session, parameters, results) ->
              ScriptedEngine.answer(
                  results,
                  parameters.stream().map(p -> ScriptedEngine.column(p.name(), p.type())).toList(),
                  parameters.stream().map(Parameter::value).toArray()));
      List<Future<?>> clients = new ArrayList<>();
      for (int client = 0; client < CONNECTIONS; client++) {
        int number = client;
        clients.add(executor.submit(() -> converse(standIn, number)));
      }
      for (Future<?> client : clients) {
        client.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }

  private static Void converse(StandInFixture standIn, int number) throws SQLException {
    try (Connection connection =
            standIn.connect(
                "encrypt", number % 4 == 0 ? "true" : "false", "trustServerCertificate", "true");
        PreparedStatement statement = connection.prepareStatement("SELECT ?, ?")) {
      for (int i = 0; i < STATEMENTS; i++) {
        String text = ("client " + number + " ").repeat(1 + i * 7);
        statement.setInt(1, i);
        statement.setString(2, text);
        try (ResultSet rows = statement.executeQuery()) {
          assertThat(rows.next()).isTrue();
          assertThat(rows.getInt(1)).isEqualTo(i);
          assertThat(rows.getString(2)).isEqualTo(text);
        }
      }
    }
    return null;
  }

  @Test
  void closesWhileStatementsRun() throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(CONNECTIONS);
    try (StandInFixture standIn = new StandInFixture()) {
      CountDownLatch running = new CountDownLatch(CONNECTIONS);
      standIn.engine.on(
          "wait",
          (session, parameters, results) -> {
            running.countDown();
            session.waitForCancel();
            results.done(Command.OTHER, -1);
          });
      List<Future<Boolean>> clients = new ArrayList<>();
      for (int client = 0; client < CONNECTIONS; client++) {
        clients.add(
            executor.submit(
                () -> {
                  try (Connection connection = standIn.connect();
                      Statement statement = connection.createStatement()) {
                    return statement.execute("wait");
                  } catch (SQLException e) {
                    return true;
                  }
                }));
      }
      running.await();
      standIn.close();
      assertThat(standIn.engine.sessions()).hasSize(CONNECTIONS).allMatch(s -> s.closed.get());
      for (Future<Boolean> client : clients) {
        assertThat(client.get()).as("the client noticed").isTrue();
      }
    } finally {
      executor.shutdownNow();
    }
  }
}
