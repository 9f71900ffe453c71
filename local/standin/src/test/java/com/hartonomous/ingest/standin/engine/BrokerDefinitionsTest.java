package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.Difference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Service Broker's objects and the views that show them. */
@Timeout(120)
class BrokerDefinitionsTest {

  private BrokerFixture broker;
  private Client one;

  @BeforeEach
  void open() throws Exception {
    broker = new BrokerFixture();
    one = broker.client();
  }

  @AfterEach
  void close() {
    broker.close();
  }

  private void refused(int number, String statement, String words) throws Exception {
    assertThat(one.error(statement).number()).as(statement).isEqualTo(number);
    assertThat(one.error(statement)).hasMessageContaining(words);
  }

  @Test
  void theDatabaseHasABrokerThatIsTurnedOnAndOff() throws Exception {
    String show = "SELECT is_broker_enabled FROM sys.databases WHERE name = N'Hartonomous'";
    String id = "SELECT service_broker_guid FROM sys.databases";
    assertThat(one.query(show)).containsExactly("true");
    String before = one.query(id).get(0);
    one.ok("ALTER DATABASE CURRENT SET DISABLE_BROKER");
    assertThat(one.query(show)).containsExactly("false");
    one.ok("ALTER DATABASE Hartonomous SET ENABLE_BROKER");
    assertThat(one.query(id)).containsExactly(before);
    BrokerFixture.send(one, BrokerFixture.begin(one), "lost");
    one.ok("ALTER DATABASE Hartonomous SET NEW_BROKER WITH ROLLBACK IMMEDIATE");
    assertThat(one.query(id)).doesNotContain(before);
    assertThat(one.query("SELECT COUNT(*) FROM dbo.TargetQueue")).containsExactly("0");
    assertThat(one.query("SELECT COUNT(*) FROM sys.conversation_endpoints")).containsExactly("0");
  }

  @Test
  void viewsShowWhatWasDefined() throws Exception {
    assertThat(
            one.query(
                "SELECT name, validation_desc FROM sys.service_message_types WHERE message_type_id"
                    + " >= 65536 ORDER BY message_type_id"))
        .containsExactly(
            "Request|BINARY", "Answer|BINARY", "Xml|XML", "Nothing|EMPTY", "Foreign|BINARY");
    assertThat(
            one.query(
                "SELECT message_type_id, name FROM sys.service_message_types WHERE message_type_id"
                    + " < 65536 ORDER BY message_type_id"))
        .containsExactly("1|" + BrokerFixture.ERROR, "2|" + BrokerFixture.END_DIALOG, "14|DEFAULT");
    assertThat(
            one.query(
                "SELECT c.name, t.name, u.is_sent_by_initiator, u.is_sent_by_target FROM"
                    + " sys.service_contracts c JOIN sys.service_contract_message_usages u ON"
                    + " u.service_contract_id = c.service_contract_id JOIN"
                    + " sys.service_message_types t ON t.message_type_id = u.message_type_id ORDER"
                    + " BY t.message_type_id"))
        .containsExactly(
            "DEFAULT|DEFAULT|true|true",
            "Contract|Request|true|false",
            "Contract|Answer|false|true",
            "Contract|Xml|true|true",
            "Contract|Nothing|true|true");
    assertThat(
            one.query(
                "SELECT s.name, q.name, q.is_receive_enabled, q.is_enqueue_enabled,"
                    + " q.is_activation_enabled, q.is_poison_message_handling_enabled,"
                    + " q.activation_procedure, q.max_readers, q.type, q.type_desc FROM"
                    + " sys.services s JOIN sys.service_queues q ON q.object_id ="
                    + " s.service_queue_id ORDER BY s.name"))
        .containsExactly(
            "Initiator|InitiatorQueue|true|true|false|true|null|0|SQ|SERVICE_QUEUE",
            "Target|TargetQueue|true|true|false|true|null|0|SQ|SERVICE_QUEUE");
    assertThat(
            one.query(
                "SELECT s.name FROM sys.service_contract_usages u JOIN sys.services s ON"
                    + " s.service_id = u.service_id"))
        .containsExactly("Target");
    assertThat(
            one.query(
                "SELECT OBJECT_ID('dbo.TargetQueue', 'SQ') - object_id FROM"
                    + " sys.service_queues WHERE name = 'targetqueue'"))
        .containsExactly("0");
  }

