package com.hartonomous.ingest.capture.model;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.annotation.Nullable;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.util.FlinkRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands out the splits of models. The life of a split:
 *
 * <ol>
 *   <li>A file is submitted: by the options when the job starts, or by anybody who inserts into
 *       {@code dbo.ModelSubmissions}. (worker)
 *   <li>The submission is claimed; it becomes a model that is being ingested. (worker)
 *   <li>The file's header is read, files, tensors and expected numbers are registered in one
 *       transaction, and splits are made. (worker)
 *   <li>The splits become pending and, with their model's id, part of the state. (coordinator)
 *   <li>A reader asks, and gets the next pending split, or several small ones; or it waits for one.
 *       (coordinator)
 *   <li>A split comes back if its reader fails before a checkpoint holds it. (coordinator)
 *   <li>The reader emits the split's parts; its checkpoints hold the next index.
 *   <li>The model ends: complete when all it expects is stored, failed by a dead letter, or ended
 *       by somebody else. (worker) Its pending splits are dropped and readers are told.
 *       (coordinator)
 * </ol>
 *
 * <p><b>Threads.</b> Every method runs on the coordinator thread and owns the fields. All waiting -
 * database, file headers - is in {@link ModelLifecycle}, on the worker thread: a tick of the poll
 * interval starts a step, at most one at a time, which gets copies of what it must know and returns
 * what it found.
 *
 * <p><b>After a restore</b> nothing is read before the first step has looked which of the planned
 * models are still being ingested: splits of the others are dropped here, and restored readers, who
 * ask with {@link RestoredModels}, are told which of theirs to drop.
 *
 * <p><b>Guarantees.</b> Every part of a planned model is emitted at least once: a checkpoint has
 * each of its splits here or at a reader. A model that was planned after the checkpoint that is
 * restored is planned again. Parts that are emitted again change nothing, as writers insert only
 * what is missing. Models are led by guarded changes of their row, so that an older instance of
 * this enumerator, or a replay, cannot fail what is complete.
 */
final class ModelSplitEnumerator implements SplitEnumerator<ModelSplit, ModelEnumeratorState> {

  private static final Logger LOG = LoggerFactory.getLogger(ModelSplitEnumerator.class);

  /** Splits that are handed out together. */
  static final int BATCH_SPLITS_MAX = 64;

  /**
   * Bytes that several splits together stand for at most: soon read, and since a split's own size
   * is a small part of that, far below Flink's message size of 10 MiB.
   */
  static final long BATCH_BYTES_MAX = 4L << 20;

  private final SplitEnumeratorContext<ModelSplit> context;
  private final ModelLifecycle lifecycle;
  private final String jobName;
  private final Duration pollInterval;

  /** State: models whose splits were made. Left by models that end. */
  private final Set<Integer> plannedModels;

  /** State: splits of planned models that no reader has. */
  private final Deque<ModelSplit> pendingSplits;

  /** Readers that asked in vain, longest first. Not state: a restored reader asks again. */
  private final Set<Integer> waitingReaders = new LinkedHashSet<>();

  /** Readers that ask which of their restored models go on, before the first step has told. */
  private final Map<Integer, RestoredModels> waitingForCheck = new TreeMap<>();

  private boolean stepUnderWay;

  /**
   * Whether a step has compared the planned models with the database. Until then nothing is handed
   * out: what a checkpoint holds may have ended since.
   */
  private boolean checked;

  /** Set by whichever thread closes: what a step reports afterwards does not count. */
  private volatile boolean closed;

  /**
   * @param restored state to go on from; null for a start without state
   * @throws IllegalStateException if the state is that of a job of another name, whose claims this
   *     one would not find
   */
  ModelSplitEnumerator(
      SplitEnumeratorContext<ModelSplit> context,
      ModelLifecycle lifecycle,
      String jobName,
      Duration pollInterval,
      @Nullable ModelEnumeratorState restored) {
    if (restored != null && !restored.jobName().equals(jobName)) {
      throw new IllegalStateException(
          "model source: the state is of the job '%s', this job is '%s': keep the job's name, or start it without state"
              .formatted(restored.jobName(), jobName));
    }
    this.context = context;
    this.lifecycle = lifecycle;
    this.jobName = jobName;
    this.pollInterval = pollInterval;
    this.checked = restored == null;
    this.plannedModels =
        restored == null ? new TreeSet<>() : new TreeSet<>(restored.plannedModels());
    this.pendingSplits =
        restored == null ? new ArrayDeque<>() : new ArrayDeque<>(restored.pendingSplits());
  }

  @Override
  public void start() {
    context.metricGroup().setUnassignedSplitsGauge(() -> (long) pendingSplits.size());
    context.callAsync(() -> Boolean.TRUE, this::tick, 0, pollInterval.toMillis());
  }

  @Override
  public void handleSplitRequest(int subtaskId, @Nullable String requesterHostname) {
    waitingReaders.add(subtaskId);
    assignPendingSplits();
  }

