package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.capture.model.ModelHeader.ModelFile;
import com.hartonomous.ingest.capture.model.ModelHeader.SubmittedState;
import com.hartonomous.ingest.capture.model.ModelRegistry.ClaimedModel;
import com.hartonomous.ingest.capture.model.ModelRegistry.RegisteredFile;
import com.hartonomous.ingest.capture.model.ModelRegistry.Submission;
import com.hartonomous.ingest.capture.model.RejectedModelException.Reason;
import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.runtime.FlinkPositionedInput;
import com.hartonomous.ingest.runtime.SqlErrors;
import com.hartonomous.ingest.runtime.SqlServerTransactions;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Models as the database and the file systems know them.
 *
 * <p>Nothing is remembered between steps but whether the options' files were submitted: each step
 * looks at the submissions that this job has claimed, and does the first thing that it finds
 * undone. A crash between two transactions therefore needs no recovery of its own:
 *
 * <ul>
 *   <li>claimed, being ingested, unknown to the enumerator: it is planned (again);
 *   <li>being ingested with a dead letter: it is failed;
 *   <li>being ingested and all expected parts stored: it is completed, or becomes a duplicate;
 *   <li>ended, and still claimed: references of it may be left. They are released in batches, each
 *       a transaction; the submission is done when none is left.
 * </ul>
 */
final class DatabaseModelLifecycle implements ModelLifecycle {

  private static final Logger LOG = LoggerFactory.getLogger(DatabaseModelLifecycle.class);

  private final ModelSourceOptions options;
  private final SqlServerTransactions transactions;
  private final ModelRegistry registry;
  private final ModelHeaderReader headers;
  private boolean submitted;

  /**
   * @param transactions whose sessions were prepared by {@link ModelRegistry#prepareSession}
   */
  DatabaseModelLifecycle(
      ModelSourceOptions options,
      SqlServerTransactions transactions,
      ModelRegistry registry,
      ModelHeaderReader headers) {
    this.options = options;
    this.transactions = transactions;
    this.registry = registry;
    this.headers = headers;
  }

  @Override
  public Step step(Set<Integer> planned, int pendingSplits) throws Exception {
    if (!submitted) {
      submitOptions();
      submitted = true;
    }
    List<ClaimedModel> claimed =
        transactions.run(
            "look at the claimed models",
            connection -> registry.claimedModels(connection, options.jobName()));
    Set<Integer> ended = new TreeSet<>(planned);
    for (ClaimedModel model : claimed) {
      if (model.isIngesting()) {
        ended.remove(model.modelId());
      }
    }
    for (ClaimedModel model : claimed) {
      if (!model.isIngesting()) {
        release(model);
        return new Step(ended, List.of(), true);
      }
      if (model.hasDeadLetter() || model.isStored()) {
        finish(model);
        ended.add(model.modelId());
        ended.retainAll(planned);
        return new Step(ended, List.of(), true);
      }
      if (!planned.contains(model.modelId())) {
        return new Step(ended, plan(model), true);
      }
    }
    boolean claims = claimed.size() < ACTIVE_MODELS_MAX && pendingSplits < PENDING_SPLITS_MAX;
    return new Step(ended, List.of(), claims && claim());
  }

  private void submitOptions() throws IOException, SQLException, InterruptedException {
    List<Submission> submissions = new ArrayList<>();
    for (ModelLocation location : options.models()) {
      submissions.add(submission(location));
    }
    transactions.run(
        "submit the configured models",
        connection -> {
          registry.submit(connection, options.jobName(), submissions);
          return null;
        });
  }

  /** What is not there, or no model, is submitted too: as a model, it fails by name. */
  private Submission submission(ModelLocation location) throws IOException {
    try {
      Path path = FlinkPositionedInput.qualified(location.path());
      Optional<SubmittedState> state = ModelHeaderReader.submittedState(path);
      return new Submission(
          options.tenantId(),
          location.name(),
          path.toString(),
          state.map(SubmittedState::byteLength).orElse(null),
          state.map(SubmittedState::modifiedAt).orElse(null));
    } catch (FileNotFoundException e) {
      LOG.warn("The configured model {} is not there.", location.path(), e);
      return new Submission(options.tenantId(), location.name(), location.path(), null, null);
    }
  }

  private boolean claim() throws IOException, SQLException, InterruptedException {
    return transactions.run(
        "claim a model", connection -> registry.claim(connection, options.jobName()));
  }

  private List<PlannedModel> plan(ClaimedModel model)
      throws IOException, SQLException, InterruptedException {
    try {
      ModelHeader header = headers.read(model.path());
      requireSubmitted(model, header);
      List<RegisteredFile> files =
          transactions.run(
              "register model " + model.modelId(),
              connection ->
                  registry.register(connection, model.modelId(), header, options.chunkSize()));
      if (files.isEmpty()) {
        return List.of();
      }
      return List.of(new PlannedModel(model.modelId(), splits(model, header, files)));
    } catch (RejectedModelException e) {
      fail(model, e);
      return List.of();
    } catch (SQLException e) {
      if (SqlErrors.kind(e) != SqlErrors.Kind.DATA) {
        throw e;
      }
      fail(
          model,
          new RejectedModelException(
              Reason.REFUSED_BY_DATABASE,
              "header",
              "%s: what the file says of itself does not fit the tables (error %d): %s"
                  .formatted(model.path(), e.getErrorCode(), e.getMessage()),
              e));
      return List.of();
    }
  }

