package com.hartonomous.ingest.capture.model;

import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * State of {@link ModelSplitEnumerator}: models whose splits were made, and those of their splits
 * that no reader has. A model leaves it when it ends. Bounded by {@link
 * ModelLifecycle#ACTIVE_MODELS_MAX} and {@link ModelLifecycle#PENDING_SPLITS_MAX}, beyond which
 * nothing is claimed.
 *
 * @param jobName under which the models are claimed
 * @param plannedModels ids of models whose splits are in this state, in readers' states, or done
 * @param pendingSplits of planned models, in the order in which they are handed out
 */
public record ModelEnumeratorState(
    String jobName, Set<Integer> plannedModels, List<ModelSplit> pendingSplits) {

  public ModelEnumeratorState {
    Objects.requireNonNull(jobName, "jobName");
    plannedModels = Set.copyOf(plannedModels);
    pendingSplits = List.copyOf(pendingSplits);
  }
}
