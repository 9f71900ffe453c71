package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFormatsTest {

  /** Every fixture under the names of every installed format, and under names of none. */
  @ParameterizedTest
  @MethodSource("fixtures")
  void contentDecidesWhateverTheName(String fixture) throws IOException {
    String expected = claimant(fixture);
    byte[] content = Fixtures.bytes(fixture);
    List<String> names =
        new ArrayList<>(
            List.of("model", "model.bin", "folder.onnx/model.dat", "model.safetensors.index.json"));
    for (ModelFormat format : ModelFormats.installed().formats()) {
      names.add("model." + format.name());
      names.add("MODEL." + format.name().toUpperCase(Locale.ROOT));
    }
    for (String name : names) {
      assertThat(detect(name, content)).as(name).contains(expected);
    }
  }

  static Stream<String> fixtures() {
    return Fixtures.ALL.stream();
  }

  /** Fixtures are named as their format has it. */
  private static String claimant(String fixture) {
    return ModelFormats.installed().formats().stream()
        .filter(format -> format.claims(fixture))
        .findFirst()
        .orElseThrow()
        .name();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"weight_map\":{\"a\":\"s.safetensors\"}}",
        " \n{\"metadata\":{\"total_size\":1,\"x\":[{}]},\"weight_map\":{\"a\":\"S.SAFETENSORS\",\"b\":"
      })
  void anIndexIsKnownByItsMap(String json) throws IOException {
    for (String name : List.of("model.safetensors.index.fp16.json", "model.onnx", "index")) {
      assertThat(detect(name, json.getBytes(StandardCharsets.UTF_8)))
          .contains("safetensors-sharded");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{",
        "[{\"weight_map\":{\"a\":\"s.safetensors\"}}]",
        "{\"weight_map\":{}}",
        "{\"weight_map\":[\"s.safetensors\"]}",
        "{\"weight_map\":{\"a\":1}}",
        "{\"weight_map\":{\"a\":\"pytorch_model-00001-of-00002.bin\"}}",
        "{\"x\":{\"weight_map\":{\"a\":\"s.safetensors\"}}}"
      })
  void otherJsonIsNoIndex(String json) throws IOException {
    assertThat(detect("config.json", json.getBytes(StandardCharsets.UTF_8)))
        .isNotEqualTo(Optional.of("safetensors-sharded"));
  }

  @Test
  void onnxIsKnownInAnyOrderOfItsFields() throws IOException {
    byte[] graphFirst = {7 << 3 | 2, 2, 2 << 3 | 2, 0, 1 << 3, 8};
    assertThat(detect("model.dat", graphFirst)).contains("onnx");
    // Cut short, not protobuf, or without a graph: only the name can tell.
    for (byte[] other :
        new byte[][] {
          Arrays.copyOf(graphFirst, 5),
          {7 << 3 | 2, 0, 9 << 3 | 6, 8},
          {5 << 3, 8, 1 << 3, 8},
          {1 << 3, 8}
        }) {
      assertThat(detect("model.dat", other)).isEmpty();
      assertThat(detect("model.onnx", other)).contains("onnx");
    }
  }

  @Test
  void theNameDecidesWhereTheBytesCannot() throws IOException {
    assertThat(detect("model.SafeTensors", new byte[0])).contains("safetensors");
    assertThat(detect("model.onnx", new byte[] {1, 2})).contains("onnx");
    assertThat(detect("model.GGUF", new byte[] {'G'})).contains("gguf");
    assertThat(detect("model.safetensors.index.json", new byte[] {'{', '}'}))
        .contains("safetensors-sharded");
  }

  @Test
  void anUnknownFileIsRefusedWithItsFirstBytes() {
    byte[] text = "hello, world".getBytes(StandardCharsets.US_ASCII);
    assertThatThrownBy(
            () ->
                ModelFormats.installed()
                    .read(new MemoryInput("notes.txt", text), LayoutLimits.DEFAULT))
        .isInstanceOfSatisfying(
            ModelFormatException.class,
            e -> assertThat(e.kind()).isEqualTo(ModelFormatException.Kind.UNSUPPORTED))
        .hasMessage(
            "notes.txt: unsupported at byte 0, model format: expected one of "
                + ModelFormats.installed().formats().stream()
                    .map(ModelFormat::name)
                    .collect(Collectors.joining(", "))
                + ", found a file that begins with the bytes 68 65 6c 6c 6f 2c 20 77");
    assertThatThrownBy(
            () ->
                ModelFormats.installed()
                    .read(new MemoryInput("empty", new byte[0]), LayoutLimits.DEFAULT))
        .hasMessageContaining("found an empty file");
  }

  @Test
  void formatsAreAskedInOrder() throws IOException {
    ModelFormats formats =
        ModelFormats.of(List.of(new Always("late", 300), new Always("b", 7), new Always("a", 7)));
    assertThat(formats.formats()).extracting(ModelFormat::name).containsExactly("a", "b", "late");
    assertThat(formats.detect(new MemoryInput("x", new byte[0])).map(ModelFormat::name))
        .contains("a");
    assertThatThrownBy(() -> ModelFormats.of(List.of(new Always("a", 1), new Always("a", 2))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'a' twice");
  }

  private static Optional<String> detect(String name, byte[] bytes) throws IOException {
    return ModelFormats.installed().detect(new MemoryInput(name, bytes)).map(ModelFormat::name);
  }

  private record Always(String name, int detectionOrder) implements ModelFormat {
    @Override
    public boolean matches(PositionedInput input) {
      return true;
    }

    @Override
    public ModelLayout read(PositionedInput input, LayoutBudget budget) {
      return new ModelLayout(name, "{}", List.of(), List.of(), input.length());
    }
  }
}
