package com.hartonomous.ingest.format.gguf;

import com.hartonomous.ingest.format.ContentTypes;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The element types of tensors ({@code ggml_type}): the number in the file, the elements of a
 * block, and its bytes. A row, the elements along the first dimension, is a whole number of blocks.
 */
enum GgufType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q8_1(9, 32, 36),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  Q8_K(15, 256, 292),
  IQ2_XXS(16, 256, 66),
  IQ2_XS(17, 256, 74),
  IQ3_XXS(18, 256, 98),
  IQ1_S(19, 256, 50),
  IQ4_NL(20, 32, 18),
  IQ3_S(21, 256, 110),
  IQ2_S(22, 256, 82),
  IQ4_XS(23, 256, 136),
  I8(24, 1, 1),
  I16(25, 1, 2),
  I32(26, 1, 4),
  I64(27, 1, 8),
  F64(28, 1, 8),
  IQ1_M(29, 256, 56),
  BF16(30, 1, 2),
  TQ1_0(34, 256, 54),
  TQ2_0(35, 256, 66),
  MXFP4(39, 32, 17),
  NVFP4(40, 64, 36),
  Q1_0(41, 128, 18),
  Q2_0(42, 64, 18);

  /** Types that ggml had and took away: their numbers are not given again, but to forks. */
  private static final Map<Long, String> REMOVED =
      Map.of(
          4L, "Q4_2",
          5L, "Q4_3",
          31L, "Q4_0_4_4",
          32L, "Q4_0_4_8",
          33L, "Q4_0_8_8",
          36L, "IQ4_NL_4_4",
          37L, "IQ4_NL_4_8",
          38L, "IQ4_NL_8_8");

  private static final Map<Long, GgufType> BY_ID =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(GgufType::id, Function.identity()));

  private final long id;
  private final int blockElements;
  private final int blockBytes;
  private final String contentType;
  private final String bigEndianContentType;

  GgufType(int id, int blockElements, int blockBytes) {
    this.id = id;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
    this.contentType = ContentTypes.ofGguf(name()).orElseThrow();
    this.bigEndianContentType = blockBytes == 1 ? contentType : ContentTypes.bigEndian(contentType);
  }

  static Optional<GgufType> of(long id) {
    return Optional.ofNullable(BY_ID.get(id));
  }

  /** Returns the name of a type that ggml took away. */
  static Optional<String> removed(long id) {
    return Optional.ofNullable(REMOVED.get(id));
  }

  long id() {
    return id;
  }

  int blockElements() {
    return blockElements;
  }

  int blockBytes() {
    return blockBytes;
  }

  /** Returns the content type: single bytes have no order, all else differs by it. */
  String contentType(boolean bigEndian) {
    return bigEndian ? bigEndianContentType : contentType;
  }
}
