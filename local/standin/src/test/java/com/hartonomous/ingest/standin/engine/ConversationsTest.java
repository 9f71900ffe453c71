package com.hartonomous.ingest.standin.engine;

import static com.hartonomous.ingest.standin.engine.BrokerFixture.END_DIALOG;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.ERROR;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.await;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.begin;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.farHandle;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.receive;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.send;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.state;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.unknown;
import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.Difference;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of a conversation and its messages, statement by statement. */
@Timeout(180)
class ConversationsTest {

  private BrokerFixture broker;
  private Client one;
  private Client two;

  @BeforeEach
  void open() throws Exception {
    broker = new BrokerFixture();
    one = broker.client();
    two = broker.client();
  }

  @AfterEach
  void close() {
    broker.close();
  }

  private void refused(int number, String statement) throws Exception {
    assertThat(one.error(statement).number()).as(statement).isEqualTo(number);
  }

  @Test
  void messagesArriveInOrderWithAllTheirColumns() throws Exception {
    String handle = begin(one);
    assertThat(state(one, handle)).isEqualTo("SO");
    for (int i = 0; i < 3; i++) {
      send(one, handle, "m" + i);
    }
    assertThat(state(one, handle)).isEqualTo("CO");
    String far = farHandle(one, handle);
    assertThat(state(one, far)).isEqualTo("CO");
    assertThat(one.query("SELECT COUNT(*) FROM dbo.TargetQueue WITH (NOLOCK)"))
        .containsExactly("3");
    assertThat(
            one.query(
                "SELECT status, priority, queuing_order, message_sequence_number, service_name,"
                    + " service_contract_name, message_type_name, validation FROM TargetQueue ORDER"
                    + " BY queuing_order"))
        .containsExactly(
            "1|5|0|0|Target|Contract|Request|N ",
            "1|5|1|1|Target|Contract|Request|N ",
            "1|5|2|2|Target|Contract|Request|N ");
    Client.Results all = one.ok("RECEIVE TOP (2) * FROM dbo.TargetQueue");
    assertThat(all.columns.stream().map(ResultColumn::name))
        .containsExactly(
            "status",
            "priority",
            "queuing_order",
            "conversation_group_id",
            "conversation_handle",
            "message_sequence_number",
            "service_name",
            "service_id",
            "service_contract_name",
            "service_contract_id",
            "message_type_name",
            "message_type_id",
            "validation",
            "message_body",
            "message_enqueue_time");
    assertThat(all.columns.get(4).type()).isEqualTo(SqlType.of(SqlType.Kind.UNIQUEIDENTIFIER));
    assertThat(all.counts).containsExactly(2L);
    assertThat(all.rows).extracting(row -> row.get(4).toString()).containsExactly(far, far);
    assertThat(all.rows).extracting(row -> row.get(13)).containsExactly("6d003000", "6d003100");
    assertThat(receive(one, "")).containsExactly("m2");
    assertThat(receive(one, "")).isEmpty();
  }

  @Test
  void bodiesOfEveryKindArriveAsTheyWereSent() throws Exception {
    String handle = begin(one);
    byte[] large = new byte[20 << 20];
    new Random(7).nextBytes(large);
    one.ok(
        "SEND ON CONVERSATION '" + handle + "' MESSAGE TYPE [Request] (@b)",
        new Parameter("@b", SqlType.ofLength(SqlType.Kind.VARBINARY, SqlType.MAX), large, false));
    one.ok("SEND ON CONVERSATION '" + handle + "' MESSAGE TYPE [Request] ('varchar \u20AC')");
    one.ok("SEND ON CONVERSATION '" + handle + "' MESSAGE TYPE [Request] (N'')");
    one.ok("SEND ON CONVERSATION '" + handle + "' MESSAGE TYPE [Nothing]");
    one.ok("SEND ON CONVERSATION '" + handle + "' MESSAGE TYPE [Request] (0x00FF)");
    List<List<Object>> rows = one.ok("RECEIVE message_body FROM TargetQueue").rows;
    assertThat(rows)
        .extracting(row -> row.get(0))
        .containsExactly(
            HexFormat.of().formatHex(large), "76617263686172208" + "0", "", null, "00ff");
  }

  @Test
  void severalHandlesGetOneMessageEachOrNone() throws Exception {
    String first = begin(one);
    String second = begin(one);
    refused(
        8426,
        "SEND ON CONVERSATION ('"
            + first
            + "', '"
            + unknown()
            + "') MESSAGE TYPE [Request] (0x01)");
    assertThat(one.query("SELECT COUNT(*) FROM TargetQueue")).containsExactly("0");
    one.ok(
        "SEND ON CONVERSATION ('" + first + "', '" + second + "') MESSAGE TYPE [Request] (0x01)");
    assertThat(one.query("SELECT COUNT(DISTINCT conversation_handle) FROM TargetQueue"))
        .containsExactly("2");
  }

