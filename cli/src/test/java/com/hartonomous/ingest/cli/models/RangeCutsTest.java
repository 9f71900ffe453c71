package com.hartonomous.ingest.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.cli.models.RangeCuts.Cut;
import com.hartonomous.ingest.cli.models.RangeCuts.Range;
import com.hartonomous.ingest.cli.models.StoredChunks.Chunk;
import com.hartonomous.ingest.record.Sha256;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RangeCutsTest {

  private static Map<Range, Cut> cuts(Set<Range> ranges, long offset, int[] lengths, String names) {
    RangeCuts cuts = new RangeCuts(ranges);
    long at = offset;
    for (int i = 0; i < lengths.length; i++) {
      cuts.add(new Chunk(i, at, lengths[i], Sha256.ofText(names.substring(i, i + 1))));
      at += lengths[i];
    }
    return cuts.cuts();
  }

  @Test
  void equalCutsOfEqualChunksAreEqualWhereverTheyLie() {
    Range near = new Range(10, 25);
    Range far = new Range(110, 25);
    Cut left = cuts(Set.of(near), 0, new int[] {10, 10, 10, 5, 7}, "xabcy").get(near);
    Cut right = cuts(Set.of(far), 100, new int[] {10, 10, 10, 5}, "zabc").get(far);
    Cut other = cuts(Set.of(far), 100, new int[] {10, 10, 10, 5}, "zabd").get(far);
    Cut otherwiseCut = cuts(Set.of(far), 100, new int[] {10, 10, 5, 10}, "zabc").get(far);

    assertThat(left).isEqualTo(right);
    assertThat(left.isComparable(right)).isTrue();
    assertThat(left.isComparable(other)).isTrue();
    assertThat(left.contents()).isNotEqualTo(other.contents());
    assertThat(left.isComparable(otherwiseCut)).isFalse();
  }

  @Test
  void aChunkThatReachesOverAnEndSaysNothing() {
    Range late = new Range(5, 15);
    Range early = new Range(0, 15);
    Range whole = new Range(0, 20);
    Range inside = new Range(12, 3);
    Map<Range, Cut> cuts =
        cuts(Set.of(late, early, whole, inside), 0, new int[] {10, 10, 10}, "abc");

    assertThat(cuts.get(late).whole()).isFalse();
    assertThat(cuts.get(early).whole()).isFalse();
    assertThat(cuts.get(inside).whole()).isFalse();
    assertThat(cuts.get(whole).whole()).isTrue();
    assertThat(cuts.get(late).isComparable(cuts.get(late))).isFalse();
  }

  @Test
  void aRangeBehindTheLastChunkHasNoCut() {
    Range beyond = new Range(5, 6);
    assertThat(cuts(Set.of(beyond), 0, new int[] {5, 5}, "ab")).isEmpty();
  }
}