  @Test
  void queuesAreAltered() throws Exception {
    String show =
        "SELECT is_receive_enabled, is_enqueue_enabled, is_poison_message_handling_enabled FROM"
            + " sys.service_queues WHERE name = 'TargetQueue'";
    one.ok(
        "ALTER QUEUE TargetQueue WITH STATUS = OFF, RETENTION = OFF, ACTIVATION (STATUS = OFF),"
            + " POISON_MESSAGE_HANDLING (STATUS = OFF)");
    assertThat(one.query(show)).containsExactly("false|false|false");
    one.ok("ALTER QUEUE [dbo].[TargetQueue] WITH POISON_MESSAGE_HANDLING (STATUS = ON)");
    assertThat(one.query(show)).containsExactly("false|false|true");
    one.ok("ALTER QUEUE Hartonomous.dbo.TargetQueue WITH STATUS = ON");
    assertThat(one.query(show)).containsExactly("true|true|true");
    one.ok(
        "CREATE QUEUE Late WITH STATUS = OFF, ACTIVATION (STATUS = OFF, PROCEDURE_NAME ="
            + " dbo.p, MAX_QUEUE_READERS = 2, EXECUTE AS SELF) ON [DEFAULT]");
    assertThat(one.query("SELECT is_enqueue_enabled FROM sys.service_queues WHERE name = 'Late'"))
        .containsExactly("false");
  }

  @Difference("broker-without-activation")
  @Test
  void whatTheStandInLacksIsRefusedByName() throws Exception {
    refused(
        40000,
        "ALTER QUEUE TargetQueue WITH STATUS = ON, ACTIVATION (STATUS = ON)",
        "ACTIVATION of a queue");
    refused(
        40000,
        "CREATE QUEUE q WITH ACTIVATION (PROCEDURE_NAME = p, MAX_QUEUE_READERS = 1, EXECUTE AS"
            + " OWNER)",
        "ACTIVATION of a queue");
    refused(40000, "CREATE QUEUE q WITH RETENTION = ON", "RETENTION = ON");
    refused(
        40000,
        "CREATE MESSAGE TYPE t VALIDATION = VALID_XML WITH SCHEMA COLLECTION c",
        "VALID_XML");
    refused(40000, "BEGIN CONVERSATION TIMER ('x') TIMEOUT = 1", "BEGIN CONVERSATION TIMER");
    refused(
        40000, "INSERT INTO dbo.TargetQueue (status) VALUES (1)", "the queue 'dbo.TargetQueue'");
    refused(40000, "UPDATE dbo.TargetQueue SET status = 0", "the queue 'dbo.TargetQueue'");
    refused(40000, "DELETE FROM TargetQueue", "the queue 'TargetQueue'");
    refused(
        40000,
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; RECEIVE * FROM TargetQueue",
        "REPEATABLE_READ");
  }

