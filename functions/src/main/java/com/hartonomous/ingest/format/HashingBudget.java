package com.hartonomous.ingest.format;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Bounds what is read to hash the tensors of one file. Tensors may overlap, so a small file can
 * have any number of bytes of values; sound ones share weights, which are the same bytes again and
 * are hashed once. Not for use by several threads.
 */
final class HashingBudget {
  /** Bytes that may be read of any file. */
  static final long FREE_BYTES = 256L << 20;

  /** How often a file may be read, and those that its tensors lie in. */
  private static final int READINGS_MAX = 4;

  /** Below this length it is cheaper to hash again than to remember. */
  private static final long REMEMBERED_BYTES_MIN = 64L << 10;

  private static final int REMEMBERED_MAX = 1 << 14;

  private final PositionedInput input;
  private final long allowed;
  private long taken;

  private final Map<TensorStorage, String> known =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<TensorStorage, String> eldest) {
          return size() > REMEMBERED_MAX;
        }
      };

  HashingBudget(PositionedInput input, ModelLayout layout) {
    this.input = input;
    Map<String, Long> others = new HashMap<>();
    for (TensorEntry tensor : layout.tensors()) {
      if (tensor.storage() instanceof TensorStorage.External external) {
        others.merge(external.location(), external.externalRange().end(), Math::max);
      }
    }
    double files =
        layout.fileLength() + others.values().stream().mapToDouble(Long::doubleValue).sum();
    this.allowed = (long) (FREE_BYTES + READINGS_MAX * files);
  }

  /** Returns the hash of values that were hashed before. */
  Optional<String> known(TensorEntry tensor) {
    return Optional.ofNullable(known.get(tensor.storage()));
  }

  /** Remembers the hash of values that others may be the same as. */
  void remember(TensorEntry tensor, String hash) {
    if (mayOverlap(tensor) && tensor.nbytes() >= REMEMBERED_BYTES_MIN) {
      known.put(tensor.storage(), hash);
    }
  }

  /**
   * Counts a tensor's values, before they are read.
   *
   * @throws ModelFormatException if that is too much
   */
  void take(TensorEntry tensor) throws ModelFormatException {
    if (!mayOverlap(tensor)) {
      return;
    }
    take(
        cost(tensor),
        tensor.storage().storedRange().map(TensorStorage.Range::offset).orElse(0L),
        "values of tensor '%s'".formatted(tensor.name()));
  }

  /**
   * Counts what a checksum is of, before it is read: members of an archive may overlap, too.
   *
   * @throws ModelFormatException if that is too much
   */
  void take(ModelLayout.Checksum checksum) throws ModelFormatException {
    if (checksum instanceof ModelLayout.MemberCrc32 member) {
      take(
          member.stored().length(),
          member.stored().offset(),
          "member '%s'".formatted(member.name()));
    }
  }

  private void take(long cost, long offset, String field) throws ModelFormatException {
    if (cost > allowed - taken) {
      throw ModelFormatException.tooLarge(
          input,
          offset,
          field,
          "up to %d bytes to hash in all that may overlap".formatted(allowed),
          "%d before it and %d in it".formatted(taken, cost));
    }
    taken += cost;
  }

  private static boolean mayOverlap(TensorEntry tensor) {
    return tensor.storage() instanceof TensorStorage.View
        || tensor.storage() instanceof TensorStorage.External;
  }

  /** A deflated storage is inflated from its start each time. */
  private static long cost(TensorEntry tensor) {
    if (tensor.storage() instanceof TensorStorage.View view && view.deflated()) {
      return view.contiguous() ? view.firstByte() + view.nbytes() : view.inflatedLength();
    }
    return tensor.nbytes();
  }
}
