package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.GgufBytes;
import com.hartonomous.ingest.testing.ModelFolders;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** GGUF models, submitted by the guide's procedure, from their files to their bytes given back. */
class IngestGgufITCase {

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  private final Map<String, byte[]> weights = ModelFolders.weights(21, 5, 150_000);

  @Test
  void modelsAreStoredAndGivenBack() throws Exception {
    Path single = GgufBytes.write(directory.resolve("single"), weights, 1).get(0);
    List<Path> split = GgufBytes.write(directory.resolve("split"), weights, 3);
    Path types = fixture("types.gguf");
    Path bigEndian = fixture("big-endian.gguf");
    Path broken = Files.createDirectory(directory.resolve("broken")).resolve("broken.gguf");
    Files.write(broken, new byte[] {'G', 'G', 'U', 'F', 3, 0, 0, 0, 9});
    try (Sql sql = server.connect();
        RunningIngest job =
            RunningIngest.start(
                RunningIngest.options(
                    server.options(), List.of(), List.of(), directory.resolve("checkpoints")))) {
      submit(sql, single, "single");
      submit(sql, split.get(0), "split");
      submit(sql, types, "types");
      submit(sql, bigEndian, "big-endian");
      submit(sql, broken, "broken");
      Awaitility.await()
          .atMost(Duration.ofSeconds(90))
          .untilAsserted(
              () ->
                  assertThat(
                          sql.rows(
                              "SELECT ModelName, State, ModelType, Provider, ExpectedTensors"
                                  + " FROM dbo.Models WHERE State <> 'FAILED' ORDER BY ModelName"))
                      .containsExactly(
                          "big-endian|COMPLETE|LLM|Community|3",
                          "single|COMPLETE|LLM|Community|5",
                          "split|COMPLETE|LLM|Community|5",
                          "types|COMPLETE|LLM|Community|36"));
      awaitFailure(sql);

      StoredFiles.assertGivenBack(sql, "single", single.getParent(), 1);
      StoredFiles.assertGivenBack(sql, "split", split.get(0).getParent(), 3);
      StoredFiles.assertGivenBack(sql, "types", types.getParent(), 1);
      StoredFiles.assertGivenBack(sql, "big-endian", bigEndian.getParent(), 1);
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(5L, 4L, 0L, 1L);

      assertThat(tensors(sql, "single"))
          .containsExactly(
              "model.gguf|layer.0.weight|I8|tensor/int8|[150000]|256|150000",
              "model.gguf|layer.1.weight|I8|tensor/int8|[150001]|150272|150001",
              "model.gguf|layer.2.weight|I8|tensor/int8|[150002]|300288|150002",
              "model.gguf|layer.3.weight|I8|tensor/int8|[150003]|450304|150003",
              "model.gguf|layer.4.weight|I8|tensor/int8|[150004]|600320|150004");
      assertThat(tensors(sql, "split"))
          .extracting(row -> row.substring(0, row.indexOf("|I8|")))
          .containsExactly(
              "model-00001-of-00003.gguf|layer.0.weight",
              "model-00002-of-00003.gguf|layer.1.weight",
              "model-00002-of-00003.gguf|layer.2.weight",
              "model-00003-of-00003.gguf|layer.3.weight",
              "model-00003-of-00003.gguf|layer.4.weight");
      assertThat(tensors(sql, "big-endian"))
          .contains("big-endian.gguf|floats|F32|tensor/float32_be|[2,3]|1856|24");
      assertThat(weightAtoms(sql, "single")).hasSize(15).isEqualTo(weightAtoms(sql, "split"));
      assertThat(sql.rows("SELECT MetadataJson FROM dbo.Models WHERE ModelName = N'types'").get(0))
          .contains("\"v.tokens\":{\"type\":\"array\",\"element_type\":\"string\",\"count\":40,");
    }
  }

  private static void submit(Sql sql, Path file, String name) throws Exception {
    sql.rows("EXEC dbo.sp_IngestGGUF ?, N'" + name + "'", file.toString());
  }

  private static void awaitFailure(Sql sql) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(sql.rows("SELECT Failure FROM dbo.Models WHERE State = 'FAILED'"))
                    .singleElement()
                    .asString()
                    .contains("broken.gguf: malformed at byte 8, tensor count: expected 8 bytes"));
  }

  /** Copies a fixture of another module, which may be in a jar, into a folder of its own. */
  private Path fixture(String name) throws Exception {
    Path folder = Files.createDirectory(directory.resolve("of-" + name));
    try (InputStream content = IngestGgufITCase.class.getResourceAsStream("/fixtures/" + name)) {
      Files.copy(content, folder.resolve(name));
    }
    return folder.resolve(name);
  }

  private static List<String> tensors(Sql sql, String model) throws Exception {
    return sql.rows(
        "SELECT f.RelativePath, t.TensorName, t.DType, t.ContentType, t.Dimensions, t.ByteOffset,"
            + " t.ByteLength FROM dbo.Tensors AS t"
            + " INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = t.ModelFileId"
            + " INNER JOIN dbo.Models AS m ON m.ModelId = t.ModelId"
            + " WHERE m.ModelName = ? ORDER BY t.TensorId",
        model);
  }

  private static List<String> weightAtoms(Sql sql, String model) throws Exception {
    return sql.rows(
        "SELECT DISTINCT a.AtomId FROM dbo.FileChunks AS c"
            + " INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId"
            + " INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId"
            + " INNER JOIN dbo.Models AS m ON m.ModelId = f.ModelId"
            + " WHERE m.ModelName = ? AND a.ContentType = 'tensor/int8' ORDER BY a.AtomId",
        model);
  }
}
