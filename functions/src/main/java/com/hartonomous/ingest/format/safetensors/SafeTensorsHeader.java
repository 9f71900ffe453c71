package com.hartonomous.ingest.format.safetensors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.format.JsonTokens;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Parses the JSON header as a stream of tokens: nothing recurses, and nothing is kept but the
 * entries themselves.
 */
final class SafeTensorsHeader {
  static final String METADATA = "__metadata__";
  private static final JsonMapper MAPPER = new JsonMapper();

  /**
   * One tensor as the header has it.
   *
   * @param position in the file, in bytes, of the end of the entry
   * @param begin of its data, from the start of the buffer
   * @param end of its data, from the start of the buffer
   */
  record Entry(
      String name, SafeTensorsDtype dtype, List<Long> shape, long begin, long end, long position) {}

  private final PositionedInput input;
  private final LayoutBudget budget;
  private final JsonTokens json;
  private final List<Entry> entries = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  private SafeTensorsHeader(PositionedInput input, LayoutBudget budget, JsonTokens json) {
    this.input = input;
    this.budget = budget;
    this.json = json;
  }

  /** Parses the header, whose length was checked against the file and the limits. */
  static SafeTensorsHeader read(PositionedInput input, long headerLength, LayoutBudget budget)
      throws IOException, ModelFormatException {
    return JsonTokens.read(
        input,
        SafeTensorsFormat.LENGTH_BYTES,
        headerLength,
        "header",
        budget.limits(),
        json -> {
          SafeTensorsHeader header = new SafeTensorsHeader(input, budget, json);
          header.parse();
          return header;
        });
  }

  List<Entry> entries() {
    return entries;
  }

  /** Returns the {@code __metadata__} as a JSON object; an empty one if there is none. */
  String metadataJson() throws JsonProcessingException {
    return MAPPER.writeValueAsString(metadata);
  }

  private void parse() throws IOException, ModelFormatException {
    while (json.next() != JsonToken.END_OBJECT) {
      String name = json.text("name");
      // Decoded names are compared: "a" and "\\u0061" are one.
      if (!names.add(name)) {
        throw json.duplicate("header", name);
      }
      json.next();
      if (name.equals(METADATA)) {
        parseMetadata();
      } else {
        parseEntry(name);
      }
    }
  }

  private void parseMetadata() throws IOException, ModelFormatException {
    if (json.current() == JsonToken.VALUE_NULL) {
      return;
    }
    json.expect(JsonToken.START_OBJECT, METADATA);
    while (json.next() != JsonToken.END_OBJECT) {
      String key = json.text(METADATA);
      json.next();
      json.expect(JsonToken.VALUE_STRING, METADATA + " '" + key + "'");
      String value = json.text(METADATA);
      budget.addMetadata((long) key.length() + value.length(), json.position());
      if (metadata.put(key, value) != null) {
        throw json.duplicate(METADATA, key);
      }
    }
  }

  private void parseEntry(String name) throws IOException, ModelFormatException {
    String field = "tensor '" + name + "'";
    budget.addTensor(json.position());
    budget.addText(name.length(), json.position(), "name");
    json.expect(JsonToken.START_OBJECT, field);
    SafeTensorsDtype dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    Set<String> ignored = new HashSet<>();
    while (json.next() != JsonToken.END_OBJECT) {
      String member = json.text(field);
      json.next();
      switch (member) {
        case "dtype" -> {
          requireFirst(dtype, field, member);
          dtype = parseDtype(field);
        }
        case "shape" -> {
          requireFirst(shape, field, member);
          shape = parseNumbers("shape of " + field, budget.limits().rankMax());
        }
        case "data_offsets" -> {
          requireFirst(offsets, field, member);
          offsets = parseNumbers("data_offsets of " + field, 2);
        }
        default -> {
          if (!ignored.add(member)) {
            throw json.duplicate(field, member);
          }
          json.skipValue(field);
        }
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
      throw json.malformed(field, "the member " + missing, "none");
    }
    if (offsets.size() != 2) {
      throw json.malformed(
          "data_offsets of " + field, "two numbers", Integer.toString(offsets.size()));
    }
    budget.addBytes((long) shape.size() * Long.BYTES, json.position());
    entries.add(new Entry(name, dtype, shape, offsets.get(0), offsets.get(1), json.position()));
  }

  private void requireFirst(Object earlier, String field, String member)
      throws ModelFormatException {
    if (earlier != null) {
      throw json.duplicate(field, member);
    }
  }

  private SafeTensorsDtype parseDtype(String field) throws IOException, ModelFormatException {
    json.expect(JsonToken.VALUE_STRING, "dtype of " + field);
    String dtype = json.raw();
    return SafeTensorsDtype.of(dtype)
        .orElseThrow(
            () ->
                ModelFormatException.unsupported(
                    input,
                    json.position(),
                    "dtype of " + field,
                    "one of " + List.of(SafeTensorsDtype.values()),
                    "'" + dtype + "'"));
  }

  private List<Long> parseNumbers(String field, int countMax)
      throws IOException, ModelFormatException {
    json.expect(JsonToken.START_ARRAY, field);
    List<Long> numbers = new ArrayList<>();
    while (json.next() != JsonToken.END_ARRAY) {
      if (numbers.size() == countMax) {
        throw ModelFormatException.tooLarge(
            input, json.position(), field, "up to " + countMax + " numbers", "more");
      }
      numbers.add(json.unsignedLong(field));
    }
    return numbers;
  }
}
