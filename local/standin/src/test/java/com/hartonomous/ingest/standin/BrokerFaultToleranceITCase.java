package com.hartonomous.ingest.standin;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.sqlserver.jdbc.SQLServerDataSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The process of a stand-in is killed again and again while one client sends and another receives,
 * each in transactions that also write a table. No committed message is lost or received again,
 * none of a transaction that was not committed is there, and each conversation keeps its order.
 */
@Timeout(300)
class BrokerFaultToleranceITCase {

  private static final long SEED = Long.getLong("seed", 20261201L);
  private static final int KILLS = Integer.getInteger("broker.kills", 5);
  private static final int CONVERSATIONS = 4;

  @TempDir Path directory;

  private final Random random = new Random(SEED);
  private final List<String> handles = new ArrayList<>();

  /** Messages sent for each conversation: those acknowledged, and with the last attempt's. */
  private final int[] acknowledged = new int[CONVERSATIONS];

  private final int[] attempted = new int[CONVERSATIONS];
  private final Map<String, Integer> receivedAcknowledged = new HashMap<>();
  private final Semaphore sent = new Semaphore(0);
  private final Semaphore received = new Semaphore(0);

  @Test
  void everyCommittedMessageIsReceivedOnceWhateverIsKilled() throws Exception {
    System.out.println("BrokerFaultToleranceITCase seed=" + SEED);
    for (int kill = 0; kill <= KILLS; kill++) {
      try (Server server = new Server(directory)) {
        try (Connection connection = server.connect()) {
          if (kill == 0) {
            define(connection);
          } else {
            check(connection, "seed " + SEED + ", kill " + kill, kill == KILLS);
          }
        }
        if (kill < KILLS) {
          workUntilKilled(server);
        }
      }
    }
  }

  private static void run(Connection connection, String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static List<String> query(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> lines = new ArrayList<>();
      while (rows.next()) {
        lines.add(rows.getString(1));
      }
      return lines;
    }
  }

  private void define(Connection connection) throws SQLException {
    run(
        connection,
        "ALTER DATABASE Library SET ENABLE_BROKER",
        "CREATE MESSAGE TYPE [M] VALIDATION = NONE",
        "CREATE CONTRACT [C] ([M] SENT BY INITIATOR)",
        "CREATE QUEUE Inbox WITH POISON_MESSAGE_HANDLING (STATUS = OFF)",
        "CREATE QUEUE Outbox",
        "CREATE SERVICE [To] ON QUEUE Inbox ([C])",
        "CREATE SERVICE [From] ON QUEUE Outbox",
        "CREATE TABLE dbo.Sent (Conversation INT NOT NULL, Number INT NOT NULL, PRIMARY KEY"
            + " (Conversation, Number))",
        "CREATE TABLE dbo.Received (Conversation INT NOT NULL, Number INT NOT NULL, PRIMARY KEY"
            + " (Conversation, Number))");
    for (int i = 0; i < CONVERSATIONS; i++) {
      handles.add(
          query(
                  connection,
                  "DECLARE @h UNIQUEIDENTIFIER; BEGIN DIALOG @h FROM SERVICE [From] TO SERVICE"
                      + " N'To' ON CONTRACT [C] WITH ENCRYPTION = OFF; SELECT @h")
              .get(0));
    }
  }

  private void workUntilKilled(Server server) throws Exception {
    sent.drainPermits();
    received.drainPermits();
    List<CompletableFuture<Void>> running =
        List.of(
            CompletableFuture.runAsync(() -> untilKilled(server, this::send)),
            CompletableFuture.runAsync(() -> untilKilled(server, this::receive)));
    assertThat(sent.tryAcquire(60, TimeUnit.SECONDS)).as("seed %d: sends", SEED).isTrue();
    assertThat(received.tryAcquire(60, TimeUnit.SECONDS)).as("seed %d: receives", SEED).isTrue();
    Thread.sleep(random.nextInt(300));
    server.kill();
    for (CompletableFuture<Void> each : running) {
      each.get(60, TimeUnit.SECONDS);
    }
  }

  /** One transaction. */
  private interface Work {
    void run(Connection connection) throws SQLException;
  }

  private static void untilKilled(Server server, Work work) {
    try (Connection connection = server.connect()) {
      connection.setAutoCommit(false);
      while (true) {
        work.run(connection);
      }
    } catch (SQLException e) {
      if (!server.isKilled()) {
        throw new IllegalStateException("seed " + SEED + ", before the kill", e);
      }
    }
  }

