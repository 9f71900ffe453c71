package com.hartonomous.ingest.cli.verify;

import java.util.Comparator;

/**
 * The key of a node or relationship among those of its part, ordered as both databases order it: by
 * numbers, then by the hexadecimal hash.
 *
 * @param hash empty where numbers are enough
 */
record GraphKey(long first, long second, long third, String hash) implements Comparable<GraphKey> {

  private static final Comparator<GraphKey> ORDER =
      Comparator.comparingLong(GraphKey::first)
          .thenComparingLong(GraphKey::second)
          .thenComparingLong(GraphKey::third)
          .thenComparing(GraphKey::hash);

  @Override
  public int compareTo(GraphKey other) {
    return ORDER.compare(this, other);
  }
}
