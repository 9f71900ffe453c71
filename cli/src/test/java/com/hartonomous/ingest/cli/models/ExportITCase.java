package com.hartonomous.ingest.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.cli.CommandRunner;
import com.hartonomous.ingest.cli.ExitCode;
import com.hartonomous.ingest.content.ModelDigest;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.testing.ModelFolders;
import com.hartonomous.ingest.testing.SampleTables;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models are given back as they were, or the command says why not and leaves nothing. */
class ExportITCase {

  private static final JsonMapper MAPPER = new JsonMapper();

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @TempDir private Path directory;
  private Path out;
  private String configuration;

  @BeforeEach
  void writeConfiguration() throws IOException {
    out = directory.resolve("out");
    configuration =
        Files.writeString(
                directory.resolve("commands.yaml"),
                server.configuration() + "checkpoint: {directory: checkpoints}\n")
            .toString();
  }

  private CommandRunner.Result export(String model, Path target) {
    return CommandRunner.run(
        "export", model, "--out", target.toString(), "--config", configuration);
  }

  private static void assertRefused(CommandRunner.Result result, int exitCode, String... parts) {
    assertThat(result.err()).startsWith("hartonomous: ").hasLineCount(1).contains(parts);
    assertThat(result.exitCode()).isEqualTo(exitCode);
  }

  /** Digests of all files below a directory. */
  private static Map<String, Sha256> files(Path root) throws IOException {
    Map<String, Sha256> files = new TreeMap<>();
    if (Files.exists(root)) {
      try (Stream<Path> walk = Files.walk(root)) {
        for (Path file : walk.filter(Files::isRegularFile).toList()) {
          files.put(root.relativize(file).toString(), Sha256.of(Files.readAllBytes(file)));
        }
      }
    }
    return files;
  }

