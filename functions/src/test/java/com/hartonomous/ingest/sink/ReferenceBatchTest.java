package com.hartonomous.ingest.sink;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.ChunkReference;
import com.hartonomous.ingest.record.FileRange;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.RowReference;
import com.hartonomous.ingest.record.Sha256;
import org.junit.jupiter.api.Test;

class ReferenceBatchTest {

  @Test
  void endsByRows() {
    ReferenceBatch batch = new ReferenceBatch(2, 1_000);
    batch.add(row(1, 10));
    assertThat(batch.isFullFor(row(2, 10))).isFalse();
    batch.add(row(2, 10));
    assertThat(batch.isFullFor(row(3, 10))).isTrue();
    assertThat(batch.drain()).hasSize(2);
    assertThat(batch.isEmpty()).isTrue();
  }

  @Test
  void endsByBytesAndTakesALargeAtomAlone() {
    ReferenceBatch batch = new ReferenceBatch(100, 1_000);
    assertThat(batch.isFullFor(row(1, 5_000))).isFalse();
    batch.add(row(1, 400));
    assertThat(batch.isFullFor(row(2, 600))).isFalse();
    assertThat(batch.isFullFor(row(2, 601))).isTrue();
  }

  @Test
  void onlyUnknownFileContentCounts() {
    ReferenceBatch batch = new ReferenceBatch(100, 1_000);
    batch.add(chunk(0, 900, false));
    assertThat(batch.isFullFor(chunk(1, 900, true))).isFalse();
    assertThat(batch.isFullFor(chunk(1, 900, false))).isTrue();
  }

  @Test
  void theLastWishForAReferenceReplacesTheOneBefore() {
    ReferenceBatch batch = new ReferenceBatch(100, 1_000);
    AtomReference present = row(1, 900);
    batch.add(present);
    batch.add(AtomReference.absentFromRow(present.hash(), present.row()));
    assertThat(batch.isFullFor(row(2, 900))).isFalse();
    assertThat(batch.drain()).singleElement().matches(reference -> !reference.present());
  }

  private static AtomReference row(int id, int bytes) {
    String key = "{\"Id\":" + id + "}";
    RowReference reference = new RowReference(new RowKey(1, Sha256.ofText(key)), key, 1, 0);
    return AtomReference.ofRow(Sha256.ofText("atom"), "text/plain", new byte[bytes], reference);
  }

  private static AtomReference chunk(long index, int bytes, boolean known) {
    return AtomReference.ofChunk(
            Sha256.ofText("chunk"),
            "model/bytes",
            new FileRange("file:/m", 10_000, 0, index * bytes, bytes),
            new ChunkReference(1, 1, index, index * bytes, bytes))
        .withKnown(known);
  }
}
