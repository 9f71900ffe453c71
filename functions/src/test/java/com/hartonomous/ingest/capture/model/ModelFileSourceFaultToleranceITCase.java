package com.hartonomous.ingest.capture.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.capture.model.ModelLifecycle.PlannedModel;
import com.hartonomous.ingest.capture.model.ModelLifecycle.Step;
import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.record.ModelPart;
import com.hartonomous.ingest.runtime.Secret;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.util.Collector;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The source in a real cluster that fails and restores, with models from memory. */
class ModelFileSourceFaultToleranceITCase {

  private static final int PARALLELISM = 3;
  private static final int MODELS = 6;
  private static final int FAILURES = 3;

  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setNumberTaskManagers(1)
              .setNumberSlotsPerTaskManager(PARALLELISM)
              .build());

  /** What the tallies of the present attempt hold, by subtask. Shared with the job's tasks. */
  private static final Map<Integer, List<String>> TALLIES = new ConcurrentHashMap<>();

  private static final AtomicInteger FAILURES_LEFT = new AtomicInteger();
  private static long seed;

  @Test
  void everyPartIsCountedOnceDespiteFailures() throws Exception {
    seed = Long.getLong("seed", System.nanoTime());
    TALLIES.clear();
    FAILURES_LEFT.set(FAILURES);
    List<String> expected = new ArrayList<>();
    for (int modelId = 1; modelId <= MODELS; modelId++) {
      for (ModelSplit split : splits(modelId)) {
        for (long index = split.nextIndex(); index < split.endIndex(); index++) {
          expected.add(key(split.part(index)));
        }
      }
    }

    JobClient job = environment().executeAsync("model source");
    try {
      // While tasks restart, the tallies are of different attempts: only in the end they must fit.
      Awaitility.await("-Dseed=" + seed)
          .atMost(Duration.ofMinutes(3))
          .untilAsserted(
              () -> {
                assertThat(FAILURES_LEFT).hasValue(0);
                assertThat(tallied()).containsExactlyInAnyOrderElementsOf(expected);
              });
    } finally {
      job.cancel().get();
    }
    assertThat(tallied()).as("-Dseed=" + seed).containsExactlyInAnyOrderElementsOf(expected);
  }

  private static StreamExecutionEnvironment environment() {
    Configuration configuration = new Configuration();
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, FAILURES);
    configuration.set(
        RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    env.setParallelism(PARALLELISM);
    env.enableCheckpointing(20);
    env.getConfig().disableGenericTypes();
    ModelSourceOptions options =
        new ModelSourceOptions(
            new SqlServerOptions(
                "nowhere",
                1,
                "none",
                "nobody",
                Secret.fromEnvironment("NONE"),
                true,
                false,
                Duration.ofSeconds(1)),
            "job",
            1,
            List.of(),
            ChunkPlan.CHUNK_SIZE_MIN,
            ChunkPlan.CHUNK_SIZE_MIN,
            Duration.ofMillis(5));
    env.fromSource(
            new ModelFileSource(options, ignored -> new MemoryLifecycle()),
            WatermarkStrategy.noWatermarks(),
            "models")
        .process(new Tally())
        .sinkTo(new DiscardingSink<>());
    return env;
  }

  private static List<ModelSplit> splits(int modelId) {
    return RandomSplits.splits(new Random(seed + modelId), modelId);
  }

  private static String key(ModelPart part) {
    return part.modelId() + (part.isChunk() ? " chunk " : " node ") + part.index();
  }

  private static List<String> tallied() {
    List<String> all = new ArrayList<>();
    TALLIES.values().forEach(all::addAll);
    return all;
  }

  /** Plans one model a step, which it does not know as planned. */
  private static final class MemoryLifecycle implements ModelLifecycle {
    @Override
    public Step step(Set<Integer> planned, int pendingSplits, int readers) {
      Set<Integer> unknown = new TreeSet<>();
      for (int modelId = 1; modelId <= MODELS; modelId++) {
        if (!planned.contains(modelId)) {
          unknown.add(modelId);
        }
      }
      if (unknown.isEmpty()) {
        return new Step(Set.of(), List.of(), false);
      }
      int modelId = unknown.iterator().next();
      return new Step(Set.of(), List.of(new PlannedModel(modelId, splits(modelId))), false);
    }

    @Override
    public void close() {}
  }

  /** Keeps every part it saw in its state, and fails now and then after a checkpoint. */
  private static final class Tally extends ProcessFunction<ModelPart, String>
      implements CheckpointedFunction {
    private static final long serialVersionUID = 1L;

    private transient List<String> seen;
    private transient ListState<String> state;
    private transient int seenSinceCheckpoint;
    private transient boolean checkpointed;

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
      state =
          context
              .getOperatorStateStore()
              .getListState(new ListStateDescriptor<>("seen", Types.STRING));
      seen = new ArrayList<>();
      state.get().forEach(seen::add);
      publish();
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
      state.update(seen);
      checkpointed = true;
      seenSinceCheckpoint = 0;
    }

    @Override
    public void processElement(ModelPart part, Context context, Collector<String> out)
        throws Exception {
      seen.add(key(part));
      publish();
      seenSinceCheckpoint++;
      // Slow enough that checkpoints fall into the middle of splits.
      Thread.sleep(1);
      if (checkpointed
          && seenSinceCheckpoint > 3
          && FAILURES_LEFT.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        checkpointed = false;
        throw new IllegalStateException("a failure that the test wants");
      }
    }

    private void publish() {
      TALLIES.put(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(), List.copyOf(seen));
    }
  }
}
