package com.hartonomous.ingest.standin.engine;

import java.util.ArrayList;
import java.util.List;

/** Splits a name given as text, such as the argument of OBJECT_ID. */
final class NameParts {

  private NameParts() {}

  /** The parts of {@code [database].[schema].name}, without brackets or quotes; never empty. */
  static List<String> of(String name) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    char close = 0;
    boolean quoted = false;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (close != 0) {
        if (c != close) {
          part.append(c);
        } else if (i + 1 < name.length() && name.charAt(i + 1) == close) {
          part.append(c);
          i++;
        } else {
          close = 0;
        }
      } else if (c == '.') {
        parts.add(quoted ? part.toString() : part.toString().strip());
        part.setLength(0);
        quoted = false;
      } else if ((c == '[' || c == '"') && part.toString().isBlank()) {
        part.setLength(0);
        close = c == '[' ? ']' : '"';
        quoted = true;
      } else if (!quoted) {
        part.append(c);
      }
    }
    parts.add(quoted ? part.toString() : part.toString().strip());
    return parts;
  }
}
