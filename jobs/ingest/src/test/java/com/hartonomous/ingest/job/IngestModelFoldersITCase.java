package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.GraphPicture;
import com.hartonomous.ingest.testing.ModelFolders;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.TestNeo4j;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Models of several files, from their submission to their bytes given back. */
class IngestModelFoldersITCase {

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  private final Map<String, byte[]> weights = ModelFolders.weights(11, 6, 150_000);

  private Path single;
  private Path index;
  private Path onnx;
  private Path repository;

  @BeforeEach
  void write() throws Exception {
    single = ModelFolders.safeTensors(directory.resolve("single/single.safetensors"), weights);
    index = ModelFolders.sharded(Files.createDirectory(directory.resolve("shards")), weights, 3);
    onnx = onnx(directory.resolve("external"));

    Path folder = directory.resolve("folder");
    ModelFolders.sharded(Files.createDirectory(folder), weights, 2);
    onnx(folder.resolve("onnx"));
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"bert\"}");
    Files.writeString(folder.resolve("README.md"), "# \u00FCber\n");
    Files.writeString(folder.resolve(".gitattributes"), "*.bin filter=lfs\n");
    Files.createFile(folder.resolve("empty.txt"));
    Files.write(folder.resolve("tokenizer.bin"), bytes(5, 100_000));
    repository = ModelFolders.hubCache(directory.resolve("hub"), folder);
  }

  /** Six tensors in two files, of which two share and two overlap. */
  private static Path onnx(Path folder) throws Exception {
    Files.createDirectories(folder.resolve("sub"));
    Files.write(folder.resolve("data.bin"), bytes(1, 300_000));
    Files.write(folder.resolve("sub/more.bin"), bytes(2, 80_000));
    return ModelFolders.onnx(
        folder.resolve("model.onnx"),
        List.of(
            new ModelFolders.External("a", 100_000, "data.bin", 1000L, 100_000L),
            new ModelFolders.External("shared", 100_000, "data.bin", 1000L, 100_000L),
            new ModelFolders.External("overlap", 50_000, "data.bin", 90_000L, 50_000L),
            new ModelFolders.External("inside", 10, "data.bin", 2000L, 10L),
            new ModelFolders.External("rest", 100_000, "data.bin", 200_000L, null),
            new ModelFolders.External("whole", 80_000, "sub/more.bin", null, null)));
  }

  private static byte[] bytes(long seed, int count) {
    byte[] bytes = new byte[count];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Test
  void modelsOfSeveralFilesAreStoredAndGivenBack() throws Exception {
    try (Sql sql = server.connect();
        RunningIngest job =
            RunningIngest.start(
                options(
                    Map.of(
                        "single", single,
                        "sharded", index,
                        "external", onnx,
                        "repository", repository)))) {
      for (String model : List.of("single", "sharded", "external", "repository")) {
        awaitState(sql, model, "COMPLETE");
      }
      StoredFiles.assertGivenBack(sql, "sharded", index.getParent(), 4);
      StoredFiles.assertGivenBack(sql, "external", onnx.getParent(), 3);
      StoredFiles.assertGivenBack(sql, "repository", repository, 11);
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();

      assertThat(tensorAtoms(sql, "single")).isNotEmpty();
      assertThat(tensorAtoms(sql, "sharded")).isEqualTo(tensorAtoms(sql, "single"));
      assertThat(tensorAtoms(sql, "repository")).containsAll(tensorAtoms(sql, "single"));
      assertThat(tensorAtoms(sql, "repository")).containsAll(tensorAtoms(sql, "external"));

      assertThat(
              sql.rows(
                  "SELECT m.ModelName, m.ModelType, m.Provider, m.ExpectedTensors, m.ExpectedNodes,"
                      + " (SELECT COUNT_BIG(*) FROM dbo.Tensors AS t WHERE t.ModelId = m.ModelId)"
                      + " FROM dbo.Models AS m ORDER BY m.ModelName"))
          .containsExactly(
              "external|ONNX|ONNX|6|2|6",
              "repository|LLM|HuggingFace|12|2|12",
              "sharded|LLM|HuggingFace|6|0|6",
              "single|LLM|HuggingFace|6|0|6");
      assertThat(
              sql.rows(
                  "SELECT f.RelativePath, f.Format FROM dbo.ModelFiles AS f INNER JOIN dbo.Models"
                      + " AS m ON m.ModelId = f.ModelId WHERE m.ModelName = N'repository'"
                      + " ORDER BY f.ModelFileId"))
          .containsExactly(
              ".gitattributes|unparsed",
              "README.md|unparsed",
              "config.json|unparsed",
              "empty.txt|unparsed",
              "model-00001-of-00002.safetensors|safetensors",
              "model-00002-of-00002.safetensors|safetensors",
              "model.safetensors.index.json|safetensors-sharded",
              "onnx/data.bin|onnx",
              "onnx/model.onnx|onnx",
              "onnx/sub/more.bin|onnx",
              "tokenizer.bin|unparsed");
      assertThat(sql.rows("SELECT NodePath FROM dbo.ModelNodes ORDER BY ModelId, NodeIndex"))
          .containsExactlyInAnyOrder(
              "graph/node[0]",
              "graph/node[1]",
              "onnx/model.onnx/graph/node[0]",
              "onnx/model.onnx/graph/node[1]");
      Balance balance = Balance.awaitEven(server.options());
      assertThat(balance.sums("submissions")).containsExactly(4L, 4L, 0L, 0L);
      assertThat(balance.sums("models").get(2)).as("shared by the models").isPositive();
      assertDrawn(sql);
    }
  }

  /** The graph of models of several files is what the tables say, tensor by tensor. */
  private void assertDrawn(Sql sql) throws Exception {
    TestNeo4j neo4j = TestNeo4j.sharedAndEmpty();
    try (RunningGraphSync graph =
        RunningGraphSync.start(server.options(), neo4j.options(), directory.resolve("graph"))) {
      RunningGraphSync.awaitDrained(sql);
      List<String> picture = GraphPicture.found(neo4j);
      assertThat(picture).isEqualTo(GraphPicture.wanted(sql));
      assertThat(picture).filteredOn(line -> line.startsWith("model|")).hasSize(4);
      assertThat(picture).filteredOn(line -> line.startsWith("tensor|")).hasSize(30);
      assertThat(graph.status().isTerminalState()).isFalse();
    }
  }

  @Test
  void badDirectoriesFailByNameAndTheOthersGoOn() throws Exception {
    Path empty = directory.resolve("empty");
    Files.createDirectories(empty.resolve(".cache"));
    Path corrupt = Files.createDirectory(directory.resolve("corrupt"));
    ModelFolders.sharded(corrupt, weights, 2);
    Path shard = corrupt.resolve(ModelFolders.shard(1, 2));
    byte[] bytes = Files.readAllBytes(shard);
    Files.write(shard, Arrays.copyOf(bytes, bytes.length - 1));
    Path escaping = Files.createDirectory(directory.resolve("escaping"));
    Files.createSymbolicLink(escaping.resolve("secret.json"), single);
    try (Sql sql = server.connect();
        RunningIngest job =
            RunningIngest.start(
                options(
                    Map.of(
                        "empty", empty,
                        "corrupt", corrupt,
                        "escaping", escaping,
                        "good", index)))) {
      awaitState(sql, "good", "COMPLETE");
      Map<String, String> expected =
          Map.of(
              "empty", "empty: malformed",
              "corrupt", ModelFolders.shard(1, 2),
              "escaping", "secret.json");
      for (Map.Entry<String, String> bad : expected.entrySet()) {
        awaitState(sql, bad.getKey(), "FAILED");
        assertThat(sql.rows("SELECT Failure FROM dbo.Models WHERE ModelName = ?", bad.getKey()))
            .singleElement()
            .asString()
            .contains(bad.getValue());
      }
      assertThat(sql.number("SELECT COUNT_BIG(*) FROM dbo.AtomizationErrors")).isEqualTo(3);
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(4L, 1L, 0L, 3L);
    }
  }

  private IngestOptions options(Map<String, Path> paths) {
    List<IngestOptions.ModelPath> models =
        new TreeMap<>(paths)
            .entrySet().stream()
                .map(
                    entry ->
                        new IngestOptions.ModelPath(
                            "file:" + entry.getValue().toString(), entry.getKey()))
                .toList();
    return RunningIngest.options(
        server.options(), List.of(), models, directory.resolve("checkpoints"));
  }

  private static void awaitState(Sql sql, String model, String state) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(
            () ->
                assertThat(
                        sql.rows(
                            "SELECT State, Failure FROM dbo.Models WHERE ModelName = ?", model))
                    .singleElement()
                    .asString()
                    .startsWith(state));
  }

  private static List<String> tensorAtoms(Sql sql, String model) throws Exception {
    return sql.rows(
        "SELECT DISTINCT a.AtomId FROM dbo.FileChunks AS c"
            + " INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId"
            + " INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId"
            + " INNER JOIN dbo.Models AS m ON m.ModelId = f.ModelId"
            + " WHERE m.ModelName = ? AND a.ContentType = 'tensor/uint8' ORDER BY a.AtomId",
        model);
  }
}