  @Test
  void theDefaultContractAndMessageTypeNeedNoNames() throws Exception {
    one.ok("CREATE QUEUE q; CREATE SERVICE s ON QUEUE q ([DEFAULT])");
    one.ok(
        "DECLARE @h UNIQUEIDENTIFIER, @to NVARCHAR(256) = N's'; BEGIN DIALOG CONVERSATION @h FROM"
            + " SERVICE s TO SERVICE @to; SEND ON CONVERSATION @h (N'to itself')");
    assertThat(
            one.query(
                "RECEIVE message_type_name, service_contract_name, CAST(message_body AS"
                    + " NVARCHAR(MAX)) FROM q"))
        .containsExactly("DEFAULT|DEFAULT|to itself");
  }

  @Test
  void valuesAreAssignedInsertedAndComputed() throws Exception {
    String handle = begin(one);
    send(one, handle, "first");
    send(one, handle, "second");
    assertThat(
            one.query(
                "DECLARE @h UNIQUEIDENTIFIER, @b VARBINARY(MAX), @n BIGINT; WAITFOR (RECEIVE TOP"
                    + " (1) @h = conversation_handle, @b = message_body, @n ="
                    + " message_sequence_number FROM TargetQueue), TIMEOUT 5000; SELECT"
                    + " @@ROWCOUNT, @n, CAST(@b AS NVARCHAR(MAX)), CASE WHEN @h IS NULL THEN 0"
                    + " ELSE 1 END"))
        .containsExactly("1|0|first|1");
    assertThat(
            one.query(
                "DECLARE @t TABLE (n BIGINT, t NVARCHAR(100), l INT); RECEIVE"
                    + " message_sequence_number, CAST(message_body AS NVARCHAR(100)),"
                    + " DATALENGTH(message_body) FROM TargetQueue INTO @t; SELECT n, t, l FROM @t"))
        .containsExactly("1|second|12");
    assertThat(
            one.query(
                "DECLARE @h UNIQUEIDENTIFIER; RECEIVE @h = conversation_handle FROM TargetQueue;"
                    + " SELECT @@ROWCOUNT, @h"))
        .containsExactly("0|null");
    refused(
        8447, "DECLARE @h UNIQUEIDENTIFIER; RECEIVE @h = conversation_handle, 1 FROM TargetQueue");
    refused(207, "RECEIVE nothing FROM TargetQueue");
  }

  @Test
  void whatCannotBeReadIsNotReceived() throws Exception {
    send(one, begin(one), "kept");
    one.ok("BEGIN TRAN");
    refused(8134, "RECEIVE 1 / status, 1 / (status - status) FROM TargetQueue");
    one.ok("COMMIT");
    assertThat(receive(two, "")).containsExactly("kept");
  }

  @Test
  void bothSidesEndAConversation() throws Exception {
    String handle = begin(one);
    send(one, handle, "request");
    String far = farHandle(one, handle);
    one.ok("RECEIVE * FROM TargetQueue");
    one.ok("SEND ON CONVERSATION '" + far + "' MESSAGE TYPE [Answer] (N'answer')");
    one.ok("END CONVERSATION '" + far + "'");
    assertThat(state(one, far)).isEqualTo("DO");
    assertThat(state(one, handle)).isEqualTo("DI");
    refused(8429, "SEND ON CONVERSATION '" + far + "' MESSAGE TYPE [Answer] (N'late')");
    refused(8429, "SEND ON CONVERSATION '" + handle + "' MESSAGE TYPE [Request] (N'late')");
    refused(8427, "END CONVERSATION '" + far + "'");
    assertThat(
            one.query(
                "RECEIVE message_type_name, message_sequence_number, validation, message_body FROM"
                    + " InitiatorQueue"))
        .containsExactly("Answer|0|N |61006e007300770065007200", END_DIALOG + "|1|E |null");
    one.ok("END CONVERSATION '" + handle + "'");
    assertThat(state(one, handle)).isEmpty();
    assertThat(state(one, far)).isEqualTo("CD");
    refused(8426, "SEND ON CONVERSATION '" + handle + "' MESSAGE TYPE [Request] (N'late')");
    refused(8429, "SEND ON CONVERSATION '" + far + "' MESSAGE TYPE [Answer] (N'late')");
  }

