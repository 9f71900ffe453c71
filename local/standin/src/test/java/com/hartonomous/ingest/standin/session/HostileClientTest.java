package com.hartonomous.ingest.standin.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.hartonomous.ingest.standin.SqlServerStandIn;
import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bytes that no driver sends: the connection is closed, and others do not notice. */
@Timeout(180)
class HostileClientTest {
  private static final byte[] PRELOGIN = RawClient.PRELOGIN;
  private static final int HANDSHAKES = 100;

  private StandInFixture standIn;

  @BeforeEach
  void start() throws Exception {
    standIn = new StandInFixture(SqlServerStandIn.builder().loginTimeout(Duration.ofMillis(1500)));
  }

  @AfterEach
  void stop() throws Exception {
    standIn.connect().close();
    standIn.close();
  }

  @Test
  void closesOnAnotherProtocol() throws Exception {
    assertClosedAfter(
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    assertClosedAfter(new byte[] {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xFC, 3, 3});
  }

  @Test
  void closesOnSilenceBeforeLogin() throws Exception {
    assertClosedAfter(new byte[0]);
    assertClosedAfter(new byte[] {0x12, 1, 0});
    assertClosedAfter(PRELOGIN);
  }

  /** A socket that is asked for its options before it has any opens a descriptor of its own. */
  @Test
  void failedHandshakesLeaveNoDescriptors() throws Exception {
    assumeTrue(
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean,
        "descriptors are counted on Unix alone");
    UnixOperatingSystemMXBean system =
        (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    byte[] encrypted = PRELOGIN.clone();
    encrypted[encrypted.length - 1] = 1;
    byte[] noHello = RawClient.packet(0x12, 1, RawClient.hex("1603010004 01000000"));
    assertClosedAfter(join(encrypted, noHello));
    long before = system.getOpenFileDescriptorCount();
    for (int i = 0; i < HANDSHAKES; i++) {
      assertClosedAfter(join(encrypted, noHello));
    }
    assertThat(system.getOpenFileDescriptorCount() - before).isLessThan(HANDSHAKES / 2);
  }

  @Test
  void closesOnImpossibleLengths() throws Exception {
    assertClosedAfter(new byte[] {0x12, 1, 0, 3, 0, 0, 1, 0});
    assertClosedAfter(new byte[] {0x12, 1, (byte) 0xFF, (byte) 0xFF, 0, 0, 1, 0});
    byte[] beyond = PRELOGIN.clone();
    beyond[8 + 6] = (byte) 0xFF;
    assertClosedAfter(beyond);
    assertClosedAfter(join(PRELOGIN, new byte[] {0x10, 1, 0, 12, 0, 0, 1, 0, -1, -1, -1, 0x7F}));
    assertClosedAfter(join(PRELOGIN, new byte[] {0x10, 1, 0, 12, 0, 0, 1, 0, -1, -1, -1, -1}));
  }

  @Test
  void closesOnLoginFieldsBeyondTheMessage() throws Exception {
    byte[] login = new byte[8 + 94];
    login[0] = 0x10;
    login[1] = 1;
    login[3] = 8 + 94;
    login[8] = 94;
    for (int at = 36; at < 94; at++) {
      login[8 + at] = (byte) 0x7F;
    }
    assertClosedAfter(join(PRELOGIN, login));
  }

  @Test
  void closesOnEndlessLoginMessage() throws Exception {
    byte[] packet = new byte[4096];
    packet[0] = 0x10;
    packet[2] = 0x10;
    packet[8] = 94;
    byte[] all = PRELOGIN;
    for (int i = 0; i < 64; i++) {
      all = join(all, packet);
    }
    assertClosedAfter(all);
  }

  @Test
  void closesOnAnyDamageToALogin() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("HostileClientTest seed=" + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 20; round++) {
      byte[] bytes = new byte[random.nextInt(200)];
      random.nextBytes(bytes);
      if (round % 2 == 0 && bytes.length > 8) {
        bytes[0] = 0x10;
        bytes[1] = 1;
        bytes[2] = 0;
        bytes[3] = (byte) Math.min(bytes.length, 255);
      }
      assertClosedAfter(join(PRELOGIN, bytes));
    }
  }

  /** Sends, then expects that the server closes, whatever it answers before. */
  private void assertClosedAfter(byte[] bytes) throws IOException {
    try (RawClient client = new RawClient(standIn.server.port())) {
      try {
        client.send(bytes);
        assertThat(client.receiveAll().length).isLessThan(4096);
      } catch (SocketException e) {
        // Closed while the rest of the bytes was still on its way: closed all the same.
        assertThat(e.getMessage()).matches(".*(reset|pipe|closed|abort).*");
      }
    }
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }
}
