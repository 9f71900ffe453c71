package com.hartonomous.ingest.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.testing.TextHashVectors;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Sha256Test {

  @Test
  void namesTextAsPythonDoes() throws Exception {
    Map<String, String> vectors = TextHashVectors.load();
    assertThat(vectors).hasSizeGreaterThan(10);
    vectors.forEach(
        (text, digest) -> assertThat(Sha256.ofText(text).toHex()).as(text).isEqualTo(digest));
  }

  @Test
  void survivesBytesAndHex() {
    Sha256 hash = Sha256.ofText("atom");
    assertThat(Sha256.fromBytes(hash.toBytes())).isEqualTo(hash);
    assertThat(Sha256.fromHex(hash.toHex())).isEqualTo(hash);
  }

  @Test
  void ordersAsUnsignedBytes() {
    long seed = 42;
    Random random = new Random(seed);
    for (int i = 0; i < 1_000; i++) {
      byte[] left = new byte[Sha256.LENGTH];
      byte[] right = new byte[Sha256.LENGTH];
      random.nextBytes(left);
      random.nextBytes(right);
      int shared = random.nextInt(Sha256.LENGTH);
      System.arraycopy(left, 0, right, 0, shared);
      assertThat(Integer.signum(Sha256.fromBytes(left).compareTo(Sha256.fromBytes(right))))
          .as("seed %d, round %d", seed, i)
          .isEqualTo(Integer.signum(Arrays.compareUnsigned(left, right)));
    }
  }

  @Test
  void hashCodeIsFixedSinceKeyGroupsDependOnIt() {
    assertThat(Sha256.ofText("").hashCode())
        .isEqualTo((int) Sha256.ofText("").word0())
        .isEqualTo(0x98fc1c14);
    assertThat(new RowKey(7, Sha256.ofText("")).hashCode()).isEqualTo(31 * 7 + 0x98fc1c14);
  }

  @Test
  void refusesOtherLengths() {
    assertThatThrownBy(() -> Sha256.fromBytes(new byte[31]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("32 bytes, found 31");
  }
}
