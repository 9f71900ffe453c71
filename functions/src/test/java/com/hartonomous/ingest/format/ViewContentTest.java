package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.format.TensorStorage.ElementForm;
import com.hartonomous.ingest.format.TensorStorage.Range;
import com.hartonomous.ingest.format.TensorStorage.View;
import com.hartonomous.ingest.record.Sha256;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Views that do not fit one slab; small ones are compared with torch in the fixtures. */
class ViewContentTest {
  private static final int OFFSET = 100;
  private static final int ELEMENT_BYTES = 4;
  private static final ElementForm FLOATS =
      new ElementForm(ELEMENT_BYTES, ELEMENT_BYTES, false, false, false);

  /** Of a storage of 2 x 1500 x 3000 floats, 36 MB. */
  private static final long[] SIZES = {2, 1500, 3000};

  private static final long[] STRIDES = {1500 * 3000, 3000, 1};

  @TempDir Path folder;
  private byte[] storage;
  private Path file;

  @BeforeEach
  void makeFile() throws Exception {
    storage = new byte[Math.toIntExact(SIZES[0] * STRIDES[0] * ELEMENT_BYTES)];
    new Random(1).nextBytes(storage);
    file = folder.resolve("storage");
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(new byte[OFFSET]);
      out.write(storage);
    }
  }

  @Test
  void everyOrderOfTheDimensionsIsBroughtIntoRowMajorOrder() throws Exception {
    int[][] orders = {{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int[] order : orders) {
      assertEqualsElementByElement(
          0,
          List.of(SIZES[order[0]], SIZES[order[1]], SIZES[order[2]]),
          List.of(STRIDES[order[0]], STRIDES[order[1]], STRIDES[order[2]]));
    }
  }

  @Test
  void stepsAndRepeatedElements() throws Exception {
    assertEqualsElementByElement(7, List.of(1500L, 1000L, 3L), List.of(3000L, 3L, 0L));
    assertEqualsElementByElement(0, List.of(5L, 1500L, 700L), List.of(0L, 2L, 3001L));
    assertEqualsElementByElement(1, List.of(1L, 4_499_999L), List.of(9L, 2L));
  }

  private void assertEqualsElementByElement(long first, List<Long> shape, List<Long> strides)
      throws Exception {
    View view =
        new View(
            new Range(OFFSET, storage.length),
            View.AS_IS,
            first * ELEMENT_BYTES,
            shape,
            strides,
            FLOATS);
    MessageDigest digest = Sha256.newDigest();
    try (PositionedInput input = LocalFileInput.open(file);
        OutputStream target = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
      ViewContent.copy(input, "view", view, target);
    }
    assertThat(Sha256.fromBytes(digest.digest()))
        .as("shape %s, strides %s", shape, strides)
        .isEqualTo(expected(first, shape, strides));
  }

  private Sha256 expected(long first, List<Long> shape, List<Long> strides) {
    MessageDigest digest = Sha256.newDigest();
    long[] index = new long[shape.size()];
    while (true) {
      long element = first;
      for (int i = 0; i < index.length; i++) {
        element += index[i] * strides.get(i);
      }
      digest.update(storage, Math.toIntExact(element * ELEMENT_BYTES), ELEMENT_BYTES);
      int last = index.length - 1;
      while (last >= 0 && ++index[last] == shape.get(last)) {
        index[last--] = 0;
      }
      if (last < 0) {
        return Sha256.fromBytes(digest.digest());
      }
    }
  }
}
