package com.hartonomous.ingest.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.record.Sha256;
import org.junit.jupiter.api.Test;

class ModelDigestTest {

  private static final Sha256 A = Sha256.of(new byte[] {1});
  private static final Sha256 B = Sha256.of(new byte[] {2});

  @Test
  void followsTheDocumentedFormat() {
    ModelDigest digest = new ModelDigest();
    digest.add("a.bin", 0, 1048576, A);
    digest.add("a.bin", 1048576, 5, B);
    digest.add("b/\u00e9.bin", 0, 7, A);
    // Computed by Python's hashlib and struct.pack('>qq', offset, length).
    assertThat(digest.finish().toHex())
        .isEqualTo("bb0b3cb0186ffa0128d5b04e27d8e0df3e7eac1b4c3a3af3702397e65048081d");
  }

  @Test
  void nothingHasTheDigestOfNoBytes() {
    assertThat(new ModelDigest().finish()).isEqualTo(Sha256.of(new byte[0]));
  }

  @Test
  void refusesFilesOutOfPathOrder() {
    ModelDigest digest = new ModelDigest();
    digest.add("b", 0, 1, A);
    assertThatThrownBy(() -> digest.add("a", 0, 1, A))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'a' came after 'b'");
  }

  @Test
  void refusesChunksOutOfOrderAndOverlappingOnes() {
    ModelDigest digest = new ModelDigest();
    digest.add("a", 0, 10, A);
    assertThatThrownBy(() -> digest.add("a", 9, 1, B))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ends at 10");
  }

  @Test
  void refusesAZeroCharacterInAPath() {
    assertThatThrownBy(() -> new ModelDigest().add("a\0b", 0, 1, A))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("zero character");
  }
}