  private static void requireSubmitted(ClaimedModel model, ModelHeader header)
      throws RejectedModelException {
    SubmittedState now = header.submittedState();
    SubmittedState submitted =
        new SubmittedState(
            model.byteLength() == null ? now.byteLength() : model.byteLength(),
            model.modifiedAt() == null ? now.modifiedAt() : model.modifiedAt());
    if (!submitted.equals(now)) {
      throw ModelHeaderReader.changed(
          model.path(),
          submitted.byteLength(),
          submitted.modifiedAt(),
          now.byteLength(),
          now.modifiedAt());
    }
  }

  /**
   * The splits as the model was registered: perhaps by an earlier instance, with another chunk size
   * than today's, and then of the files as they were then.
   */
  private List<ModelSplit> splits(
      ClaimedModel model, ModelHeader header, List<RegisteredFile> registered)
      throws RejectedModelException {
    Map<String, RegisteredFile> rows = new HashMap<>();
    for (RegisteredFile row : registered) {
      rows.put(row.file().relativePath(), row);
    }
    List<ModelSplit> splits = new ArrayList<>();
    long chunks = 0;
    for (ModelFile file : header.files()) {
      RegisteredFile row = registeredAs(file, rows);
      ChunkPlan plan = header.plan(file, row.chunkSize());
      chunks += plan.chunkCount();
      splits.addAll(
          SplitPlanner.chunks(
              model.modelId(),
              row.modelFileId(),
              file.uri(),
              file.modifiedAt(),
              plan,
              Math.max(options.splitSize(), row.chunkSize())));
    }
    int nodes = header.nodes().size();
    boolean asExpected =
        model.expectedChunks() == null
            || (model.expectedChunks() == chunks && model.expectedNodes() == nodes);
    if (!asExpected || header.files().size() != registered.size()) {
      throw new RejectedModelException(
          Reason.FILE_CHANGED,
          "file",
          "%s: expected %d files, %d chunks, %d nodes as registered, found %d, %d, %d; submit it again"
              .formatted(
                  model.path(),
                  registered.size(),
                  model.expectedChunks(),
                  model.expectedNodes(),
                  header.files().size(),
                  chunks,
                  nodes),
          null);
    }
    RegisteredFile first = registeredAs(header.files().get(0), rows);
    splits.addAll(SplitPlanner.nodes(model.modelId(), first.modelFileId(), header.nodes()));
    return splits;
  }

  private static RegisteredFile registeredAs(ModelFile file, Map<String, RegisteredFile> rows)
      throws RejectedModelException {
    RegisteredFile row = rows.get(file.relativePath());
    if (row != null) {
      ModelFile before = row.file();
      if (before.byteLength() != file.byteLength() || before.modifiedAt() != file.modifiedAt()) {
        throw ModelHeaderReader.changed(
            file.uri(),
            before.byteLength(),
            before.modifiedAt(),
            file.byteLength(),
            file.modifiedAt());
      }
      return row;
    }
    throw new RejectedModelException(
        Reason.FILE_CHANGED,
        "file",
        "%s: expected the model's files as registered, found the further file '%s'; submit it again"
            .formatted(file.uri(), file.relativePath()),
        null);
  }

  /** Ends a model that is being ingested: fails or completes it. */
  private void finish(ClaimedModel model) throws IOException, SQLException, InterruptedException {
    if (model.hasDeadLetter()) {
      transactions.run(
          "fail model " + model.modelId(),
          connection -> registry.failByDeadLetter(connection, model.modelId()));
      return;
    }
    try {
      List<ModelFile> files =
          transactions.run(
              "look at the files of model " + model.modelId(),
              connection ->
                  registry.files(connection, model.modelId()).stream()
                      .map(RegisteredFile::file)
                      .toList());
      headers.requireUnchanged(model.path(), files);
      Optional<String> inconsistency =
          transactions.run(
              "complete model " + model.modelId(),
              connection -> registry.complete(connection, model.modelId()));
      if (inconsistency.isPresent()) {
        throw new RejectedModelException(
            Reason.INCONSISTENT_REFERENCES, "references", inconsistency.get(), null);
      }
    } catch (RejectedModelException e) {
      fail(model, e);
    }
  }

  private void fail(ClaimedModel model, RejectedModelException rejection)
      throws IOException, SQLException, InterruptedException {
    LOG.warn("Model {} is not ingested: {}", model.modelId(), rejection.getMessage());
    DeadLetter deadLetter =
        new DeadLetter(
            model.path(),
            rejection.position(),
            rejection.reason().name(),
            rejection.getMessage(),
            model.path(),
            model.modelId());
    transactions.run(
        "fail model " + model.modelId(), connection -> registry.fail(connection, deadLetter));
  }

  private void release(ClaimedModel model) throws IOException, SQLException, InterruptedException {
    boolean left =
        transactions.run(
            "release references of model " + model.modelId(),
            connection -> registry.releaseBatch(connection, model.modelId()));
    if (!left) {
      transactions.run(
          "end the submission of model " + model.modelId(),
          connection -> {
            registry.endSubmission(connection, model.submissionId());
            return null;
          });
    }
  }

  @Override
  public void close() throws IOException {
    try {
      transactions.close();
    } catch (SQLException e) {
      throw new IOException("The model source could not close its connection.", e);
    }
  }
}
