package com.hartonomous.ingest.format.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
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

  /** Estimate of the memory that an entry takes besides its text, in bytes. */
  private static final int METADATA_ENTRY_BYTES = 128;

  /** Digits of the longest unsigned 64-bit number, with room to spare for ignored members. */
  private static final int NUMBER_LENGTH_MAX = 400;

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
  private final JsonParser parser;
  private final List<Entry> entries = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  private SafeTensorsHeader(PositionedInput input, LayoutLimits limits, JsonParser parser) {
    this.input = input;
    this.budget = new LayoutBudget(input, limits);
    this.parser = parser;
  }

  /** Parses the header, whose length was checked against the file and the limits. */
  static SafeTensorsHeader read(PositionedInput input, long headerLength, LayoutLimits limits)
      throws IOException, ModelFormatException {
    InputCursor cursor = new InputCursor(input);
    cursor.seek(SafeTensorsFormat.LENGTH_BYTES);
    // A reader of our own, since Jackson would guess UTF-16 and UTF-32 and take encoded surrogates.
    try (Reader reader =
            new InputStreamReader(
                cursor.streamTo(SafeTensorsFormat.LENGTH_BYTES + headerLength),
                StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT));
        JsonParser parser = jsonFactory(limits).createParser(reader)) {
      SafeTensorsHeader header = new SafeTensorsHeader(input, limits, parser);
      header.parse();
      return header;
    } catch (StreamConstraintsException e) {
      throw ModelFormatException.tooLarge(
          input, position(e), "header", "JSON within the limits", e.getOriginalMessage());
    } catch (JsonProcessingException e) {
      throw ModelFormatException.malformed(
          input, position(e), "header", "valid JSON", e.getOriginalMessage());
    } catch (CharacterCodingException e) {
      throw ModelFormatException.malformed(
          input,
          SafeTensorsFormat.LENGTH_BYTES,
          "header",
          "valid UTF-8",
          "a broken sequence by byte " + cursor.position());
    }
  }

  private static JsonFactory jsonFactory(LayoutLimits limits) {
    return JsonFactory.builder()
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(limits.nestingMax())
                .maxNameLength(limits.nameBytesMax())
                .maxStringLength((int) Math.min(limits.textBytesMax(), Integer.MAX_VALUE))
                .maxNumberLength(NUMBER_LENGTH_MAX)
                .build())
        // The table of names would be shared by all files and grow with what they hold.
        .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .build();
  }

  List<Entry> entries() {
    return entries;
  }

  /** Returns the {@code __metadata__} as a JSON object; an empty one if there is none. */
  String metadataJson() throws JsonProcessingException {
    return MAPPER.writeValueAsString(metadata);
  }

  private void parse() throws IOException, ModelFormatException {
    expect(parser.nextToken(), JsonToken.START_OBJECT, "header");
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = text("name");
      // Decoded names are compared: "a" and "\\u0061" are one.
      if (!names.add(name)) {
        throw duplicate("header", name);
      }
      parser.nextToken();
      if (name.equals(METADATA)) {
        parseMetadata();
      } else {
        parseEntry(name);
      }
    }
    JsonToken rest = parser.nextToken();
    if (rest != null) {
      throw malformed("header", "nothing behind the object", rest.toString());
    }
  }

  private void parseMetadata() throws IOException, ModelFormatException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return;
    }
    expect(parser.currentToken(), JsonToken.START_OBJECT, METADATA);
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = text(METADATA);
      expect(parser.nextToken(), JsonToken.VALUE_STRING, METADATA + " '" + key + "'");
      String value = text(METADATA);
      budget.addBytes(METADATA_ENTRY_BYTES + key.length() + value.length(), position());
      if (metadata.put(key, value) != null) {
        throw duplicate(METADATA, key);
      }
    }
  }

  private void parseEntry(String name) throws IOException, ModelFormatException {
    String field = "tensor '" + name + "'";
    budget.addTensor(position());
    budget.addText(name.length(), position(), "name");
    expect(parser.currentToken(), JsonToken.START_OBJECT, field);
    SafeTensorsDtype dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String member = text(field);
      parser.nextToken();
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
        default -> skipValue(field);
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
      throw malformed(field, "the member " + missing, "none");
    }
    if (offsets.size() != 2) {
      throw malformed("data_offsets of " + field, "two numbers", Integer.toString(offsets.size()));
    }
    budget.addBytes((long) shape.size() * Long.BYTES, position());
    entries.add(new Entry(name, dtype, shape, offsets.get(0), offsets.get(1), position()));
  }

  private void requireFirst(Object earlier, String field, String member)
      throws ModelFormatException {
    if (earlier != null) {
      throw duplicate(field, member);
    }
  }

  private ModelFormatException duplicate(String field, String name) {
    return malformed(field, "each name once", "'" + name + "' twice");
  }

  private SafeTensorsDtype parseDtype(String field) throws IOException, ModelFormatException {
    expect(parser.currentToken(), JsonToken.VALUE_STRING, "dtype of " + field);
    String dtype = parser.getText();
    return SafeTensorsDtype.of(dtype)
        .orElseThrow(
            () ->
                ModelFormatException.unsupported(
                    input,
                    position(),
                    "dtype of " + field,
                    "one of " + List.of(SafeTensorsDtype.values()),
                    "'" + dtype + "'"));
  }

  private List<Long> parseNumbers(String field, int countMax)
      throws IOException, ModelFormatException {
    expect(parser.currentToken(), JsonToken.START_ARRAY, field);
    List<Long> numbers = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      expect(parser.currentToken(), JsonToken.VALUE_NUMBER_INT, field);
      if (numbers.size() == countMax) {
        throw ModelFormatException.tooLarge(
            input, position(), field, "up to " + countMax + " numbers", "more");
      }
      String digits = parser.getText();
      // "-0" is no unsigned integer to the crate either.
      if (digits.startsWith("-") || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
        throw malformed(field, "an integer from 0 to 2^63-1", digits);
      }
      numbers.add(parser.getLongValue());
    }
    return numbers;
  }

  /** Skips a member that is not ours, whose text and numbers must be valid all the same. */
  private void skipValue(String field) throws IOException, ModelFormatException {
    int depth = 0;
    do {
      JsonToken token = parser.currentToken();
      if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      } else if (token == JsonToken.FIELD_NAME || token == JsonToken.VALUE_STRING) {
        text(field);
      } else if (token == JsonToken.VALUE_NUMBER_FLOAT
          && !Double.isFinite(parser.getDoubleValue())) {
        throw malformed(field, "a number within double precision", parser.getText());
      }
      if (depth > 0) {
        parser.nextToken();
      }
    } while (depth > 0);
  }

  /** Returns the text of the current name or string, which may not hold half a character. */
  private String text(String field) throws IOException, ModelFormatException {
    String text = parser.getText();
    for (int i = 0; i < text.length(); i++) {
      char character = text.charAt(i);
      if (!Character.isSurrogate(character)) {
        continue;
      }
      if (!Character.isHighSurrogate(character)
          || i + 1 == text.length()
          || !Character.isLowSurrogate(text.charAt(i + 1))) {
        throw malformed(
            field, "text without lone surrogates", "\\u" + Integer.toHexString(character));
      }
      i++;
    }
    return text;
  }

  private void expect(JsonToken found, JsonToken expected, String field)
      throws ModelFormatException {
    if (found != expected) {
      throw malformed(
          field, "the JSON token " + expected, found == null ? "the end" : found.toString());
    }
  }

  private ModelFormatException malformed(String field, String expected, String found) {
    return ModelFormatException.malformed(input, position(), field, expected, found);
  }

  /** Exact while the header is ASCII: the parser counts characters. */
  private long position() {
    return SafeTensorsFormat.LENGTH_BYTES + Math.max(0, parser.currentLocation().getCharOffset());
  }

  private static long position(JsonProcessingException e) {
    return SafeTensorsFormat.LENGTH_BYTES
        + (e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getCharOffset()));
  }
}