  @Test
  void anEndWithErrorTellsTheOtherSide() throws Exception {
    String handle = begin(one);
    send(one, handle, "request");
    String far = farHandle(one, handle);
    one.ok("END CONVERSATION '" + far + "' WITH ERROR = 42 DESCRIPTION = N'no <good> & so on'");
    assertThat(state(one, handle)).isEqualTo("ER");
    assertThat(one.query("SELECT COUNT(*) FROM TargetQueue")).containsExactly("0");
    List<String> error =
        one.query(
            "RECEIVE message_type_name, CAST(message_body AS NVARCHAR(MAX)) FROM InitiatorQueue");
    assertThat(error.get(0))
        .startsWith(ERROR)
        .contains("<Code>42</Code><Description>no &lt;good&gt; &amp; so on</Description>");
    refused(8429, "SEND ON CONVERSATION '" + handle + "' MESSAGE TYPE [Request] (N'late')");
    one.ok("END CONVERSATION '" + handle + "'");
    assertThat(state(one, far)).isEqualTo("CD");
    String other = begin(one);
    refused(40000, "END CONVERSATION '" + other + "' WITH ERROR = 0 DESCRIPTION = N'x'");
    refused(8419, "END CONVERSATION '" + other + "' WITH ERROR = 1 DESCRIPTION = NULL");
    one.ok("END CONVERSATION '" + other + "'");
    assertThat(state(one, other)).isEmpty();
  }

  @Test
  void cleanUpForgetsOneSideWithoutNotice() throws Exception {
    String handle = begin(one);
    send(one, handle, "request");
    String far = farHandle(one, handle);
    one.ok("END CONVERSATION '" + far + "' WITH CLEANUP");
    assertThat(one.query("SELECT COUNT(*) FROM TargetQueue")).containsExactly("0");
    assertThat(state(one, handle)).isEqualTo("CO");
    send(one, handle, "to nobody");
    assertThat(state(one, handle)).isEqualTo("ER");
    assertThat(one.query("RECEIVE CAST(message_body AS NVARCHAR(MAX)) FROM InitiatorQueue").get(0))
        .contains("<Code>-8462</Code>");
    one.ok("END CONVERSATION '" + handle + "'");
  }

  @Test
  void wrongSendsAreErrorsWithTheirNumbers() throws Exception {
    String handle = begin(one);
    String on = "SEND ON CONVERSATION '" + handle + "' MESSAGE TYPE ";
    refused(8426, "SEND ON CONVERSATION '" + unknown() + "' MESSAGE TYPE [Request] (N'x')");
    refused(8418, "SEND ON CONVERSATION NULL MESSAGE TYPE [Request] (N'x')");
    refused(8428, on + "[Nowhere] (N'x')");
    refused(8428, on + "[request] (N'x')");
    refused(8431, on + "[Foreign] (N'x')");
    refused(8431, "SEND ON CONVERSATION '" + handle + "' (N'x')");
    refused(8432, on + "[Answer] (N'x')");
    refused(8433, on + "[Request] (NULL)");
    refused(8433, "DECLARE @b NVARCHAR(MAX); " + on + "[Request] (@b)");
    send(one, handle, "request");
    refused(
        8434,
        "SEND ON CONVERSATION '" + farHandle(one, handle) + "' MESSAGE TYPE [Request] (N'x')");
    assertThat(one.query("SELECT COUNT(*) FROM TargetQueue")).containsExactly("1");
    String from = "DECLARE @h UNIQUEIDENTIFIER; BEGIN DIALOG @h FROM SERVICE ";
    refused(8423, from + "[Nowhere] TO SERVICE 'Target' ON CONTRACT [Contract]");
    refused(8425, from + "[Initiator] TO SERVICE 'Target' ON CONTRACT [Nowhere]");
    refused(8412, from + "[Initiator] TO SERVICE '' ON CONTRACT [Contract]");
    refused(
        8411, from + "[Initiator] TO SERVICE 'Target' ON CONTRACT [Contract] WITH LIFETIME = 0");
    refused(8426, "END CONVERSATION '" + unknown() + "'");
    refused(8426, "RECEIVE * FROM TargetQueue WHERE conversation_handle = '" + unknown() + "'");
    refused(8426, "RECEIVE * FROM TargetQueue WHERE conversation_handle = '" + handle + "'");
    refused(8436, "RECEIVE * FROM TargetQueue WHERE conversation_group_id = '" + unknown() + "'");
  }

