package com.hartonomous.ingest.standin.engine;

import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/** A database with a pair of services, as the project sets them up, and clients of it. */
final class BrokerFixture implements AutoCloseable {

  static final String ERROR = "http://schemas.microsoft.com/SQL/ServiceBroker/Error";
  static final String END_DIALOG = "http://schemas.microsoft.com/SQL/ServiceBroker/EndDialog";

  /** Long enough for any machine; a wait that ends by it is a failure. */
  static final int WAIT_MILLIS = 60_000;

  final H2Engine engine;

  BrokerFixture() throws Exception {
    this(H2Engine.open(Client.database().build()));
    define();
  }

  private BrokerFixture(H2Engine engine) {
    this.engine = engine;
  }

  /** Over a database in a directory, as it is there. */
  static BrokerFixture in(Path directory) throws Exception {
    return new BrokerFixture(H2Engine.open(Client.database().dataDirectory(directory).build()));
  }

  void define() throws Exception {
    try (Client client = client()) {
      client.ok("ALTER DATABASE Hartonomous SET ENABLE_BROKER WITH ROLLBACK IMMEDIATE");
      client.ok("CREATE MESSAGE TYPE [Request] VALIDATION = NONE");
      client.ok("CREATE MESSAGE TYPE [Answer] VALIDATION = NONE");
      client.ok("CREATE MESSAGE TYPE [Xml] VALIDATION = WELL_FORMED_XML");
      client.ok("CREATE MESSAGE TYPE [Nothing] VALIDATION = EMPTY");
      client.ok("CREATE MESSAGE TYPE [Foreign]");
      client.ok(
          "CREATE CONTRACT [Contract] ([Request] SENT BY INITIATOR, [Answer] SENT BY TARGET,"
              + " [Xml] SENT BY ANY, [Nothing] SENT BY ANY)");
      client.ok("CREATE QUEUE dbo.TargetQueue; CREATE QUEUE dbo.InitiatorQueue");
      client.ok("CREATE SERVICE [Target] ON QUEUE dbo.TargetQueue ([Contract])");
      client.ok("CREATE SERVICE [Initiator] ON QUEUE dbo.InitiatorQueue");
    }
  }

  Client client() throws Exception {
    return new Client(engine);
  }

  /** Begins a conversation and returns its handle. */
  static String begin(Client client) throws Exception {
    return begin(client, "");
  }

  static String begin(Client client, String options) throws Exception {
    return client
        .query(
            "DECLARE @h UNIQUEIDENTIFIER; BEGIN DIALOG @h FROM SERVICE [Initiator] TO SERVICE"
                + " N'Target', N'CURRENT DATABASE' ON CONTRACT [Contract] WITH ENCRYPTION = OFF"
                + options
                + "; SELECT @h")
        .get(0);
  }

  static void send(Client client, String handle, String text) throws Exception {
    client.ok(
        "DECLARE @b NVARCHAR(MAX) = N'"
            + text
            + "'; SEND ON CONVERSATION '"
            + handle
            + "' MESSAGE TYPE [Request] (@b)");
  }

  /** The texts of the messages that one RECEIVE returns. */
  static List<String> receive(Client client, String top) throws Exception {
    return client.query(
        "RECEIVE " + top + " CAST(message_body AS NVARCHAR(MAX)) AS t FROM dbo.TargetQueue");
  }

  /** Waits for messages and returns one column of them. */
  static List<String> await(Client client, String column, String queue) throws Exception {
    return client.query(
        "WAITFOR (RECEIVE " + column + " FROM " + queue + "), TIMEOUT " + WAIT_MILLIS);
  }

  static String state(Client client, String handle) throws Exception {
    List<String> states =
        client.query(
            "SELECT state FROM sys.conversation_endpoints WHERE conversation_handle = '"
                + handle
                + "'");
    return states.isEmpty() ? "" : states.get(0);
  }

  /** The other side's handle. */
  static String farHandle(Client client, String handle) throws Exception {
    return client
        .query(
            "SELECT f.conversation_handle FROM sys.conversation_endpoints n JOIN"
                + " sys.conversation_endpoints f ON f.conversation_id = n.conversation_id WHERE"
                + " n.conversation_handle = '"
                + handle
                + "' AND f.conversation_handle <> n.conversation_handle")
        .get(0);
  }

  static String unknown() {
    return UUID.randomUUID().toString();
  }

  @Override
  public void close() {
    engine.close();
  }
}
