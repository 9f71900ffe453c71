package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class UnitsTest {

  @Test
  void bytes() {
    assertThat(Units.bytes(0)).isEqualTo("0 B");
    assertThat(Units.bytes(1023)).isEqualTo("1023 B");
    assertThat(Units.bytes(1536)).isEqualTo("1.5 KiB");
    assertThat(Units.bytes(90_984_153)).isEqualTo("86.8 MiB");
    assertThat(Units.bytes(0x1p63)).isEqualTo("8192.0 PiB");
  }

  @Test
  void durations() {
    assertThat(Units.duration(Duration.ofMillis(3_450))).isEqualTo("3.5 s");
    assertThat(Units.duration(Duration.ofSeconds(61))).isEqualTo("1 min 1 s");
    assertThat(Units.duration(Duration.ofMinutes(125))).isEqualTo("2 h 5 min");
  }
}
