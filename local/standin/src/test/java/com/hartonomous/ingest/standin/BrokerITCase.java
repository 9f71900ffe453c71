package com.hartonomous.ingest.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.microsoft.sqlserver.jdbc.SQLServerDataSource;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Service Broker through the real driver: the customer's own statements, waiting, errors. */
@Timeout(180)
class BrokerITCase {

  @TempDir Path directory;

  private SqlServerStandIn server;
  private Connection connection;

  @BeforeEach
  void open() throws Exception {
    server = start();
    connection = connect();
  }

  private SqlServerStandIn start() throws Exception {
    return SqlServerStandIn.builder()
        .login("loader", "Secret-1")
        .database("Hartonomous")
        .dataDirectory(directory)
        .start();
  }

  private Connection connect() throws SQLException {
    SQLServerDataSource source = new SQLServerDataSource();
    source.setServerName("127.0.0.1");
    source.setPortNumber(server.port());
    source.setDatabaseName("Hartonomous");
    source.setUser("loader");
    source.setPassword("Secret-1");
    source.setEncrypt("false");
    source.setConnectRetryCount(0);
    return source.getConnection();
  }

  @AfterEach
  void close() throws Exception {
    connection.close();
    server.close();
  }

  private void run(String... statements) throws SQLException {
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
      int width = rows.getMetaData().getColumnCount();
      while (rows.next()) {
        List<String> values = new ArrayList<>();
        for (int i = 1; i <= width; i++) {
          values.add(rows.getString(i));
        }
        lines.add(String.join("|", values));
      }
      return lines;
    }
  }

  /** As the guide sets it up, but for activation. */
  private void define() throws SQLException {
    run(
        "ALTER DATABASE Hartonomous SET ENABLE_BROKER;",
        "CREATE MESSAGE TYPE [AtomizationRequest]\nVALIDATION = WELL_FORMED_XML;",
        "CREATE CONTRACT [AtomizationContract]\n([AtomizationRequest] SENT BY INITIATOR);",
        "CREATE QUEUE AtomizationQueue;\nCREATE QUEUE AtomizationResponseQueue;",
        "CREATE SERVICE [AtomizationService]\nON QUEUE AtomizationQueue\n([AtomizationContract]);",
        "CREATE SERVICE [AtomizationResponseService]\nON QUEUE AtomizationResponseQueue\n"
            + "([AtomizationContract]);");
  }

  private String begin() throws SQLException {
    return query(
            connection,
            "DECLARE @h UNIQUEIDENTIFIER; BEGIN DIALOG CONVERSATION @h FROM SERVICE"
                + " [AtomizationResponseService] TO SERVICE N'AtomizationService', N'CURRENT"
                + " DATABASE' ON CONTRACT [AtomizationContract] WITH ENCRYPTION = OFF; SELECT @h")
        .get(0);
  }

  private void send(String handle, String event) throws SQLException {
    try (PreparedStatement send =
        connection.prepareStatement(
            "SEND ON CONVERSATION ? MESSAGE TYPE [AtomizationRequest] (?)")) {
      send.setString(1, handle);
      send.setNString(2, event);
      send.execute();
    }
  }

  private static CompletableFuture<List<String>> beside(Connection connection, String sql) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return query(connection, sql);
          } catch (SQLException e) {
            throw new CompletionException(e);
          }
        });
  }

  @Test
  void theGuidesQueriesRun() throws Exception {
    define();
    send(begin(), "<Event><TableName>dbo.T</TableName></Event>");
    assertThat(
            query(
                connection,
                "SELECT \n    name,\n    is_broker_enabled\nFROM sys.databases \nWHERE name ="
                    + " 'Hartonomous';"))
        .containsExactly("Hartonomous|1");
    assertThat(query(connection, "SELECT service_broker_guid FROM sys.databases").get(0))
        .hasSize(36);
    assertThat(
            query(
                connection,
                "SELECT \n    name,\n    is_activation_enabled,\n    is_receive_enabled,\n   "
                    + " is_poison_message_handling_enabled\nFROM sys.service_queues\nWHERE name ="
                    + " 'AtomizationQueue';"))
        .containsExactly("AtomizationQueue|0|1|1");
    assertThat(query(connection, "SELECT TOP 10 * \nFROM AtomizationQueue;")).hasSize(1);
    assertThat(query(connection, "SELECT COUNT(*) FROM dbo.AtomizationQueue WITH (NOLOCK)"))
        .containsExactly("1");
    run(
        "IF EXISTS (SELECT 1 FROM sys.transmission_queue GROUP BY from_service_name HAVING"
            + " COUNT(*) > 10000) BEGIN RAISERROR('Service Broker queue backlog detected', 16, 1);"
            + " END;");
    run("ALTER DATABASE Hartonomous SET ENABLE_BROKER;");
    assertThat(query(connection, "RECEIVE TOP (1000) * FROM AtomizationQueue;")).hasSize(1);
    // sys.transmission_queue has no queuing_order: the guide's query of the depth fails there, too.
    assertThatThrownBy(
            () -> query(connection, "SELECT MIN(queuing_order) FROM sys.transmission_queue tq"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(207));
  }

  /** The guide's procedure, but for XML, which the stand-in has not, and its own error log. */
  @Test
  void aProcedureReceivesProcessesAndEnds() throws Exception {
    define();
    run("CREATE TABLE dbo.Processed (Body NVARCHAR(MAX) NOT NULL CHECK (LEN(Body) < 60))");
    run("CREATE TABLE dbo.Errors (Message NVARCHAR(MAX) NOT NULL)");
    run(
        """
        CREATE PROCEDURE dbo.sp_ProcessAtomizationMessage
        AS
        BEGIN
            DECLARE @ConversationHandle UNIQUEIDENTIFIER;
            DECLARE @MessageBody VARBINARY(MAX);
            BEGIN TRANSACTION;
            WAITFOR (
                RECEIVE TOP(1)
                    @ConversationHandle = conversation_handle,
                    @MessageBody = message_body
                FROM AtomizationQueue
            ), TIMEOUT 100;
            IF @ConversationHandle IS NULL
            BEGIN
                COMMIT;
                RETURN 1;
            END
            BEGIN TRY
                INSERT INTO dbo.Processed VALUES (CAST(@MessageBody AS NVARCHAR(MAX)));
                END CONVERSATION @ConversationHandle;
                COMMIT;
            END TRY
            BEGIN CATCH
                DECLARE @ErrorMsg NVARCHAR(MAX) = ERROR_MESSAGE();
                ROLLBACK;
                INSERT INTO dbo.Errors VALUES (@ErrorMsg);
            END CATCH
        END
        """);
    send(begin(), "<Event>one</Event>");
    send(begin(), "<Event>" + "too long ".repeat(10) + "</Event>");
    String call =
        "DECLARE @r INT; EXEC @r = dbo.sp_ProcessAtomizationMessage; SELECT @r AS r, @@TRANCOUNT";
    assertThat(query(connection, call)).containsExactly("0|0");
    assertThat(query(connection, "SELECT Body FROM dbo.Processed"))
        .containsExactly("<Event>one</Event>");
    assertThat(query(connection, call)).containsExactly("0|0");
    assertThat(query(connection, "SELECT COUNT(*) FROM dbo.Errors")).containsExactly("1");
    assertThat(query(connection, "SELECT COUNT(*) FROM AtomizationQueue")).containsExactly("1");
    assertThat(query(connection, "RECEIVE message_type_name FROM AtomizationResponseQueue"))
        .containsExactly("http://schemas.microsoft.com/SQL/ServiceBroker/EndDialog");
    run("RECEIVE * FROM AtomizationQueue");
    assertThat(query(connection, call)).containsExactly("1|0");
  }

  @Test
  void bodiesOfTensOfMegabytesPassTheDriver() throws Exception {
    define();
    run("ALTER MESSAGE TYPE [AtomizationRequest] VALIDATION = NONE");
    String text = "\u00e4\u4e16".repeat(6 << 20);
    send(begin(), text);
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "RECEIVE CAST(message_body AS NVARCHAR(MAX)) AS t, message_body AS b FROM"
                    + " AtomizationQueue")) {
      assertThat(rows.next()).isTrue();
      assertThat(rows.getString("t").equals(text)).isTrue();
      assertThat(rows.getBytes("b")).isEqualTo(text.getBytes(StandardCharsets.UTF_16LE));
    }
  }

  @Test
  void aQueryTimeoutAndAClosedConnectionEndAWait() throws Exception {
    define();
    try (Connection other = connect();
        Statement statement = other.createStatement()) {
      statement.setQueryTimeout(1);
      assertThatThrownBy(() -> statement.execute("WAITFOR (RECEIVE * FROM AtomizationQueue)"))
          .isInstanceOf(SQLTimeoutException.class);
      assertThat(other.isValid(30)).isTrue();
      other.setAutoCommit(false);
      CompletableFuture<List<String>> waiting =
          beside(other, "WAITFOR (RECEIVE * FROM AtomizationQueue)");
      Thread.sleep(200);
      other.abort(Runnable::run);
      assertThatThrownBy(() -> waiting.get(60, TimeUnit.SECONDS))
          .hasCauseInstanceOf(SQLException.class);
    }
    try (Connection other = connect()) {
      CompletableFuture<List<String>> waiting =
          beside(other, "WAITFOR (RECEIVE message_type_name FROM AtomizationQueue)");
      send(begin(), "<Event/>");
      assertThat(waiting.get(60, TimeUnit.SECONDS)).containsExactly("AtomizationRequest");
    }
  }

  @Test
  void closingTheServerEndsAWait() throws Exception {
    define();
    CompletableFuture<List<String>> waiting =
        beside(connection, "WAITFOR (RECEIVE * FROM AtomizationQueue)");
    Thread.sleep(200);
    server.close();
    assertThatThrownBy(() -> waiting.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(SQLException.class);
  }

  @Test
  void whatTheTransmissionQueueHoldsSurvivesARestart() throws Exception {
    define();
    String handle = begin();
    send(handle, "<Event>1</Event>");
    run("ALTER QUEUE AtomizationQueue WITH STATUS = OFF");
    send(handle, "<Event>2</Event>");
    connection.close();
    server.close();
    open();
    assertThat(query(connection, "SELECT COUNT(*) FROM sys.transmission_queue"))
        .containsExactly("1");
    run("ALTER QUEUE AtomizationQueue WITH STATUS = ON");
    List<String> texts = new ArrayList<>();
    for (int round = 0; round < 100 && texts.size() < 2; round++) {
      texts.addAll(
          query(
              connection,
              "WAITFOR (RECEIVE TOP (1) CAST(message_body AS NVARCHAR(MAX)) FROM"
                  + " AtomizationQueue), TIMEOUT 60000"));
    }
    assertThat(texts).containsExactly("<Event>1</Event>", "<Event>2</Event>");
    assertThatThrownBy(() -> run("END CONVERSATION '" + java.util.UUID.randomUUID() + "'"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(8426));
  }
}
