package com.hartonomous.ingest.standin.engine;

import static com.hartonomous.ingest.standin.engine.BrokerFixture.await;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.begin;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.farHandle;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.receive;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.send;
import static com.hartonomous.ingest.standin.engine.BrokerFixture.state;
import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.Difference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Locks of conversation groups, waiting, poison messages and the transmission queue. */
@Timeout(180)
class ReceivingTest {

  private static final String TEXT = "CAST(message_body AS NVARCHAR(MAX))";
  private static final String STATUS = "SELECT transmission_status FROM sys.transmission_queue";

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

  private static <T> CompletableFuture<T> beside(Callable<T> work) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return work.call();
          } catch (Exception e) {
            throw new CompletionException(e);
          }
        });
  }

  private static <T> T join(CompletableFuture<T> future) throws Exception {
    return future.get(BrokerFixture.WAIT_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Whether a session waits can only be seen by its not having ended. */
  private static void stillWaits(CompletableFuture<?> future) throws Exception {
    Thread.sleep(300);
    assertThat(future).isNotDone();
  }

  @Test
  void aGroupIsLockedByItsReceiverAndOthersGetOtherGroups() throws Exception {
    String first = begin(one);
    String second = begin(one);
    send(one, first, "a0");
    send(one, first, "a1");
    send(one, second, "b0");
    one.ok("BEGIN TRAN");
    assertThat(receive(one, "TOP (1)")).containsExactly("a0");
    assertThat(receive(two, "")).containsExactly("b0");
    assertThat(receive(two, "")).isEmpty();
    send(two, first, "a2");
    assertThat(receive(two, "")).isEmpty();
    one.ok("COMMIT");
    assertThat(receive(two, "")).containsExactly("a1", "a2");
  }

  @Test
  void sendAndEndWaitForTheirGroup() throws Exception {
    String handle = begin(one);
    one.ok("BEGIN TRAN");
    send(one, handle, "m0");
    two.ok("SET LOCK_TIMEOUT 50");
    assertThat(two.error("END CONVERSATION '" + handle + "'").number()).isEqualTo(1222);
    two.ok("SET LOCK_TIMEOUT -1");
    CompletableFuture<Void> other =
        beside(
            () -> {
              send(two, handle, "m1");
              return null;
            });
    stillWaits(other);
    one.ok("COMMIT");
    join(other);
    assertThat(receive(one, "")).containsExactly("m0", "m1");
  }

  @Test
  void aCircleOfWaitersIsADeadlock() throws Exception {
    String first = begin(one);
    String second = begin(one);
    one.ok("BEGIN TRAN");
    two.ok("BEGIN TRAN");
    send(one, first, "1");
    send(two, second, "2");
    CompletableFuture<Client.Results> waits =
        beside(
            () -> one.run("SEND ON CONVERSATION '" + second + "' MESSAGE TYPE [Request] (0x01)"));
    stillWaits(waits);
    assertThat(
            two.run("SEND ON CONVERSATION '" + first + "' MESSAGE TYPE [Request] (0x01)")
                .errorNumbers())
        .containsExactly(1205);
    assertThat(join(waits).errors).isEmpty();
    one.ok("COMMIT");
  }

  @Test
  void aWaitEndsWhenAMessageIsCommitted() throws Exception {
    String handle = begin(one);
    CompletableFuture<List<String>> waiting = beside(() -> await(two, TEXT, "dbo.TargetQueue"));
    stillWaits(waiting);
    one.ok("BEGIN TRAN");
    send(one, handle, "not yet");
    stillWaits(waiting);
    assertThat(broker.client().query("SELECT COUNT(*) FROM dbo.TargetQueue")).containsExactly("0");
    one.ok("COMMIT");
    assertThat(join(waiting)).containsExactly("not yet");
  }

  @Test
  void aWaitEndsWhenAReceiveIsRolledBackOrItsConnectionIsClosed() throws Exception {
    send(one, begin(one), "again");
    for (int round = 0; round < 2; round++) {
      Client receiver = broker.client();
      receiver.ok("BEGIN TRAN");
      assertThat(receive(receiver, "")).containsExactly("again");
      two.ok("BEGIN TRAN");
      CompletableFuture<List<String>> waiting = beside(() -> await(two, TEXT, "TargetQueue"));
      stillWaits(waiting);
      if (round == 0) {
        receiver.ok("ROLLBACK");
      } else {
        receiver.close();
      }
      assertThat(join(waiting)).containsExactly("again");
      two.ok("ROLLBACK");
    }
  }

  @Test
  void aWaitEndsByItsTimeoutWithAnEmptyResult() throws Exception {
    for (String statement :
        List.of(
            "WAITFOR (RECEIVE message_body FROM TargetQueue), TIMEOUT 30",
            "WAITFOR (RECEIVE message_body FROM TargetQueue), TIMEOUT 0",
            "DECLARE @t INT = 20; WAITFOR (RECEIVE message_body FROM TargetQueue), TIMEOUT @t")) {
      Client.Results results = one.ok(statement);
      assertThat(results.columns).hasSize(1);
      assertThat(results.rows).isEmpty();
    }
    assertThat(
            one.query(
                "DECLARE @g UNIQUEIDENTIFIER; WAITFOR (GET CONVERSATION GROUP @g FROM TargetQueue),"
                    + " TIMEOUT 10; SELECT @g"))
        .containsExactly("null");
  }

  @Test
  void aWaitIsCancelledByItsClient() throws Exception {
    CompletableFuture<Client.Results> waiting =
        beside(() -> two.run("WAITFOR (RECEIVE * FROM TargetQueue); SELECT 1"));
    stillWaits(waiting);
    two.session().cancel();
    assertThat(join(waiting).rows).isEmpty();
    assertThat(two.query("SELECT 2")).containsExactly("2");
  }

  @Test
  void aWaitEndsWithAnErrorWhenTheQueueIsTurnedOffOrDropped() throws Exception {
    one.ok("CREATE QUEUE q");
    for (String end : List.of("ALTER QUEUE q WITH STATUS = OFF", "DROP QUEUE q")) {
      one.ok("ALTER QUEUE q WITH STATUS = ON");
      CompletableFuture<Client.Results> waiting =
          beside(() -> two.run("WAITFOR (RECEIVE * FROM q)"));
      stillWaits(waiting);
      one.ok(end);
      assertThat(join(waiting).errorNumbers()).containsExactly(end.startsWith("DROP") ? 208 : 9617);
    }
  }

  @Difference("rolled-back-receives-count-by-group")
  @Test
  void fiveRollbacksInARowDisableTheQueue() throws Exception {
    send(one, begin(one), "poison");
    for (int round = 1; round <= 4; round++) {
      one.ok("BEGIN TRAN");
      assertThat(receive(one, "")).containsExactly("poison");
      one.ok("ROLLBACK");
    }
    one.ok("BEGIN TRAN");
    assertThat(receive(one, "")).containsExactly("poison");
    one.ok("COMMIT");
    send(one, begin(one), "poison");
    for (int round = 1; round <= 5; round++) {
      try (Client receiver = broker.client()) {
        receiver.ok("BEGIN TRAN");
        assertThat(receive(receiver, "")).as("round %d", round).containsExactly("poison");
      }
    }
    assertThat(one.error("RECEIVE * FROM dbo.TargetQueue"))
        .hasMessage("The service queue \"dbo.TargetQueue\" is currently disabled.");
    assertThat(
            one.query(
                "SELECT is_receive_enabled, is_enqueue_enabled FROM sys.service_queues WHERE name ="
                    + " 'TargetQueue'"))
        .containsExactly("false|false");
    assertThat(one.query("SELECT COUNT(*) FROM TargetQueue")).containsExactly("1");
    one.ok("ALTER QUEUE TargetQueue WITH STATUS = ON, POISON_MESSAGE_HANDLING (STATUS = OFF)");
    for (int round = 1; round <= 7; round++) {
      one.ok("BEGIN TRAN");
      assertThat(receive(one, "")).containsExactly("poison");
      one.ok("ROLLBACK");
    }
    assertThat(receive(one, "")).containsExactly("poison");
  }

  @Test
  void messagesForADisabledQueueAreDeliveredInOrderWhenItIsTurnedOn() throws Exception {
    String handle = begin(one);
    send(one, handle, "m0");
    one.ok("ALTER QUEUE TargetQueue WITH STATUS = OFF");
    String late = begin(one);
    send(one, handle, "m1");
    send(one, late, "late");
    send(one, handle, "m2");
    one.ok("END CONVERSATION '" + handle + "'");
    assertThat(
            one.query(
                "SELECT from_service_name, to_service_name, to_broker_instance,"
                    + " service_contract_name, message_type_name, message_sequence_number,"
                    + " is_end_of_dialog, is_conversation_error, CAST(message_body AS"
                    + " NVARCHAR(MAX)) FROM sys.transmission_queue WHERE conversation_handle = '"
                    + handle
                    + "' ORDER BY message_sequence_number"))
        .containsExactly(
            "Initiator|Target|CURRENT DATABASE|Contract|Request|1|false|false|m1",
            "Initiator|Target|CURRENT DATABASE|Contract|Request|2|false|false|m2",
            "Initiator|Target|CURRENT DATABASE|Contract|"
                + BrokerFixture.END_DIALOG
                + "|3|true|false|null");
    assertThat(one.query(STATUS + " WHERE message_sequence_number = 1").get(0))
        .startsWith("One or more messages could not be delivered to the local service");
    assertThat(one.error("RECEIVE * FROM TargetQueue").number()).isEqualTo(9617);
    one.ok("ALTER QUEUE TargetQueue WITH STATUS = ON");
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> two.query("SELECT COUNT(*) FROM sys.transmission_queue").equals(List.of("0")));
    assertThat(receive(two, "")).containsExactly("m0", "m1", "m2", "null");
    assertThat(receive(two, "")).containsExactly("late");
  }

  @Test
  void messagesForAServiceThatIsNotThereWaitForIt() throws Exception {
    String handle =
        one.query(
                "DECLARE @h UNIQUEIDENTIFIER; BEGIN DIALOG @h FROM SERVICE [Initiator] TO SERVICE"
                    + " N'Later' ON CONTRACT [Contract]; SELECT @h")
            .get(0);
    send(one, handle, "m0");
    send(one, handle, "m1");
    assertThat(one.query(STATUS).get(0)).startsWith("The target service name could not be found.");
    CompletableFuture<List<String>> waiting = beside(() -> await(two, TEXT, "LaterQueue"));
    one.ok("CREATE QUEUE LaterQueue");
    one.ok("CREATE SERVICE [later] ON QUEUE LaterQueue ([Contract])");
    one.ok("CREATE SERVICE [Later] ON QUEUE LaterQueue ([Contract])");
    if (join(waiting.handle((found, failure) -> failure != null))) {
      // It began to wait before the queue was there.
      waiting = beside(() -> await(two, TEXT, "LaterQueue"));
    }
    assertThat(join(waiting)).containsExactly("m0", "m1");
  }

  @Test
  void aServiceThatDoesNotAcceptTheContractAnswersWithAnError() throws Exception {
    one.ok("CREATE SERVICE [Closed] ON QUEUE TargetQueue");
    String handle =
        one.query(
                "DECLARE @h UNIQUEIDENTIFIER; BEGIN DIALOG @h FROM SERVICE [Initiator] TO SERVICE"
                    + " N'Closed' ON CONTRACT [Contract]; SELECT @h")
            .get(0);
    send(one, handle, "m0");
    assertThat(one.query("RECEIVE " + TEXT + " FROM InitiatorQueue").get(0))
        .contains("<Code>-8408</Code>");
    assertThat(state(one, handle)).isEqualTo("ER");
  }

  @Test
  void aDisabledBrokerHoldsAllMessages() throws Exception {
    one.ok("ALTER DATABASE CURRENT SET DISABLE_BROKER");
    send(one, begin(one), "held");
    assertThat(one.query(STATUS))
        .containsExactly("The broker is disabled in the sender's database.");
    one.ok("ALTER DATABASE CURRENT SET ENABLE_BROKER");
    assertThat(await(two, TEXT, "TargetQueue")).containsExactly("held");
  }

  /** The sender does not wait for the group of the side that it tells. */
  @Test
  void anEndIsDeliveredOnceTheOtherSidesGroupIsFree() throws Exception {
    String handle = begin(one);
    send(one, handle, "m0");
    String far = farHandle(one, handle);
    two.ok("BEGIN TRAN");
    assertThat(receive(two, "")).containsExactly("m0");
    one.ok("END CONVERSATION '" + handle + "'");
    assertThat(state(one, far)).isEqualTo("CO");
    two.ok("COMMIT");
    assertThat(await(two, "message_type_name", "TargetQueue"))
        .containsExactly(BrokerFixture.END_DIALOG);
    assertThat(state(one, far)).isEqualTo("DI");
    one.ok("END CONVERSATION '" + far + "'");
    assertThat(state(one, handle)).isEmpty();
  }

  @Test
  void aReceiverOfManyLockedMessagesFindsTheOneThatIsFree() throws Exception {
    String busy = begin(one);
    one.ok("BEGIN TRAN");
    for (int i = 0; i < 250; i++) {
      send(one, busy, "busy");
    }
    one.ok("COMMIT");
    send(one, begin(one), "free");
    one.ok("BEGIN TRAN");
    assertThat(receive(one, "TOP (1)")).containsExactly("busy");
    assertThat(receive(two, "")).containsExactly("free");
    one.ok("ROLLBACK");
    assertThat(receive(two, "")).hasSize(250);
  }
}
