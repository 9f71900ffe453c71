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

  private static void requireRange(long offset, long length) {
    if (offset < 0 || length < 0 || offset > Long.MAX_VALUE - length) {
      throw new IllegalArgumentException(
          "range: expected offset and length from 0 with a sum below 2^63, found %d and %d"
              .formatted(offset, length));
    }
  }
}
