package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Lists every fixture, whole and damaged. */
class FixtureTest {
  private static final int FLIPS_PER_FIXTURE = 3_000;

  static Stream<String> fixtures() {
    return Fixtures.ALL.stream();
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void listingEqualsTheReferenceLibraries(String name) throws IOException {
    List<JsonNode> listed = ReferenceFiles.inspect(Fixtures.path(name), true);
    for (JsonNode line : listed) {
      assertThat(((ObjectNode) line).remove("file").textValue()).endsWith(name);
    }
    assertThat(listed)
        .isEqualTo(ReferenceFiles.jsonLines(Files.readString(Fixtures.path(name + ".jsonl"))));
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void cutAnywhereItIsRefusedOrStillRight(String name) throws IOException {
    byte[] whole = Fixtures.bytes(name);
    int refused = 0;
    for (int length = 0; length < whole.length; length++) {
      if (!isListed(name, Arrays.copyOf(whole, length))) {
        refused++;
      }
    }
    // Only between two fields of the outermost message is a cut ONNX file a file again; a GGUF file
    // is, without the padding behind its last tensor.
    int fieldsOfTheModelMax = 10;
    int paddingMax = 63;
    int acceptedMax =
        name.endsWith(".onnx") ? fieldsOfTheModelMax : name.endsWith(".gguf") ? paddingMax : 0;
    assertThat(refused).isGreaterThanOrEqualTo(whole.length - acceptedMax);
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void withAnyBitsFlippedItIsRefusedOrListedWithinTheFile(String name) throws IOException {
    long seed = Long.getLong("test.seed", 42);
    System.out.printf("FixtureTest %s: -Dtest.seed=%d%n", name, seed);
    Random random = new Random(seed);
    byte[] whole = Fixtures.bytes(name);
    for (int i = 0; i < FLIPS_PER_FIXTURE; i++) {
      byte[] flipped = whole.clone();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
      }
      isListed(name, flipped);
    }
  }

  /** Reads a damaged file: typed errors only, and what is listed can be read in full. */
  private static boolean isListed(String name, byte[] bytes) throws IOException {
    MemoryInput input = new MemoryInput(name, bytes);
    ModelLayout layout;
    try {
      layout = Fixtures.read(input);
    } catch (ModelFormatException e) {
      assertThat(e.file()).isEqualTo(name);
      assertThat(e.offset()).isBetween(0L, (long) bytes.length);
      assertThat(e.getMessage()).contains("expected ", "found ");
      return false;
    }
    for (TensorEntry tensor : layout.tensors()) {
      assertThat(tensor.storage()).isNotInstanceOf(TensorStorage.External.class);
      assertThat(contentLength(input, tensor)).isEqualTo(tensor.nbytes());
    }
    ChunkPlan plan = ChunkPlan.of(layout, ChunkPlan.CHUNK_SIZE_MIN);
    long covered = plan.sections().stream().mapToLong(ChunkPlan.Section::length).sum();
    assertThat(covered).isEqualTo(bytes.length);
    return true;
  }

  private static long contentLength(PositionedInput input, TensorEntry tensor) throws IOException {
    try (ByteArrayOutputStream content = new ByteArrayOutputStream()) {
      OutputStream target = content;
      TensorContent.copy(input, tensor, target);
      return content.size();
    }
  }
}
