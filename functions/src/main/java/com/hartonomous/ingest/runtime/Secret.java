package com.hartonomous.ingest.runtime;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Names where a secret is, never the secret itself, so that it can travel in a job graph and be
 * printed. Resolved on the machine that needs it, each time anew.
 *
 * @param environment name of an environment variable, or null
 * @param file path of a file whose first line is the secret, or null
 */
public record Secret(String environment, String file) implements Serializable {

  public Secret {
    if ((environment == null) == (file == null)) {
      throw new IllegalArgumentException(
          "A secret comes either from an environment variable or from a file: set exactly one.");
    }
  }

  public static Secret fromEnvironment(String name) {
    return new Secret(name, null);
  }

  public static Secret fromFile(String path) {
    return new Secret(null, path);
  }

  /**
   * The secret's value.
   *
   * @throws IOException when the variable is not set or the file cannot be read; the message says
   *     which, and never holds the value
   */
  public String resolve() throws IOException {
    if (environment != null) {
      String value = System.getenv(environment);
      if (value == null) {
        throw new IOException("The environment variable " + environment + " is not set.");
      }
      return value;
    }
    try (var lines = Files.lines(Path.of(file))) {
      return lines.findFirst().orElse("");
    }
  }

  @Override
  public String toString() {
    return environment != null ? "environment variable " + environment : "file " + file;
  }
}
