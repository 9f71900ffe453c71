package com.hartonomous.ingest.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class GraphEntityTest {

  @Test
  void slotsAreThoseOfEveryVersion() {
    // A changed slot would let a stale writer pass the fence of its successor.
    assertThat(GraphEntity.model(7).slot(16)).isEqualTo(7);
    assertThat(GraphEntity.model(23).slot(16)).isEqualTo(7);
    assertThat(GraphEntity.row(new RowKey(2, Sha256.ofText("{\"Id\":1}"))).slot(16)).isEqualTo(5);
  }

  @Test
  void isEitherAModelOrARow() {
    RowKey row = new RowKey(1, Sha256.ofText("x"));
    assertThatThrownBy(() -> new GraphEntity(0, null)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new GraphEntity(1, row)).isInstanceOf(IllegalArgumentException.class);
  }
}
