package com.hartonomous.ingest.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * One JSON object in a file as a stream of tokens, within limits: nothing recurses, and nothing is
 * kept. Every fault is a {@link ModelFormatException} that says where.
 */
public final class JsonTokens {

  private static final String WHITESPACE = " \t\r\n";

  /** How far the first character of an object is looked for; writers put it first. */
  private static final int WHITESPACE_PROBED = 64;

  /** Digits of the longest unsigned 64-bit number, with room to spare for ignored members. */
  private static final int NUMBER_LENGTH_MAX = 400;

  private final PositionedInput input;
  private final long start;
  private final JsonParser parser;

  /** What is done with the tokens, which begin before the object. */
  @FunctionalInterface
  public interface Work<T> {
    T run(JsonTokens tokens) throws IOException, ModelFormatException;
  }

  private JsonTokens(PositionedInput input, long start, JsonParser parser) {
    this.input = input;
    this.start = start;
    this.parser = parser;
  }

  /** Says whether a stretch of the file, which lies in it, looks like an object. */
  public static boolean beginsWithObject(PositionedInput input, long start, long length)
      throws IOException {
    InputCursor cursor = new InputCursor(input);
    cursor.seek(start);
    long probed = Math.min(WHITESPACE_PROBED, length);
    for (long i = 0; i < probed; i++) {
      int next = cursor.readUnsignedByte();
      if (WHITESPACE.indexOf(next) < 0) {
        return next == '{';
      }
    }
    return false;
  }

  /**
   * Reads a stretch of the file, which lies in it and was checked against the limits. The work
   * takes the whole object; nothing may follow it.
   *
   * @param subject what the object is, for errors
   */
  public static <T> T read(
      PositionedInput input,
      long start,
      long length,
      String subject,
      LayoutLimits limits,
      Work<T> work)
      throws IOException, ModelFormatException {
    return peek(
        input,
        start,
        length,
        subject,
        limits,
        tokens -> {
          T result = work.run(tokens);
          JsonToken rest = tokens.next();
          if (rest != null) {
            throw tokens.malformed(subject, "nothing behind the object", rest.toString());
          }
          return result;
        });
  }

  /** As {@link #read}, but the work may end before the object does. */
  public static <T> T peek(
      PositionedInput input,
      long start,
      long length,
      String subject,
      LayoutLimits limits,
      Work<T> work)
      throws IOException, ModelFormatException {
    InputCursor cursor = new InputCursor(input);
    cursor.seek(start);
    // A reader of our own, since Jackson would guess UTF-16 and UTF-32 and take encoded surrogates.
    try (Reader reader =
            new InputStreamReader(
                cursor.streamTo(start + length),
                StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT));
        JsonParser parser = jsonFactory(limits).createParser(reader)) {
      JsonTokens tokens = new JsonTokens(input, start, parser);
      tokens.next();
      tokens.expect(JsonToken.START_OBJECT, subject);
      return work.run(tokens);
    } catch (StreamConstraintsException e) {
      throw ModelFormatException.tooLarge(
          input, start + position(e), subject, "JSON within the limits", e.getOriginalMessage());
    } catch (JsonProcessingException e) {
      throw ModelFormatException.malformed(
          input, start + position(e), subject, "valid JSON", e.getOriginalMessage());
    } catch (CharacterCodingException e) {
      throw ModelFormatException.malformed(
          input, start, subject, "valid UTF-8", "a broken sequence by byte " + cursor.position());
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

  /** Goes to the next token; null behind the object. */
  public JsonToken next() throws IOException {
    return parser.nextToken();
  }

  /** Returns the current token; null before the first and behind the last. */
  public JsonToken current() {
    return parser.currentToken();
  }

  /** Returns the current token as the file has it, of a number its digits. */
  public String raw() throws IOException {
    return parser.getText();
  }

  /** Returns the text of the current name or string, which may not hold half a character. */
  public String text(String field) throws IOException, ModelFormatException {
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

  /** Returns the current number, which must be an integer from 0 to 2^63-1. */
  public long unsignedLong(String field) throws IOException, ModelFormatException {
    expect(JsonToken.VALUE_NUMBER_INT, field);
    String digits = parser.getText();
    // "-0" is no unsigned integer to the crate either.
    if (digits.startsWith("-") || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      throw malformed(field, "an integer from 0 to 2^63-1", digits);
    }
    return parser.getLongValue();
  }

  /** Skips the current value, whose text and numbers must be valid all the same. */
  public void skipValue(String field) throws IOException, ModelFormatException {
    int depth = 0;
    do {
      JsonToken token = parser.currentToken();
      if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      } else if (token == JsonToken.FIELD_NAME || token == JsonToken.VALUE_STRING) {
        text(field);
      } else if (token.isNumeric() && !Double.isFinite(parser.getDoubleValue())) {
        throw malformed(field, "a number within double precision", parser.getText());
      }
      if (depth > 0) {
        parser.nextToken();
      }
    } while (depth > 0);
  }

  /** Requires the current token to be of a kind. */
  public void expect(JsonToken expected, String field) throws ModelFormatException {
    JsonToken found = parser.currentToken();
    if (found != expected) {
      throw malformed(
          field, "the JSON token " + expected, found == null ? "the end" : found.toString());
    }
  }

  /** Makes the error for a name that occurs twice. */
  public ModelFormatException duplicate(String field, String name) {
    return malformed(field, "each name once", "'" + name + "' twice");
  }

  /** Makes the error for a fault at the present place. */
  public ModelFormatException malformed(String field, String expected, String found) {
    return ModelFormatException.malformed(input, position(), field, expected, found);
  }

  /**
   * Returns the position in the file; exact while the object is ASCII: the parser counts
   * characters.
   */
  public long position() {
    return start + Math.max(0, parser.currentLocation().getCharOffset());
  }

  private static long position(JsonProcessingException e) {
    return e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getCharOffset());
  }
}
