package com.hartonomous.ingest.format.gguf;

import static com.hartonomous.ingest.testing.GgufBytes.ARRAY;
import static com.hartonomous.ingest.testing.GgufBytes.BOOL;
import static com.hartonomous.ingest.testing.GgufBytes.F32;
import static com.hartonomous.ingest.testing.GgufBytes.I8;
import static com.hartonomous.ingest.testing.GgufBytes.Q4_0;
import static com.hartonomous.ingest.testing.GgufBytes.STRING;
import static com.hartonomous.ingest.testing.GgufBytes.UINT16;
import static com.hartonomous.ingest.testing.GgufBytes.UINT32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.hartonomous.ingest.format.Fixtures;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormatException.Kind;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage.Range;
import com.hartonomous.ingest.testing.GgufBytes;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each rule that ggml enforces, and the others of the format, on files made by hand. */
class GgufFormatTest {
  private static final JsonMapper MAPPER = new JsonMapper();

  static Stream<Arguments> brokenHeaders() {
    return Stream.of(
        refused(Kind.MALFORMED, "magic", ascii("FUGG"), "expected GGUF, found 'FUGG'"),
        refused(Kind.MALFORMED, "magic", ascii("GG"), "expected 4 bytes"),
        refused(Kind.UNSUPPORTED, "magic", ascii("lmgg"), "found GGML, a format of ggml before"),
        refused(Kind.UNSUPPORTED, "magic", ascii("algg"), "found GGLA, a format of ggml before"),
        refused(Kind.UNSUPPORTED, "version", version(0), "from 1 to 3, found 0"),
        refused(Kind.UNSUPPORTED, "version", version(4), "from 1 to 3, found 4"),
        refused(Kind.UNSUPPORTED, "version", version(4 << 24), "from 1 to 3, found 4"),
        refused(Kind.MALFORMED, "version", ascii("GGUF\3"), "expected 4 bytes"),
        refused(
            Kind.MALFORMED,
            "tensor count",
            GgufBytes.of(-1, 0).zeros(99),
            "found 18446744073709551615"),
        refused(
            Kind.MALFORMED,
            "tensor count",
            GgufBytes.of(10_000_000, 0),
            "up to 0, of 24 bytes or more each in the 8 that follow, found 10000000"),
        refused(Kind.MALFORMED, "key-value count", GgufBytes.of(0, -1), "2^63-1"),
        refused(Kind.MALFORMED, "key-value count", GgufBytes.of(0, 8).zeros(100), "up to 7, of 14"),
        refused(
            Kind.MALFORMED,
            "key 0",
            GgufBytes.of(0, 1).u64(-1).zeros(20),
            "found 18446744073709551615"),
        refused(
            Kind.MALFORMED,
            "key 0",
            GgufBytes.of(0, 1).u64(21).zeros(20),
            "text of up to the 20 bytes that follow, found 21"),
        refused(Kind.MALFORMED, "key 0", GgufBytes.of(0, 1).key("", BOOL).zeros(9), "an empty one"),
        refused(
            Kind.MALFORMED,
            "key 1",
            GgufBytes.of(0, 2).key("k", BOOL).raw((byte) 1).key("k", UINT16).zeros(9),
            "'k' again"),
        // Two different byte strings that are no UTF-8 read the same.
        refused(
            Kind.MALFORMED,
            "key 1",
            GgufBytes.of(0, 2).u64(1).raw((byte) 0xFE).u32(BOOL).zeros(1).u64(1).raw((byte) 0xFF),
            "again",
            7),
        refused(Kind.MALFORMED, "value of key 'k'", value(13).zeros(9), "from 0 to 12, found 13"),
        refused(Kind.MALFORMED, "value of key 'k'", value(-1).zeros(9), "found 4294967295"),
        refused(
            Kind.MALFORMED, "value of key 'k'", value(STRING).u64(3L << 30), "found 3221225472"),
        refused(Kind.MALFORMED, "value of key 'k'", value(12).zeros(7), "expected 8 bytes"),
        refused(Kind.MALFORMED, "value of key 'k'", value(ARRAY).u32(13).u64(1), "found 13"),
        refused(Kind.MALFORMED, "value of key 'k'", value(ARRAY).u32(13).u64(0), "found 13"),
        refused(
            Kind.MALFORMED,
            "value of key 'k'",
            value(ARRAY).u32(UINT32).u64(3).zeros(11),
            "up to 2, of 4 bytes or more each in the 11 that follow, found 3"),
        refused(
            Kind.MALFORMED, "value of key 'k'", value(ARRAY).u32(UINT32).u64(1 << 29), "up to 0"),
        refused(
            Kind.TOO_LARGE,
            "value of key 'k'",
            value(ARRAY).u32(UINT32).u64((1 << 30) + 1),
            "up to 1073741824, found 1073741825"),
        refused(
            Kind.MALFORMED,
            "value of key 'k'",
            value(ARRAY).u32(STRING).u64(20).zeros(19 * 8).u64(1),
            "text of up to the 0 bytes that follow, found 1"),
        refused(Kind.UNSUPPORTED, "value of key 'k'", nested(8).zeros(12), "up to 8 arrays inside"),
        refused(Kind.UNSUPPORTED, "value of key 'k'", nested(100_000), "up to 8 arrays inside"),
        refused(
            Kind.MALFORMED,
            "value of key 'general.alignment'",
            GgufBytes.of(0, 1).key("general.alignment", UINT16).u16(32),
            "the type UINT32, found UINT16"),
        refused(
            Kind.MALFORMED,
            "value of key 'split.count'",
            GgufBytes.of(0, 1).key("split.count", UINT32).u32(3),
            "the type UINT16, found UINT32"),
        refused(
            Kind.MALFORMED,
            "value of key 'split.tensors.count'",
            GgufBytes.of(0, 3).split(0, 2, -1),
            "0 or more, found -1"));
  }

