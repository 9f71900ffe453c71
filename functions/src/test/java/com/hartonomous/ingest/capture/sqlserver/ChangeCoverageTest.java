package com.hartonomous.ingest.capture.sqlserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.capture.sqlserver.ChangeCoverage.Gap;
import com.hartonomous.ingest.capture.sqlserver.ChangeCoverage.Instance;
import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.Lsn;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChangeCoverageTest {

  private static final CapturedTable A = table(1, "A");
  private static final CapturedTable B = table(2, "B");

  static CapturedTable table(int id, String name) {
    return new CapturedTable(
        id,
        "dbo",
        name,
        "main",
        1,
        List.of("Id"),
        List.of(new CapturedColumn(1, "Body", "text/plain")));
  }

  static Lsn lsn(long number) {
    return new Lsn(number, 1);
  }

  private static Instance instance(CapturedTable table, String name, Long minimum) {
    return new Instance(
        table.schema(), table.table(), name, minimum == null ? null : lsn(minimum), null);
  }

  private static List<Gap> gaps(long from, Instance... instances) {
    return ChangeCoverage.gaps(List.of(A, B), List.of(instances), lsn(from));
  }

  @Test
  void theMinimumMayReachTheFirstThatIsNeeded() {
    assertThat(gaps(10, instance(A, "A", 10L), instance(B, "B", 3L))).isEmpty();
  }

  @Test
  void aMinimumAboveIsAGapOfThatTableAlone() {
    Instance kept = instance(A, "A", 11L);
    assertThat(gaps(10, kept, instance(B, "B", 3L))).containsExactly(new Gap(A, lsn(10), kept));
  }

  @Test
  void aTableWithoutInstanceIsAGap() {
    assertThat(gaps(10, instance(A, "A", 1L))).containsExactly(new Gap(B, lsn(10), null));
  }

  @Test
  void anInstanceThatIsNotBegunCoversNothing() {
    assertThat(gaps(10, instance(A, "A", 1L), instance(B, "B", null)))
        .containsExactly(new Gap(B, lsn(10), null));
  }

  @Test
  void theElderOfTwoInstancesCoversWhatTheYoungerOneHasNot() {
    assertThat(gaps(10, instance(A, "A", 1L), instance(B, "B_v2", 15L), instance(B, "B", 9L)))
        .isEmpty();
  }

  @Test
  void theYoungerOneCoversWhenItsBeginningWasPassed() {
    assertThat(gaps(16, instance(A, "A", 1L), instance(B, "B_v2", 15L))).isEmpty();
  }

  @Test
  void theElderOneIsGoneBeforeTheBeginningOfTheYoungerOneWasPassed() {
    Instance younger = instance(B, "B_v2", 15L);
    assertThat(gaps(10, instance(A, "A", 1L), younger))
        .containsExactly(new Gap(B, lsn(10), younger));
  }

  @Test
  void instancesOfOtherTablesOfThatNameCoverNothing() {
    Instance other = new Instance("sales", "B", "sales_B", lsn(1), null);
    assertThat(gaps(10, instance(A, "A", 1L), other)).containsExactly(new Gap(B, lsn(10), null));
  }

  @Test
  void aDatabaseThatKnowsThePositionGoesOnFromIt() {
    assertThat(ChangeCoverage.continues(lsn(10), lsn(12), true, lsn(1))).isTrue();
  }

  @Test
  void aDatabaseThatIsBehindThePositionDoesNot() {
    assertThat(ChangeCoverage.continues(lsn(10), lsn(9), false, lsn(1))).isFalse();
  }

  @Test
  void aDatabaseThatOvertookThePositionByOtherCommitsDoesNot() {
    assertThat(ChangeCoverage.continues(lsn(10), lsn(12), false, lsn(1))).isFalse();
  }

  @Test
  void aCommitThatWasCleanedUpIsNoSignOfAnotherDatabase() {
    assertThat(ChangeCoverage.continues(lsn(10), lsn(20), false, lsn(15))).isTrue();
  }

  @Test
  void aDatabaseWithoutAnyCommitSaysNothing() {
    assertThat(ChangeCoverage.continues(lsn(10), null, false, lsn(1))).isTrue();
  }
}
