package com.hartonomous.ingest.format.pytorch;

import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.format.TensorStorage.Range;
import java.util.Objects;

/**
 * One storage of a file. In a legacy stream its place is known only behind the pickles that refer
 * to it.
 */
final class StoredBytes {
  private final long byteLength;
  private Range range;
  private boolean deflated;

  /**
   * @param byteLength once inflated
   */
  StoredBytes(long byteLength) {
    this.byteLength = byteLength;
  }

  /** Says where the bytes are in the file. */
  StoredBytes at(Range newRange, boolean isDeflated) {
    range = Objects.requireNonNull(newRange, "range");
    deflated = isDeflated;
    return this;
  }

  long byteLength() {
    return byteLength;
  }

  /** Returns where the bytes are in the file; null while that is not known. */
  Range range() {
    return range;
  }

  /** Returns the {@code inflatedLength} of views of this storage. */
  long inflatedLength() {
    return deflated ? byteLength : TensorStorage.View.AS_IS;
  }

  /**
   * What tensors and persistent ids refer to: a storage or a part of it.
   *
   * @param dtype element type of the class; bytes for an untyped one
   * @param firstByte of the part within the storage
   * @param byteLength of the part
   */
  record Part(StoredBytes storage, PyTorchDtype dtype, long firstByte, long byteLength) {
    Part {
      Objects.requireNonNull(storage, "storage");
      Objects.requireNonNull(dtype, "dtype");
    }
  }
}
