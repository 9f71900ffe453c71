package com.hartonomous.ingest.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The small model files of this repository. Reads them itself: a class of the formats that is
 * loaded before Jazzer's agent is not instrumented, and seeds are read before.
 */
final class Seeds {
  /** From the folder of this module, in which its tests run. */
  private static final Path FIXTURES = Path.of("../functions/src/test/resources/fixtures");

  private static final Path NUMPY_FIXTURES =
      Path.of("../formats/numpy/src/test/resources/fixtures");

  private Seeds() {}

  /** Returns the files of all modules whose name ends so, in path order. */
  static Stream<byte[]> named(String extension) throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (Path folder : List.of(FIXTURES, NUMPY_FIXTURES)) {
      for (Path file : files(folder)) {
        if (file.toString().endsWith(extension)) {
          seeds.add(Files.readAllBytes(file));
        }
      }
    }
    if (seeds.isEmpty()) {
      throw new IOException(
          "expected files *%s in %s and %s, found none"
              .formatted(extension, FIXTURES.toAbsolutePath(), NUMPY_FIXTURES.toAbsolutePath()));
    }
    return seeds.stream();
  }

  /** Returns the files of a folder of fixtures by their path in it. */
  static Map<String, byte[]> folder(String name) throws IOException {
    Path folder = FIXTURES.resolve(name);
    Map<String, byte[]> files = new HashMap<>();
    for (Path file : files(folder)) {
      files.put(folder.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
    }
    return files;
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }
}
