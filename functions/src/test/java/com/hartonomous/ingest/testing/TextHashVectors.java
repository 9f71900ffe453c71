package com.hartonomous.ingest.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Texts and the SHA-256 of their UTF-16LE bytes, computed by Python's hashlib. */
public final class TextHashVectors {

  private TextHashVectors() {}

  /** Text to lower-case hexadecimal digest, in the file's order. */
  public static Map<String, String> load() throws IOException {
    ObjectMapper json = new ObjectMapper();
    Map<String, String> vectors = new LinkedHashMap<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                TextHashVectors.class.getResourceAsStream("/vectors/text-hashes.jsonl"),
                StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        JsonNode node = json.readTree(line);
        vectors.put(node.get("text").asText(), node.get("sha256").asText());
      }
    }
    return vectors;
  }
}
