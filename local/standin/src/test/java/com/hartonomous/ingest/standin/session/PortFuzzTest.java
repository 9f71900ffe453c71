package com.hartonomous.ingest.standin.session;

import static com.hartonomous.ingest.standin.session.RawClient.hex;
import static com.hartonomous.ingest.standin.session.RawClient.packet;
import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.SqlServerStandIn;
import com.hartonomous.ingest.standin.wire.WireLimits;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random bytes and damaged messages at the port of a stand-in over the real database: an answer or
 * a closed connection, nothing that hangs, no memory for lengths that were only announced, and the
 * next client is served. {@code -Dseed} replays, {@code -Drounds} takes longer.
 */
@Timeout(600)
class PortFuzzTest {
  private static final long SEED = Long.getLong("seed", System.nanoTime());
  private static final int ROUNDS = Integer.getInteger("rounds", 400);

  /** What a damaged message may cost beyond what the server needs anyway. */
  private static final long MEMORY = 64L << 20;

  private static final String INT_ARGUMENT = "00 00 26 04 04 01000000";
  private static final String TEXT_ARGUMENT =
      "00 00 e7 401f 0904d00034 1000 53004500 4c004500 43005400 20003100";

  private static final List<byte[]> MESSAGES =
      List.of(
          RawClient.batch("SELECT 1"),
          RawClient.batch("INSERT BULK dbo.T (I INT)"),
          RawClient.batch("BEGIN TRAN; SELECT @@TRANCOUNT; ROLLBACK"),
          packet(3, 1, hex("04000000 ffff 0a00 0000" + TEXT_ARGUMENT)),
          packet(
              3,
              1,
              hex(
                  "04000000 ffff 0d00 0000 00 01 26 04 00 00 00 e7 401f 0904d00034 ffff"
                      + TEXT_ARGUMENT
                      + "ff ffff 0c00 0000"
                      + INT_ARGUMENT)),
          packet(3, 1, hex("04000000 ffff 0200 0000 00 01 26 04 00" + TEXT_ARGUMENT)),
          packet(3, 1, hex("04000000 ffff 0700 0000" + INT_ARGUMENT.repeat(4))),
          packet(3, 1, hex("04000000 ffff 0900 0000" + INT_ARGUMENT)),
          packet(3, 1, hex("04000000 ffff 0f00 0000" + INT_ARGUMENT)),
          packet(
              3,
              1,
              hex(
                  "04000000 ffff 0a00 0000 00 00 e7 ffff 0904d00034 feffffffffffffff"
                      + "10000000 53004500 4c004500 43005400 20003100 00000000")),
          packet(
              3,
              1,
              hex(
                  "04000000 ffff 0a00 0000"
                      + TEXT_ARGUMENT
                      + "00 00 63 ffffff7f 0904d00034 10000000 40006100 20006900 6e007400"
                      + " 2000200000 00 22 ffffff7f 04000000 01020304 00 00 6a 11 26 0a 05 01"
                      + " 0100000000 00 2a 07 08 0000000000 000000 00 00 24 10 10"
                      + " 00112233445566778899aabbccddeeff")),
          packet(
              3,
              1,
              hex("04000000 0800 7300 7000 5f00 7700 6800 6f00 3200 3200 0000" + INT_ARGUMENT)),
          packet(
              7,
              1,
              hex("81 0100 00000000 0800 38 01 4900 d1 01000000 fd 0000 0000 0000000000000000")),
          packet(0x0E, 1, hex("04000000 0500 02 04 6100 6200")),
          packet(0x0E, 1, hex("04000000 0700 00 00")),
          packet(6, 1, new byte[0]));

  @Test
  void damagedMessagesHurtNobody() throws Exception {
    System.out.println("PortFuzzTest seed=" + SEED);
    Random random = new Random(SEED);
    try (SqlServerStandIn server =
        SqlServerStandIn.builder()
            .login(ScriptedEngine.USER, ScriptedEngine.PASSWORD)
            .loginTimeout(Duration.ofMillis(500))
            .limits(new WireLimits(10_000, 8000, 1 << 20, 1 << 21, 1 << 20, 100))
            .start()) {
      assertServes(server);
      long before = usedMemory();
      for (int round = 0; round < ROUNDS; round++) {
        List<byte[]> sent = messages(random);
        try (RawClient client =
            random.nextInt(5) == 0
                ? new RawClient(server.port())
                : RawClient.loggedIn(server.port())) {
          if (random.nextInt(8) == 0) {
            client.send(RawClient.batch("INSERT BULK dbo.T (I INT)"));
          }
          for (byte[] message : sent) {
            client.send(message);
          }
          // Whatever the server still waits for, it learns that it will not come.
          client.finish();
          client.receiveAll();
        } catch (SocketTimeoutException e) {
          throw new AssertionError("round " + round + " of seed " + SEED + " hangs", e);
        } catch (IOException e) {
          // Closed while bytes were still on their way.
          assertThat(String.valueOf(e.getMessage()))
              .as("round %s of seed %s", round, SEED)
              .matches("(?is).*(reset|pipe|closed|abort|null).*");
        }
        if (round % 50 == 49) {
          assertServes(server);
        }
      }
      assertServes(server);
      assertThat(usedMemory() - before).as("bytes held after seed %s", SEED).isLessThan(MEMORY);
    }
  }

  private static List<byte[]> messages(Random random) {
    List<byte[]> messages = new ArrayList<>();
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      byte[] message = MESSAGES.get(random.nextInt(MESSAGES.size())).clone();
      switch (random.nextInt(6)) {
        case 0 -> {
          message = new byte[1 + random.nextInt(300)];
          random.nextBytes(message);
        }
        case 1 -> message = Arrays.copyOf(message, random.nextInt(message.length + 1));
        case 2 -> {
          // A length or count that says much more than comes.
          for (int k = 0; k < 4 && message.length > 12; k++) {
            message[8 + random.nextInt(message.length - 8)] = (byte) (0x7F | random.nextInt(256));
          }
        }
        case 3 -> {
          int extra = 1 + random.nextInt(64);
          message = Arrays.copyOf(message, message.length + extra);
          message[2] = (byte) (message.length >> 8);
          message[3] = (byte) message.length;
        }
        default -> {
          int flips = 1 + random.nextInt(6);
          for (int k = 0; k < flips; k++) {
            message[random.nextInt(message.length)] ^= (byte) (1 << random.nextInt(8));
          }
        }
      }
      messages.add(message);
    }
    return messages;
  }

  private static void assertServes(SqlServerStandIn server) throws IOException {
    try (RawClient client = RawClient.loggedIn(server.port())) {
      client.send(RawClient.batch("SELECT N'served' AS a"));
      assertThat(new String(client.receive(), StandardCharsets.ISO_8859_1).replace("\0", ""))
          .contains("served");
    }
  }

  private static long usedMemory() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
