package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;

/** Collections of model files outside this repository, each with a MANIFEST.jsonl. */
final class ReferenceFiles {
  private static final JsonMapper MAPPER = new JsonMapper();

  private ReferenceFiles() {}

  /** What a test does with one entry of a manifest. */
  @FunctionalInterface
  interface Check {
    void run(Path folder, JsonNode entry) throws IOException;
  }

  /**
   * Returns a test for each entry that is a model file, or a skipped one if the environment
   * variable that names the folder is not set.
   */
  static Stream<DynamicTest> tests(String variable, Check check) throws IOException {
    String name = System.getenv(variable);
    if (name == null || name.isBlank()) {
      return Stream.of(
          DynamicTest.dynamicTest(
              variable + " is not set",
              () ->
                  Assumptions.abort(
                      "skipped: set " + variable + " to the folder of the files to run this")));
    }
    Path folder = Path.of(name);
    List<JsonNode> entries = entries(folder);
    assertThat(entries).as("model files in %s", folder).isNotEmpty();
    return entries.stream()
        .map(
            entry ->
                DynamicTest.dynamicTest(
                    entry.get("file").textValue(), () -> check.run(folder, entry)));
  }

  private static List<JsonNode> entries(Path folder) throws IOException {
    List<JsonNode> entries = new ArrayList<>();
    for (JsonNode entry : jsonLines(Files.readString(folder.resolve("MANIFEST.jsonl")))) {
      // What belongs to another file is read with it.
      if (!entry.get("format").textValue().startsWith("payload of ")) {
        entries.add(entry);
      }
    }
    return entries;
  }

  /** Returns the lines that the inspector prints for one file. */
  static List<JsonNode> inspect(Path file, boolean sha256) {
    StringWriter output = new StringWriter();
    StringWriter errors = new StringWriter();
    Inspector.ofLocalFiles()
        .inspect(
            List.of(file.toString()),
            Inspector.Style.JSON,
            sha256,
            new PrintWriter(output),
            new PrintWriter(errors));
    return jsonLines(output.toString());
  }

  static List<JsonNode> jsonLines(String text) {
    return text.lines()
        .map(
            line -> {
              try {
                return MAPPER.readTree(line);
              } catch (IOException e) {
                throw new UncheckedIOException("not JSON: " + line, e);
              }
            })
        .toList();
  }
}
