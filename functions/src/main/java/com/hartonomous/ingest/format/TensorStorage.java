package com.hartonomous.ingest.format;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Where the values of a tensor are. {@link TensorContent} reads each kind. */
public sealed interface TensorStorage {

  /** Returns the length of the values in their canonical form, in bytes. */
  long nbytes();

  /** Returns the one range of the model file that equals the values, if there is one. */
  Optional<Range> range();

  /**
   * Returns the stretch of the model file that is cut from its start for this tensor: more than its
   * values where several tensors are views of one storage.
   */
  default Optional<Range> storedRange() {
    return range();
  }

  /**
   * The values are these bytes of the model file.
   *
   * @param offset position of the first byte
   * @param length in bytes
   */
  record Range(long offset, long length) implements TensorStorage {
    public Range {
      requireRange(offset, length);
    }

    /** Returns the position behind the last byte. */
    public long end() {
      return offset + length;
    }

    @Override
    public long nbytes() {
      return length;
    }

    @Override
    public Optional<Range> range() {
      return Optional.of(this);
    }
  }

  /**
   * The values are protobuf scalars in the model file (the typed fields of an ONNX tensor), to be
   * re-encoded to what {@code raw_data} would hold.
   *
   * @param encoding how an entry becomes bytes
   * @param runs where the entries are, in order
   * @param nbytes length after re-encoding
   */
  record TypedData(Encoding encoding, List<Run> runs, long nbytes) implements TensorStorage {
    public TypedData {
      Objects.requireNonNull(encoding, "encoding");
      runs = List.copyOf(runs);
    }

    /** A packed run of fixed-width little-endian values already is the canonical form. */
    @Override
    public Optional<Range> range() {
      if (runs.size() == 1 && !runs.get(0).tagged() && encoding.fixedWidth()) {
        Run run = runs.get(0);
        return Optional.of(new Range(run.offset(), run.length()));
      }
      return Optional.empty();
    }
  }

  /**
   * A stretch of entries of one protobuf field.
   *
   * @param offset position of the first byte: of a value, or of a tag if {@code tagged}
   * @param length in bytes
   * @param tagged whether each value stands behind its own tag (unpacked) instead of back to back
   */
  record Run(long offset, long length, boolean tagged) {
    public Run {
      requireRange(offset, length);
    }

    /** Returns the position behind the last byte. */
    public long end() {
      return offset + length;
    }
  }

  /** How a protobuf scalar becomes canonical bytes, all little-endian. */
  enum Encoding {
    /** Four bytes as they are: float_data. */
    FIXED_4_BYTES(4),
    /** Eight bytes as they are: double_data. */
    FIXED_8_BYTES(8),
    /** A varint's low byte. */
    VARINT_TO_1_BYTE(1),
    /** A varint's low two bytes. */
    VARINT_TO_2_BYTES(2),
    /** A varint's low four bytes. */
    VARINT_TO_4_BYTES(4),
    /** A varint's eight bytes. */
    VARINT_TO_8_BYTES(8),
    /** One byte, 1 for any varint but zero. */
    VARINT_TO_BOOLEAN(1),
    /** Each string as its length in eight bytes, then its bytes; such tensors have no raw form. */
    LENGTH_PREFIXED_STRING(0);

    private final int bytesPerEntry;

    Encoding(int bytesPerEntry) {
      this.bytesPerEntry = bytesPerEntry;
    }

    /** Returns the canonical bytes that one entry becomes; 0 if entries differ in length. */
    public int bytesPerEntry() {
      return bytesPerEntry;
    }

    /** Returns whether entries are stored in as many bytes as they have in the canonical form. */
    public boolean fixedWidth() {
      return this == FIXED_4_BYTES || this == FIXED_8_BYTES;
    }
  }

  /**
   * The values are bytes of another file.
   *
   * @param location of that file relative to the folder of the model file; {@link
   *     PositionedInput#openRelative} opens it
   * @param offset position of the first byte in that file
   * @param length in bytes
   */
  record External(String location, long offset, long length) implements TensorStorage {
    public External {
      Objects.requireNonNull(location, "location");
      requireRange(offset, length);
    }

    /** Returns the range within the external file. */
    public Range externalRange() {
      return new Range(offset, length);
    }

    @Override
    public long nbytes() {
      return length;
    }

    @Override
    public Optional<Range> range() {
      return Optional.empty();
    }
  }

