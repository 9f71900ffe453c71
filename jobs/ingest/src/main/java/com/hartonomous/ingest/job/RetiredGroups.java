package com.hartonomous.ingest.job;

import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.runtime.OperatorUids;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.runtime.OperatorIDPair;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.CompletedCheckpointStorageLocation;
import org.apache.flink.runtime.state.filesystem.AbstractFsCheckpointStorageAccess;
import org.apache.flink.shaded.guava31.com.google.common.hash.Hashing;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Lets a job start from state that holds capture groups of which it has no tables any more. Flink
 * refuses state without an operator, and may be told to drop it, but then all of it, whatever it
 * is. So what would be dropped is looked at first: nothing but positions of such groups.
 */
public final class RetiredGroups {

  private RetiredGroups() {}

  /**
   * Looks at the state that the environment's job is to start from, if it is to.
   *
   * @param env with the whole job on it
   * @param retired groups of the job that have no table any more
   * @throws ConfigurationException when the state cannot be read here, or has other operators that
   *     the job has not
   */
  public static void dropFromState(StreamExecutionEnvironment env, Set<String> retired)
      throws ConfigurationException {
    String path =
        env.getConfiguration().getOptional(StateRecoveryOptions.SAVEPOINT_PATH).orElse(null);
    if (path == null
        || retired.isEmpty()
        || env.getConfiguration().get(StateRecoveryOptions.SAVEPOINT_IGNORE_UNCLAIMED_STATE)) {
      return;
    }
    Set<OperatorID> withoutOperator = operatorsWithState(path);
    withoutOperator.removeAll(operators(env));
    if (withoutOperator.isEmpty()) {
      return;
    }
    for (String group : retired) {
      withoutOperator.remove(operator(OperatorUids.CAPTURE_SOURCE + group));
      withoutOperator.remove(operator(OperatorUids.CAPTURE_SWEEP + group));
      withoutOperator.remove(operator(OperatorUids.CAPTURE_REPLAY + group));
      withoutOperator.remove(operator(OperatorUids.CAPTURE_POSITION + group));
    }
    if (!withoutOperator.isEmpty()) {
      throw new ConfigurationException(
          String.format(
              "%s has state of operators that this job has not: %s. Check that the state is of this"
                  + " job, with the same capture.group; a job that captured tables keeps one at"
                  + " least.",
              path, withoutOperator));
    }
    Configuration drop = new Configuration();
    drop.set(StateRecoveryOptions.SAVEPOINT_IGNORE_UNCLAIMED_STATE, true);
    env.configure(drop);
  }

  private static Set<OperatorID> operators(StreamExecutionEnvironment env) {
    Set<OperatorID> operators = new HashSet<>();
    for (JobVertex vertex : env.getStreamGraph(false).getJobGraph().getVertices()) {
      for (OperatorIDPair pair : vertex.getOperatorIDs()) {
        operators.add(pair.getGeneratedOperatorID());
        pair.getUserDefinedOperatorID().ifPresent(operators::add);
      }
    }
    return operators;
  }

  private static Set<OperatorID> operatorsWithState(String path) throws ConfigurationException {
    try {
      CompletedCheckpointStorageLocation location =
          AbstractFsCheckpointStorageAccess.resolveCheckpointPointer(path);
      try (DataInputStream in =
          new DataInputStream(location.getMetadataHandle().openInputStream())) {
        CheckpointMetadata metadata =
            Checkpoints.loadCheckpointMetadata(
                in, RetiredGroups.class.getClassLoader(), location.getExternalPointer());
        Set<OperatorID> operators = new HashSet<>();
        for (OperatorState state : metadata.getOperatorStates()) {
          if (hasState(state)) {
            operators.add(state.getOperatorID());
          }
        }
        return operators;
      }
    } catch (IOException e) {
      throw new ConfigurationException(
          String.format(
              "the state %s cannot be read from here: %s. It holds capture groups that have no"
                  + " tables any more: make it readable, or have Flink drop what has no operator"
                  + " (flink run --allowNonRestoredState).",
              path, e.getMessage()),
          e);
    }
  }

  /** As Flink asks it. */
  private static boolean hasState(OperatorState state) {
    return state.getCoordinatorState() != null
        || state.getStates().stream().anyMatch(OperatorSubtaskState::hasState);
  }

  /** As Flink makes it of a uid, see {@code StreamGraphHasherV2}. */
  private static OperatorID operator(String uid) {
    return new OperatorID(
        Hashing.murmur3_128(0).newHasher().putString(uid, StandardCharsets.UTF_8).hash().asBytes());
  }
}
