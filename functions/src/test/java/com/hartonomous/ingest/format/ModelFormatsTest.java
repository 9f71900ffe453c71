package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelFormatsTest {

  @ParameterizedTest
  @CsvSource({
    "types.safetensors, safetensors",
    "unordered.safetensors, safetensors",
    "typed.onnx, onnx",
    "nested.onnx, onnx",
    "external/model.onnx, onnx"
  })
  void contentDecidesWhateverTheName(String fixture, String format) throws IOException {
    for (String name : List.of("model", "model.bin", "folder.onnx/model.dat")) {
      assertThat(detect(name, Fixtures.bytes(fixture))).contains(format);
    }
  }

  @Test
  void safeTensorsUnderAnotherFormatsNameIsFound() throws IOException {
    assertThat(detect("model.onnx", Fixtures.bytes("types.safetensors"))).contains("safetensors");
  }

  @Test
  void theNameDecidesWhereTheBytesCannot() throws IOException {
    assertThat(detect("model.SafeTensors", new byte[0])).contains("safetensors");
    assertThat(detect("model.onnx", new byte[] {1, 2})).contains("onnx");
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
            "notes.txt: unsupported at byte 0, model format: expected one of safetensors-sharded, safetensors, onnx,"
                + " found a file that begins with the bytes 68 65 6c 6c 6f 2c 20 77");
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
    public boolean matches(PositionedInput input, String fileName) {
      return true;
    }

    @Override
    public ModelLayout read(PositionedInput input, LayoutBudget budget) {
      return new ModelLayout(name, "{}", List.of(), List.of(), input.length());
    }
  }
}
