package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.capture.model.ModelResubmission;
import com.hartonomous.ingest.capture.model.WatchedDirectory;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.ModelFixtures;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Every way in for model files, through the whole job. */
class ModelWaysITCase {

  private static final String STATES =
      "SELECT ModelName, State, CASE WHEN DuplicateOf IS NULL THEN 'own' ELSE 'duplicate' END"
          + " FROM dbo.Models ORDER BY ModelName, State";

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;
  private Path incoming;

  @BeforeEach
  void makeDirectory() throws Exception {
    incoming = Files.createDirectory(directory.resolve("incoming"));
  }

  @Test
  void manySmallFilesComeThroughAPattern() throws Exception {
    int files = Integer.getInteger("files", 150);
    Path below = Files.createDirectories(incoming.resolve("a/b"));
    for (int i = 0; i < files; i++) {
      ModelFixtures.safeTensors(below.resolve("m" + i + ".safetensors"), i, 2, 300);
    }
    Files.writeString(below.resolve("notes.txt"), "not a model");
    IngestOptions.Models models =
        new IngestOptions.Models(
            List.of(), List.of(incoming + "/**/*.safetensors"), List.of(), 1, 64 << 10, 256 << 10);
    long start = System.nanoTime();
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(models))) {
      await(
          sql,
          "SELECT State, COUNT(*) FROM dbo.Models GROUP BY State",
          Duration.ofMinutes(10),
          "COMPLETE|" + files);
      System.out.printf(
          "%d models, %.1f a second%n", files, files / ((System.nanoTime() - start) / 1e9));
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      assertThat(sql.number("SELECT COUNT(*) FROM dbo.Models WHERE DistinctAtoms IS NULL"))
          .isZero();
      assertThat(sql.rows("SELECT DISTINCT State FROM dbo.ModelSubmissions"))
          .containsExactly("DONE");
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly((long) files, (long) files, 0L, 0L);
    }
  }

  @Test
  void theSameFileByTwoWaysAtOnceIsOneModelAndADuplicate() throws Exception {
    Path file = ModelFixtures.safeTensors(incoming.resolve("m"), 1, 3, 40_000);
    try (Sql sql = server.connect()) {
      sql.rows("EXEC dbo.sp_IngestSafeTensors ?, N'm'", file.toString());
      try (RunningIngest job = RunningIngest.start(options(paths(file)))) {
        await(sql, STATES, "m|COMPLETE|own", "m|DELETED|duplicate");
        assertReleased(sql);
        assertThat(Balance.awaitEven(server.options()).sums("submissions"))
            .containsExactly(2L, 1L, 1L, 0L);
      }
    }
  }

  @Test
  void theSameFileByTwoWaysLaterIsADuplicateThatSaysSo() throws Exception {
    Path file = ModelFixtures.safeTensors(incoming.resolve("m"), 2, 3, 40_000);
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(paths(file)))) {
      await(sql, STATES, "m|COMPLETE|own");
      sql.rows("EXEC dbo.sp_IngestSafeTensors ?, N'm'", file.toString());
      await(sql, STATES, "m|COMPLETE|own", "m|DELETED|duplicate");
      assertReleased(sql);
      sql.rows("EXEC dbo.sp_IngestSafeTensors ?, N'm'", file.toString());
      await(sql, STATES, "m|COMPLETE|own", "m|DELETED|duplicate", "m|DELETED|duplicate");
      assertReleased(sql);
      assertThat(sql.rows("SELECT Failure FROM dbo.Models WHERE State = 'DELETED'"))
          .containsExactly("duplicate of model 1", "duplicate of model 1");
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(3L, 1L, 2L, 0L);
    }
  }

  @Test
  void whatIsNotTheFormatOfItsProcedureFailsByName() throws Exception {
    Path file = ModelFixtures.safeTensors(incoming.resolve("m"), 3, 1, 100);
    Path gguf = Files.writeString(incoming.resolve("g"), "GGUF and so on");
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(paths()))) {
      sql.rows("EXEC dbo.sp_IngestONNX ?, N'wrong'", file.toString());
      sql.rows("EXEC dbo.sp_IngestGGUF ?, N'gguf'", gguf.toString());
      sql.rows("EXEC dbo.sp_IngestONNX N'relative/m.onnx', N'relative'");
      await(sql, STATES, "gguf|FAILED|own", "relative|FAILED|own", "wrong|FAILED|own");
      assertThat(
              sql.rows(
                  "SELECT m.ModelName, e.Reason FROM dbo.Models AS m INNER JOIN"
                      + " dbo.AtomizationErrors AS e ON e.ModelId = m.ModelId"
                      + " ORDER BY m.ModelName"))
          .containsExactly(
              "gguf|UNSUPPORTED_FILE", "relative|FILE_UNREADABLE", "wrong|UNEXPECTED_FORMAT");
      assertThat(sql.rows("SELECT Failure FROM dbo.Models WHERE ModelName = N'wrong'"))
          .singleElement()
          .asString()
          .contains("expected the format onnx as submitted, found safetensors");
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(3L, 0L, 0L, 3L);
    }
  }

  @Test
  void aFailedModelCanBeSubmittedAgain() throws Exception {
    Path file = incoming.resolve("m");
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(paths()))) {
      sql.rows("EXEC dbo.sp_IngestSafeTensors ?, N'm'", file.toString());
      await(sql, STATES, "m|FAILED|own");
      ModelResubmission.submit(sql.connection(), 1);
      // Fails again for the same reason, as a model of its own.
      await(sql, STATES, "m|FAILED|own", "m|FAILED|own");
      ModelFixtures.safeTensors(file, 4, 1, 100);
      ModelResubmission.submit(sql.connection(), 2);
      await(sql, STATES, "m|COMPLETE|own", "m|FAILED|own", "m|FAILED|own");
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(3L, 1L, 0L, 2L);
    }
  }

  @Test
  void aWatchedDirectoryIsIngestedAsItChangesAndNotAgainAfterARestart() throws Exception {
    Path file = incoming.resolve("m.safetensors");
    Path part = incoming.resolve("m.safetensors.part");
    IngestOptions options = options(watching(false));
    try (Sql sql = server.connect()) {
      try (RunningIngest job = RunningIngest.start(options)) {
        ModelFixtures.safeTensors(part, 5, 2, 30_000);
        ModelFixtures.safeTensors(incoming.resolve("other.safetensors"), 6, 1, 100);
        Files.writeString(incoming.resolve("notes.txt"), "not a model");
        await(sql, STATES, "other.safetensors|COMPLETE|own");
        Files.move(part, file);
        await(sql, STATES, "m.safetensors|COMPLETE|own", "other.safetensors|COMPLETE|own");
      }
      try (RunningIngest job = RunningIngest.start(options)) {
        ModelFixtures.safeTensors(part, 7, 2, 31_000);
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        await(
            sql,
            STATES,
            "m.safetensors|COMPLETE|own",
            "m.safetensors|COMPLETE|own",
            "other.safetensors|COMPLETE|own");
        assertThat(Balance.awaitEven(server.options()).sums("submissions"))
            .containsExactly(3L, 3L, 0L, 0L);
      }
    }
  }

  @Test
  void aWatchedDirectoryThatVanishesIsTriedAgain() throws Exception {
    Path away = directory.resolve("away");
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(watching(false)))) {
      ModelFixtures.safeTensors(incoming.resolve("a.safetensors"), 8, 1, 100);
      await(sql, STATES, "a.safetensors|COMPLETE|own");
      Files.move(incoming, away);
      ModelFixtures.safeTensors(away.resolve("b.safetensors"), 9, 1, 100);
      await(
          sql,
          "SELECT Position, Reason FROM dbo.vw_DeadLetters WHERE State = 'stands'",
          incoming + "|DIRECTORY_UNREADABLE");
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(2L, 1L, 0L, 1L);
      // A procedure's model shows that the source went on meanwhile.
      sql.rows("EXEC dbo.sp_IngestSafeTensors ?, N'c'", away.resolve("b.safetensors").toString());
      await(sql, STATES, "a.safetensors|COMPLETE|own", "c|COMPLETE|own");
      Files.move(away, incoming);
      await(
          sql,
          STATES,
          "a.safetensors|COMPLETE|own",
          "b.safetensors|COMPLETE|own",
          "c|COMPLETE|own");
      await(sql, "SELECT State FROM dbo.vw_DeadLetters", "resolved");
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(3L, 3L, 0L, 0L);
    }
  }

  /** A subdirectory that is a model, names that Flink's own listing fails by, and a bad one. */
  @Test
  void aWatchGoesDownAndNamesWhatItCannotUse() throws Exception {
    Path deep = Files.createDirectories(incoming.resolve("a/b"));
    ModelFixtures.safeTensors(deep.resolve("colon: blank.safetensors"), 10, 1, 100);
    Path folder = Files.createDirectory(incoming.resolve("folder"));
    Files.writeString(folder.resolve("config.json"), "{}");
    ModelFixtures.safeTensors(folder.resolve("model.safetensors"), 11, 2, 30_000);
    Path bad = ModelFixtures.safeTensors(deep.resolve("back\\slash.safetensors"), 12, 1, 100);
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(watching(true)))) {
      await(sql, STATES, "colon: blank.safetensors|COMPLETE|own", "folder|COMPLETE|own");
      await(
          sql,
          "SELECT SourceName, Position, Reason, State FROM dbo.vw_DeadLetters",
          incoming + "|" + bad + "|NAME_UNUSABLE|stands");
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(3L, 2L, 0L, 1L);

      Files.move(bad, deep.resolve("slash.safetensors"));
      await(
          sql,
          STATES,
          "colon: blank.safetensors|COMPLETE|own",
          "folder|COMPLETE|own",
          "slash.safetensors|COMPLETE|own");
      await(sql, "SELECT State FROM dbo.vw_DeadLetters", "resolved");
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(3L, 3L, 0L, 0L);
    }
  }

  private IngestOptions.Models watching(boolean recursive) {
    return new IngestOptions.Models(
        List.of(),
        List.of(),
        List.of(
            new WatchedDirectory(
                incoming.toString(),
                WatchedDirectory.PATTERN_DEFAULT,
                recursive,
                Duration.ofMillis(200))),
        1,
        64 << 10,
        256 << 10);
  }

  private static IngestOptions.Models paths(Path... files) {
    return new IngestOptions.Models(
        Arrays.stream(files)
            .map(
                file -> new IngestOptions.ModelPath(file.toString(), file.getFileName().toString()))
            .toList(),
        1,
        64 << 10,
        256 << 10);
  }

  private IngestOptions options(IngestOptions.Models models) {
    return RunningIngest.options(server.options(), models, directory.resolve("checkpoints"));
  }

  private static void await(Sql sql, String query, String... rows) {
    await(sql, query, Duration.ofSeconds(60), rows);
  }

  private static void await(Sql sql, String query, Duration atMost, String... rows) {
    Awaitility.await()
        .atMost(atMost)
        .untilAsserted(() -> assertThat(sql.rows(query)).containsExactly(rows));
  }

  private static void assertReleased(Sql sql) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () ->
                assertThat(sql.rows("SELECT DISTINCT State FROM dbo.ModelSubmissions"))
                    .isEqualTo(Collections.singletonList("DONE")));
    try {
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      assertThat(sql.number("SELECT MAX(ReferenceCount) FROM dbo.Atoms")).isEqualTo(1);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}
