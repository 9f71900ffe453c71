package com.hartonomous.ingest.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.hartonomous.ingest.standin.session.DamagedConversation;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What clients send to the stand-in: any bytes are answered or end the connection by a typed error,
 * and cost no more memory than their number allows. Run as {@link FormatFuzzTest} is.
 */
class TdsFuzzTest {
  @MethodSource("loginSeeds")
  @FuzzTest
  void tdsLogin(byte[] stream) throws IOException {
    DamagedConversation.login(stream);
  }

  static Stream<byte[]> loginSeeds() {
    return TdsSeeds.logins();
  }

  /** Packets of a client that has logged in, with all that can be wrong about packets. */
  @MethodSource("requestSeeds")
  @FuzzTest
  void tdsRequests(byte[] bytes) throws IOException {
    DamagedConversation.requests(bytes);
  }

  static Stream<byte[]> requestSeeds() {
    return TdsSeeds.requests();
  }

  /** Messages in sound packets: what is tried goes into their contents. */
  @MethodSource("messageSeeds")
  @FuzzTest
  void tdsMessages(byte[] bytes) throws IOException {
    DamagedConversation.messages(bytes);
  }

  static Stream<byte[]> messageSeeds() {
    return TdsSeeds.messages();
  }
}
