package com.hartonomous.ingest.capture.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.capture.model.ModelLifecycle.PlannedModel;
import com.hartonomous.ingest.capture.model.ModelLifecycle.Step;
import com.hartonomous.ingest.format.ChunkPlan;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.flink.util.FlinkRuntimeException;
import org.junit.jupiter.api.Test;

class ModelSplitEnumeratorTest {

  private static final Step NOTHING = new Step(Set.of(), List.of(), false);

  private final TestEnumeratorContext context = new TestEnumeratorContext();
  private final ScriptedLifecycle lifecycle = new ScriptedLifecycle();

  @Test
  void handsOutTheSplitsOfAPlannedModelToThoseWhoAsk() {
    List<ModelSplit> splits = splits(1, 3);
    ModelSplitEnumerator enumerator = started(null);
    reader(enumerator, 0);
    reader(enumerator, 1);
    enumerator.handleSplitRequest(1, null);
    assertThat(context.assigned).isEmpty();

    step(planned(1, splits));
    assertThat(context.assigned.get(1)).containsExactly(splits.get(0));
    enumerator.handleSplitRequest(0, null);
    assertThat(context.assigned.get(0)).containsExactly(splits.get(1));
    enumerator.handleSplitRequest(0, null);
    assertThat(context.assigned.get(0)).containsExactly(splits.get(1), splits.get(2));
    enumerator.handleSplitRequest(0, null);
    assertThat(context.assigned.get(0)).hasSize(2);
    assertThat(enumerator.snapshotState(1))
        .isEqualTo(new ModelEnumeratorState("job", Set.of(1), List.of()));
  }

  @Test
  void smallSplitsAreHandedOutTogetherButAreSharedByAll() {
    List<ModelSplit> splits = small(100, 1_000);
    ModelSplitEnumerator enumerator = started(null);
    reader(enumerator, 0);
    reader(enumerator, 1);
    step(planned(1, splits));

    enumerator.handleSplitRequest(0, null);
    assertThat(context.assigned.get(0)).isEqualTo(splits.subList(0, 25));
    enumerator.handleSplitRequest(1, null);
    assertThat(context.assigned.get(1)).isEqualTo(splits.subList(25, 43));
    int requests = 2;
    while (!enumerator.snapshotState(1).pendingSplits().isEmpty()) {
      enumerator.handleSplitRequest(requests++ % 2, null);
    }
    assertThat(requests).isLessThan(20);
    List<ModelSplit> all = new ArrayList<>(context.assigned.get(0));
    all.addAll(context.assigned.get(1));
    assertThat(all).containsExactlyInAnyOrderElementsOf(splits);
  }

  @Test
  void splitsThatAreNotSmallAreHandedOutOneByOne() {
    List<ModelSplit> splits =
        small(100, Math.toIntExact(ModelSplitEnumerator.BATCH_BYTES_MAX / 2 + 1));
    ModelSplitEnumerator enumerator = started(null);
    reader(enumerator, 0);
    step(planned(1, splits));
    enumerator.handleSplitRequest(0, null);
    assertThat(context.assigned.get(0)).containsExactly(splits.get(0));
  }

  @Test
  void noMoreThanSoManySplitsAreHandedOutTogether() {
    ModelSplitEnumerator enumerator = started(null);
    reader(enumerator, 0);
    step(planned(1, small(1_000, 10)));
    enumerator.handleSplitRequest(0, null);
    assertThat(context.assigned.get(0)).hasSize(ModelSplitEnumerator.BATCH_SPLITS_MAX);
  }

  /** Splits of files of one chunk each. */
  private static List<ModelSplit> small(int count, int bytes) {
    List<ModelSplit> splits = new ArrayList<>();
    for (int file = 0; file < count; file++) {
      splits.addAll(
          SplitPlanner.chunks(
              1,
              file,
              "file:/" + file,
              1,
              ChunkPlan.of(bytes, List.of(), ChunkPlan.CHUNK_SIZE_MAX),
              ChunkPlan.CHUNK_SIZE_MAX));
    }
    return splits;
  }

