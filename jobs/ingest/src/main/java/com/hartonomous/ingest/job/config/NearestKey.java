package com.hartonomous.ingest.job.config;

import java.util.Comparator;
import java.util.List;

/** Finds the word that somebody probably meant. */
public final class NearestKey {

  private NearestKey() {}

  /**
   * The candidate with the smallest edit distance; a candidate whose last part (after the last dot)
   * is what was written counts as nearest.
   *
   * @param candidates at least one
   */
  public static String find(String written, List<String> candidates) {
    return candidates.stream()
        .min(Comparator.comparingInt(candidate -> distance(written, candidate)))
        .orElseThrow(() -> new IllegalArgumentException("No candidates."));
  }

  private static int distance(String written, String candidate) {
    if (candidate.endsWith("." + written)) {
      return 0;
    }
    // Levenshtein's distance, one row at a time. Both are short: keys and column names.
    int[] previous = new int[candidate.length() + 1];
    for (int j = 0; j < previous.length; j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= written.length(); i++) {
      int[] current = new int[previous.length];
      current[0] = i;
      for (int j = 1; j < current.length; j++) {
        boolean same =
            Character.toLowerCase(written.charAt(i - 1))
                == Character.toLowerCase(candidate.charAt(j - 1));
        current[j] =
            Math.min(Math.min(current[j - 1], previous[j]) + 1, previous[j - 1] + (same ? 0 : 1));
      }
      previous = current;
    }
    return previous[candidate.length()];
  }
}
