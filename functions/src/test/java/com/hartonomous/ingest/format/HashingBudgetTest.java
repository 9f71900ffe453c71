package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.format.TensorStorage.ElementForm;
import com.hartonomous.ingest.format.TensorStorage.External;
import com.hartonomous.ingest.format.TensorStorage.Range;
import com.hartonomous.ingest.format.TensorStorage.View;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What may be hashed of tensors that overlap; nothing is read here. */
class HashingBudgetTest {
  private static final long FILE = 1L << 30;
  private static final ElementForm BYTES = new ElementForm(1, 1, false, false, false);
  private static final Range STORAGE = new Range(0, FILE);

  @Test
  void aFileMayBeReadSomeTimesOver() throws Exception {
    HashingBudget budget = budget(view(0, FILE));
    for (int i = 0; i < 4; i++) {
      budget.take(view(0, FILE));
    }
    budget.take(view(FILE / 2, HashingBudget.FREE_BYTES));
    assertThatThrownBy(() -> budget.take(view(7, 1)))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("values of tensor 't'")
        .hasMessageContaining("expected up to 4563402752 bytes")
        .hasMessageContaining("found 4563402752 before it and 1 in it");
  }

  @Test
  void otherFilesCountOnceHoweverManyTensorsLieInThem() throws Exception {
    TensorEntry far = external(2 * FILE, FILE);
    HashingBudget budget = budget(external(0, FILE), far);
    for (int i = 0; i < 4 + 4 * 3; i++) {
      budget.take(far);
    }
    budget.take(external(0, HashingBudget.FREE_BYTES));
    assertThatThrownBy(() -> budget.take(external(0, 1))).isInstanceOf(ModelFormatException.class);
  }

  @Test
  void whatCannotOverlapCostsNothing() throws Exception {
    HashingBudget budget = budget();
    for (int i = 0; i < 100; i++) {
      budget.take(tensor(new Range(0, FILE)));
    }
    budget.remember(tensor(STORAGE), "hash");
    assertThat(budget.known(tensor(STORAGE))).isEmpty();
  }

  @Test
  void membersOfAnArchiveCount() throws Exception {
    HashingBudget budget = budget();
    for (int i = 0; i < 4; i++) {
      budget.take(new ModelLayout.MemberCrc32("m", STORAGE, 1));
    }
    budget.take(view(0, HashingBudget.FREE_BYTES));
    assertThatThrownBy(() -> budget.take(new ModelLayout.MemberCrc32("m", new Range(5, 1), 1)))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("at byte 5, member 'm': expected up to 4563402752 bytes");
  }

  @Test
  void sharedWeightsAreHashedOnce() {
    HashingBudget budget = budget(view(0, FILE));
    budget.remember(view(5, FILE / 2), "hash");
    budget.remember(view(0, 10), "small");
    assertThat(budget.known(view(5, FILE / 2))).contains("hash");
    assertThat(budget.known(view(6, FILE / 2))).isEmpty();
    assertThat(budget.known(view(0, 10))).isEmpty();
  }

  @Test
  void aDeflatedStorageIsInflatedFromItsStart() throws Exception {
    HashingBudget budget = budget();
    TensorEntry last = deflated(8 * FILE, List.of(1L), List.of(1L));
    budget.take(deflated(4 * FILE, List.of(1L), List.of(1L)));
    assertThatThrownBy(() -> budget.take(last)).isInstanceOf(ModelFormatException.class);
    assertThatThrownBy(() -> budget.take(deflated(0, List.of(2L, 2L), List.of(1L, 2L))))
        .isInstanceOf(ModelFormatException.class);
  }

  private static HashingBudget budget(TensorEntry... tensors) {
    return new HashingBudget(
        new MemoryInput("m", new byte[0]),
        new ModelLayout("test", "{}", List.of(tensors), List.of(), FILE, List.of(), List.of()));
  }

  private static TensorEntry view(long firstByte, long length) {
    return tensor(new View(STORAGE, View.AS_IS, firstByte, List.of(length), List.of(1L), BYTES));
  }

  private static TensorEntry deflated(long firstByte, List<Long> shape, List<Long> strides) {
    return tensor(new View(new Range(0, 100), 10 * FILE, firstByte, shape, strides, BYTES));
  }

  private static TensorEntry external(long offset, long length) {
    return tensor(new External("data.bin", offset, length));
  }

  private static TensorEntry tensor(TensorStorage storage) {
    return new TensorEntry("t", null, "uint8", "tensor/uint8", List.of(), storage);
  }
}
