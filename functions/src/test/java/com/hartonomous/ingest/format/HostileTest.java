package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Reads damaged and forged files from the folder that the environment variable HOSTILE_DIR names:
 * its manifest says which are to be accepted, refused, or either.
 */
class HostileTest {
  /** Only against endless loops; the slowest file takes a fraction of it. */
  private static final Duration HANG = Duration.ofSeconds(60);

  /** Of the processor, not of the clock: other work on the machine does not count. */
  private static final Duration PROCESSOR_MAX = Duration.ofSeconds(2);

  @TestFactory
  Stream<DynamicTest> badFilesAreRefusedAndGoodOnesListed() throws IOException {
    return ReferenceFiles.tests(
        "HOSTILE_DIR",
        (folder, entry) ->
            Assertions.assertTimeoutPreemptively(HANG, () -> assertBehaviour(folder, entry)));
  }

  private static void assertBehaviour(Path folder, JsonNode entry) {
    Path file = folder.resolve(entry.get("file").textValue());
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadCpuTime();
    List<JsonNode> lines = ReferenceFiles.inspect(file, true);
    assertThat(Duration.ofNanos(threads.getCurrentThreadCpuTime() - before))
        .as("processor time")
        .isLessThan(PROCESSOR_MAX);
    List<JsonNode> errors = lines.stream().filter(line -> line.has("error")).toList();
    switch (entry.get("expect").textValue()) {
      case "accept" -> assertThat(errors).isEmpty();
      case "error" -> {
        assertThat(lines).hasSize(1);
        assertThat(errors).hasSize(1);
        assertThat(errors.get(0).get("error").textValue())
            .startsWith(file.toString())
            .contains("expected ", "found ");
      }
      case "either" -> assertThat(errors).hasSizeLessThanOrEqualTo(1);
      default -> throw new AssertionError("unknown expectation in " + entry);
    }
  }
}