  @ParameterizedTest(name = "{2} at {1}")
  @MethodSource("brokenHeaders")
  void eachRuleOfHeadersIsKept(Kind kind, String field, String message, byte[] file) {
    assertRefused(kind, field, message, file);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 13, 33, 0xFFFF_FFFFL})
  void anAlignmentIsAPowerOfTwo(long alignment) {
    assertRefused(
        Kind.MALFORMED,
        "value of key 'general.alignment'",
        "a power of two, found " + alignment,
        GgufBytes.of(0, 1).alignment(alignment).build());
  }

  static Stream<Arguments> brokenTensors() {
    long big = 1L << 33;
    return Stream.of(
        refused(
            Kind.MALFORMED,
            "name of tensor 0",
            tensor("n".repeat(64), I8, 0, 1),
            "up to 63 bytes, found 64"),
        refused(Kind.MALFORMED, "name of tensor 0", tensor("a\0b", I8, 0, 1), "text without NUL"),
        refused(
            Kind.MALFORMED,
            "name of tensor 1",
            GgufBytes.of(2, 0).tensor("a", I8, 0, 1).tensor("a", I8, 32, 1).zeros(99),
            "'a' again"),
        refused(
            Kind.UNSUPPORTED,
            "dimensions of tensor 'a'",
            tensor("a", I8, 0, 1, 1, 1, 1, 1),
            "up to 4, found 5"),
        refused(
            Kind.UNSUPPORTED,
            "dimensions of tensor 'a'",
            GgufBytes.of(1, 0).text("a").u32(-1).zeros(99),
            "found 4294967295"),
        refused(
            Kind.MALFORMED,
            "dimensions of tensor 'a'",
            tensor("a", I8, 0, 3, -1),
            "found 18446744073709551615"),
        refused(
            Kind.MALFORMED,
            "dimensions of tensor 'a'",
            tensor("a", F32, 0, big, big),
            "fewer than 2^63 elements and bytes, found [8589934592, 8589934592] of F32"),
        refused(
            Kind.MALFORMED,
            "dimensions of tensor 'a'",
            tensor("a", F32, 0, 1L << 31, 1L << 30),
            "fewer than 2^63 elements and bytes"),
        refused(
            Kind.MALFORMED,
            "tensor 'a'",
            tensor("a", I8, 0, Long.MAX_VALUE),
            "an end below 2^63, found 9223372036854775807 bytes at 0"),
        refused(
            Kind.MALFORMED,
            "dimensions of tensor 'a'",
            tensor("a", Q4_0, 0, 16, 2),
            "rows of a multiple of 32 elements for Q4_0, found 16"),
        refused(
            Kind.MALFORMED, "dimensions of tensor 'a'", tensor("a", Q4_0, 0), "a multiple of 32"),
        refused(
            Kind.UNSUPPORTED,
            "type of tensor 'a'",
            tensor("a", 4, 0, 32),
            "found 4, Q4_2, which ggml took away"),
        refused(
            Kind.UNSUPPORTED,
            "type of tensor 'a'",
            tensor("a", 38, 0, 32),
            "found 38, IQ4_NL_8_8, which ggml took away"),
        refused(Kind.UNSUPPORTED, "type of tensor 'a'", tensor("a", 43, 0, 32), "found 43, which"),
        refused(Kind.UNSUPPORTED, "type of tensor 'a'", tensor("a", 97, 0, 32), "forks"),
        refused(Kind.UNSUPPORTED, "type of tensor 'a'", tensor("a", -1, 0, 32), "found 4294967295"),
        refused(
            Kind.MALFORMED, "offset of tensor 'a'", tensor("a", I8, 1, 1), "expected 0, behind"),
        refused(Kind.MALFORMED, "tensor 'a'", tensor("a", I8, -1, 1), "18446744073709551615"),
        refused(Kind.MALFORMED, "offset of tensor 'b'", two(0, 33, 32), "expected 64, behind", 0),
        refused(Kind.MALFORMED, "offset of tensor 'b'", two(0, 1, 64), "expected 32, behind", 0),
        refused(Kind.MALFORMED, "offset of tensor 'a'", two(32, 1, 0), "expected 0, behind", 0),
        refused(
            Kind.MALFORMED,
            "tensor 'a'",
            GgufBytes.of(1, 0).tensor("a", I8, 0, 9).pad(32).zeros(8),
            "9 bytes at 0 of the data, which begin at byte 64, found a file of 72",
            0),
        refused(
            Kind.MALFORMED,
            "tensor 'a'",
            GgufBytes.of(1, 0).tensor("a", I8, 0, 0),
            "which begin at byte 64, found a file of 57",
            0),
        refused(
            Kind.MALFORMED,
            "tensor 'a'",
            GgufBytes.of(1, 1).alignment(1L << 31).tensor("a", I8, 0, 1).zeros(999),
            "which begin at byte 2147483648",
            0));
  }

  @ParameterizedTest(name = "{2} at {1}")
  @MethodSource("brokenTensors")
  void eachRuleOfTensorsIsKept(Kind kind, String field, String message, byte[] file) {
    assertRefused(kind, field, message, file);
  }

  @Test
  void whatWritersMayDoIsTaken() throws Exception {
    assertThat(read(tensor("scalar", F32, 0)).tensors())
        .containsExactly(entry("scalar", "F32", "float32", List.of(), 64, 4));
    // A dimension of 0 makes the tensor empty, however large the others are.
    ModelLayout empty =
        read(
            GgufBytes.of(2, 0)
                .tensor("empty", F32, 0, Long.MAX_VALUE, 0, Long.MAX_VALUE)
                .tensor("next", I8, 0, 1)
                .pad(32)
                .zeros(1));
    assertThat(empty.tensors()).extracting(TensorEntry::nbytes).containsExactly(0L, 1L);
    assertThat(read(tensor("n".repeat(63), I8, 0, 1)).tensors()).hasSize(1);
    assertThat(read(tensor("", I8, 0, 1)).tensors()).hasSize(1);
    // Unaligned, without padding behind, and with something else behind.
    for (int behind : new int[] {0, 7, 1000}) {
      ModelLayout packed =
          read(
              GgufBytes.of(2, 1)
                  .alignment(1)
                  .tensor("a", I8, 0, 3)
                  .tensor("b", F32, 3, 1)
                  .zeros(7 + behind));
      assertThat(packed.tensors()).extracting(TensorEntry::nbytes).containsExactly(3L, 4L);
    }
    assertThat(keyValues(value(BOOL).raw((byte) 2)).get("k").booleanValue()).isTrue();
    assertThat(keyValues(nested(7).u32(UINT32).u64(0)).toString())
        .isEqualTo("{\"k\":[[[[[[[[]]]]]]]]}");
  }

  @ParameterizedTest
  @CsvSource({"1, false", "2, false", "3, false", "3, true", "1, true"})
  void versionsDifferInTheirWidthsOnly(int version, boolean bigEndian) throws Exception {
    ByteOrder order = bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    ModelLayout layout =
        read(
            new GgufBytes(version, order)
                .length(2)
                .length(3)
                .key("general.architecture", STRING)
                .text("llama")
                .key("numbers", ARRAY)
                .u32(UINT16)
                .length(3)
                .u16(1)
                .u16(2)
                .u16(65535)
                .alignment(64)
                .tensor("first", F32, 0, 2, 3)
                .tensor("second", I8, 64, 5)
                .pad(64)
                .zeros(64 + 5));

    long start = layout.fileLength() - 69;
    String suffix = bigEndian ? "_be" : "";
    assertThat(layout.tensors())
        .containsExactly(
            entry("first", "F32", "float32" + suffix, List.of(2L, 3L), start, 24),
            entry("second", "I8", "int8", List.of(5L), start + 64, 5));
    assertThat(layout.metadataJson())
        .isEqualTo(
            "{\"version\":%d,\"byte_order\":\"%s\",\"tensors\":2,\"key_values\":{\"general.architecture\":\"llama\",\"numbers\":[1,2,65535],\"general.alignment\":64},\"alignment\":64}"
                .formatted(version, bigEndian ? "big" : "little"));
  }

  @Test
  void keyValuesAreSummarised() throws Exception {
    JsonNode little = fixtureKeyValues("types.gguf");
    JsonNode big = fixtureKeyValues("big-endian.gguf");

    assertThat(little.get("long").get("bytes").intValue()).isEqualTo(17_000);
    assertThat(little.get("long").get("first").textValue()).isEqualTo("x".repeat(1024));
    ((ObjectNode) little).remove("long");
    assertThat(((ObjectNode) big).remove("general.alignment").intValue()).isEqualTo(64);
    assertThat(big).isEqualTo(little);
    assertThat(little)
        .isEqualTo(
            MAPPER.readTree(
                """
                {"general.architecture": "test",
                 "v.u8": 255, "v.i8": -128, "v.u16": 65535, "v.i16": -32768,
                 "v.u32": 4294967295, "v.i32": -2147483648, "v.f32": 0.1, "v.nan": "NaN",
                 "v.u64": 18446744073709551615, "v.i64": -9223372036854775808, "v.f64": 1e300,
                 "v.bool": true, "v.text": "größer \\"重み\\" \\n",
                 "v.ints": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
                 "v.many_ints": {"type": "array", "element_type": "int32", "count": 100,
                                 "first": [-50, -49, -48, -47, -46, -45, -44, -43]},
                 "v.tokens": {"type": "array", "element_type": "string", "count": 40,
                              "first": ["token 0", "token 1", "token 2", "token 3", "token 4",
                                        "token 5", "token 6", "token 7"]},
                 "v.flags": [true, false],
                 "v.nested": [[[1, 2], [3]], [[4]]]}
                """));
  }

  @Test
  void nestedArraysAreSummarisedAtEachLevel() throws Exception {
    GgufBytes file = value(ARRAY).u32(ARRAY).u64(20);
    for (int i = 0; i < 20; i++) {
      file.u32(STRING).u64(17);
      for (int j = 0; j < 17; j++) {
        file.text(i + "." + j);
      }
    }

    JsonNode outer = keyValues(file).get("k");

    assertThat(outer.get("count").intValue()).isEqualTo(20);
    assertThat(outer.get("element_type").textValue()).isEqualTo("array");
    assertThat(outer.get("first")).hasSize(8);
    JsonNode inner = outer.get("first").get(7);
    assertThat(inner.get("count").intValue()).isEqualTo(17);
    assertThat(inner.get("first").get(7).textValue()).isEqualTo("7.7");
  }

  @Test
  void theSummaryIsBounded() {
    // 4,000 strings of control characters would be 390 MB as JSON.
    GgufBytes file = GgufBytes.of(0, 4000);
    String text = "\u0001".repeat(16 << 10);
    for (int i = 0; i < 4000; i++) {
      file.key("k" + i, STRING).text(text);
    }
    assertRefused(Kind.TOO_LARGE, "key-values", "up to 16777216 characters as JSON", file.build());
  }

  @Test
  void limitsAreKept() {
    LayoutLimits limits = new LayoutLimits(400, 2, 1, 3, 12, 2000, 5, 1);
    GgufBytes three =
        GgufBytes.of(3, 0)
            .tensor("a", I8, 0, 0)
            .tensor("b", I8, 0, 0)
            .tensor("c", I8, 0, 0)
            .zeros(99);
    assertRefused(limits, three, "tensors: expected up to 2, found more");
    assertRefused(
        limits, GgufBytes.of(0, 1).key("thirteenchars", BOOL).zeros(1), "up to 12 bytes, found 13");
    GgufBytes keys = GgufBytes.of(0, 20);
    for (int i = 0; i < 20; i++) {
      keys.key("" + i, BOOL).zeros(1);
    }
    assertRefused(limits, keys, "metadata, in bytes: expected up to 2000, found more");
    assertRefused(
        limits, value(ARRAY).u32(0).u64(400).zeros(400), "a header of up to 400 bytes, found more");
  }

  @Test
  void headersAloneAreRead() throws Exception {
    byte[] header = GgufBytes.of(2, 1).key("values", ARRAY).u32(UINT32).u64(20_000_000).build();
    byte[] infos = tensors(new long[] {1L << 40, 1});
    long infosAt = header.length + 80_000_000L;
    long dataAt = (infosAt + infos.length + 31) / 32 * 32;
    MemoryInput input =
        new MemoryInput("test.gguf", dataAt + (1L << 40) + 1, Map.of(0L, header, infosAt, infos));

    ModelLayout layout =
        new GgufFormat().read(input, new LayoutBudget(input, LayoutLimits.DEFAULT));

    assertThat(layout.tensors()).extracting(TensorEntry::nbytes).containsExactly(1L << 40, 1L);
    assertThat(input.bytesRead()).isLessThan(100_000);
  }

  @ParameterizedTest
  @CsvSource({
    "Q8_1, 9, 32, 36, tensor/q8_1",
    "Q8_K, 15, 256, 292, tensor/q8_k",
    "I64, 27, 1, 8, tensor/int64",
    "BF16, 30, 1, 2, tensor/bfloat16",
    "MXFP4, 39, 32, 17, tensor/mxfp4",
    "NVFP4, 40, 64, 36, tensor/nvfp4",
    "Q1_0, 41, 128, 18, tensor/q1_0",
    "Q2_0, 42, 64, 18, tensor/q2_0"
  })
  void typesThatOtherToolsGetWrongOrLack(
      String name, int id, int elements, int bytes, String contentType) throws Exception {
    TensorEntry tensor =
        read(GgufBytes.of(1, 0).tensor("t", id, 0, 3L * elements, 2).pad(32).zeros(6 * bytes))
            .tensors()
            .get(0);
    assertThat(tensor.dtype()).isEqualTo(name);
    assertThat(tensor.contentType()).isEqualTo(contentType);
    assertThat(tensor.nbytes()).isEqualTo(6L * bytes);
  }

  @Test
  void textThatBeginsWithTheMagicIsNoGguf() throws Exception {
    assertThat(matches(GgufBytes.of(0, 0).build())).isTrue();
    assertThat(matches(new GgufBytes(3, ByteOrder.BIG_ENDIAN).build())).isTrue();
    assertThat(matches(version(4))).isTrue();
    assertThat(matches(ascii("GGUF models of ours"))).isFalse();
    assertThat(matches(ascii("GGUF"))).isFalse();
  }

  private static boolean matches(byte[] file) throws IOException {
    return new GgufFormat().matches(new MemoryInput("README", file));
  }

  @Test
  void namesThatAreNotUtf8AreReadWithReplacements() throws Exception {
    byte[] file = tensor("name", I8, 0, 1).build();
    file[32] = (byte) 0xFF;
    assertThat(read(file, LayoutLimits.DEFAULT).tensors().get(0).name()).isEqualTo("\uFFFDame");
  }

  private static GgufBytes value(int type) {
    return GgufBytes.of(0, 1).key("k", type);
  }

  /** Arrays inside an array, the innermost of which is still to be given its type and count. */
  private static GgufBytes nested(int inside) {
    GgufBytes file = value(ARRAY);
    for (int i = 0; i < inside; i++) {
      file.u32(ARRAY).u64(1);
    }
    return file;
  }

  private static GgufBytes tensor(String name, int type, long offset, long... dimensions) {
    return GgufBytes.of(1, 0).tensor(name, type, offset, dimensions).pad(32).zeros(999);
  }

  private static GgufBytes two(long firstOffset, long firstLength, long secondOffset) {
    return GgufBytes.of(2, 0)
        .tensor("a", I8, firstOffset, firstLength)
        .tensor("b", I8, secondOffset, 1)
        .pad(32)
        .zeros(999);
  }

  /** Tensor infos of vectors of bytes, without a file before them. */
  private static byte[] tensors(long[] lengths) {
    GgufBytes file = GgufBytes.of(0, 0);
    int start = file.build().length;
    long offset = 0;
    for (int i = 0; i < lengths.length; i++) {
      file.tensor("t" + i, I8, offset, lengths[i]);
      offset += lengths[i];
    }
    return Arrays.copyOfRange(file.build(), start, file.build().length);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] version(int version) {
    return new GgufBytes(version, ByteOrder.LITTLE_ENDIAN).zeros(99).build();
  }

  private static Arguments refused(Kind kind, String field, byte[] file, String message) {
    return Arguments.of(kind, field, message, file);
  }

  private static Arguments refused(Kind kind, String field, GgufBytes file, String message) {
    return refused(kind, field, file, message, 0);
  }

  private static Arguments refused(
      Kind kind, String field, GgufBytes file, String message, int zerosBehind) {
    return refused(kind, field, file.zeros(zerosBehind).build(), message);
  }

  private static void assertRefused(Kind kind, String field, String message, byte[] file) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(file, LayoutLimits.DEFAULT));
    assertThat(error).isNotNull().hasMessageContaining(message);
    assertThat(error.kind()).isEqualTo(kind);
    assertThat(error.field()).isEqualTo(field);
    assertThat(error.file()).isEqualTo("test.gguf");
    assertThat(error.offset()).isBetween(0L, (long) file.length);
  }

  private static void assertRefused(LayoutLimits limits, GgufBytes file, String message) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(file.build(), limits));
    assertThat(error).isNotNull().hasMessageContaining(message);
    assertThat(error.kind()).isEqualTo(Kind.TOO_LARGE);
  }

  private static TensorEntry entry(
      String name, String dtype, String type, List<Long> shape, long offset, long length) {
    return new TensorEntry(name, null, dtype, "tensor/" + type, shape, new Range(offset, length));
  }

  private static JsonNode keyValues(GgufBytes file) throws Exception {
    return MAPPER.readTree(read(file).metadataJson()).get("key_values");
  }

  private static JsonNode fixtureKeyValues(String name) throws Exception {
    ModelLayout layout = Fixtures.read(new MemoryInput(name, Fixtures.bytes(name)));
    return MAPPER.readTree(layout.metadataJson()).get("key_values");
  }

  private static ModelLayout read(GgufBytes file) throws IOException, ModelFormatException {
    return read(file.build(), LayoutLimits.DEFAULT);
  }

  private static ModelLayout read(byte[] file, LayoutLimits limits)
      throws IOException, ModelFormatException {
    MemoryInput input = new MemoryInput("test.gguf", file);
    return new GgufFormat().read(input, new LayoutBudget(input, limits));
  }
}