  /** The splits that a failed reader had not checkpointed; first in line, in their old order. */
  @Override
  public void addSplitsBack(List<ModelSplit> splits, int subtaskId) {
    waitingReaders.remove(subtaskId);
    waitingForCheck.remove(subtaskId);
    for (int i = splits.size() - 1; i >= 0; i--) {
      ModelSplit split = splits.get(i);
      if (plannedModels.contains(split.modelId())) {
        pendingSplits.addFirst(split);
      }
    }
    assignPendingSplits();
  }

  /** Nothing to do: a reader without splits asks for one. */
  @Override
  public void addReader(int subtaskId) {
    LOG.debug("Reader {} is there.", subtaskId);
  }

  @Override
  public ModelEnumeratorState snapshotState(long checkpointId) {
    return new ModelEnumeratorState(jobName, plannedModels, List.copyOf(pendingSplits));
  }

  /** Called when the worker thread is being ended: a step under way is given up. */
  @Override
  public void close() throws IOException {
    closed = true;
    lifecycle.close();
  }

  private void tick(Boolean ignored, @Nullable Throwable failure) {
    if (closed) {
      return;
    }
    failIfNeeded(failure);
    if (!stepUnderWay) {
      startStep();
    }
  }

  private void startStep() {
    stepUnderWay = true;
    Set<Integer> planned = Set.copyOf(plannedModels);
    int pending = pendingSplits.size();
    int readers = readers();
    context.callAsync(() -> lifecycle.step(planned, pending, readers), this::finishStep);
  }

  private void finishStep(@Nullable ModelLifecycle.Step step, @Nullable Throwable failure) {
    if (closed) {
      return;
    }
    failIfNeeded(failure);
    stepUnderWay = false;
    checked = true;
    for (int modelId : step.endedModels()) {
      endModel(modelId);
    }
    for (ModelLifecycle.PlannedModel model : step.plannedModels()) {
      if (plannedModels.add(model.modelId())) {
        pendingSplits.addAll(model.splits());
        LOG.info("Model {} is to be read in {} splits.", model.modelId(), model.splits().size());
      }
    }
    waitingForCheck.forEach(this::tellEnded);
    waitingForCheck.clear();
    assignPendingSplits();
    if (step.moreToDo()) {
      startStep();
    }
  }

  private void endModel(int modelId) {
    plannedModels.remove(modelId);
    pendingSplits.removeIf(split -> split.modelId() == modelId);
    for (int subtaskId : context.registeredReaders().keySet()) {
      context.sendEventToSourceReader(subtaskId, new ModelEnded(modelId));
    }
    LOG.info("Model {} has ended.", modelId);
  }

  /**
   * A restored reader asks which of its models go on. A model of its splits is planned here unless
   * it has ended since the checkpoint.
   */
  @Override
  public void handleSourceEvent(int subtaskId, SourceEvent event) {
    if (!(event instanceof RestoredModels restored)) {
      throw new IllegalArgumentException(
          "model source: expected the event RestoredModels, found " + event);
    }
    if (checked) {
      tellEnded(subtaskId, restored);
    } else {
      waitingForCheck.put(subtaskId, restored);
    }
  }

  private void tellEnded(int subtaskId, RestoredModels restored) {
    if (!context.registeredReaders().containsKey(subtaskId)) {
      return;
    }
    int[] ended =
        Arrays.stream(restored.modelIds()).filter(id -> !plannedModels.contains(id)).toArray();
    context.sendEventToSourceReader(subtaskId, new RestoredModelsChecked(ended));
    if (ended.length > 0) {
      LOG.info("Reader {} drops the splits of {} models that ended.", subtaskId, ended.length);
    }
  }

  private void assignPendingSplits() {
    if (!checked) {
      return;
    }
    List<Integer> readers = new ArrayList<>(waitingReaders);
    for (int subtaskId : readers) {
      if (!context.registeredReaders().containsKey(subtaskId)) {
        waitingReaders.remove(subtaskId);
      } else if (!pendingSplits.isEmpty()) {
        waitingReaders.remove(subtaskId);
        context.assignSplits(new SplitsAssignment<>(Map.of(subtaskId, nextBatch())));
      }
    }
  }

  /**
   * The next split, and those behind it as long as all are small, so that small files do not cost a
   * round trip each; never so many that others would have nothing left to do.
   */
  private List<ModelSplit> nextBatch() {
    int share = Math.min(pendingSplits.size() / (2 * readers()), BATCH_SPLITS_MAX);
    List<ModelSplit> batch = new ArrayList<>();
    long bytes = 0;
    do {
      ModelSplit split = pendingSplits.removeFirst();
      batch.add(split);
      bytes += split.byteLength();
    } while (batch.size() < share
        && bytes + pendingSplits.getFirst().byteLength() <= BATCH_BYTES_MAX);
    return batch;
  }

  private int readers() {
    return Math.max(1, context.currentParallelism());
  }

  private static void failIfNeeded(@Nullable Throwable failure) {
    if (failure != null) {
      throw new FlinkRuntimeException(
          "The model source cannot go on: " + failure.getMessage(), failure);
    }
  }
}
