package com.hartonomous.ingest.format;

import java.util.Optional;
import java.util.regex.Pattern;

/** What a file name that stands inside a model file may look like. */
public final class RelativeLocation {
  /** Longest path that common file systems take, in characters. */
  private static final int LENGTH_MAX = 4096;

  private static final Pattern DRIVE_OR_SCHEME = Pattern.compile("^[A-Za-z][A-Za-z0-9+.-]*:.*");

  private RelativeLocation() {}

  /**
   * Checks a location without touching a file system: relative, of plain parts divided by {@code
   * /}, staying inside its folder.
   *
   * @return why it is refused; empty if it may be used
   */
  public static Optional<String> check(String location) {
    if (location.isEmpty()) {
      return Optional.of("it is empty");
    }
    if (location.length() > LENGTH_MAX) {
      return Optional.of("it is longer than " + LENGTH_MAX + " characters");
    }
    if (location.chars().anyMatch(Character::isISOControl)) {
      return Optional.of("it holds a control character");
    }
    if (location.indexOf('\\') >= 0) {
      return Optional.of("it holds a backslash");
    }
    if (location.startsWith("/") || DRIVE_OR_SCHEME.matcher(location).matches()) {
      return Optional.of("it is absolute");
    }
    for (String part : location.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        return Optional.of("its part '" + part + "' is not a plain name");
      }
    }
    return Optional.empty();
  }
}
