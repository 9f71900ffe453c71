package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.format.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Copies fixtures into a folder where a test may change them. */
final class FixtureFiles {

  private FixtureFiles() {}

  /**
   * Copies a file.
   *
   * @param name below {@code fixtures}; also its place in the folder
   */
  static Path copy(String name, Path folder) throws IOException {
    Path target = folder.resolve(name);
    Files.createDirectories(target.getParent());
    return Files.copy(Fixtures.path(name), target);
  }
}
