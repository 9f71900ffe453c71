package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.hartonomous.ingest.testing.ModelFolders;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Lists every fixture, whole and damaged. */
class FixtureTest {
  private static final int FLIPS_PER_FIXTURE = 3_000;
  private static final int FORGERIES_PER_FIXTURE = 1_000;

  /** Of the processor, for a file of some kilobytes and its values. */
  private static final Duration PROCESSOR_MAX = Duration.ofSeconds(2);

  @TempDir Path temporary;

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

  @Test
  void anIndexListsTheTensorsOfItsShards() throws IOException {
    listingEqualsTheReferenceLibraries("sharded-pytorch/pytorch_model.bin.index.json");
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void cutAnywhereItIsRefusedOrStillRight(String name) throws Exception {
    byte[] whole = Fixtures.bytes(name);
    int accepted = 0;
    for (int cut : DamagedFiles.cuts(DamagedFiles.fixture(name, whole))) {
      if (DamagedFiles.isListed(DamagedFiles.fixture(name, Arrays.copyOf(whole, cut)))) {
        accepted++;
      }
    }
    // Only between two fields of the outermost message is a cut ONNX file a file again; a GGUF file
    // is, without the padding behind its last tensor; a tar archive, without its last blocks.
    int fieldsOfTheModelMax = 10;
    int paddingMax = 63;
    int tarBlocksMax = 10 << 10;
    Map<String, Integer> acceptedMax =
        Map.of(".onnx", fieldsOfTheModelMax, ".gguf", paddingMax, "tar.pt", tarBlocksMax);
    assertThat(accepted)
        .isLessThanOrEqualTo(
            acceptedMax.entrySet().stream()
                .filter(entry -> name.endsWith(entry.getKey()))
                .mapToInt(Map.Entry::getValue)
                .sum());
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
      DamagedFiles.isListed(DamagedFiles.fixture(name, flipped));
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void withForgedNumbersAndPiecesItIsRefusedOrListedWithinTheFile(String name) throws IOException {
    long seed = Long.getLong("test.seed", 42);
    System.out.printf("FixtureTest %s: -Dtest.seed=%d%n", name, seed);
    Random random = new Random(seed);
    byte[] whole = Fixtures.bytes(name);
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    for (int i = 0; i < FORGERIES_PER_FIXTURE; i++) {
      byte[] forged = whole;
      for (int forgeries = 1 + random.nextInt(2); forgeries > 0; forgeries--) {
        forged = DamagedFiles.forge(forged, random);
      }
      long before = threads.getCurrentThreadCpuTime();
      DamagedFiles.isListed(DamagedFiles.fixture(name, forged));
      assertThat(Duration.ofNanos(threads.getCurrentThreadCpuTime() - before))
          .as("processor time of forgery %d", i)
          .isLessThan(PROCESSOR_MAX);
    }
  }

  /** Files beyond the length that is cut everywhere. */
  @Test
  void largeFilesAreRefusedWhenCutAtTheEndOfASection() throws Exception {
    byte[] values = new byte[70_000];
    Map<String, byte[]> weights = new LinkedHashMap<>();
    for (String name : List.of("a", "b", "c")) {
      weights.put(name, values);
    }
    byte[] whole =
        Files.readAllBytes(
            ModelFolders.safeTensors(temporary.resolve("large.safetensors"), weights));
    for (int cut : DamagedFiles.cuts(new MemoryInput("large.safetensors", whole))) {
      MemoryInput input = new MemoryInput("large.safetensors", Arrays.copyOf(whole, cut));
      assertThat(DamagedFiles.isListed(input)).as("cut at %d", cut).isFalse();
    }
  }
}
