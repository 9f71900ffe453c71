package com.hartonomous.ingest.standin.engine;

import java.util.ArrayList;
import java.util.List;

/** Reads names out of H2's error messages, where they are quoted only when they need it. */
final class Identifiers {

  private final String text;
  private int position;

  Identifiers(String text) {
    this.text = text;
  }

  /** Moves behind the next occurrence, or to the end when there is none. */
  void skipPast(String marker) {
    int found = text.indexOf(marker, position);
    position = found < 0 ? text.length() : found + marker.length();
  }

  /** What has not been read. */
  String rest() {
    return text.substring(position);
  }

  /** The next name; empty when there is none. */
  String next() {
    skipBlanks();
    StringBuilder name = new StringBuilder();
    if (position < text.length() && text.charAt(position) == '"') {
      position++;
      while (position < text.length()) {
        char c = text.charAt(position++);
        if (c == '"') {
          if (position < text.length() && text.charAt(position) == '"') {
            position++;
          } else {
            break;
          }
        }
        name.append(c);
      }
    } else {
      while (position < text.length() && isNamePart(text.charAt(position))) {
        name.append(text.charAt(position++));
      }
    }
    return name.toString();
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '#' || c == '@' || c == '$';
  }

  /** Names joined by dots. */
  List<String> nextPath() {
    List<String> path = new ArrayList<>();
    path.add(next());
    while (position < text.length() && text.charAt(position) == '.') {
      position++;
      path.add(next());
    }
    return path;
  }

  /** Names in parentheses, separated by commas; words behind a name (NULLS FIRST) are skipped. */
  List<String> nextList() {
    List<String> names = new ArrayList<>();
    skipPast("(");
    while (position < text.length()) {
      names.add(next());
      while (position < text.length()
          && text.charAt(position) != ','
          && text.charAt(position) != ')') {
        position++;
      }
      if (position >= text.length() || text.charAt(position++) == ')') {
        break;
      }
    }
    return names;
  }

  private void skipBlanks() {
    while (position < text.length() && text.charAt(position) == ' ') {
      position++;
    }
  }
}