  /**
   * The values are elements of a storage, which other tensors may share: a view, contiguous or not.
   *
   * @param storage where the storage is in the model file
   * @param inflatedLength its bytes once inflated, if it is deflated there; else {@link #AS_IS}
   * @param firstByte of the first element within the (inflated) storage
   * @param shape dimensions
   * @param strides of each dimension, in elements, from 0
   * @param form what an element looks like
   */
  record View(
      Range storage,
      long inflatedLength,
      long firstByte,
      List<Long> shape,
      List<Long> strides,
      ElementForm form)
      implements TensorStorage {
    /** Says that the storage is not deflated. */
    public static final long AS_IS = -1;

    /**
     * Checks that every element lies in the storage.
     *
     * @throws IllegalArgumentException if one does not, or a number is out of its range
     */
    public View {
      Objects.requireNonNull(storage, "storage");
      Objects.requireNonNull(form, "form");
      shape = List.copyOf(shape);
      strides = List.copyOf(strides);
      if (shape.size() != strides.size()) {
        throw new IllegalArgumentException(
            "expected a stride for each dimension, found %s and %s".formatted(shape, strides));
      }
      long available = inflatedLength == AS_IS ? storage.length() : inflatedLength;
      long end = end(firstByte, shape, strides, form.bytes());
      if (end < 0 || end > available) {
        throw new IllegalArgumentException(
            "expected elements within the storage of %d bytes, found %d bytes an element, shape %s, strides %s from byte %d"
                .formatted(available, form.bytes(), shape, strides, firstByte));
      }
    }

    /**
     * Returns the byte behind the last element of such a view, {@code firstByte} if it has none; -1
     * if a number is negative or beyond 2^63.
     *
     * @param shape as many as {@code strides}
     */
    public static long end(long firstByte, List<Long> shape, List<Long> strides, int bytes) {
      if (firstByte < 0) {
        return -1;
      }
      try {
        long last = 0;
        long count = 1;
        for (int i = 0; i < shape.size(); i++) {
          if (shape.get(i) < 0 || strides.get(i) < 0) {
            return -1;
          }
          count = Math.multiplyExact(count, shape.get(i));
          if (shape.get(i) > 0) {
            last = Math.addExact(last, Math.multiplyExact(shape.get(i) - 1, (long) strides.get(i)));
          }
        }
        Math.multiplyExact(count, (long) bytes);
        return count == 0
            ? firstByte
            : Math.addExact(firstByte, Math.multiplyExact(Math.addExact(last, 1L), (long) bytes));
      } catch (ArithmeticException e) {
        return -1;
      }
    }

    /** Says whether the storage is deflated in the file. */
    public boolean deflated() {
      return inflatedLength != AS_IS;
    }

    /** Says whether the elements follow each other in row-major order. */
    public boolean contiguous() {
      long expected = 1;
      for (int i = shape.size() - 1; i >= 0; i--) {
        if (shape.get(i) != 1 && strides.get(i) != expected) {
          return nbytes() == 0;
        }
        expected *= shape.get(i);
      }
      return true;
    }

    @Override
    public long nbytes() {
      return shape.stream().reduce(1L, Math::multiplyExact) * form.bytes();
    }

    @Override
    public Optional<Range> range() {
      return !deflated() && form.canonical() && contiguous()
          ? Optional.of(new Range(storage.offset() + firstByte, nbytes()))
          : Optional.empty();
    }

    @Override
    public Optional<Range> storedRange() {
      return Optional.of(storage);
    }
  }

  /**
   * What the elements of a {@link View} look like, and so how they become canonical bytes.
   *
   * @param bytes of an element
   * @param wordBytes of the numbers that an element consists of: half of a complex one
   * @param bigEndian whether the words are stored with their highest byte first
   * @param negated whether the values are the stored ones with the sign turned
   * @param conjugated whether the same holds for the imaginary parts
   */
  record ElementForm(
      int bytes, int wordBytes, boolean bigEndian, boolean negated, boolean conjugated) {
    public ElementForm {
      if (wordBytes < 1 || bytes != wordBytes && bytes != 2 * wordBytes) {
        throw new IllegalArgumentException(
            "expected an element of one or two words, found %d bytes of words of %d"
                .formatted(bytes, wordBytes));
      }
    }

    /** Says whether the words are stored in another order of bytes than the canonical one. */
    public boolean swapped() {
      return bigEndian && wordBytes > 1;
    }

    /** Says whether the stored bytes are the canonical ones. */
    public boolean canonical() {
      return !negated && !conjugated && !swapped();
    }
  }

  /** There are no values: a shape and a type alone (PyTorch's meta tensors). */
  record NoValues() implements TensorStorage {
    @Override
    public long nbytes() {
      return 0;
    }

    @Override
    public Optional<Range> range() {
      return Optional.empty();
    }
  }

  private static void requireRange(long offset, long length) {
    if (offset < 0 || length < 0 || offset > Long.MAX_VALUE - length) {
      throw new IllegalArgumentException(
          "range: expected offset and length from 0 with a sum below 2^63, found %d and %d"
              .formatted(offset, length));
    }
  }
}