  private void send(Connection connection) throws SQLException {
    int conversation = random.nextInt(CONVERSATIONS);
    int count = 1 + random.nextInt(6);
    int first = acknowledged[conversation];
    attempted[conversation] = Math.max(attempted[conversation], first + count);
    try (PreparedStatement send =
            connection.prepareStatement("SEND ON CONVERSATION ? MESSAGE TYPE [M] (?)");
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO dbo.Sent VALUES (?, ?)")) {
      for (int number = first; number < first + count; number++) {
        send.setString(1, handles.get(conversation));
        send.setNString(2, conversation + " " + number);
        send.execute();
        insert.setInt(1, conversation);
        insert.setInt(2, number);
        insert.execute();
      }
    }
    connection.commit();
    acknowledged[conversation] = first + count;
    sent.release();
  }

  private void receive(Connection connection) throws SQLException {
    List<String> texts =
        query(
            connection,
            "WAITFOR (RECEIVE TOP (4) CAST(message_body AS NVARCHAR(MAX)) FROM Inbox), TIMEOUT"
                + " 1000");
    for (String text : texts) {
      run(connection, "INSERT INTO dbo.Received VALUES (" + text.replace(' ', ',') + ")");
    }
    connection.commit();
    for (String text : texts) {
      receivedAcknowledged.merge(text, 1, Integer::sum);
    }
    if (!texts.isEmpty()) {
      received.release();
    }
  }

  private void check(Connection connection, String description, boolean last) throws SQLException {
    if (last) {
      connection.setAutoCommit(false);
      do {
        receive(connection);
      } while (!query(connection, "SELECT TOP 1 queuing_order FROM Inbox").isEmpty());
      connection.setAutoCommit(true);
    }
    int all = 0;
    for (int conversation = 0; conversation < CONVERSATIONS; conversation++) {
      String of = " WHERE Conversation = " + conversation + " ORDER BY Number";
      List<String> done = query(connection, "SELECT Number FROM dbo.Received" + of);
      List<String> found = new ArrayList<>(done);
      for (String text :
          query(
              connection,
              "SELECT CAST(message_body AS NVARCHAR(MAX)) FROM Inbox ORDER BY queuing_order")) {
        if (text.startsWith(conversation + " ")) {
          found.add(text.substring(2));
        }
      }
      assertThat(found)
          .as(
              "%s: received, then still in the queue, of conversation %d",
              description, conversation)
          .isEqualTo(query(connection, "SELECT Number FROM dbo.Sent" + of));
      for (int number = 0; number < found.size(); number++) {
        assertThat(found.get(number)).as(description).isEqualTo(Integer.toString(number));
      }
      assertThat(found.size())
          .as("%s: messages of conversation %d", description, conversation)
          .isBetween(acknowledged[conversation], attempted[conversation]);
      // An attempt whose outcome was unknown is known now.
      acknowledged[conversation] = found.size();
      all += found.size();
      for (String text : receivedAcknowledged.keySet()) {
        if (text.startsWith(conversation + " ")) {
          assertThat(done).as("%s: acknowledged", description).contains(text.substring(2));
        }
      }
    }
    assertThat(receivedAcknowledged.values()).as(description).allMatch(times -> times == 1);
    assertThat(all).as(description).isPositive();
  }

  /** A stand-in in a process of its own. */
  private static final class Server implements AutoCloseable {
    private final Process process;
    private final int port;
    private volatile boolean killed;

    Server(Path directory) throws IOException {
      process =
          new ProcessBuilder(
                  List.of(
                      Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                      "-Xmx256m",
                      "-XX:TieredStopAtLevel=1",
                      "-XX:+UseSerialGC",
                      "-cp",
                      System.getProperty("java.class.path"),
                      DurabilityFaultToleranceITCase.Victim.class.getName(),
                      directory.toString()))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      BufferedReader output =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      String line = output.readLine();
      assertThat(line).as("seed %d: the stand-in starts", SEED).isNotNull();
      port = Integer.parseInt(line);
    }

    Connection connect() throws SQLException {
      SQLServerDataSource source = new SQLServerDataSource();
      source.setServerName("127.0.0.1");
      source.setPortNumber(port);
      source.setDatabaseName("Library");
      source.setUser("loader");
      source.setPassword("Secret-1");
      source.setEncrypt("false");
      source.setConnectRetryCount(0);
      return source.getConnection();
    }

    boolean isKilled() {
      return killed;
    }

    /** As {@code kill -9}: the process has no chance to do anything. */
    void kill() throws InterruptedException {
      killed = true;
      process.destroyForcibly();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    @Override
    public void close() throws InterruptedException {
      kill();
    }
  }
}
