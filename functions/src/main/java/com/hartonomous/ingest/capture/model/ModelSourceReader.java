package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.record.ModelPart;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.core.io.InputStatus;

/**
 * Emits the parts of its splits, one a call, in order. A split's parts are computed from the split,
 * so nothing blocks and there is no thread but the task's, which calls every method here.
 *
 * <p>State is the split under way, at its next part, and those waiting: what was emitted before a
 * checkpoint's barrier is not emitted again after a restore, and nothing is left out.
 */
final class ModelSourceReader implements SourceReader<ModelPart, ModelSplit> {

  private final SourceReaderContext context;
  private final Deque<ModelSplit> waiting = new ArrayDeque<>();
  private ModelSplit current;
  private long nextIndex;
  private CompletableFuture<Void> available = new CompletableFuture<>();

  /** Restored splits wait until it is known which of their models are still being ingested. */
  private boolean held;

  ModelSourceReader(SourceReaderContext context) {
    this.context = context;
  }

  /**
   * Called after restored splits were added: asks which of them go on, or for work if there were
   * none.
   */
  @Override
  public void start() {
    if (waiting.isEmpty()) {
      context.sendSplitRequest();
    } else {
      held = true;
      context.sendSourceEventToCoordinator(
          new RestoredModels(waiting.stream().mapToInt(ModelSplit::modelId).distinct().toArray()));
    }
  }

  @Override
  public InputStatus pollNext(ReaderOutput<ModelPart> output) {
    if (held || !advance()) {
      // A fresh future, so that the task sleeps until splits come.
      if (available.isDone()) {
        available = new CompletableFuture<>();
      }
      return InputStatus.NOTHING_AVAILABLE;
    }
    output.collect(current.part(nextIndex));
    nextIndex++;
    if (nextIndex == current.endIndex()) {
      current = null;
      if (waiting.isEmpty()) {
        context.sendSplitRequest();
      }
    }
    return InputStatus.MORE_AVAILABLE;
  }

  @Override
  public List<ModelSplit> snapshotState(long checkpointId) {
    List<ModelSplit> state = new ArrayList<>();
    if (current != null) {
      state.add(current.startingAt(nextIndex));
    }
    state.addAll(waiting);
    return state;
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    return available;
  }

  @Override
  public void addSplits(List<ModelSplit> splits) {
    waiting.addAll(splits);
    if (!held) {
      available.complete(null);
    }
  }

  /** Drops the splits of models that ended, and asks for others when none are left. */
  @Override
  public void handleSourceEvents(SourceEvent event) {
    if (event instanceof ModelEnded ended) {
      drop(ended.modelId());
    } else if (event instanceof RestoredModelsChecked answer) {
      for (int modelId : answer.endedModelIds()) {
        drop(modelId);
      }
      held = false;
      available.complete(null);
    } else {
      throw new IllegalArgumentException(
          "model source reader: expected the event ModelEnded or RestoredModelsChecked, found "
              + event);
    }
  }

  private void drop(int modelId) {
    boolean hadSplits = current != null || !waiting.isEmpty();
    waiting.removeIf(split -> split.modelId() == modelId);
    if (current != null && current.modelId() == modelId) {
      current = null;
    }
    if (hadSplits && current == null && waiting.isEmpty()) {
      context.sendSplitRequest();
    }
  }

  /** The source is unbounded; a reader without splits stays and waits. */
  @Override
  public void notifyNoMoreSplits() {
    throw new IllegalStateException(
        "model source reader: told that no splits will follow, but the source is unbounded");
  }

  @Override
  public void close() {
    waiting.clear();
    current = null;
  }

  private boolean advance() {
    if (current == null) {
      current = waiting.poll();
      if (current == null) {
        return false;
      }
      nextIndex = current.nextIndex();
    }
    return true;
  }
}