  @Test
  void stepsKnowWhatIsPlannedAndPending() {
    ModelSplitEnumerator enumerator = started(null);
    step(planned(1, splits(1, 3)));
    step(NOTHING);
    assertThat(lifecycle.calls).containsExactly("[] 0", "[1] 3");
    reader(enumerator, 0);
    enumerator.handleSplitRequest(0, null);
    step(NOTHING);
    assertThat(lifecycle.calls).last().isEqualTo("[1] 2");
  }

  @Test
  void onlyOneStepIsUnderWayAndWorkGoesOnWithoutWaiting() {
    started(null);
    context.tick();
    context.tick();
    assertThat(context.waitingCalls()).isEqualTo(1);
    lifecycle.results.add(new Step(Set.of(), List.of(), true));
    context.runNextCall();
    assertThat(context.waitingCalls()).isEqualTo(1);
    lifecycle.results.add(NOTHING);
    context.runNextCall();
    assertThat(context.waitingCalls()).isZero();
    context.tick();
    assertThat(context.waitingCalls()).isEqualTo(1);
  }

  @Test
  void splitsOfAFailedReaderComeBackFirstAndInOrder() {
    List<ModelSplit> splits = splits(1, 4);
    ModelSplitEnumerator enumerator = started(null);
    reader(enumerator, 0);
    step(planned(1, splits));
    enumerator.handleSplitRequest(0, null);
    enumerator.handleSplitRequest(0, null);
    enumerator.handleSplitRequest(0, null);

    context.unregister(0);
    enumerator.addSplitsBack(splits.subList(0, 2), 0);

    assertThat(enumerator.snapshotState(1).pendingSplits())
        .containsExactly(splits.get(0), splits.get(1), splits.get(3));
  }

  @Test
  void splitsThatComeBackGoToAWaitingReaderButNotToTheFailedOne() {
    List<ModelSplit> splits = splits(1, 1);
    ModelSplitEnumerator enumerator = started(null);
    reader(enumerator, 0);
    reader(enumerator, 1);
    step(planned(1, splits));
    enumerator.handleSplitRequest(0, null);
    enumerator.handleSplitRequest(0, null);
    enumerator.handleSplitRequest(1, null);

    enumerator.addSplitsBack(splits, 0);

    assertThat(context.assigned.get(0)).hasSize(1);
    assertThat(context.assigned.get(1)).isEqualTo(splits);
  }

  @Test
  void aReaderThatIsGoneGetsNothing() {
    ModelSplitEnumerator enumerator = started(null);
    reader(enumerator, 0);
    enumerator.handleSplitRequest(0, null);
    context.unregister(0);
    step(planned(1, splits(1, 1)));
    assertThat(context.assigned).isEmpty();
    assertThat(enumerator.snapshotState(1).pendingSplits()).hasSize(1);
  }

  @Test
  void theEndOfAModelDropsItsSplitsAndTellsTheReaders() {
    List<ModelSplit> ended = splits(1, 2);
    List<ModelSplit> other = splits(2, 2);
    ModelSplitEnumerator enumerator = started(null);
    reader(enumerator, 0);
    step(planned(1, ended));
    step(planned(2, other));

    step(new Step(Set.of(1), List.of(), false));

    assertThat(enumerator.snapshotState(1))
        .isEqualTo(new ModelEnumeratorState("job", Set.of(2), other));
    assertThat(context.events).containsExactly("0: ModelEnded[modelId=1]");
    enumerator.addSplitsBack(ended, 0);
    assertThat(enumerator.snapshotState(2).pendingSplits()).isEqualTo(other);
  }

  @Test
  void aRestoredEnumeratorGoesOnWhereTheOtherWas() {
    List<ModelSplit> splits = splits(1, 3);
    ModelSplitEnumerator enumerator =
        started(new ModelEnumeratorState("job", Set.of(1, 5), splits));
    reader(enumerator, 0);
    enumerator.handleSplitRequest(0, null);
    assertThat(context.assigned).as("before the first step").isEmpty();
    step(NOTHING);
    assertThat(lifecycle.calls).containsExactly("[1, 5] 3");
    assertThat(context.assigned.get(0)).containsExactly(splits.get(0));
  }