  private static byte[] bytes(long seed, int count) {
    byte[] bytes = new byte[count];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Test
  void filesShardsExternalDataAndDirectoriesComeBack() throws Exception {
    Map<String, byte[]> weights = ModelFolders.weights(11, 6, 150_000);
    Path single = ModelFolders.safeTensors(directory.resolve("in/single/one.safetensors"), weights);
    Path shards =
        ModelFolders.sharded(Files.createDirectory(directory.resolve("in/shards")), weights, 3);
    Path external = directory.resolve("in/external");
    Files.createDirectories(external.resolve("sub"));
    Files.write(external.resolve("data.bin"), bytes(1, 300_000));
    // All zeros: one atom in many places.
    Files.write(external.resolve("sub/more.bin"), new byte[700_000]);
    Path onnx =
        ModelFolders.onnx(
            external.resolve("model.onnx"),
            List.of(
                new ModelFolders.External("a", 100_000, "data.bin", 1000L, 100_000L),
                new ModelFolders.External("overlap", 50_000, "data.bin", 90_000L, 50_000L),
                new ModelFolders.External("whole", 700_000, "sub/more.bin", null, null)));
    Path folder = directory.resolve("in/repository");
    ModelFolders.sharded(Files.createDirectories(folder), weights, 2);
    Files.createDirectories(folder.resolve("deep/deeper"));
    Files.writeString(folder.resolve("deep/deeper/\u00FCber config.json"), "{}");
    Files.createFile(folder.resolve("empty.txt"));
    Files.write(folder.resolve("other.bin"), bytes(5, 100_000));
    IngestedModels.ingest(
        server,
        directory,
        "ingest",
        "64 KiB",
        Map.of("single", single, "shards", shards, "external", onnx, "org/repo@main", folder));

    for (String model : List.of("single", "shards", "external", "org/repo@main", "0/single")) {
      Path target = out.resolve(model);
      CommandRunner.Result result = export(model, target);
      assertThat(result.err()).isEmpty();
      assertThat(result.exitCode()).isEqualTo(ExitCode.DONE);
      assertThat(result.out()).contains("as ingested");
    }
    assertThat(files(out.resolve("single"))).isEqualTo(files(single.getParent())).hasSize(1);
    assertThat(files(out.resolve("0/single"))).isEqualTo(files(single.getParent()));
    assertThat(files(out.resolve("shards"))).isEqualTo(files(shards.getParent())).hasSize(4);
    assertThat(files(out.resolve("external"))).isEqualTo(files(external)).hasSize(3);
    assertThat(files(out.resolve("org/repo@main"))).isEqualTo(files(folder)).hasSize(6);
  }

  /** Every format that is installed, on files of strangers. */
  @Test
  @EnabledIfEnvironmentVariable(named = "CORPUS_DIR", matches = ".+")
  void theCorpusComesBack(TestReporter reporter) throws Exception {
    Path corpus = Path.of(System.getenv("CORPUS_DIR")).toAbsolutePath();
    Map<String, Path> models = new LinkedHashMap<>();
    for (String line : Files.readAllLines(corpus.resolve("MANIFEST.jsonl"))) {
      JsonNode entry = MAPPER.readTree(line);
      if (entry.get("present").asBoolean()) {
        models.put(entry.get("file").asText(), corpus.resolve(entry.get("file").asText()));
      }
    }
    IngestedModels.ingest(server, directory, "ingest", "1 MiB", models);
    try (Sql sql = server.connect()) {
      List<String> complete =
          sql.rows("SELECT ModelName FROM dbo.Models WHERE State = 'COMPLETE' ORDER BY ModelId");
      reporter.publishEntry("complete", complete.size() + " of " + models.size());
      assertThat(complete).as("models of installed formats").isNotEmpty();
      for (String model : complete) {
        assertThat(export(model, out.resolve(model)).exitCode()).as(model).isZero();
        Path original = models.get(model);
        assertThat(Files.mismatch(original, out.resolve(model).resolve(original.getFileName())))
            .as(model)
            .isEqualTo(-1);
      }
    }
  }

  @Test
  void aNameThatMeansSeveralModelsIsRefusedWithAList() throws Exception {
    try (Sql sql = server.connect()) {
      SampleTables tables = new SampleTables(sql);
      int first = tables.addModel("m", 2, 2, 0);
      int second = tables.addModel("m", 3, 2, 0);
      tables.deleteModel(tables.addModel("m", 4, 2, 0));
      sql.update(
          "UPDATE dbo.Models SET Digest = HASHBYTES('SHA2_256', N'x') WHERE State = 'DELETED'");
      String digest = sql.rows("SELECT Digest FROM dbo.Models WHERE ModelId = ?", first).get(0);
      String other = sql.rows("SELECT Digest FROM dbo.Models WHERE ModelId = ?", second).get(0);

      assertRefused(
          export("m", out),
          ExitCode.USAGE,
          "m means several models: 3/m@%s, 3/m@%s."
              .formatted(digest.substring(0, 12), other.substring(0, 12)));
      assertRefused(export("M", out), ExitCode.USAGE, "M: there is no such model");
      assertRefused(export("4/m", out), ExitCode.USAGE, "4/m: there is no such model");
      assertRefused(export("m@0123456789", out), ExitCode.USAGE, "there is no such model");
      assertThat(out).doesNotExist();

      CommandRunner.Result result = export("3/m@" + digest.substring(0, 12), out);
      assertThat(result.err()).isEmpty();
      assertThat(out.resolve("m.safetensors")).hasSize(8 + 2 * 2 * 100);
    }
  }

  @Test
  void whatIsNotCompleteIsNotGivenBack() throws Exception {
    try (Sql sql = server.connect()) {
      SampleTables tables = new SampleTables(sql);
      tables.addModel("m", 1, 1, 0);
      sql.update("UPDATE dbo.Models SET State = 'INGESTING', Digest = NULL");
      assertRefused(export("m", out), ExitCode.PROBLEM_FOUND, "is INGESTING, expected COMPLETE");
      sql.update("UPDATE dbo.Models SET State = 'FAILED', Failure = N'expected\n8, found 7'");
      assertRefused(export("m", out), ExitCode.PROBLEM_FOUND, "FAILED", "expected 8, found 7");
      sql.update("UPDATE dbo.Models SET State = 'DELETED', DuplicateOf = 77");
      assertRefused(export("m", out), ExitCode.PROBLEM_FOUND, "a duplicate of model 77");
      assertThat(out).doesNotExist();
    }
  }

  @Test
  void nothingIsOverwrittenAndNoPathLeadsOut() throws Exception {
    try (Sql sql = server.connect()) {
      new SampleTables(sql).addModel("m", 1, 1, 0);
      Files.createDirectories(out);
      Path target = out.resolve("m.safetensors");
      Files.createSymbolicLink(target, directory.resolve("nowhere"));
      assertRefused(export("m", out), ExitCode.USAGE, target + " is there already");
      Files.delete(target);
      assertRefused(
          export("m", Path.of(configuration)), ExitCode.USAGE, "it is a file. Give a directory");

      rename(sql, "../m.safetensors");
      assertRefused(
          export("m", out), ExitCode.PROBLEM_FOUND, "'../m.safetensors'", "not a plain name");
      rename(sql, "/tmp/m.safetensors");
      assertRefused(export("m", out), ExitCode.PROBLEM_FOUND, "it is absolute");
      rename(sql, "sub/m.safetensors");
      Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
      Files.createSymbolicLink(out.resolve("sub"), elsewhere);
      assertRefused(export("m", out), ExitCode.USAGE, "is a symbolic link");
      assertThat(files(out)).isEmpty();
      assertThat(files(elsewhere)).isEmpty();
    }
  }

  /** Names a file anew and gives the model the digest that goes with it. */
  private static void rename(Sql sql, String path) throws Exception {
    sql.update("UPDATE dbo.ModelFiles SET RelativePath = ?", path);
    ModelDigest digest = new ModelDigest();
    for (String chunk :
        sql.rows(
            "SELECT c.ByteOffset, c.ByteLength, a.AtomHash FROM dbo.FileChunks AS c INNER JOIN"
                + " dbo.Atoms AS a ON a.AtomId = c.AtomId ORDER BY c.ChunkIndex")) {
      String[] parts = chunk.split("\\|", -1);
      digest.add(
          path, Long.parseLong(parts[0]), Long.parseLong(parts[1]), Sha256.fromHex(parts[2]));
    }
    sql.update("UPDATE dbo.Models SET Digest = ?", digest.finish().toBytes());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "UPDATE dbo.Atoms SET Content = 0x01 WHERE AtomId = 5 | content with the hash",
        "UPDATE dbo.Atoms SET Content = CAST(REPLICATE('x', 101) AS VARBINARY(200)) WHERE AtomId = 5"
            + " | more than 100 bytes of atom",
        "UPDATE dbo.Atoms SET Content = NULL WHERE AtomId = 5 | nothing of atom",
        "UPDATE dbo.FileChunks SET ByteOffset = ByteOffset + 1 WHERE ChunkIndex = 7"
            + " | expected chunk 7 at offset 608",
        "UPDATE dbo.Models SET Digest = HASHBYTES('SHA2_256', N'other') | expected digest",
        "DELETE FROM dbo.FileChunks WHERE ChunkIndex > 6 | found 608.",
        "DELETE FROM dbo.FileChunks | found 0."
      })
  void damageIsNamedAndNothingIsLeft(String damage, String error) throws Exception {
    try (Sql sql = server.connect()) {
      new SampleTables(sql).addModel("m", 3, 4, 0);
      sql.update(damage);

      assertRefused(export("m", out), ExitCode.PROBLEM_FOUND, error, "verify --read-data");

      assertThat(out).isEmptyDirectory();
    }
  }

  /** Hash and digest are right: only the lengths tell that bytes are missing. */
  @Test
  void anAtomShorterThanItsChunkIsNamed() throws Exception {
    try (Sql sql = server.connect()) {
      new SampleTables(sql).addModel("m", 3, 4, 0);
      sql.update(
          "UPDATE dbo.Atoms SET Content = 0x01, AtomHash = HASHBYTES('SHA2_256', 0x01)"
              + " WHERE AtomId = 5");
      rename(sql, "m.safetensors");

      assertRefused(export("m", out), ExitCode.PROBLEM_FOUND, "found 1 of 100 bytes of atom");

      assertThat(out).isEmptyDirectory();
    }
  }
}
