package com.hartonomous.ingest.standin.tsql;

import java.util.ArrayList;
import java.util.List;

/**
 * A compiled LIKE pattern. Matching takes at most text length times pattern length steps: of
 * several {@code %} only the last one is ever tried again.
 */
final class LikePattern {

  /** One element of a pattern. */
  private record Element(boolean anyRun, boolean negated, List<char[]> ranges) {

    boolean matches(char c, boolean ignoreCase) {
      return negated
          != (contains(c)
              || (ignoreCase
                  && (contains(Character.toLowerCase(c)) || contains(Character.toUpperCase(c)))));
    }

    private boolean contains(char c) {
      for (char[] range : ranges) {
        if (c >= range[0] && c <= range[1]) {
          return true;
        }
      }
      return false;
    }
  }

  private final List<Element> elements;
  private final boolean ignoreCase;

  private LikePattern(List<Element> elements, boolean ignoreCase) {
    this.elements = elements;
    this.ignoreCase = ignoreCase;
  }

  /**
   * Compiles a pattern.
   *
   * @param escape the escape character, or -1
   */
  static LikePattern compile(String pattern, int escape, boolean ignoreCase) {
    List<Element> elements = new ArrayList<>();
    int i = 0;
    while (i < pattern.length()) {
      char c = pattern.charAt(i);
      int close = c == '[' ? pattern.indexOf(']', i + 2) : -1;
      if (c == escape && i + 1 < pattern.length()) {
        elements.add(literal(pattern.charAt(i + 1)));
        i += 2;
      } else if (c == '%') {
        elements.add(new Element(true, false, List.of()));
        i++;
      } else if (c == '_') {
        elements.add(new Element(false, true, List.of()));
        i++;
      } else if (close > 0) {
        elements.add(characterClass(pattern.substring(i + 1, close)));
        i = close + 1;
      } else {
        elements.add(literal(c));
        i++;
      }
    }
    return new LikePattern(elements, ignoreCase);
  }

  private static Element literal(char c) {
    return new Element(false, false, List.of(new char[] {c, c}));
  }

  private static Element characterClass(String content) {
    boolean negated = content.startsWith("^") && content.length() > 1;
    List<char[]> ranges = new ArrayList<>();
    int i = negated ? 1 : 0;
    while (i < content.length()) {
      char from = content.charAt(i);
      boolean range = i + 2 < content.length() && content.charAt(i + 1) == '-';
      ranges.add(new char[] {from, range ? content.charAt(i + 2) : from});
      i += range ? 3 : 1;
    }
    return new Element(false, negated, ranges);
  }

  boolean matches(String text) {
    int at = 0;
    int element = 0;
    int lastRun = -1;
    int runStart = 0;
    while (at < text.length()) {
      if (element < elements.size() && elements.get(element).anyRun()) {
        lastRun = element++;
        runStart = at;
      } else if (element < elements.size()
          && elements.get(element).matches(text.charAt(at), ignoreCase)) {
        element++;
        at++;
      } else if (lastRun >= 0) {
        element = lastRun + 1;
        at = ++runStart;
      } else {
        return false;
      }
    }
    while (element < elements.size() && elements.get(element).anyRun()) {
      element++;
    }
    return element == elements.size();
  }
}
