package com.hartonomous.ingest.standin.session;

import static com.hartonomous.ingest.standin.session.RawClient.batch;
import static com.hartonomous.ingest.standin.session.RawClient.doneStatus;
import static com.hartonomous.ingest.standin.session.RawClient.hex;
import static com.hartonomous.ingest.standin.session.RawClient.packet;
import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.SqlServerStandIn;
import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.engine.ResultConsumer.Command;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.wire.WireLimits;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests of a logged-in client that the driver never makes. */
@Timeout(120)
class RawRequestTest {
  private static final int ERROR = 0x02;
  private static final int COUNT = 0x10;
  private static final int ATTENTION = 0x20;
  private static final byte[] ATTENTION_PACKET = packet(6, 1, new byte[0]);
  private static final byte[] BULK_COLUMN = hex("81 0100 00000000 0800 38 01 6900");

  private StandInFixture standIn;
  private RawClient client;

  @BeforeEach
  void start() throws Exception {
    standIn =
        new StandInFixture(
            SqlServerStandIn.builder()
                .limits(new WireLimits(10_000, 8000, 100_000, 200_000, 50_000, 100)));
    standIn.engine.on("x", (session, parameters, results) -> results.done(Command.UPDATE, 3));
    client = RawClient.loggedIn(standIn.server.port());
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> standIn.engine.sessions().get(0).closed.get());
    standIn.connect().close();
    standIn.close();
  }

  private void assertUsable() throws Exception {
    client.send(batch("x"));
    assertThat(doneStatus(client.receive())).isEqualTo(COUNT);
  }

  @Test
  void answersAPlainBatch() throws Exception {
    assertUsable();
  }

  @Test
  void attentionWithinABulkLoadIsAnsweredAndUndoesIt() throws Exception {
    client.send(batch("INSERT BULK t (i int)"));
    assertThat(doneStatus(client.receive())).isZero();
    client.send(packet(7, 0, BULK_COLUMN));
    client.send(packet(7, 0, hex("d1 01000000 d1 02000000")));
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> standIn.engine.bulkRows().size() == 2);
    client.send(ATTENTION_PACKET);
    assertThat(doneStatus(client.receive())).isEqualTo(ERROR);
    assertThat(doneStatus(client.receive())).isEqualTo(ATTENTION);
    assertThat(standIn.engine.bulkRows()).isEmpty();
    assertUsable();
  }

  @Test
  void attentionWithinABatchIsAnswered() throws Exception {
    client.send(packet(1, 0, hex("04000000 7800")));
    client.send(ATTENTION_PACKET);
    assertThat(doneStatus(client.receive())).isEqualTo(ERROR);
    assertThat(doneStatus(client.receive())).isEqualTo(ATTENTION);
    assertThat(standIn.engine.executed()).isEmpty();
    assertUsable();
  }

  @Test
  void attentionWithoutARequestIsAcknowledged() throws Exception {
    client.send(ATTENTION_PACKET);
    assertThat(doneStatus(client.receive())).isEqualTo(ATTENTION);
    assertUsable();
  }

  @Test
  void resetsTheSessionAndKeepsItsTransaction() throws Exception {
    standIn.engine.on("begin", (session, parameters, results) -> results.transactionBegan(17));
    client.send(batch("begin"));
    assertThat(transactionEvents(client.receive())).containsExactly(8);
    client.send(packet(1, 0x11, hex("04000000 7800")));
    byte[] answer = client.receive();
    assertThat(doneStatus(answer) & COUNT).isEqualTo(COUNT);
    assertThat(transactionEvents(answer)).containsExactly(18);
    assertThat(standIn.engine.sessions().get(0).resetsKeepingTransaction).hasValue(1);
    client.send(packet(1, 9, hex("04000000 7800")));
    assertThat(transactionEvents(client.receive())).containsExactly(18, 10);
    assertThat(standIn.engine.sessions().get(0).resets).hasValue(1);
  }

  /** The types of the environment changes with which a reply begins. */
  private static List<Integer> transactionEvents(byte[] answer) {
    List<Integer> types = new ArrayList<>();
    int at = 0;
    while ((answer[at] & 0xff) == 0xE3) {
      types.add((int) answer[at + 3]);
      at += 3 + (answer[at + 1] & 0xff) + 256 * (answer[at + 2] & 0xff);
    }
    return types;
  }

  @Test
  void ignoredMessageIsNotExecuted() throws Exception {
    client.send(packet(1, 0, hex("04000000 7800")));
    client.send(packet(1, 3, hex("2000")));
    assertThat(doneStatus(client.receive())).isEqualTo(ERROR);
    assertThat(standIn.engine.executed()).isEmpty();
    assertUsable();
  }

  @Test
  void transactionManagerRequestsAreStatements() throws Exception {
    for (String statement :
        List.of(
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "BEGIN TRANSACTION",
            "BEGIN TRANSACTION [a]]]",
            "SAVE TRANSACTION [a]",
            "COMMIT TRANSACTION",
            "ROLLBACK TRANSACTION [a]",
            "ROLLBACK TRANSACTION")) {
      standIn.engine.on(statement, (session, parameters, results) -> {});
    }
    for (String request :
        List.of(
            "0500 02 00", // begin with an isolation level
            "0500 00 04 6100 5d00", // begin with a name
            "0900 02 6100", // save
            "0700 00 00", // commit
            "0800 02 6100 00", // roll back to a name
            "0800 00 01 00 00")) { // roll back, begin
      client.send(packet(0x0E, 1, hex("04000000" + request)));
      assertThat(doneStatus(client.receive())).as(request).isZero();
    }
    assertThat(standIn.engine.executed())
        .extracting(ScriptedEngine.Executed::text)
        .containsExactly(
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "BEGIN TRANSACTION",
            "BEGIN TRANSACTION [a]]]",
            "SAVE TRANSACTION [a]",
            "COMMIT TRANSACTION",
            "ROLLBACK TRANSACTION [a]",
            "ROLLBACK TRANSACTION",
            "BEGIN TRANSACTION");
  }

  @Test
  void distributedTransactionsAreRefusedByName() throws Exception {
    client.send(packet(0x0E, 1, hex("04000000 0000 0000")));
    byte[] reply = client.receive();
    assertThat(doneStatus(reply)).isEqualTo(ERROR);
    assertThat(new String(reply, StandardCharsets.ISO_8859_1).replace("\0", ""))
        .contains("distributed transactions");
    assertUsable();
  }

  @Test
  void bulkRowOfUnknownTypeIsRefusedAndTheRestDrained() throws Exception {
    client.send(batch("INSERT BULK t (i int)"));
    client.receive();
    client.send(packet(7, 0, hex("81 0100 00000000 0800 62")));
    client.send(packet(7, 1, new byte[1000]));
    assertThat(doneStatus(client.receive())).isEqualTo(ERROR);
    assertUsable();
  }

  @Test
  void callsProcedureByName() throws Exception {
    standIn.engine.on(
        "sp_x",
        (session, parameters, results) -> {
          results.done(Command.OTHER, -1);
          results.returnStatus(parameters.size());
        });
    String name = "0400 7300 7000 5f00 7800 0000";
    String arguments = "02 4000 6100 00 26 04 04 07000000" + "00 00 26 04 00";
    client.send(packet(3, 1, hex("04000000" + name + arguments)));
    byte[] reply = client.receive();
    assertThat(HexFormat.of().formatHex(reply))
        .isEqualTo(
            "ff01000000" + "0000000000000000" + "7902000000" + "fe00000000" + "0000000000000000");
    assertThat(standIn.engine.executed().get(0).parameters())
        .containsExactly(
            new Parameter("@a", SqlType.of(SqlType.Kind.INT), 7),
            new Parameter("", SqlType.of(SqlType.Kind.INT), null));
  }

  @Test
  void executesSeveralCallsOfOneMessage() throws Exception {
    String one = "0100 7800 0000";
    client.send(packet(3, 1, hex("04000000" + one + "ff" + one + "ff" + one + "ff")));
    assertThat(HexFormat.of().formatHex(client.receive()))
        .isEqualTo(
            ("ff1100c500" + "0300000000000000" + "7900000000" + "fe01000000" + "0000000000000000")
                    .repeat(2)
                + ("ff1100c500" + "0300000000000000" + "7900000000")
                + ("fe00000000" + "0000000000000000"));
    assertThat(standIn.engine.executed()).hasSize(3);
  }

  /** RPC messages that are wrong in some other way than their framing. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ffff 0c00 0000 00 00 26 04 04 63000000", // sp_execute of a handle that is not there
        "ffff 0c00 0000", // sp_execute without handle
        "ffff 0a00 0000", // sp_executesql without text
        "ffff 0a00 0000 00 00 26 04 04 01000000", // with a number for a text
        "ffff 0200 0000", // sp_cursoropen without text
        "ffff 0700 0000 00 00 26 04 04 63000000", // sp_cursorfetch of a cursor that is not there
        "ffff 0900 0000 00 00 26 04 04 00000000", // sp_cursorclose, the same
        "ffff 0100 0000", // sp_cursor, the same
        "ffff 0e00 0000", // sp_prepexecrpc
        "ffff ff00 0000", // no procedure has this number
        "ffff 0d00 0000 00 01 26 04 00", // sp_prepexec without text
        "ffff 0a00 0000 00 02 26 04 00", // default value
        "0100 7800 0000 00 00 2b 07 0a ffbf692ac9 dab937 4803", // in the year 10000 of its offset
        "0100 7800 0000 00 00 2b 07 0a 0000000000 000000 ffff", // in the year 0
      })
  void refusesWrongCalls(String call) throws Exception {
    client.send(packet(3, 1, hex("04000000" + call)));
    assertThat(doneStatus(client.receive())).isEqualTo(ERROR);
    assertThat(standIn.engine.executed()).isEmpty();
    assertUsable();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "01 01 ffffffff 7800", // length of headers
        "01 01 03000000 7800",
        "01 01 04000000 78", // half a character
        "01 01 05000000", // headers end early
        "03 01 04000000 0000 0000", // no procedure name
        "03 01 04000000 ffff 0a00 0000 00 00 e7 401f 0904d00034 fe0f", // value ends early
        "03 01 04000000 ffff 0a00 0000 fe", // no-execute flag
        "03 01 04000000 ffff 0a00 0000 00 00 26 03 00", // integer of three bytes
        "0e 01 04000000 0500 06 00", // isolation level 6
        "0e 01 04000000 0500 00 41", // name of 65 bytes
        "0e 01 04000000 0900 00 00", // savepoint without a name
        "07 01 81 0100", // bulk load out of turn
        "01 19 04000000 7800", // reset and keep the transaction, and roll it back
        "10 01 04000000", // login again is drained and refused, then the connection is closed by us
      })
  void endsTheConnectionOnBrokenMessages(String message) throws Exception {
    byte[] bytes = hex(message);
    client.send(packet(bytes[0], bytes[1], Arrays.copyOfRange(bytes, 2, bytes.length)));
    if (bytes[0] == 0x10) {
      assertThat(doneStatus(client.receive())).isEqualTo(ERROR);
    } else {
      assertThat(doneStatus(client.receiveAll())).isEqualTo(ERROR);
    }
    assertThat(standIn.engine.executed()).isEmpty();
  }

  @Test
  void endsTheConnectionWhenTheLastPacketLacksHalfACharacter() throws Exception {
    client.send(packet(1, 0, hex("04000000 78")));
    client.send(packet(1, 1, new byte[0]));
    assertThat(doneStatus(client.receiveAll())).isEqualTo(ERROR);
    assertThat(standIn.engine.executed()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"04 01 0008 0000 0000", "01 01 0007 0000 0000", "01 01 ffff 0000 0000"})
  void endsTheConnectionOnBrokenPackets(String header) throws Exception {
    client.send(hex(header));
    client.receiveAll();
  }

  @Test
  void endsTheConnectionBeyondTheLimitOfABatch() throws Exception {
    client.send(packet(1, 0, hex("04000000")));
    byte[] part = packet(1, 0, new byte[4000]);
    for (int i = 0; i < 24; i++) {
      client.send(part);
    }
    client.send(packet(1, 1, new byte[4088]));
    assertThat(doneStatus(client.receiveAll())).isEqualTo(ERROR);
    assertThat(standIn.engine.executed()).isEmpty();
  }

  @Test
  void endsTheSessionOfAClientThatVanishesWithinAMessage() throws Exception {
    client.send(batch("INSERT BULK t (i int)"));
    client.receive();
    client.send(packet(7, 0, BULK_COLUMN));
    client.send(hex("07 00 0020 0000 0000 d1 01"));
    client.close();
  }
}
