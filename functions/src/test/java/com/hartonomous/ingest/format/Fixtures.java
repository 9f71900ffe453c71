package com.hartonomous.ingest.format;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

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
          "script.pt",
          "modules.pt",
          "modules-legacy.pt",
          "checkpoint.pt",
          "lite.ptl");

  private static final ModelFormats FORMATS = ModelFormats.installed();

  private static final String FOLDER = "/fixtures/";

  private Fixtures() {}

  /** Where a fixture is in the file system; for tests of other modules, a copy out of the jar. */
  public static Path path(String name) {
    if (Fixtures.class.getResource(FOLDER + name) == null) {
      throw new IllegalArgumentException("no fixture " + name);
    }
    return Folder.PATH.resolve(name);
  }

  /** The folder of all fixtures, found once. */
  private static final class Folder {
    static final Path PATH = find();

    private static Path find() {
      try {
        URI first = Fixtures.class.getResource(FOLDER + ALL.get(0)).toURI();
        return first.getScheme().equals("jar") ? copyOf(first) : Path.of(first).getParent();
      } catch (URISyntaxException | IOException e) {
        throw new IllegalStateException("the fixtures cannot be had", e);
      }
    }

    private static Path copyOf(URI first) throws IOException {
      Path copy = Files.createTempDirectory("fixtures-");
      try (FileSystem jar = FileSystems.newFileSystem(first, Map.of());
          Stream<Path> paths = Files.walk(jar.getPath(FOLDER))) {
        for (Path path : (Iterable<Path>) paths::iterator) {
          Path target = copy.resolve(jar.getPath(FOLDER).relativize(path).toString());
          if (Files.isDirectory(path)) {
            Files.createDirectories(target);
          } else {
            Files.copy(path, target);
          }
          // In the reverse order at the end, so that a folder is empty when its turn comes.
          target.toFile().deleteOnExit();
        }
      }
      return copy;
    }
  }

  public static byte[] bytes(String name) throws IOException {
    return Files.readAllBytes(path(name));
  }

  public static ModelLayout read(PositionedInput input) throws IOException, ModelFormatException {
    return FORMATS.read(input, LayoutLimits.DEFAULT);
  }
}
