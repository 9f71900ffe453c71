package com.hartonomous.ingest.capture.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.GraphEntity;
import com.hartonomous.ingest.record.OutboxMark;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class InFlightMarksTest {

  private final InFlightMarks marks = new InFlightMarks(3);

  private static List<OutboxMark> marks(long... queueIds) {
    return LongStream.of(queueIds)
        .mapToObj(id -> new OutboxMark(id, GraphEntity.model(1)))
        .toList();
  }

  @Test
  void givesEachMarkOutOnceWhileItIsUnsynced() {
    assertThat(marks.admit(marks(1, 2), true)).isEqualTo(marks(1, 2));
    assertThat(marks.admit(marks(1, 2), true)).isEmpty();
  }

  @Test
  void takesALowerIdThatBecomesVisibleLate() {
    marks.admit(marks(5), true);
    assertThat(marks.admit(marks(4, 5), true)).isEqualTo(marks(4));
  }

  @Test
  void boundsTheMarksInFlightAndGoesOnWhenTheyAreSynced() {
    assertThat(marks.admit(marks(1, 2, 3), false)).hasSize(3);
    assertThat(marks.admit(marks(1, 2, 3), false)).isEmpty();
    assertThat(marks.admit(marks(3, 4, 5), false)).isEqualTo(marks(4, 5));
    assertThat(marks.size()).isEqualTo(3);
  }

  @Test
  void givesAMarkOutAgainThatIsUnsyncedAgain() {
    marks.admit(marks(1), true);
    marks.admit(marks(), true);
    assertThat(marks.admit(marks(1), true)).isEqualTo(marks(1));
  }

  @Test
  void doesNotForgetWhatAPollThatWasCutOffCouldNotSee() {
    marks.admit(marks(7, 8, 9), true);
    // Lower ids became visible late and pushed 8 and 9 out of the poll.
    assertThat(marks.admit(marks(5, 6, 7), false)).isEmpty();
    assertThat(marks.size()).isEqualTo(3);
    assertThat(marks.admit(marks(8, 9), true)).isEmpty();
  }

  @Test
  void forgetsEverythingWhenThePollIsEmpty() {
    marks.admit(marks(1, 2), true);
    marks.admit(marks(), true);
    assertThat(marks.size()).isZero();
  }
}
