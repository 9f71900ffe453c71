package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.ModelFixtures;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class IngestModelsITCase {

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  @Test
  void aModelIsStoredOnceAndCanBeGivenBack() throws Exception {
    Path file = ModelFixtures.safeTensors(directory.resolve("first.safetensors"), 1, 6, 50_000);
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(file))) {
      awaitState(sql, "first", "COMPLETE");
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      assertThat(stored(sql, "first")).isEqualTo(Sha256.of(Files.readAllBytes(file)));
      assertThat(
              sql.rows(
                  "SELECT TensorName, Dimensions, DType, COUNT_BIG(*) FROM dbo.TensorAtoms"
                      + " GROUP BY TensorName, Dimensions, DType ORDER BY TensorName"))
          .hasSize(6)
          .first()
          .isEqualTo("layer.0.weight|[50000]|F32|4");
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(1L, 1L, 0L, 0L);
    }
  }

  @Test
  void theSameFileUnderAnotherPathIsADuplicateWhoseReferencesAreReleased() throws Exception {
    Path first = ModelFixtures.safeTensors(directory.resolve("same.safetensors"), 2, 3, 40_000);
    Path copies = Files.createDirectory(directory.resolve("copies"));
    Path second = Files.copy(first, copies.resolve("same.safetensors"));
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(first, second))) {
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () ->
                  assertThat(
                          sql.rows(
                              "SELECT State FROM dbo.Models WHERE ModelName = N'same'"
                                  + " ORDER BY State"))
                      .containsExactly("COMPLETE", "DELETED"));
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () ->
                  assertThat(sql.number("SELECT MAX(ReferenceCount) FROM dbo.Atoms")).isEqualTo(1));
      assertThat(
              sql.number(
                  "SELECT COUNT_BIG(*) FROM dbo.Models WHERE State = 'DELETED'"
                      + " AND DuplicateOf IS NOT NULL"))
          .isEqualTo(1);
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(2L, 1L, 1L, 0L);
    }
  }

  @Test
  void aBrokenFileIsADeadLetterAndTheOthersGoOn() throws Exception {
    Path good = ModelFixtures.safeTensors(directory.resolve("good.safetensors"), 3, 2, 20_000);
    Path bad = directory.resolve("bad.safetensors");
    byte[] bytes = Files.readAllBytes(good);
    Files.write(bad, java.util.Arrays.copyOf(bytes, bytes.length - 5));
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(bad, good))) {
      awaitState(sql, "good", "COMPLETE");
      awaitState(sql, "bad", "FAILED");
      assertThat(sql.rows("SELECT Reason, ModelId FROM dbo.AtomizationErrors"))
          .singleElement()
          .asString()
          .startsWith("MALFORMED");
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      Balance balance = Balance.awaitEven(server.options());
      assertThat(balance.sums("submissions")).containsExactly(2L, 1L, 0L, 1L);
      assertThat(balance.sums("models").get(3)).as("the bad file's").isEqualTo(1);
    }
  }

  private IngestOptions options(Path... files) {
    List<IngestOptions.ModelPath> models =
        java.util.Arrays.stream(files)
            .map(
                file ->
                    new IngestOptions.ModelPath(
                        file.toUri().toString(),
                        file.getFileName().toString().replace(".safetensors", "")))
            .toList();
    return RunningIngest.options(
        server.options(), List.of(), models, directory.resolve("checkpoints"));
  }

  private static void awaitState(Sql sql, String model, String state) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(
                        sql.rows(
                            "SELECT State, Failure FROM dbo.Models WHERE ModelName = ?", model))
                    .singleElement()
                    .asString()
                    .startsWith(state));
  }

  /** The digest of the model's file as it is stored. */
  private static Sha256 stored(Sql sql, String model) throws Exception {
    var digest = Sha256.newDigest();
    try (Statement statement = sql.connection().createStatement();
        ResultSet chunks =
            statement.executeQuery(
                "SELECT a.Content FROM dbo.FileChunks AS c INNER JOIN dbo.Atoms AS a"
                    + " ON a.AtomId = c.AtomId INNER JOIN dbo.ModelFiles AS f"
                    + " ON f.ModelFileId = c.ModelFileId INNER JOIN dbo.Models AS m"
                    + " ON m.ModelId = f.ModelId WHERE m.ModelName = N'"
                    + model
                    + "' ORDER BY c.ChunkIndex")) {
      while (chunks.next()) {
        digest.update(chunks.getBytes(1));
      }
    }
    return Sha256.fromBytes(digest.digest());
  }
}
