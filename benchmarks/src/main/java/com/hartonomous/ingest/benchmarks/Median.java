package com.hartonomous.ingest.benchmarks;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** The middle of several measurements, which a single disturbed one does not move. */
final class Median {

  private Median() {}

  /**
   * The median; of an even number, the mean of the two in the middle.
   *
   * @param measured at least one
   */
  static <T> double of(List<T> measured, ToDoubleFunction<T> figure) {
    double[] sorted = measured.stream().mapToDouble(figure).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
