package com.hartonomous.ingest.format;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The small model files of this repository, made by the scripts in src/test/fixtures. */
public final class Fixtures {
  /** All of them, relative to the folder of the fixtures. */
  public static final List<String> ALL =
      List.of(
          "types.safetensors",
          "unordered.safetensors",
          "no-tensors.safetensors",
          "typed.onnx",
          "nested.onnx",
          "pieces.onnx",
          "external/model.onnx",
          "types.gguf",
          "big-endian.gguf",
          "unpadded.gguf",
          "vocabulary.gguf",
          "split/model-00001-of-00003.gguf",
          "split/model-00002-of-00003.gguf",
          "views.pt",
          "deflated.pt",
          "swapped.pt",
          "legacy.pt",
          "dtypes.pt",
          "tar.pt",
          "script.pt");

  private static final ModelFormats FORMATS = ModelFormats.installed();

  private Fixtures() {}

  public static Path path(String name) {
    URL resource = Fixtures.class.getResource("/fixtures/" + name);
    if (resource == null) {
      throw new IllegalArgumentException("no fixture " + name);
    }
    try {
      return Path.of(resource.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("no path to fixture " + name, e);
    }
  }

  public static byte[] bytes(String name) throws IOException {
    return Files.readAllBytes(path(name));
  }

  public static ModelLayout read(PositionedInput input) throws IOException, ModelFormatException {
    return FORMATS.read(input, LayoutLimits.DEFAULT);
  }
}
