package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Compares listings and hashes with those of the formats' reference implementations, over the real
 * and synthetic files in the folder that the environment variable CORPUS_DIR names.
 */
class CorpusTest {
  /** What the reference lists beyond the contract of the command. */
  private static final Set<String> REFERENCE_ONLY =
      Set.of(
          "dtype_id",
          "type_id",
          "storage",
          "shape_nbytes",
          "count",
          "kind",
          "stride",
          "storage_key",
          "storage_offset",
          "storage_nbytes",
          "storage_sha256",
          "storage_file_offset",
          "contiguous",
          "qscheme",
          "scale",
          "zero_point");

  @TestFactory
  Stream<DynamicTest> listingsEqualTheReferences() throws IOException {
    return ReferenceFiles.tests("CORPUS_DIR", CorpusTest::assertListingEqualsReference);
  }

  private static void assertListingEqualsReference(Path folder, JsonNode entry) throws IOException {
    Path file = folder.resolve(entry.get("file").textValue());
    List<JsonNode> expected =
        ReferenceFiles.jsonLines(
            Files.readString(folder.resolve(entry.get("expected").textValue())));
    for (JsonNode line : expected) {
      ((ObjectNode) line).remove(REFERENCE_ONLY);
      // The references of sharded models give each tensor's file.
      if (line.has("file")) {
        ((ObjectNode) line).set("shard", ((ObjectNode) line).remove("file"));
      }
    }
    List<JsonNode> listed = ReferenceFiles.inspect(file, true);
    for (JsonNode line : listed) {
      assertThat(((ObjectNode) line).remove("file").textValue()).isEqualTo(file.toString());
    }
    assertThat(listed).isEqualTo(expected);
    assertThat(listed).hasSize(entry.get("tensors").intValue());
  }
}
