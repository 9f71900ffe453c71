package com.hartonomous.ingest.capture.model;

import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * Leads models from their submission to their end. Used by the enumerator's worker thread; every
 * wait for the database or a file system is in here.
 */
interface ModelLifecycle extends AutoCloseable {

  /** Models of this job that are being ingested at the same time, beyond which none is claimed. */
  int ACTIVE_MODELS_MAX = 1024;

  /** Pending splits beyond which no further model is claimed, nor planned. */
  int PENDING_SPLITS_MAX = 4096;

  /**
   * What a step found.
   *
   * @param endedModels models that were known as planned and are not being ingested any more
   * @param plannedModels models whose splits the step made
   * @param moreToDo whether the next step should follow at once, not at the next poll
   */
  record Step(Set<Integer> endedModels, List<PlannedModel> plannedModels, boolean moreToDo) {
    public Step {
      endedModels = Set.copyOf(endedModels);
      plannedModels = List.copyOf(plannedModels);
    }
  }

  /** A model and all its splits, in the order in which they are to be read. */
  record PlannedModel(int modelId, List<ModelSplit> splits) {
    public PlannedModel {
      splits = List.copyOf(splits);
    }
  }

  /**
   * Does one bounded piece of work, on a bounded number of models. A repetition, also by a later
   * instance that knows less, does no harm.
   *
   * @param planned models whose splits are made
   * @param pendingSplits splits that wait for a reader
   * @param readers that share the splits, at least one
   * @throws Exception when the database stays away, or refuses: the job cannot go on
   */
  Step step(Set<Integer> planned, int pendingSplits, int readers) throws Exception;

  /** Gives up the connection; a step under way fails. */
  @Override
  void close() throws IOException;
}