  /** After an old savepoint: models that ended since are read by nobody. */
  @Test
  void splitsOfModelsThatEndedSinceTheCheckpointAreNotHandedOut() {
    List<ModelSplit> ended = splits(1, 2);
    List<ModelSplit> other = splits(2, 1);
    List<ModelSplit> pending = new ArrayList<>(ended);
    pending.addAll(other);
    ModelSplitEnumerator enumerator =
        started(new ModelEnumeratorState("job", Set.of(1, 2, 3), pending));
    reader(enumerator, 0);
    reader(enumerator, 1);
    enumerator.handleSplitRequest(0, null);
    enumerator.handleSourceEvent(1, new RestoredModels(new int[] {1, 2, 3}));
    assertThat(context.assigned).isEmpty();
    assertThat(context.events).isEmpty();

    step(new Step(Set.of(1, 3), List.of(), false));

    assertThat(context.assigned.get(0)).containsExactly(other.get(0));
    assertThat(context.told).containsExactly("1: [1, 3]");
    // One that fails later and comes back from the same checkpoint is answered at once.
    enumerator.handleSourceEvent(0, new RestoredModels(new int[] {1, 2}));
    assertThat(context.told).containsExactly("1: [1, 3]", "0: [1]");
  }

  /** A restore from before the plan lets the lifecycle plan again; a repetition adds nothing. */
  @Test
  void aModelIsPlannedOnce() {
    ModelSplitEnumerator enumerator = started(null);
    step(planned(1, splits(1, 3)));
    step(planned(1, splits(1, 3)));
    assertThat(enumerator.snapshotState(1).pendingSplits()).hasSize(3);
  }

  @Test
  void theStateOfAnotherJobIsRefused() {
    ModelEnumeratorState other = new ModelEnumeratorState("other", Set.of(), List.of());
    assertThatThrownBy(() -> started(other))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the state is of the job 'other', this job is 'job'");
  }

  @Test
  void aDatabaseThatRefusesFailsTheJob() {
    started(null);
    context.tick();
    lifecycle.failure = new SQLException("Could not claim a model at host:1/db: no rights");
    assertThatThrownBy(context::runNextCall)
        .isInstanceOf(FlinkRuntimeException.class)
        .hasMessageContaining("Could not claim a model at host:1/db: no rights");
  }

  @Test
  void closingClosesTheLifecycle() throws IOException {
    started(null).close();
    assertThat(lifecycle.closed).isTrue();
  }

  @Test
  void aStepThatClosingBreaksDoesNotFailTheJob() throws IOException {
    ModelSplitEnumerator enumerator = started(null);
    context.tick();
    enumerator.close();
    lifecycle.failure = new SQLException("closed");
    context.runNextCall();
    context.tick();
    assertThat(context.waitingCalls()).isZero();
  }

  private ModelSplitEnumerator started(ModelEnumeratorState restored) {
    ModelSplitEnumerator enumerator =
        new ModelSplitEnumerator(context, lifecycle, "job", Duration.ofSeconds(1), restored);
    enumerator.start();
    return enumerator;
  }

  private void reader(ModelSplitEnumerator enumerator, int subtaskId) {
    context.register(subtaskId);
    enumerator.addReader(subtaskId);
  }

  private void step(Step result) {
    lifecycle.results.add(result);
    context.tick();
    context.runNextCall();
  }

  private static Step planned(int modelId, List<ModelSplit> splits) {
    return new Step(Set.of(), List.of(new PlannedModel(modelId, splits)), false);
  }

  private static List<ModelSplit> splits(int modelId, int count) {
    List<ModelSplit> splits = new ArrayList<>();
    for (int seed = 0; splits.size() < count; seed++) {
      splits.addAll(RandomSplits.splits(new Random(seed), modelId));
    }
    return List.copyOf(splits.subList(0, count));
  }

  private static final class ScriptedLifecycle implements ModelLifecycle {
    final Deque<Step> results = new ArrayDeque<>();
    final List<String> calls = new ArrayList<>();
    SQLException failure;
    boolean closed;

    @Override
    public Step step(Set<Integer> planned, int pendingSplits, int readers) throws SQLException {
      calls.add(planned.stream().sorted().toList() + " " + pendingSplits);
      if (failure != null) {
        throw failure;
      }
      return results.removeFirst();
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
