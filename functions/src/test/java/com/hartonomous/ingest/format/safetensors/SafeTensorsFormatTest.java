package com.hartonomous.ingest.format.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.hartonomous.ingest.format.Fixtures;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormatException.Kind;
import com.hartonomous.ingest.format.ModelLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafeTensorsFormatTest {
  private static final String GOOD = "\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"t\":{GOOD},\"__metadata__\":{\"a\":\"b\"}}   ",
        "\n\t {\"t\":{GOOD}}",
        "{\"__metadata__\":null,\"t\":{GOOD}}",
        "{\"t\":{GOOD,\"more\":{\"x\":[1,2.5,true,null,\"y\"]}}}",
        "{\"t\":{GOOD},\"zero\":{\"dtype\":\"F4\",\"shape\":[0,3],\"data_offsets\":[4,4]}}",
        "{\"\":{GOOD}}"
      })
  void whatTheReferenceReaderTakesIsTaken(String header) throws Exception {
    assertThat(read(header, 4).tensors().get(0).nbytes()).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "MALFORMED   | {\"t\":{GOOD}                         | valid JSON",
        "MALFORMED   | {\"t\":{GOOD}}x                       | valid JSON",
        "MALFORMED   | {\"t\":{GOOD}}{}                      | nothing behind the object",
        "MALFORMED   | [{\"t\":{GOOD}}]                      | START_OBJECT",
        "MALFORMED   | {\"t\":{GOOD},}                       | valid JSON",
        "MALFORMED   | {\"t\":{GOOD},\"t\":{GOOD}}           | 't' twice",
        "MALFORMED   | {\"t\":{GOOD},\"\\u0074\":{GOOD}}     | 't' twice",
        "MALFORMED   | {\"t\":{GOOD,\"dtype\":\"U8\"}}       | 'dtype' twice",
        "MALFORMED   | {\"t\":{GOOD,\"x\":1,\"\\u0078\":1}}  | 'x' twice",
        "MALFORMED   | {\"__metadata__\":null,\"t\":{GOOD},\"__metadata__\":null} | '__metadata__' twice",
        "MALFORMED   | {\"t\":{GOOD,\"more\":MANY_NINES}}     | double precision",
        "MALFORMED   | {\"t\":{GOOD},\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}} | 'a' twice",
        "MALFORMED   | {\"t\":{GOOD},\"__metadata__\":{\"a\":1}}      | VALUE_STRING",
        "MALFORMED   | {\"t\":{GOOD},\"__metadata__\":[]}    | START_OBJECT",
        "MALFORMED   | {\"t\":{\"dtype\":\"U8\",\"shape\":[4]}}       | data_offsets",
        "MALFORMED   | {\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0]}}      | two numbers",
        "TOO_LARGE   | {\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4,4]}}  | up to 2 numbers",
        "MALFORMED   | {\"t\":{\"dtype\":\"U8\",\"shape\":[4.0],\"data_offsets\":[0,4]}}  | VALUE_NUMBER_INT",
        "MALFORMED   | {\"t\":{\"dtype\":\"U8\",\"shape\":[-4],\"data_offsets\":[0,4]}}   | an integer from 0",
        "MALFORMED   | {\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[-0,4]}}   | an integer from 0",
        "MALFORMED   | {\"t\":{\"dtype\":\"U8\",\"shape\":[9223372036854775808],\"data_offsets\":[0,4]}} | an integer from 0 to 2^63-1",
        "MALFORMED   | {\"t\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}} | fewer than 2^63 bits",
        "MALFORMED   | {\"t\":{\"dtype\":\"F4\",\"shape\":[7],\"data_offsets\":[0,4]}}    | whole bytes",
        "MALFORMED   | {\"t\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,4]}}    | 3 bytes for U8 [3]",
        "MALFORMED   | {\"t\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[1,4]}}    | a range from 0 on",
        "MALFORMED   | {\"t\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}    | a buffer of 3 bytes",
        "UNSUPPORTED | {\"t\":{\"dtype\":\"u8\",\"shape\":[4],\"data_offsets\":[0,4]}}    | found 'u8'",
        "MALFORMED   | {\"t\":{GOOD,\"more\":1e999}}         | double precision",
        "MALFORMED   | {\"t\":{GOOD,\"more\":\"\\ud800\"}}   | surrogate",
        "MALFORMED   | {\"\\udc00\":{GOOD}}                  | surrogate"
      })
  void eachRuleIsKept(Kind kind, String header, String message) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(header, 4));
    assertThat(error).isNotNull().hasMessageContaining(message);
    assertThat(error.kind()).isEqualTo(kind);
    assertThat(error.file()).isEqualTo("test.safetensors");
  }

  @Test
  void onlyUtf8IsTaken() {
    for (Charset charset : new Charset[] {StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE}) {
      assertRefused(file("{}".getBytes(charset), 0), "valid JSON");
    }
    assertRefused(file(new byte[] {'{', '"', (byte) 0xC3, '"', '}'}, 0), "valid UTF-8");
    // A surrogate in three bytes, which Jackson's own decoder lets pass.
    byte[] surrogate = {'{', '"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"', ':', '1', '}'};
    assertRefused(file(surrogate, 0), "valid UTF-8");
    assertRefused(file("\uFEFF{}".getBytes(StandardCharsets.UTF_8), 0), "valid JSON");
  }

  @Test
  void nestingIsCapped() {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);
    assertRefused(file(utf8("{\"t\":{" + GOOD + ",\"more\":" + deep + "}}"), 4), "nesting depth");
  }

  @Test
  void lengthsAreCheckedAgainstTheFileAndTheLimits() {
    assertRefused(new byte[7], "expected 8 bytes, found a file of 7");
    assertRefused(length(-1), "found 18446744073709551615");
    assertRefused(length(100_000_001), "up to 100000000");
    assertRefused(length(1), "up to the 0 bytes that follow");
    assertRefused(length(0), "START_OBJECT, found the end");
  }

  @Test
  void limitsAreKept() {
    LayoutLimits limits = new LayoutLimits(1000, 2, 1, 3, 12, 90, 5, 1);
    String zero = "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
    assertRefused(
        file(utf8("{\"a\":" + zero + ",\"b\":" + zero + ",\"c\":" + zero + "}"), 0),
        limits,
        "tensors: expected up to 2");
    assertRefused(file(utf8("{\"thirteenchars\":" + zero + "}"), 0), limits, "Name length (13)");
    assertRefused(
        file(utf8("{\"a\":{\"dtype\":\"U8\",\"shape\":[0,1,1,1]}}"), 0), limits, "up to 3 numbers");
    assertRefused(
        file(utf8("{\"__metadata__\":{\"a\":\"\"}}"), 0),
        limits,
        "metadata, in bytes: expected up to 90");
  }

  @Test
  void metadataIsKept() throws Exception {
    assertThat(
            Fixtures.read(new MemoryInput("types", Fixtures.bytes("types.safetensors")))
                .metadataJson())
        .isEqualTo("{\"format\":\"pt\",\"note\":\"schön\"}");
    assertThat(read("{\"t\":{GOOD}}", 4).metadataJson()).isEqualTo("{}");
  }

  private static ModelLayout read(String header, int dataLength)
      throws IOException, ModelFormatException {
    return read(
        file(utf8(header.replace("GOOD", GOOD).replace("MANY_NINES", "9".repeat(310))), dataLength),
        LayoutLimits.DEFAULT);
  }

  private static ModelLayout read(byte[] file, LayoutLimits limits)
      throws IOException, ModelFormatException {
    MemoryInput input = new MemoryInput("test.safetensors", file);
    return new SafeTensorsFormat().read(input, new LayoutBudget(input, limits));
  }

  private static void assertRefused(byte[] file, String message) {
    assertRefused(file, LayoutLimits.DEFAULT, message);
  }

  private static void assertRefused(byte[] file, LayoutLimits limits, String message) {
    assertThat(catchThrowableOfType(ModelFormatException.class, () -> read(file, limits)))
        .isNotNull()
        .hasMessageContaining(message);
  }

  private static byte[] file(byte[] header, int dataLength) {
    return ByteBuffer.allocate(Long.BYTES + header.length + dataLength)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .array();
  }

  private static byte[] length(long length) {
    return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
