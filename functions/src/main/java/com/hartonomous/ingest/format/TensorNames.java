package com.hartonomous.ingest.format;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Names for tensors that are written in a format whose names are unique: the tensor's own, or its
 * path where that is empty, taken or does not fit. For one file and one thread.
 */
public final class TensorNames {
  private final Set<String> taken = new HashSet<>();
  private final Predicate<String> fits;

  /**
   * @param fits which names the format takes, of those that are not empty
   */
  public TensorNames(Predicate<String> fits) {
    this.fits = fits;
  }

  /** Takes a name for a tensor; empty if neither will do. */
  public Optional<String> take(TensorEntry tensor) {
    return taken(tensor.name())
        ? Optional.of(tensor.name())
        : Optional.ofNullable(tensor.path()).filter(this::taken);
  }

  /** Takes a name if it can be had; says whether it is taken by this call. */
  private boolean taken(String name) {
    return !name.isEmpty() && fits.test(name) && taken.add(name);
  }
}