  @Test
  void namesThatAreTakenMissingOrInUseAreErrors() throws Exception {
    refused(2714, "CREATE MESSAGE TYPE [Request]", "'Request'");
    one.ok("CREATE MESSAGE TYPE [request]");
    refused(2714, "CREATE CONTRACT [Contract] ([Request] SENT BY ANY)", "'Contract'");
    refused(2714, "CREATE QUEUE targetqueue", "'targetqueue'");
    refused(2714, "CREATE TABLE TargetQueue (a int)", "'TargetQueue'");
    refused(2714, "CREATE SERVICE [Target] ON QUEUE TargetQueue", "'Target'");
    refused(
        15151, "CREATE CONTRACT [c] ([Nowhere] SENT BY ANY)", "find the message type 'Nowhere'");
    refused(15151, "CREATE SERVICE [s] ON QUEUE Nowhere", "find the queue 'Nowhere'");
    refused(
        15151,
        "CREATE SERVICE [s] ON QUEUE TargetQueue ([Nowhere])",
        "find the contract 'Nowhere'");
    refused(15151, "ALTER QUEUE Nowhere WITH STATUS = ON", "alter the queue 'Nowhere'");
    refused(15151, "ALTER MESSAGE TYPE [Nowhere] VALIDATION = NONE", "alter the message type");
    refused(15151, "DROP MESSAGE TYPE [Nowhere]", "drop the message type 'Nowhere'");
    refused(15151, "DROP MESSAGE TYPE [DEFAULT]", "drop the message type 'DEFAULT'");
    refused(15151, "DROP CONTRACT [Nowhere]", "drop the contract 'Nowhere'");
    refused(15151, "DROP SERVICE [Nowhere]", "drop the service 'Nowhere'");
    refused(15151, "DROP QUEUE Nowhere", "drop the queue 'Nowhere'");
    refused(3716, "DROP MESSAGE TYPE [Request]", "bound to one or more contract");
    refused(3716, "DROP CONTRACT [Contract]", "bound to one or more service");
    refused(3716, "DROP QUEUE TargetQueue", "bound to one or more service");
    refused(8403, "CREATE CONTRACT c ([Xml] SENT BY ANY, [Xml] SENT BY ANY)", "more than once");
    refused(8404, "CREATE SERVICE s ON QUEUE TargetQueue ([Contract], [Contract])", "once");
    refused(8492, "CREATE CONTRACT c ([Xml] SENT BY TARGET)", "at least one");
    refused(8493, "ALTER SERVICE [Target] ON QUEUE TargetQueue", "must change");
    refused(208, "RECEIVE * FROM Nowhere", "'Nowhere'");
    refused(208, "SELECT * FROM dbo.Nowhere", "dbo.Nowhere");
  }

  @Difference("services-with-conversations-stay")
  @Test
  void objectsAreDroppedInTheirOrder() throws Exception {
    String handle = BrokerFixture.begin(one);
    refused(40000, "DROP SERVICE [Initiator]", "while it has conversations");
    one.ok("END CONVERSATION '" + handle + "' WITH CLEANUP");
    one.ok("DROP SERVICE [Initiator]; DROP SERVICE [Target]");
    one.ok("DROP QUEUE dbo.TargetQueue; DROP QUEUE InitiatorQueue");
    one.ok("DROP CONTRACT [Contract]; DROP MESSAGE TYPE [Request]");
    assertThat(one.query("SELECT COUNT(*) FROM sys.service_queues")).containsExactly("0");
    assertThat(one.query("SELECT COUNT(*) FROM sys.services")).containsExactly("0");
    one.ok("CREATE QUEUE dbo.TargetQueue; SELECT * FROM dbo.TargetQueue");
  }

  @Test
  void definitionsOfATransactionAreUndoneWithIt() throws Exception {
    one.ok(
        "BEGIN TRAN; CREATE MESSAGE TYPE [New]; CREATE CONTRACT [NewContract] ([New] SENT BY ANY);"
            + " CREATE QUEUE NewQueue; CREATE SERVICE [NewService] ON QUEUE NewQueue"
            + " ([NewContract]); ALTER QUEUE TargetQueue WITH STATUS = OFF; ALTER MESSAGE TYPE"
            + " [Request] VALIDATION = EMPTY; ALTER SERVICE [Target] (DROP CONTRACT [Contract]);"
            + " ROLLBACK");
    assertThat(one.query("SELECT name FROM sys.services ORDER BY name"))
        .containsExactly("Initiator", "Target");
    assertThat(one.query("SELECT COUNT(*) FROM sys.service_queues WHERE is_receive_enabled = 1"))
        .containsExactly("2");
    assertThat(one.query("SELECT COUNT(*) FROM sys.service_contracts")).containsExactly("2");
    BrokerFixture.send(one, BrokerFixture.begin(one), "as before");
    assertThat(BrokerFixture.receive(one, "")).containsExactly("as before");
  }
}
