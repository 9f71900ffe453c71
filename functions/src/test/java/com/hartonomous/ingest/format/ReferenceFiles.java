package com.hartonomous.ingest.format;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.util.Set;
import java.util.stream.Collectors;

/** Collections of model files outside this repository, each with a MANIFEST.jsonl. */
final class ReferenceFiles {
  private static final JsonMapper MAPPER = new JsonMapper();

  private ReferenceFiles() {}

  /** Returns the folder that an environment variable names, or skips the test. */
  static Path folder(String variable) {
    String folder = System.getenv(variable);
    assumeTrue(
        folder != null && !folder.isBlank(),
        "skipped: set " + variable + " to the folder of the files to run this test");
    return Path.of(folder);
  }

  /** Returns the manifest's entries whose format is installed. */
  static List<JsonNode> entries(Path folder) throws IOException {
    Set<String> formats =
        ModelFormats.installed().formats().stream()
            .map(ModelFormat::name)
            .collect(Collectors.toSet());
    List<JsonNode> entries = new ArrayList<>();
    for (JsonNode entry : jsonLines(Files.readString(folder.resolve("MANIFEST.jsonl")))) {
      if (formats.contains(entry.get("format").textValue())) {
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
