package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResnapshotLimitTest {

  private static final Duration SHORT = Duration.ofMinutes(1);

  private final ResnapshotLimit limit = new ResnapshotLimit();

  @Test
  void aTableIsReadAnewThreeTimesInARow() {
    for (int i = 0; i < ResnapshotLimit.IN_A_ROW_MAX; i++) {
      assertThat(limit.allows(List.of("dbo.A", "dbo.B"), SHORT)).isTrue();
    }
    assertThat(limit.allows(List.of("dbo.C", "dbo.B"), SHORT)).isFalse();
  }

  @Test
  void groupsThatEndTheJobOneAfterTheOtherAreNotARow() {
    for (int group = 0; group < 16; group++) {
      assertThat(limit.allows(List.of("dbo.Table" + group), SHORT)).isTrue();
    }
  }

  @Test
  void aLongRunEndsTheRow() {
    for (int i = 0; i < 10; i++) {
      assertThat(limit.allows(List.of("dbo.A"), ResnapshotLimit.QUIET)).isTrue();
    }
  }
}
