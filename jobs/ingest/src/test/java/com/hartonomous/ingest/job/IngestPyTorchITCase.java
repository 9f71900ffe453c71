package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.format.Fixtures;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * PyTorch files with views of shared storages through the whole job, and a pickle that is refused.
 */
class IngestPyTorchITCase {
  private static final List<String> MODELS = List.of("views.pt", "legacy.pt");

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  @Test
  void storagesAreStoredOnceAndTensorsAreLayoutsOverThem() throws Exception {
    Path evil = directory.resolve("evil.pt");
    Files.write(
        evil,
        "\u0080\u0002cos\nsystem\nX\u0002\0\0\0ls\u0085R.".getBytes(StandardCharsets.ISO_8859_1));
    List<Path> files =
        Stream.concat(MODELS.stream().map(name -> Fixtures.path(name)), Stream.of(evil)).toList();
    List<IngestOptions.ModelPath> models =
        files.stream()
            .map(
                file ->
                    new IngestOptions.ModelPath(
                        file.toUri().toString(), file.getFileName().toString()))
            .toList();
    IngestOptions options =
        RunningIngest.options(
            server.options(), List.of(), models, directory.resolve("checkpoints"));
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options)) {
      Awaitility.await()
          .atMost(Duration.ofSeconds(90))
          .untilAsserted(
              () ->
                  assertThat(sql.rows("SELECT ModelName, State FROM dbo.Models ORDER BY ModelName"))
                      .containsExactly(
                          "evil.pt|FAILED", "legacy.pt|COMPLETE", "views.pt|COMPLETE"));
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      for (String model : MODELS) {
        assertGivenBackAndListedAgain(sql, model);
        assertRows(sql, model);
      }
      assertAtomsOfStoragesAreShared(sql);
      assertThat(sql.rows("SELECT Reason, ErrorMessage FROM dbo.AtomizationErrors"))
          .singleElement()
          .asString()
          .startsWith("UNSUPPORTED_FILE|")
          .endsWith("it names these globals: os.system (REFUSED)");
    }
  }

  private static void assertGivenBackAndListedAgain(Sql sql, String model) throws Exception {
    byte[] original = Fixtures.bytes(model);
    byte[] stored = stored(sql, model);
    assertThat(stored).isEqualTo(original);
    assertThat(Fixtures.read(new MemoryInput(model, stored)))
        .isEqualTo(Fixtures.read(new MemoryInput(model, original)));
  }

  private static void assertRows(Sql sql, String model) throws Exception {
    String row =
        "SELECT TensorPath, Dimensions, ByteLength, CASE WHEN ByteOffset IS NULL THEN 'layout' ELSE"
            + " 'range' END FROM dbo.Tensors AS t INNER JOIN dbo.Models AS m ON m.ModelId ="
            + " t.ModelId WHERE m.ModelName = ? AND t.TensorName = ?";
    assertThat(sql.rows(row, model, "base")).containsExactly("[\"base\"]|[60]|240|range");
    assertThat(sql.rows(row, model, "slice")).containsExactly("[\"slice\"]|[20]|80|range");
    assertThat(sql.rows(row, model, "transposed"))
        .containsExactly("[\"transposed\"]|[10,6]|240|layout");
    assertThat(sql.rows(row, model, "tied.a.weight"))
        .containsExactly(
            "[\"tied\",\"a.weight\"]|[60]|240|range", "[\"tied\",\"a\",\"weight\"]|[2]|8|range");
    // The slice begins forty bytes into its storage; the layout names the same storage.
    assertThat(
            sql.number(
                "SELECT s.ByteOffset - b.ByteOffset FROM dbo.Tensors AS s INNER JOIN dbo.Tensors AS"
                    + " b ON b.ModelId = s.ModelId INNER JOIN dbo.Models AS m ON m.ModelId ="
                    + " s.ModelId WHERE s.TensorName = 'slice' AND b.TensorName = 'base' AND"
                    + " m.ModelName = '"
                    + model
                    + "'"))
        .isEqualTo(40);
    long base =
        sql.number(
            "SELECT t.ByteOffset FROM dbo.Tensors AS t INNER JOIN dbo.Models AS m ON m.ModelId ="
                + " t.ModelId WHERE t.TensorName = 'base' AND m.ModelName = '"
                + model
                + "'");
    assertThat(
            sql.rows(
                "SELECT LayoutJson FROM dbo.Tensors AS t INNER JOIN dbo.Models AS m ON m.ModelId ="
                    + " t.ModelId WHERE m.ModelName = ? AND t.TensorName = N'transposed'",
                model))
        .singleElement()
        .asString()
        .startsWith(
            "{\"storage\":[%d,240],\"inflatedLength\":-1,\"firstByte\":0,\"strides\":[1,10],"
                .formatted(base));
  }

  /** The same weights in both containers: each storage is one atom with two references. */
  private static void assertAtomsOfStoragesAreShared(Sql sql) throws Exception {
    assertThat(
            sql.rows(
                "SELECT a.ContentType, a.ReferenceCount, COUNT(*) FROM dbo.Atoms AS a"
                    + " WHERE a.ContentType = 'tensor/float32'"
                    + " GROUP BY a.ContentType, a.ReferenceCount"))
        .containsExactly("tensor/float32|2|4");
  }

  private static byte[] stored(Sql sql, String model) throws Exception {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
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
        content.writeBytes(chunks.getBytes(1));
      }
    }
    return content.toByteArray();
  }
}
