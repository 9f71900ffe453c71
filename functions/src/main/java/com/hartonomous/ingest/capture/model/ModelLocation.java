package com.hartonomous.ingest.capture.model;

import java.io.Serializable;
import java.util.Objects;

/**
 * A model file to ingest.
 *
 * @param path absolute path, or URI of any Flink file system, not percent-encoded; the same on
 *     every machine of the job; at most {@link #PATH_LENGTH_MAX} characters
 * @param name the model's name, at most {@link #NAME_LENGTH_MAX} characters; given as null: the
 *     file's name without its extension
 */
public record ModelLocation(String path, String name) implements Serializable {

  /** Width of {@code dbo.ModelSubmissions.Path}. */
  public static final int PATH_LENGTH_MAX = 2000;

  /** Width of {@code dbo.Models.ModelName}. */
  public static final int NAME_LENGTH_MAX = 400;

  /**
   * @throws IllegalArgumentException for a path or name that is empty or too long
   */
  public ModelLocation {
    Objects.requireNonNull(path, "path");
    if (name == null) {
      name = nameOf(path);
    }
    requireLength("path of a model", path, PATH_LENGTH_MAX);
    requireLength("name of the model '" + path + "'", name, NAME_LENGTH_MAX);
  }

  private static String nameOf(String path) {
    String file = path.substring(path.lastIndexOf('/') + 1);
    int extension = file.lastIndexOf('.');
    return extension > 0 ? file.substring(0, extension) : file;
  }

  private static void requireLength(String what, String value, int lengthMax) {
    if (value.isBlank() || value.length() > lengthMax) {
      throw new IllegalArgumentException(
          "%s: expected 1 to %d characters, found '%s'".formatted(what, lengthMax, value));
    }
  }
}