  @Difference("invalid-bodies-end-both-sides")
  @Test
  void bodiesThatFailTheirValidationEndTheConversation() throws Exception {
    String good = begin(one);
    one.ok(
        "SEND ON CONVERSATION '" + good + "' MESSAGE TYPE [Xml] (N'<Event><a b=\"1\"/></Event>')");
    one.ok("SEND ON CONVERSATION '" + good + "' MESSAGE TYPE [Xml] ('<e/>')");
    assertThat(receive(one, "")).hasSize(2);
    for (String body :
        List.of(
            "[Xml] (N'<Event>')",
            "[Xml] (N'')",
            "[Xml]",
            "[Xml] (N'<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>')",
            "[Xml] ('" + "<a>".repeat(200) + "</a>".repeat(200) + "')",
            "[Nothing] (N'something')")) {
      String handle = begin(one);
      one.ok("SEND ON CONVERSATION '" + handle + "' MESSAGE TYPE " + body);
      assertThat(state(one, handle)).as(body).isEqualTo("ER");
      assertThat(
              one.query("RECEIVE CAST(message_body AS NVARCHAR(MAX)) FROM InitiatorQueue").get(0))
          .as(body)
          .contains("<Code>-9615</Code>");
      assertThat(one.query("RECEIVE message_type_name FROM TargetQueue"))
          .as(body)
          .containsExactly(ERROR);
    }
  }

  @Test
  void groupsHoldConversationsTogetherAndMove() throws Exception {
    String first = begin(one);
    String second = begin(one, ", RELATED_CONVERSATION = '" + first + "'");
    String groups = "SELECT COUNT(*) FROM sys.conversation_groups";
    assertThat(one.query(groups)).containsExactly("1");
    String third = begin(one);
    String group =
        one.query(
                "SELECT conversation_group_id FROM sys.conversation_endpoints WHERE"
                    + " conversation_handle = '"
                    + first
                    + "'")
            .get(0);
    one.ok("MOVE CONVERSATION '" + third + "' TO '" + group + "'");
    assertThat(one.query(groups)).containsExactly("1");
    String fourth = begin(one, ", RELATED_CONVERSATION_GROUP = '" + unknown() + "'");
    assertThat(one.query(groups)).containsExactly("2");
    refused(8439, "MOVE CONVERSATION '" + fourth + "' TO '" + unknown() + "'");
    refused(8426, "MOVE CONVERSATION '" + unknown() + "' TO '" + group + "'");
    refused(
        9610,
        "DECLARE @h UNIQUEIDENTIFIER; BEGIN DIALOG @h FROM SERVICE [Target] TO SERVICE 'Target' ON"
            + " CONTRACT [Contract] WITH RELATED_CONVERSATION = '"
            + second
            + "'");
    // The target's side: two conversations of one group are received together, one by one.
    send(one, first, "a0");
    send(one, third, "b0");
    send(one, first, "a1");
    String target =
        one.query("SELECT conversation_group_id FROM TargetQueue ORDER BY queuing_order").get(0);
    one.ok("MOVE CONVERSATION '" + farHandle(one, third) + "' TO '" + target + "'");
    assertThat(
            one.query(
                "DECLARE @g UNIQUEIDENTIFIER; GET CONVERSATION GROUP @g FROM TargetQueue; RECEIVE"
                    + " CAST(message_body AS NVARCHAR(MAX)) FROM TargetQueue WHERE"
                    + " conversation_group_id = @g"))
        .containsExactly("a0", "a1", "b0");
  }

  @Test
  void whatIsRolledBackWasNeverSentAndIsInTheQueueAgain() throws Exception {
    String handle = begin(one);
    one.ok("BEGIN TRAN");
    send(one, handle, "never");
    assertThat(two.query("SELECT COUNT(*) FROM TargetQueue")).containsExactly("0");
    one.ok("ROLLBACK");
    send(one, handle, "once");
    two.ok("BEGIN TRAN");
    assertThat(receive(two, "")).containsExactly("once");
    assertThat(receive(two, "")).isEmpty();
    two.ok("ROLLBACK");
    two.ok("BEGIN TRAN; SAVE TRAN before");
    assertThat(receive(two, "")).containsExactly("once");
    two.ok("ROLLBACK TRAN before");
    assertThat(receive(two, "")).containsExactly("once");
    two.ok("COMMIT");
    assertThat(receive(one, "")).isEmpty();
    assertThat(
            one.query(
                "SELECT send_sequence FROM sys.conversation_endpoints WHERE"
                    + " conversation_handle = '"
                    + handle
                    + "'"))
        .containsExactly("1");
  }

  @Test
  void aLifetimeEndsAConversation() throws Exception {
    String handle = begin(one, ", LIFETIME = 1");
    assertThat(await(two, "CAST(message_body AS NVARCHAR(MAX))", "InitiatorQueue").get(0))
        .contains("<Code>-8489</Code>");
    refused(8429, "SEND ON CONVERSATION '" + handle + "' MESSAGE TYPE [Request] (N'late')");
    one.ok("END CONVERSATION '" + handle + "'");
  }
}
