package com.hartonomous.ingest.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class LsnTest {

  @Test
  void survivesTextAndBytes() {
    Lsn lsn = Lsn.parse("f000002a:00000f10:8003");
    assertThat(lsn.toString()).isEqualTo("f000002a:00000f10:8003");
    assertThat(Lsn.fromBytes(lsn.toBytes())).isEqualTo(lsn);
  }

  @Test
  void comparesUnsigned() {
    Lsn low = Lsn.parse("0000002a:00000f10:0003");
    assertThat(Lsn.parse("f000002a:00000000:0000")).isGreaterThan(low);
    assertThat(Lsn.parse("0000002a:00000f10:ffff")).isGreaterThan(low);
    assertThat(Lsn.ZERO).isLessThan(low);
  }

  @Test
  void refusesOtherForms() {
    assertThatThrownBy(() -> Lsn.parse("0000002a:0003"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0000002a:0003");
    assertThatThrownBy(() -> Lsn.fromBytes(new byte[9]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
