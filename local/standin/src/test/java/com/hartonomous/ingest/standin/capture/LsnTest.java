package com.hartonomous.ingest.standin.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class LsnTest {

  private static final HexFormat HEX = HexFormat.of();

  @Test
  void incrementAddsOneToTheTenByteNumber() {
    assertThat(HEX.formatHex(Lsn.increment(Lsn.of(7)))).isEqualTo("00000000000000070002");
    assertThat(HEX.formatHex(Lsn.increment(HEX.parseHex("00000000000000ffffff"))))
        .isEqualTo("00000000000001000000");
    assertThat(HEX.formatHex(Lsn.increment(HEX.parseHex("ffffffffffffffffffff"))))
        .isEqualTo("00000000000000000000");
  }

  @Test
  void decrementUndoesIncrement() {
    byte[] lsn = HEX.parseHex("00000000000001000000");
    assertThat(Lsn.increment(Lsn.decrement(lsn))).isEqualTo(lsn);
    assertThat(HEX.formatHex(Lsn.decrement(lsn))).isEqualTo("00000000000000ffffff");
  }

  @Test
  void nullStaysNull() {
    assertThat(Lsn.increment(null)).isNull();
    assertThat(Lsn.decrement(null)).isNull();
  }

  @Test
  void aWrongLengthIsRefused() {
    assertThatThrownBy(() -> Lsn.increment(new byte[9]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("9 bytes");
  }

  @Test
  void orderIsUnsigned() {
    assertThat(Lsn.compare(Lsn.of(-1), Lsn.of(1))).isPositive();
    assertThat(Lsn.number(Lsn.of(-1))).isEqualTo(-1);
  }

  @Test
  void theClockStartsAboveWhatWasPersistedAndAboveTheWallClock() {
    assertThat(new LsnClock(1L << 62, () -> 1000).reserve(1)).isEqualTo((1L << 62) + 1);
    assertThat(new LsnClock(5, () -> 1000).reserve(1)).isEqualTo(1000L << 20);
  }

  @Test
  void reservedNumbersNeverOverlap() {
    LsnClock clock = new LsnClock(0, () -> 0);
    long first = clock.reserve(10);
    assertThat(clock.reserve(1)).isEqualTo(first + 10);
    assertThatThrownBy(() -> clock.reserve(0)).isInstanceOf(IllegalArgumentException.class);
  }
}
