package com.hartonomous.ingest.standin.engine;

import java.util.Locale;

/** The patterns of catalogue procedures: %, _, and a character class, letter case aside. */
final class LikePattern {

  private LikePattern() {}

  static boolean matches(String pattern, String text) {
    return matches(pattern.toLowerCase(Locale.ROOT), 0, text.toLowerCase(Locale.ROOT), 0);
  }

  private static boolean matches(String pattern, int p, String text, int t) {
    int i = p;
    int j = t;
    while (i < pattern.length()) {
      char c = pattern.charAt(i);
      if (c == '%') {
        for (int k = j; k <= text.length(); k++) {
          if (matches(pattern, i + 1, text, k)) {
            return true;
          }
        }
        return false;
      }
      int close = c == '[' ? pattern.indexOf(']', i + 1) : -1;
      if (j == text.length()) {
        return false;
      }
      if (close > 0) {
        if (pattern.substring(i + 1, close).indexOf(text.charAt(j)) < 0) {
          return false;
        }
        i = close + 1;
      } else {
        if (c != '_' && c != text.charAt(j)) {
          return false;
        }
        i++;
      }
      j++;
    }
    return j == text.length();
  }

  /** The name behind a pattern without wildcards: {@code [_]} means {@code _}. */
  static String unescaped(String pattern) {
    return pattern.replace("[_]", "_").replace("[%]", "%").replace("[[]", "[");
  }
}
