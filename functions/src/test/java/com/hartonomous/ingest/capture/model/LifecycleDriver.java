package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.capture.model.ModelLifecycle.PlannedModel;
import com.hartonomous.ingest.capture.model.ModelLifecycle.Step;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.runtime.SqlServerTransactions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Plays the enumerator: one step after the other, until there is nothing left to do. */
final class LifecycleDriver implements AutoCloseable {

  /** What its connections call themselves. */
  static final String APPLICATION = "test-lifecycle";

  private static final int STEPS_MAX = 200;

  private final Set<Integer> planned = new HashSet<>();
  private final List<PlannedModel> models = new ArrayList<>();
  private final ModelLifecycle lifecycle;

  LifecycleDriver(ModelSourceOptions options) {
    lifecycle =
        new DatabaseModelLifecycle(
            options,
            new SqlServerTransactions(
                options.sqlServer(), APPLICATION, ModelRegistry::prepareSession),
            new ModelRegistry(),
            new ModelHeaderReader(ModelFormats.installed(), LayoutLimits.DEFAULT));
  }

  ModelLifecycle lifecycle() {
    return lifecycle;
  }

  /** Models known as planned; tests may change it. */
  Set<Integer> planned() {
    return planned;
  }

  /** All models that were planned, in that order. */
  List<PlannedModel> models() {
    return models;
  }

  boolean step() throws Exception {
    Step step = lifecycle.step(Set.copyOf(planned), 0, 1);
    planned.removeAll(step.endedModels());
    for (PlannedModel model : step.plannedModels()) {
      planned.add(model.modelId());
      models.add(model);
    }
    return step.moreToDo();
  }

  void settle() throws Exception {
    int steps = 0;
    while (step()) {
      if (++steps > STEPS_MAX) {
        throw new AssertionError("expected at most " + STEPS_MAX + " steps, found more to do");
      }
    }
  }

  PlannedModel onlyModel() {
    if (models.size() != 1) {
      throw new AssertionError("expected one planned model, found " + models);
    }
    return models.get(0);
  }

  @Override
  public void close() throws IOException {
    lifecycle.close();
  }
}
