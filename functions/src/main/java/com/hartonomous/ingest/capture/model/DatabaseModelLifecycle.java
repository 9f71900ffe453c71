package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.capture.model.ModelHeader.ModelFile;
import com.hartonomous.ingest.capture.model.ModelHeader.SubmittedState;
import com.hartonomous.ingest.capture.model.ModelRegistry.ClaimedModel;
import com.hartonomous.ingest.capture.model.ModelRegistry.RegisteredFile;
import com.hartonomous.ingest.capture.model.ModelSubmissions.Submission;
import com.hartonomous.ingest.capture.model.RejectedModelException.Reason;
import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.ApplicationLock;
import com.hartonomous.ingest.runtime.FlinkPositionedInput;
import com.hartonomous.ingest.runtime.SqlErrors;
import com.hartonomous.ingest.runtime.SqlServerTransactions;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Models as the database and the file systems know them.
 *
 * <p>Nothing is remembered between steps but whether the options' files were submitted and what the
 * watched directories held: each step looks at the submissions that this job has claimed, and does
 * the first thing that it finds undone, for as many models as fit a transaction. A crash between
 * two transactions therefore needs no recovery of its own:
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

  /** Models that one transaction leads on. */
  static final int BATCH_MODELS_MAX = 64;

  /**
   * Tensors and nodes that one transaction registers, and chunks of models that one completes,
   * unless a single model has more.
   */
  static final int BATCH_ENTRIES_MAX = 20_000;

  private static final Logger LOG = LoggerFactory.getLogger(DatabaseModelLifecycle.class);

  private final ModelSourceOptions options;
  private final SqlServerTransactions transactions;
  private final ModelRegistry registry;
  private final ModelHeaderReader headers;
  private final List<Watch> watches = new ArrayList<>();
  private boolean submitted;

  /** A watched directory and when it is to be scanned next, by {@link System#nanoTime}. */
  private static final class Watch {
    private final DirectoryWatch directory;
    private final WayIn wayIn;
    private long dueAtNanos = System.nanoTime();

    Watch(WatchedDirectory options) {
      directory = new DirectoryWatch(options);
      wayIn = new WayIn(options.uri());
    }
  }

  /** A pattern or watched directory. */
  private static final class WayIn {
    private final String source;

    /** Its dead letters that stand; null until the database was asked. */
    private Set<Sha256> standing;

    WayIn(String source) {
      this.source = source;
    }
  }

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
    for (WatchedDirectory watched : options.watched()) {
      watches.add(new Watch(watched));
    }
  }

  @Override
  public Step step(Set<Integer> planned, int pendingSplits, int readers) throws Exception {
    if (!submitted) {
      submitConfigured();
      submitted = true;
    }
    scanDue();
    List<ClaimedModel> claimed =
        transactions.run(
            "look at the claimed models",
            connection -> registry.claimedModels(connection, options.jobName()));
    Set<Integer> ended = new TreeSet<>(planned);
    List<ClaimedModel> toRelease = new ArrayList<>();
    List<ClaimedModel> toFinish = new ArrayList<>();
    List<ClaimedModel> toPlan = new ArrayList<>();
    for (ClaimedModel model : claimed) {
      if (!model.isIngesting()) {
        toRelease.add(model);
        continue;
      }
      ended.remove(model.modelId());
      if (model.hasDeadLetter() || model.isStored()) {
        toFinish.add(model);
      } else if (!planned.contains(model.modelId())) {
        toPlan.add(model);
      }
    }
    if (!toRelease.isEmpty()) {
      release(toRelease.subList(0, Math.min(toRelease.size(), BATCH_MODELS_MAX)));
      return new Step(ended, List.of(), true);
    }
    if (!toFinish.isEmpty()) {
      ended.addAll(finish(toFinish));
      ended.retainAll(planned);
      return new Step(ended, List.of(), true);
    }
    if (pendingSplits >= PENDING_SPLITS_MAX) {
      return new Step(ended, List.of(), false);
    }
    if (!toPlan.isEmpty()) {
      return new Step(ended, plan(toPlan, PENDING_SPLITS_MAX - pendingSplits, readers), true);
    }
    return new Step(ended, List.of(), claim(ACTIVE_MODELS_MAX - claimed.size()) > 0);
  }

  private void submit(String what, List<Submission> submissions)
      throws IOException, SQLException, InterruptedException {
    if (!submissions.isEmpty()) {
      transactions.run(
          what,
          connection -> {
            ModelSubmissions.submit(connection, options.jobName(), submissions);
            return null;
          });
    }
  }

  private void submitConfigured() throws IOException, SQLException, InterruptedException {
    List<Submission> submissions = new ArrayList<>();
    for (ModelLocation location : options.models()) {
      submissions.add(submission(location));
    }
    for (String pattern : options.patterns()) {
      List<Unusable> unusable = new ArrayList<>();
      boolean whole = addMatches(pattern, submissions, unusable);
      bury(new WayIn(pattern), unusable, whole);
    }
    submit("submit the configured models", submissions);
  }

  /** Whether the pattern could be followed to its end. */
  private boolean addMatches(
      String pattern, List<Submission> submissions, List<Unusable> unusable) {
    List<FileStatus> matches;
    try {
      matches = PathPattern.of(pattern).matches(unusable);
    } catch (IOException e) {
      unusable.add(Unusable.of(pattern, e));
      return false;
    }
    for (FileStatus match : matches) {
      ModelFiles files = ModelFiles.ofFile(match);
      Unusable tooLong = Unusable.ifTooLong(files);
      if (tooLong == null) {
        submissions.add(submission(files));
      } else {
        unusable.add(tooLong);
      }
    }
    if (matches.isEmpty()) {
      unusable.add(
          new Unusable(
              Unusable.Reason.PATTERN_WITHOUT_MATCH,
              pattern,
              pattern
                  + ": expected at least one file, found none; put the files there, and start the"
                  + " job again"));
    }
    return true;
  }

  /** What is not there, or no model, is submitted too: as a model, it fails by name. */
  private Submission submission(ModelLocation location) {
    try {
      Path path = FlinkPositionedInput.qualified(location.path());
      Optional<SubmittedState> state = ModelHeaderReader.submittedState(path);
      return new Submission(
          options.tenantId(),
          location.name(),
          path.toString(),
          state.map(SubmittedState::byteLength).orElse(null),
          state.map(SubmittedState::modifiedAt).orElse(null),
          null);
    } catch (IOException e) {
      LOG.warn("The configured model {} cannot be looked at.", location.path(), e);
      return new Submission(options.tenantId(), location.name(), location.path(), null, null, null);
    }
  }

  private Submission submission(ModelFiles files) {
    return new Submission(
        options.tenantId(),
        files.name(),
        files.path().toString(),
        files.byteLength(),
        files.modifiedAt(),
        files.fingerprint());
  }

  private void scanDue() throws IOException, SQLException, InterruptedException {
    for (Watch watch : watches) {
      if (System.nanoTime() - watch.dueAtNanos >= 0) {
        DirectoryWatch.Found found = watch.directory.scan();
        bury(watch.wayIn, found.unusable(), found.whole());
        submit(
            "submit what is new in " + watch.directory.options().uri(),
            found.ready().stream().map(this::submission).toList());
        watch.dueAtNanos = System.nanoTime() + watch.directory.options().interval().toNanos();
      }
    }
  }

  /**
   * Writes dead letters of what a way in cannot submit, and settles those whose cause is gone.
   *
   * @param whole whether what is not among the unusable is mended; else it may not have been seen
   */
  private void bury(WayIn wayIn, List<Unusable> unusable, boolean whole)
      throws IOException, SQLException, InterruptedException {
    if (wayIn.standing == null) {
      wayIn.standing =
          transactions.run(
              "look at the dead letters of " + wayIn.source,
              connection -> ModelLetters.standing(connection, wayIn.source));
    }
    Map<Sha256, DeadLetter> now = new LinkedHashMap<>();
    for (Unusable one : unusable) {
      DeadLetter letter = one.letter(wayIn.source);
      now.put(letter.hash(), letter);
    }
    Set<Sha256> mended = new HashSet<>(whole ? wayIn.standing : Set.of());
    mended.removeAll(now.keySet());
    Set<Sha256> remaining = new HashSet<>(now.keySet());
    if (!whole) {
      remaining.addAll(wayIn.standing);
    }
    now.keySet().removeAll(wayIn.standing);
    if (mended.isEmpty() && now.isEmpty()) {
      return;
    }
    transactions.run(
        "write dead letters of " + wayIn.source,
        connection -> {
          ModelLetters.stand(connection, now.values());
          ModelLetters.resolve(connection, mended);
          return null;
        });
    now.values().forEach(letter -> LOG.warn("Dead letter: {}", letter.message()));
    wayIn.standing = remaining;
  }

  private int claim(int most) throws IOException, SQLException, InterruptedException {
    if (most <= 0) {
      return 0;
    }
    return transactions.run(
        "claim models",
        connection ->
            ModelSubmissions.claim(
                connection, options.jobName(), Math.min(most, BATCH_MODELS_MAX)));
  }

  /**
   * Registers models and makes their splits.
   *
   * @param splitsMax splits beyond which no further model is planned in this step
   */
  private List<PlannedModel> plan(List<ClaimedModel> models, int splitsMax, int readers)
      throws IOException, SQLException, InterruptedException {
    SortedMap<Integer, ModelHeader> read = new TreeMap<>();
    Map<Integer, ClaimedModel> byId = new HashMap<>();
    long entries = 0;
    long splits = 0;
    for (ClaimedModel model : models) {
      if (read.size() == BATCH_MODELS_MAX || entries > BATCH_ENTRIES_MAX || splits > splitsMax) {
        break;
      }
      try {
        ModelHeader header = header(model);
        read.put(model.modelId(), header);
        byId.put(model.modelId(), model);
        entries += header.contents().tensorCount() + (long) header.contents().nodeCount();
        splits +=
            header.files().size()
                + header.byteLength() / splitSize(header, options.chunkSize(), readers);
      } catch (RejectedModelException e) {
        fail(model, e);
      }
    }
    List<PlannedModel> planned = new ArrayList<>();
    for (Map.Entry<Integer, List<RegisteredFile>> entry : register(read, byId).entrySet()) {
      ClaimedModel model = byId.get(entry.getKey());
      try {
        planned.add(
            new PlannedModel(
                model.modelId(),
                splits(model, read.get(model.modelId()), entry.getValue(), readers)));
      } catch (RejectedModelException e) {
        fail(model, e);
      }
    }
    return planned;
  }

  private ModelHeader header(ClaimedModel model)
      throws RejectedModelException, InterruptedException {
    requireAbsolute(model.path());
    ModelHeader header = headers.read(model.path());
    requireSubmitted(model, header);
    String format = header.contents().formatName();
    String expected = model.expectedFormat();
    if (expected != null && !header.contents().hasFormat(expected.toLowerCase(Locale.ROOT))) {
      throw new RejectedModelException(
          Reason.UNEXPECTED_FORMAT,
          "file",
          "%s: expected the format %s as submitted, found %s; submit it again as what it is"
              .formatted(model.path(), model.expectedFormat(), format),
          null);
    }
    return header;
  }

  /** A relative path would mean another file on each machine, and after each restart. */
  private static void requireAbsolute(String path) throws RejectedModelException {
    try {
      if (new Path(path).isAbsolute()) {
        return;
      }
    } catch (IllegalArgumentException e) {
      LOG.debug("{} is no path.", path, e);
    }
    throw new RejectedModelException(
        Reason.FILE_UNREADABLE,
        "path",
        "%s: expected an absolute path or a URI; submit it again with one".formatted(path),
        null);
  }

  /**
   * Registers models, all in one transaction; one by one if what one says of itself does not fit
   * the tables, which fails that one.
   */
  private Map<Integer, List<RegisteredFile>> register(
      SortedMap<Integer, ModelHeader> read, Map<Integer, ClaimedModel> models)
      throws IOException, SQLException, InterruptedException {
    if (read.isEmpty()) {
      return Map.of();
    }
    try {
      return transactions.run(
          "register " + read.size() + " models",
          connection -> registry.register(connection, read, options.chunkSize()));
    } catch (SQLException e) {
      if (SqlErrors.kind(e) != SqlErrors.Kind.DATA) {
        throw e;
      }
      if (read.size() == 1) {
        refused(models.get(read.firstKey()), e);
        return Map.of();
      }
    }
    Map<Integer, List<RegisteredFile>> registered = new TreeMap<>();
    for (Map.Entry<Integer, ModelHeader> entry : read.entrySet()) {
      registered.putAll(register(new TreeMap<>(Map.of(entry.getKey(), entry.getValue())), models));
    }
    return registered;
  }

  private void refused(ClaimedModel model, SQLException refusal)
      throws IOException, SQLException, InterruptedException {
    fail(
        model,
        new RejectedModelException(
            Reason.REFUSED_BY_DATABASE,
            "header",
            "%s: what the file says of itself does not fit the tables (error %d): %s"
                .formatted(model.path(), refusal.getErrorCode(), refusal.getMessage()),
            refusal));
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
      ClaimedModel model, ModelHeader header, List<RegisteredFile> registered, int readers)
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
              splitSize(header, row.chunkSize(), readers)));
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

  private long splitSize(ModelHeader header, int chunkSize, int readers) {
    return SplitPlanner.splitSize(header.byteLength(), chunkSize, options.splitSize(), readers);
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

  /**
   * Ends models that are being ingested: fails or completes them, as many as fit a transaction.
   *
   * @return those that were ended
   */
  private Set<Integer> finish(List<ClaimedModel> models)
      throws IOException, SQLException, InterruptedException {
    Set<Integer> ended = new TreeSet<>();
    List<ClaimedModel> stored = new ArrayList<>();
    Set<String> names = new HashSet<>();
    long chunks = 0;
    for (ClaimedModel model : models) {
      if (model.hasDeadLetter()) {
        transactions.run(
            "fail model " + model.modelId(),
            connection -> registry.failByDeadLetter(connection, model.modelId()));
        ended.add(model.modelId());
      } else if (stored.size() < BATCH_MODELS_MAX
          && (stored.isEmpty() || chunks + model.expectedChunks() <= BATCH_ENTRIES_MAX)
          // Of two models of one name the second may be a duplicate of the first.
          && names.add(ApplicationLock.modelName(model.tenantId(), model.name()))) {
        chunks += model.expectedChunks();
        stored.add(model);
        ended.add(model.modelId());
      }
    }
    if (!stored.isEmpty()) {
      complete(stored);
    }
    return ended;
  }

  private void complete(List<ClaimedModel> models)
      throws IOException, SQLException, InterruptedException {
    Map<Integer, ClaimedModel> byId = new TreeMap<>();
    models.forEach(model -> byId.put(model.modelId(), model));
    Map<Integer, List<RegisteredFile>> files =
        transactions.run(
            "look at the files of " + models.size() + " models",
            connection -> registry.files(connection, byId.keySet()));
    List<ClaimedModel> unchanged = new ArrayList<>();
    for (ClaimedModel model : byId.values()) {
      try {
        headers.requireUnchanged(
            model.path(),
            files.getOrDefault(model.modelId(), List.of()).stream()
                .map(RegisteredFile::file)
                .toList());
        unchanged.add(model);
      } catch (RejectedModelException e) {
        fail(model, e);
      }
    }
    if (unchanged.isEmpty()) {
      return;
    }
    Map<Integer, String> wrong =
        transactions.run(
            "complete " + unchanged.size() + " models",
            connection -> registry.complete(connection, unchanged));
    for (Map.Entry<Integer, String> entry : wrong.entrySet()) {
      fail(
          byId.get(entry.getKey()),
          new RejectedModelException(
              Reason.INCONSISTENT_REFERENCES, "references", entry.getValue(), null));
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

  private void release(List<ClaimedModel> models)
      throws IOException, SQLException, InterruptedException {
    Set<Integer> ids = new TreeSet<>();
    models.forEach(model -> ids.add(model.modelId()));
    boolean left =
        transactions.run(
            "release references of " + models.size() + " models",
            connection -> registry.releaseBatch(connection, ids));
    if (!left) {
      transactions.run(
          "end the submissions of " + models.size() + " models",
          connection -> {
            ModelSubmissions.end(
                connection, models.stream().map(ClaimedModel::submissionId).toList());
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
