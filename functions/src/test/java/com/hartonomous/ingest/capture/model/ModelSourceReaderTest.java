package com.hartonomous.ingest.capture.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.record.ModelPart;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.core.io.InputStatus;
import org.junit.jupiter.api.Test;

class ModelSourceReaderTest {

  private final TestReaderContext context = new TestReaderContext();
  private final CollectingOutput output = new CollectingOutput();

  @Test
  void emitsEveryPartInOrderAndThenAsksForMore() throws IOException {
    List<ModelSplit> splits = RandomSplits.splits(new Random(3), 1);
    ModelSourceReader reader = new ModelSourceReader(context);
    reader.start();
    assertThat(context.splitRequests()).isEqualTo(1);
    reader.addSplits(splits);

    drain(reader);

    assertThat(output.parts).usingRecursiveFieldByFieldElementComparator().isEqualTo(parts(splits));
    assertThat(context.splitRequests()).isEqualTo(2);
    assertThat(reader.snapshotState(1)).isEmpty();
  }

  @Test
  void sleepsWithoutSplitsAndWakesWithThem() {
    ModelSourceReader reader = new ModelSourceReader(context);
    reader.start();
    assertThat(reader.pollNext(output)).isEqualTo(InputStatus.NOTHING_AVAILABLE);
    CompletableFuture<Void> available = reader.isAvailable();
    assertThat(available).isNotDone();

    reader.addSplits(RandomSplits.splits(new Random(3), 1).subList(0, 1));

    assertThat(available).isDone();
    drain(reader);
    assertThat(reader.isAvailable()).isNotDone();
  }

  /** Checkpoints after every number of parts; the restored reader emits exactly the rest. */
  @Test
  void aCheckpointAnywhereLosesAndRepeatsNothing() throws IOException {
    ModelSplitSerializer serializer = new ModelSplitSerializer();
    List<ModelSplit> splits = RandomSplits.splits(new Random(12), 1);
    List<ModelPart> all = parts(splits);
    assertThat(all).hasSizeGreaterThan(20);
    for (int emitted = 0; emitted <= all.size(); emitted++) {
      output.parts.clear();
      ModelSourceReader first = new ModelSourceReader(context);
      first.addSplits(splits);
      for (int i = 0; i < emitted; i++) {
        first.pollNext(output);
      }
      List<ModelSplit> restored = new ArrayList<>();
      for (ModelSplit split : first.snapshotState(emitted)) {
        restored.add(serializer.deserialize(1, serializer.serialize(split)));
      }

      ModelSourceReader second = new ModelSourceReader(context);
      second.addSplits(restored);
      second.start();
      if (!restored.isEmpty()) {
        second.handleSourceEvents(new RestoredModelsChecked(new int[0]));
      }
      drain(second);

      assertThat(output.parts).as("checkpoint after %d", emitted).isEqualTo(all);
    }
  }

  @Test
  void aReaderRestoredWithSplitsDoesNotAsk() {
    ModelSourceReader reader = new ModelSourceReader(context);
    reader.addSplits(RandomSplits.splits(new Random(3), 1).subList(0, 1));
    reader.start();
    assertThat(context.splitRequests()).isZero();
  }

  /** Reading the splits of a model that ended while the job was down would be in vain. */
  @Test
  void aRestoredReaderReadsNothingBeforeItKnowsWhatHasEnded() {
    List<ModelSplit> ended = RandomSplits.splits(new Random(3), 1);
    List<ModelSplit> other = RandomSplits.splits(new Random(4), 2);
    ModelSourceReader reader = new ModelSourceReader(context);
    reader.addSplits(ended);
    reader.addSplits(other);
    reader.start();
    assertThat(context.events)
        .singleElement()
        .isInstanceOfSatisfying(
            RestoredModels.class, event -> assertThat(event.modelIds()).containsExactly(1, 2));

    assertThat(reader.pollNext(output)).isEqualTo(InputStatus.NOTHING_AVAILABLE);
    assertThat(reader.isAvailable()).isNotDone();
    assertThat(reader.snapshotState(1)).hasSize(ended.size() + other.size());

    reader.handleSourceEvents(new RestoredModelsChecked(new int[] {1}));
    assertThat(reader.isAvailable()).isDone();
    drain(reader);
    assertThat(output.parts).isEqualTo(parts(other));
  }

