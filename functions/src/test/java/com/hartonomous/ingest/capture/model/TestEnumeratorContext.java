package com.hartonomous.ingest.capture.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

/**
 * An enumerator's context without threads: the worker's calls wait in a queue until the test runs
 * them, and periodic ones run when the test ticks.
 */
final class TestEnumeratorContext implements SplitEnumeratorContext<ModelSplit> {

  final Map<Integer, List<ModelSplit>> assigned = new TreeMap<>();
  final List<String> events = new ArrayList<>();

  /** Answers to restored readers. */
  final List<String> told = new ArrayList<>();

  private final Map<Integer, ReaderInfo> readers = new HashMap<>();
  private final Deque<Runnable> worker = new ArrayDeque<>();
  private final List<Runnable> periodic = new ArrayList<>();

  void register(int subtaskId) {
    readers.put(subtaskId, new ReaderInfo(subtaskId, "localhost"));
  }

  void unregister(int subtaskId) {
    readers.remove(subtaskId);
  }

  /** One period of the periodic calls. */
  void tick() {
    periodic.forEach(Runnable::run);
  }

  /** Lets the worker do what it has been told, and its handlers with it; once. */
  void runNextCall() {
    worker.removeFirst().run();
  }

  int waitingCalls() {
    return worker.size();
  }

  @Override
  public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler) {
    worker.addLast(() -> call(callable, handler));
  }

  @Override
  public <T> void callAsync(
      Callable<T> callable, BiConsumer<T, Throwable> handler, long initialDelay, long period) {
    periodic.add(() -> call(callable, handler));
  }

  private static <T> void call(Callable<T> callable, BiConsumer<T, Throwable> handler) {
    T result;
    try {
      result = callable.call();
    } catch (Exception e) {
      handler.accept(null, e);
      return;
    }
    handler.accept(result, null);
  }

  @Override
  public void assignSplits(SplitsAssignment<ModelSplit> assignment) {
    assignment
        .assignment()
        .forEach(
            (subtaskId, splits) -> {
              if (!readers.containsKey(subtaskId)) {
                throw new IllegalArgumentException("no reader " + subtaskId);
              }
              assigned.computeIfAbsent(subtaskId, id -> new ArrayList<>()).addAll(splits);
            });
  }

  @Override
  public void sendEventToSourceReader(int subtaskId, SourceEvent event) {
    if (event instanceof RestoredModelsChecked answer) {
      told.add(subtaskId + ": " + Arrays.toString(answer.endedModelIds()));
    } else {
      events.add(subtaskId + ": " + event);
    }
  }

  @Override
  public SplitEnumeratorMetricGroup metricGroup() {
    return UnregisteredMetricsGroup.createSplitEnumeratorMetricGroup();
  }

  @Override
  public int currentParallelism() {
    return readers.size();
  }

  @Override
  public Map<Integer, ReaderInfo> registeredReaders() {
    return Map.copyOf(readers);
  }

  @Override
  public void signalNoMoreSplits(int subtaskId) {
    throw new AssertionError("the source is unbounded");
  }

  @Override
  public void runInCoordinatorThread(Runnable runnable) {
    runnable.run();
  }
}
