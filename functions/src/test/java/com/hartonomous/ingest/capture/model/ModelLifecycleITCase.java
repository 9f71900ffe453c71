package com.hartonomous.ingest.capture.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.capture.model.ModelLifecycle.PlannedModel;
import com.hartonomous.ingest.content.ModelDigest;
import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.ModelPart;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.FileRangeReader;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Models from submission to end, in the database. */
class ModelLifecycleITCase {

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path folder;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private Sql sql;
  private StoringWriter writer;

  @BeforeEach
  void connect() throws Exception {
    sql = server.connect();
    opened.add(sql);
    writer = new StoringWriter(sql);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable closeable : opened) {
      closeable.close();
    }
  }

  @Test
  void aModelIsSubmittedClaimedAndPlannedOnce() throws Exception {
    Path file = FixtureFiles.copy("types.safetensors", folder);
    LifecycleDriver driver = driver(options("job", ChunkPlan.CHUNK_SIZE_MIN, file));
    driver.settle();

    PlannedModel model = driver.onlyModel();
    assertThat(
            sql.rows(
                "SELECT SourceName, ModelName, ByteLength, State, ClaimedBy, ModelId"
                    + " FROM dbo.ModelSubmissions"))
        .containsExactly("job|types|" + Files.size(file) + "|CLAIMED|job|" + model.modelId());
    assertThat(
            sql.rows(
                "SELECT TenantId, ModelName, ModelType, Provider, State, ExpectedChunks,"
                    + " ExpectedNodes, ExpectedBytes FROM dbo.Models"))
        .containsExactly(
            "5|types|LLM|HuggingFace|INGESTING|"
                + parts(model.splits()).size()
                + "|0|"
                + Files.size(file));
    assertThat(sql.number("SELECT COUNT(*) FROM dbo.Tensors"))
        .isEqualTo(sql.number("SELECT ExpectedTensors FROM dbo.Models"))
        .isPositive();
    assertThat(sql.rows("SELECT RelativePath, Uri FROM dbo.ModelFiles"))
        .containsExactly("types.safetensors|file:" + file);
    assertThat(parts(model.splits()).stream().mapToLong(p -> p.range().length()).sum())
        .isEqualTo(Files.size(file));
  }

  /** What was planned after the checkpoint that is restored is planned again, in the same way. */
  @Test
  void aLaterInstanceThatKnowsNothingPlansTheSame() throws Exception {
    Path file = FixtureFiles.copy("external/model.onnx", folder);
    FixtureFiles.copy("external/data.bin", folder);
    FixtureFiles.copy("external/sub/more.bin", folder);
    LifecycleDriver first = driver(options("job", ChunkPlan.CHUNK_SIZE_MIN, file));
    first.settle();
    List<String> rows = sql.rows("SELECT * FROM dbo.ModelFiles ORDER BY ModelFileId");

    LifecycleDriver second = driver(options("job", 4 * ChunkPlan.CHUNK_SIZE_MIN, file));
    second.settle();

    assertThat(second.onlyModel()).isEqualTo(first.onlyModel());
    assertThat(sql.rows("SELECT * FROM dbo.ModelFiles ORDER BY ModelFileId")).isEqualTo(rows);
    assertThat(sql.number("SELECT COUNT(*) FROM dbo.Models")).isEqualTo(1);
  }

  @Test
  void aModelIsCompleteWhenAllIsStored() throws Exception {
    Path file = FixtureFiles.copy("nested.onnx", folder);
    LifecycleDriver driver = driver(options("job", ChunkPlan.CHUNK_SIZE_MIN, file));
    driver.settle();
    PlannedModel model = driver.onlyModel();
    List<ModelSplit> splits = model.splits();
    assertThat(splits).anyMatch(NodeSplit.class::isInstance);

    writer.store(splits.subList(0, splits.size() - 1));
    driver.settle();
    assertThat(states()).containsExactly("nested|INGESTING|CLAIMED");
    writer.store(splits.subList(splits.size() - 1, splits.size()));
    driver.settle();

    assertThat(states()).containsExactly("nested|COMPLETE|DONE");
    assertThat(driver.planned()).isEmpty();
    assertThat(sql.rows("SELECT Digest FROM dbo.Models"))
        .containsExactly(digest("nested.onnx", splits).toHex());
    assertThat(sql.number("SELECT DistinctAtoms FROM dbo.Models"))
        .isEqualTo(sql.number("SELECT COUNT(*) FROM dbo.Atoms"));
    assertThat(
            sql.number(
                "SELECT COUNT(*) FROM dbo.Neo4jSyncQueue WHERE EntityType = 'Model'"
                    + " AND EntityId = ?",
                (long) model.modelId()))
        .isPositive();
  }

  @Test
  void aReplayOrADeadLetterDoesNotFailACompleteModel() throws Exception {
    Path file = FixtureFiles.copy("types.safetensors", folder);
    LifecycleDriver driver = driver(options("job", ChunkPlan.CHUNK_SIZE_MIN, file));
    driver.settle();
    PlannedModel model = driver.onlyModel();
    writer.store(model.splits());
    driver.settle();
    insertDeadLetter(model.modelId());
    Files.delete(file);

    LifecycleDriver replay = driver(options("job", ChunkPlan.CHUNK_SIZE_MIN));
    replay.planned().add(model.modelId());
    replay.settle();

    assertThat(replay.planned()).isEmpty();
    assertThat(states()).containsExactly("types|COMPLETE|DONE");
    assertThat(sql.number("SELECT COUNT(*) FROM dbo.FileChunks")).isPositive();
  }

  @Test
  void theSameModelAgainIsADuplicateAndReleased() throws Exception {
    Path file = FixtureFiles.copy("nested.onnx", folder);
    complete("job", file);
    List<String> atoms = sql.rows("SELECT AtomHash, ReferenceCount FROM dbo.Atoms ORDER BY AtomId");
    int original = (int) sql.number("SELECT ModelId FROM dbo.Models");

    complete("other job", file);

    assertThat(sql.rows("SELECT State, DuplicateOf, Failure FROM dbo.Models ORDER BY ModelId"))
        .containsExactly("COMPLETE|∅|∅", "DELETED|" + original + "|duplicate of model " + original);
    assertThat(sql.rows("SELECT AtomHash, ReferenceCount FROM dbo.Atoms ORDER BY AtomId"))
        .isEqualTo(atoms);
    assertThat(sql.rows("SELECT DISTINCT State FROM dbo.ModelSubmissions")).containsExactly("DONE");
    assertCountsEqualReferences();
    assertNothingLeftOfEndedModels();
  }

  @Test
  void aDeadLetterFailsTheModelAndReleasesIt() throws Exception {
    Path file = FixtureFiles.copy("nested.onnx", folder);
    LifecycleDriver driver = driver(options("job", ChunkPlan.CHUNK_SIZE_MIN, file));
    driver.settle();
    PlannedModel model = driver.onlyModel();
    writer.store(model.splits().subList(0, 1));
    insertDeadLetter(model.modelId());
    driver.settle();

    assertThat(driver.planned()).isEmpty();
    assertThat(states()).containsExactly("nested|FAILED|DONE");
    assertThat(sql.rows("SELECT Failure FROM dbo.Models")).containsExactly("the file is gone");
    assertThat(sql.number("SELECT SUM(ReferenceCount) FROM dbo.Atoms")).isZero();
    assertThat(sql.number("SELECT COUNT(*) FROM dbo.Atoms WHERE ReleasedAt IS NULL")).isZero();
    assertNothingLeftOfEndedModels();
  }

  /** A crash between the batches leaves the submission claimed; the next instance goes on. */
  @Test
  void aReleaseInSeveralBatchesGoesOnAfterACrash() throws Exception {
    Path file = FixtureFiles.copy("types.safetensors", folder);
    LifecycleDriver driver = driver(options("job", ChunkPlan.CHUNK_SIZE_MIN, file));
    driver.settle();
    int modelId = driver.onlyModel().modelId();
    int nodes = 2 * ModelReferences.RELEASE_ROWS_MAX + 10;
    storeNodes(modelId, nodes);
    insertDeadLetter(modelId);
    driver.step();
    assertThat(states()).containsExactly("types|FAILED|CLAIMED");
    driver.step();
    assertThat(sql.number("SELECT COUNT(*) FROM dbo.ModelNodes"))
        .isEqualTo(nodes - ModelReferences.RELEASE_ROWS_MAX);
    assertCountsEqualReferences();

    LifecycleDriver next = driver(options("job", ChunkPlan.CHUNK_SIZE_MIN, file));
    next.settle();

    assertThat(states()).containsExactly("types|FAILED|DONE");
    assertCountsEqualReferences();
    assertNothingLeftOfEndedModels();
  }

  @Test
  void whatIsNoModelBecomesADeadLetterAndTheJobGoesOn() throws Exception {
    Path empty = Files.write(folder.resolve("empty.onnx"), new byte[0]);
    Path text = Files.write(folder.resolve("text.bin"), "text".getBytes(StandardCharsets.UTF_8));
    Path cut = folder.resolve("cut.safetensors");
    byte[] whole = Files.readAllBytes(FixtureFiles.copy("types.safetensors", folder));
    Files.write(cut, Arrays.copyOf(whole, whole.length - 1));
    Path missing = folder.resolve("missing.onnx");
    Path good = folder.resolve("types.safetensors");
    LifecycleDriver driver =
        driver(options("job", ChunkPlan.CHUNK_SIZE_MIN, empty, text, cut, missing, good));
    driver.settle();

    assertThat(states())
        .containsExactly(
            "cut|FAILED|DONE",
            "empty|FAILED|DONE",
            "missing|FAILED|DONE",
            "text|FAILED|DONE",
            "types|INGESTING|CLAIMED");
    assertThat(
            sql.rows(
                "SELECT m.ModelName, e.Reason FROM dbo.AtomizationErrors AS e"
                    + " INNER JOIN dbo.Models AS m ON m.ModelId = e.ModelId"
                    + " WHERE m.Failure = e.ErrorMessage ORDER BY m.ModelName"))
        .containsExactly(
            "cut|MALFORMED_FILE",
            "empty|FILE_EMPTY",
            "missing|FILE_UNREADABLE",
            "text|UNSUPPORTED_FILE");
    LifecycleDriver again =
        driver(options("job", ChunkPlan.CHUNK_SIZE_MIN, empty, text, cut, missing, good));
    again.settle();
    assertThat(sql.number("SELECT COUNT(*) FROM dbo.AtomizationErrors")).isEqualTo(4);
    assertThat(sql.number("SELECT COUNT(*) FROM dbo.Models")).isEqualTo(5);
  }

  @Test
  void aFileThatChangesBeforeItsModelIsCompleteFailsIt() throws Exception {
    Path file = FixtureFiles.copy("types.safetensors", folder);
    LifecycleDriver driver = driver(options("job", ChunkPlan.CHUNK_SIZE_MIN, file));
    driver.settle();
    writer.store(driver.onlyModel().splits());
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L));
    driver.settle();

    assertThat(states()).containsExactly("types|FAILED|DONE");
    assertThat(sql.rows("SELECT Reason FROM dbo.AtomizationErrors"))
        .containsExactly("FILE_CHANGED");
    assertNothingLeftOfEndedModels();

    // The next start submits the file as it is now.
    LifecycleDriver next = driver(options("job", ChunkPlan.CHUNK_SIZE_MIN, file));
    next.settle();
    assertThat(states()).containsExactly("types|FAILED|DONE", "types|INGESTING|CLAIMED");
  }

  @Test
  void storedReferencesThatDoNotFitTheirModelFailIt() throws Exception {
    Path file = FixtureFiles.copy("types.safetensors", folder);
    LifecycleDriver driver = driver(options("job", ChunkPlan.CHUNK_SIZE_MIN, file));
    driver.settle();
    writer.store(driver.onlyModel().splits());
    sql.update("UPDATE dbo.FileChunks SET ByteOffset = ByteOffset + 1 WHERE ChunkIndex = 1");
    driver.settle();
    assertThat(states()).containsExactly("types|FAILED|DONE");
    assertThat(sql.rows("SELECT Reason FROM dbo.AtomizationErrors"))
        .containsExactly("INCONSISTENT_REFERENCES");
    assertCountsEqualReferences();
  }

  @Test
  void jobsThatClaimAtTheSameTimeShareTheSubmissions() throws Exception {
    int files = 12;
    Path[] paths = new Path[files];
    byte[] content = Files.readAllBytes(FixtureFiles.copy("types.safetensors", folder));
    for (int i = 0; i < files; i++) {
      paths[i] = Files.write(folder.resolve("model" + i + ".safetensors"), content);
    }
    LifecycleDriver submitter = driver(options("submitter", 1 << 20, paths));
    // Only the submission: nothing is claimed while so many splits wait.
    submitter.lifecycle().step(Set.of(), ModelLifecycle.PENDING_SPLITS_MAX, 1);
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try {
      List<Future<LifecycleDriver>> drivers = new ArrayList<>();
      for (String job : List.of("a", "b", "c")) {
        LifecycleDriver driver = driver(options(job, 1 << 20));
        drivers.add(
            threads.submit(
                () -> {
                  driver.settle();
                  return driver;
                }));
      }
      Set<Integer> models = new HashSet<>();
      for (Future<LifecycleDriver> driver : drivers) {
        for (PlannedModel model : driver.get().models()) {
          assertThat(models.add(model.modelId())).isTrue();
        }
      }
      assertThat(models).hasSize(files);
    } finally {
      threads.shutdownNow();
    }
    assertThat(sql.number("SELECT COUNT(*) FROM dbo.Models")).isEqualTo(files);
    assertThat(
            sql.number(
                "SELECT COUNT(*) FROM dbo.ModelSubmissions WHERE State = 'CLAIMED'"
                    + " AND ModelId IS NOT NULL"))
        .isEqualTo(files);
  }

  /** Input without a model: it stands as a dead letter until a later look finds it mended. */
  @Test
  void whatAWayInCannotSubmitIsADeadLetterUntilItIsMended() throws Exception {
    Path watched = Files.createDirectory(folder.resolve("watched"));
    Path away = folder.resolve("away");
    Path link = Files.createSymbolicLink(watched.resolve("m.onnx"), folder.resolve("nowhere"));
    String pattern = folder + "/none/*.onnx";
    ModelSourceOptions options = waysIn(watched, pattern);
    LifecycleDriver driver = driver(options);
    driver.settle();
    String letters =
        "SELECT SourceName, Position, Reason, CASE WHEN ResolvedAt IS NULL THEN 'stands'"
            + " ELSE 'resolved' END FROM dbo.AtomizationErrors ORDER BY Reason";
    String ofLink = watched + "|" + link + "|FILE_UNREADABLE|";
    String ofPattern = pattern + "|" + pattern + "|PATTERN_WITHOUT_MATCH|";
    assertThat(sql.rows(letters)).containsExactly(ofLink + "stands", ofPattern + "stands");
    assertThat(Balance.of(server.options()).sums("submissions")).containsExactly(2L, 0L, 0L, 2L);

    // A scan that breaks off says nothing of the link.
    Files.move(watched, away);
    String ofDirectory = watched + "|" + watched + "|DIRECTORY_UNREADABLE|";
    scan(driver);
    assertThat(sql.rows(letters))
        .containsExactly(ofDirectory + "stands", ofLink + "stands", ofPattern + "stands");

    Files.move(away, watched);
    Files.delete(link);
    Files.createDirectory(folder.resolve("none"));
    FixtureFiles.copy("nested.onnx", folder.resolve("none"));
    LifecycleDriver next = driver(options);
    next.settle();
    assertThat(sql.rows(letters))
        .containsExactly(ofDirectory + "resolved", ofLink + "resolved", ofPattern + "resolved");
    assertThat(states()).containsExactly("nested.onnx|INGESTING|CLAIMED");

    Files.createSymbolicLink(link, folder.resolve("nowhere"));
    scan(next);
    assertThat(sql.rows(letters))
        .containsExactly(ofDirectory + "resolved", ofLink + "stands", ofPattern + "resolved");
  }

  private ModelSourceOptions waysIn(Path watched, String pattern) {
    return new ModelSourceOptions(
        server.options(),
        "job",
        5,
        List.of(),
        List.of(pattern),
        List.of(
            new WatchedDirectory(
                watched.toString(), WatchedDirectory.PATTERN_DEFAULT, true, Duration.ofMillis(1))),
        ChunkPlan.CHUNK_SIZE_MIN,
        ChunkPlan.CHUNK_SIZE_MIN,
        Duration.ofSeconds(1));
  }

  /** Steps until the watch, which is due a millisecond after its last scan, was scanned. */
  private void scan(LifecycleDriver driver) throws Exception {
    long before = System.nanoTime();
    while (System.nanoTime() - before < Duration.ofMillis(2).toNanos()) {
      Thread.onSpinWait();
    }
    driver.step();
  }

  private void complete(String job, Path file) throws Exception {
    LifecycleDriver driver = driver(options(job, ChunkPlan.CHUNK_SIZE_MIN, file));
    driver.settle();
    writer.store(driver.onlyModel().splits());
    driver.settle();
  }

  private LifecycleDriver driver(ModelSourceOptions options) {
    LifecycleDriver driver = new LifecycleDriver(options);
    opened.add(driver);
    return driver;
  }

  private ModelSourceOptions options(String job, int chunkSize, Path... files) {
    return new ModelSourceOptions(
        server.options(),
        job,
        5,
        Arrays.stream(files).map(file -> new ModelLocation(file.toString(), null)).toList(),
        chunkSize,
        chunkSize,
        Duration.ofSeconds(1));
  }

  private List<String> states() throws SQLException {
    return sql.rows(
        "SELECT m.ModelName, m.State, s.State FROM dbo.Models AS m"
            + " INNER JOIN dbo.ModelSubmissions AS s ON s.ModelId = m.ModelId"
            + " ORDER BY m.ModelName, m.ModelId");
  }

  private void insertDeadLetter(int modelId) throws SQLException {
    DeadLetter letter =
        new DeadLetter("file", "offset 0", "FILE_UNREADABLE", "the file is gone", null, modelId);
    sql.update(
        "INSERT INTO dbo.AtomizationErrors"
            + " (DeadLetterHash, SourceName, Position, Reason, ErrorMessage, ModelId)"
            + " VALUES (?, ?, ?, ?, ?, ?)",
        letter.hash().toBytes(),
        letter.source(),
        letter.position(),
        letter.reason(),
        letter.message(),
        letter.modelId());
  }

  private void storeNodes(int modelId, int count) throws Exception {
    sql.update(
        "INSERT INTO dbo.Atoms (AtomHash, ByteLength, ContentType, ReferenceCount)"
            + " VALUES (?, ?, ?, ?)",
        Sha256.ofText("node").toBytes(),
        8L,
        "onnx/node",
        (long) count);
    long atomId =
        sql.number(
            "SELECT AtomId FROM dbo.Atoms WHERE AtomHash = ?",
            (Object) Sha256.ofText("node").toBytes());
    sql.inTransaction(
        () -> {
          for (int i = 0; i < count; i++) {
            sql.update(
                "INSERT INTO dbo.ModelNodes (ModelId, NodeIndex, NodePath, AtomId)"
                    + " VALUES (?, ?, ?, ?)",
                modelId,
                i,
                "node",
                atomId);
          }
        });
  }

  private void assertCountsEqualReferences() throws SQLException {
    assertThat(
            sql.rows(
                "SELECT a.AtomId FROM dbo.Atoms AS a WHERE a.ReferenceCount <>"
                    + " (SELECT COUNT(*) FROM dbo.FileChunks AS c WHERE c.AtomId = a.AtomId)"
                    + " + (SELECT COUNT(*) FROM dbo.ModelNodes AS n WHERE n.AtomId = a.AtomId)"))
        .isEmpty();
  }

  private void assertNothingLeftOfEndedModels() throws SQLException {
    for (String table : List.of("ModelNodes", "Tensors", "ModelProgress")) {
      assertThat(
              sql.number(
                  "SELECT COUNT(*) FROM dbo."
                      + table
                      + " AS t INNER JOIN dbo.Models AS m ON m.ModelId = t.ModelId"
                      + " WHERE m.State IN ('FAILED', 'DELETED')"))
          .as(table)
          .isZero();
    }
    assertThat(
            sql.number(
                "SELECT COUNT(*) FROM dbo.FileChunks AS c INNER JOIN dbo.ModelFiles AS f"
                    + " ON f.ModelFileId = c.ModelFileId INNER JOIN dbo.Models AS m"
                    + " ON m.ModelId = f.ModelId WHERE m.State IN ('FAILED', 'DELETED')"))
        .isZero();
  }

  private static List<ModelPart> parts(List<ModelSplit> splits) {
    List<ModelPart> parts = new ArrayList<>();
    for (ModelSplit split : splits) {
      for (long index = split.nextIndex(); index < split.endIndex(); index++) {
        parts.add(split.part(index));
      }
    }
    return parts;
  }

  private static Sha256 digest(String path, List<ModelSplit> splits)
      throws IOException, InterruptedException {
    ModelDigest digest = new ModelDigest();
    try (FileRangeReader reader = new FileRangeReader()) {
      for (ModelPart part : parts(splits)) {
        if (part.isChunk()) {
          digest.add(path, part.range().offset(), part.range().length(), reader.hash(part.range()));
        }
      }
    }
    return digest.finish();
  }
}