  @Test
  void aRestoredReaderAllOfWhoseModelsEndedAsksForOthers() {
    ModelSourceReader reader = new ModelSourceReader(context);
    reader.addSplits(RandomSplits.splits(new Random(3), 1));
    reader.start();
    reader.handleSourceEvents(new RestoredModelsChecked(new int[] {1}));
    assertThat(context.splitRequests()).isEqualTo(1);
    assertThat(reader.pollNext(output)).isEqualTo(InputStatus.NOTHING_AVAILABLE);
  }

  @Test
  void dropsTheSplitsOfAModelThatEnded() {
    List<ModelSplit> ended = RandomSplits.splits(new Random(3), 1);
    List<ModelSplit> other = RandomSplits.splits(new Random(4), 2);
    ModelSourceReader reader = new ModelSourceReader(context);
    reader.addSplits(ended);
    reader.pollNext(output);
    reader.addSplits(other);
    output.parts.clear();

    reader.handleSourceEvents(new ModelEnded(1));
    assertThat(context.splitRequests()).isZero();
    drain(reader);

    assertThat(output.parts).isEqualTo(parts(other));
    assertThat(context.splitRequests()).isEqualTo(1);
  }

  @Test
  void asksWhenTheEndOfAModelLeavesNothing() {
    ModelSourceReader reader = new ModelSourceReader(context);
    reader.addSplits(RandomSplits.splits(new Random(3), 1));
    reader.pollNext(output);

    reader.handleSourceEvents(new ModelEnded(1));
    reader.handleSourceEvents(new ModelEnded(1));

    assertThat(context.splitRequests()).isEqualTo(1);
    assertThat(reader.snapshotState(1)).isEmpty();
    assertThat(reader.pollNext(output)).isEqualTo(InputStatus.NOTHING_AVAILABLE);
  }

  @Test
  void refusesAnEventThatItDoesNotKnow() {
    SourceEvent unknown = new SourceEvent() {};
    ModelSourceReader reader = new ModelSourceReader(context);
    assertThatThrownBy(() -> reader.handleSourceEvents(unknown))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected the event ModelEnded");
  }

  private void drain(ModelSourceReader reader) {
    InputStatus status;
    do {
      status = reader.pollNext(output);
    } while (status == InputStatus.MORE_AVAILABLE);
    assertThat(status).isEqualTo(InputStatus.NOTHING_AVAILABLE);
  }

  private static List<ModelPart> parts(List<ModelSplit> splits) {
    List<ModelPart> parts = new ArrayList<>();
    for (ModelSplit split : splits) {
      for (long index = split.nextIndex(); index < split.endIndex(); index++) {
        parts.add(split.part(index));
      }
    }
    return parts;
  }

  private static final class CollectingOutput implements ReaderOutput<ModelPart> {
    final List<ModelPart> parts = new ArrayList<>();

    @Override
    public void collect(ModelPart part) {
      parts.add(part);
    }

    @Override
    public void collect(ModelPart part, long timestamp) {
      throw new AssertionError("parts have no time");
    }

    @Override
    public void emitWatermark(Watermark watermark) {
      throw new AssertionError("the source has no watermarks");
    }

    @Override
    public void markIdle() {}

    @Override
    public void markActive() {}

    @Override
    public SourceOutput<ModelPart> createOutputForSplit(String splitId) {
      return this;
    }

    @Override
    public void releaseOutputForSplit(String splitId) {}
  }
}
