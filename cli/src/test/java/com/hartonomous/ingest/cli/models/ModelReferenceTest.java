package com.hartonomous.ingest.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.Sha256;
import org.junit.jupiter.api.Test;

class ModelReferenceTest {

  @Test
  void namesWithSlashesAndAtSignsAreReadInAllWays() {
    assertThat(ModelReference.readings("7/org/name@Beef"))
        .containsExactly(
            new ModelReference(null, "7/org/name@Beef", ""),
            new ModelReference(7, "org/name@Beef", ""),
            new ModelReference(null, "7/org/name", "beef"),
            new ModelReference(7, "org/name", "beef"));
    assertThat(ModelReference.readings("org/name@main"))
        .containsExactly(new ModelReference(null, "org/name@main", ""));
    assertThat(ModelReference.readings("@beef"))
        .containsExactly(new ModelReference(null, "@beef", ""));
  }

  @Test
  void meansByTenantNameAndDigest() {
    Sha256 digest = Sha256.ofText("x");
    String prefix = digest.toHex().substring(0, 5);
    assertThat(new ModelReference(null, "n", "").means(3, "n", null)).isTrue();
    assertThat(new ModelReference(3, "n", prefix).means(3, "n", digest)).isTrue();
    assertThat(new ModelReference(4, "n", prefix).means(3, "n", digest)).isFalse();
    assertThat(new ModelReference(3, "N", prefix).means(3, "n", digest)).isFalse();
    assertThat(new ModelReference(3, "n", prefix).means(3, "n", null)).isFalse();
    assertThat(new ModelReference(3, "n", prefix).means(3, "n", Sha256.ofText("y"))).isFalse();
    assertThat(ModelReference.readings(ModelReference.format(3, "n", digest)))
        .anyMatch(reading -> reading.means(3, "n", digest));
  }
}
