package com.hartonomous.ingest.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.cli.CommandRunner;
import com.hartonomous.ingest.cli.ExitCode;
import com.hartonomous.ingest.format.pickle.PickleBytes;
import com.hartonomous.ingest.format.zip.ZipBytes;
import com.hartonomous.ingest.testing.ModelFolders;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What differs between two models, by the names of their atoms and, where need be, by reading. */
class DiffITCase {

  private static final JsonMapper MAPPER = new JsonMapper();

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @TempDir private Path directory;
  private Path configuration;

  private CommandRunner.Result run(String... arguments) {
    String[] all = new String[arguments.length + 3];
    all[0] = "diff";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    all[all.length - 2] = "--config";
    all[all.length - 1] = configuration.toString();
    return CommandRunner.run(all);
  }

  private JsonNode diff(String left, String right, int exitCode) throws Exception {
    CommandRunner.Result result = run(left, right, "--json");
    assertThat(result.err()).isEmpty();
    assertThat(result.exitCode()).as(result.out()).isEqualTo(exitCode);
    return MAPPER.readTree(result.out());
  }

  private static List<String> names(JsonNode tensors) {
    return StreamSupport.stream(tensors.spliterator(), false)
        .map(tensor -> tensor.get("name").asText())
        .toList();
  }

  private void ingest(String job, String chunkSize, Map<String, Path> paths) throws Exception {
    configuration = IngestedModels.ingest(server, directory, job, chunkSize, paths);
  }

  @Test
  void tensorsAreEqualChangedAddedOrRemoved() throws Exception {
    Map<String, byte[]> weights = ModelFolders.weights(3, 5, 200_000);
    Path left = ModelFolders.safeTensors(directory.resolve("left.safetensors"), weights);
    Map<String, byte[]> others = new LinkedHashMap<>(weights);
    others.put("new.weight", others.remove("layer.0.weight"));
    others.get("layer.2.weight")[199_999] ^= 1;
    others.put("layer.3.weight", new byte[10]);
    Path right = ModelFolders.safeTensors(directory.resolve("right.safetensors"), others);
    ingest(
        "ingest",
        "64 KiB",
        Map.of(
            "left",
            ModelFolders.safeTensors(left, ModelFolders.weights(3, 5, 200_000)),
            "right",
            right,
            "shards",
            ModelFolders.sharded(
                Files.createDirectory(directory.resolve("shards")),
                ModelFolders.weights(3, 5, 200_000),
                2)));

    JsonNode report = diff("left", "right", ExitCode.PROBLEM_FOUND);

    assertThat(report.fieldNames())
        .toIterable()
        .containsExactly(
            "left", "right", "equalTensors", "equalBytes", "changed", "added", "removed", "shared");
    assertThat(report.get("equalTensors").asInt()).isEqualTo(2);
    assertThat(report.get("equalBytes").asInt()).isEqualTo(200_001 + 200_004);
    assertThat(names(report.get("removed"))).containsExactly("layer.0.weight");
    assertThat(names(report.get("added"))).containsExactly("new.weight");
    assertThat(report.get("changed"))
        .extracting(
            changed -> changed.get("left").get("name") + " " + changed.get("differs").toString())
        .containsExactly(
            "\"layer.2.weight\" [\"values\"]", "\"layer.3.weight\" [\"shape\",\"values\"]");
    assertThat(report.get("changed").get(1).get("right").toString())
        .isEqualTo(
            "{\"name\":\"layer.3.weight\",\"path\":null,\"file\":\"right.safetensors\","
                + "\"dtype\":\"U8\",\"shape\":[10],\"nbytes\":10}");
    // Three tensors whole, and all of the changed one but its last chunk.
    assertThat(report.get("shared").get("bytes").asInt())
        .isEqualTo(200_000 + 200_001 + 200_004 + 3 * 65_536);

    CommandRunner.Result text = run("left", "right");
    assertThat(text.exitCode()).isEqualTo(ExitCode.PROBLEM_FOUND);
    assertThat(text.out())
        .contains("0/left", "tensors  2 equal (390.6 KiB), 2 changed, 1 added, 1 removed")
        .containsPattern("changed +layer\\.3\\.weight +U8 \\[200003\\] +U8 \\[10\\] +shape, values")
        .containsPattern("removed +layer\\.0\\.weight +U8 \\[200000\\] +- +-");
    JsonNode shards = diff("left", "shards", ExitCode.DONE);
    assertThat(shards.get("equalTensors").asInt()).isEqualTo(5);
    assertThat(run("left", "left").exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(run("left", "nothing").err()).contains("nothing: there is no such model");
  }

  @Test
  void valuesThatAreCutDifferentlyAreRead() throws Exception {
    Map<String, byte[]> weights = ModelFolders.weights(4, 3, 200_000);
    Path fine = ModelFolders.safeTensors(directory.resolve("a/m.safetensors"), weights);
    ingest("fine", "64 KiB", Map.of("fine", fine));
    weights.get("layer.1.weight")[150_000] ^= 1;
    Path coarse = ModelFolders.safeTensors(directory.resolve("b/m.safetensors"), weights);
    ingest("coarse", "128 KiB", Map.of("coarse", coarse));

    JsonNode report = diff("fine", "coarse", ExitCode.PROBLEM_FOUND);

    assertThat(report.get("equalTensors").asInt()).isEqualTo(2);
    assertThat(report.get("changed").get(0).get("left").get("name").asText())
        .isEqualTo("layer.1.weight");
    try (Sql sql = server.connect()) {
      sql.update(
          "UPDATE dbo.Atoms SET Content = 0x00 WHERE AtomId IN (SELECT MIN(c.AtomId) FROM"
              + " dbo.FileChunks AS c WHERE c.ByteLength = 65536)");
    }
    assertThat(run("fine", "coarse").err()).contains("found other content of atom");
  }

  @Test
  void valuesThatAreTooManyToReadAreNamedAndTheOthersCompared() throws Exception {
    Path left = expanded("left", "w");
    ingest("ingest", "64 KiB", Map.of("left", left, "right", expanded("right", "x")));

    JsonNode report = diff("left", "right", ExitCode.PROBLEM_FOUND);

    assertThat(report.get("equalTensors").asInt()).isEqualTo(1);
    assertThat(report.get("changed"))
        .extracting(
            changed -> changed.get("left").get("name") + " " + changed.get("differs").toString())
        .containsExactly("\"huge\" [\"unread\"]");
    assertThat(names(report.get("added"))).containsExactly("x");
  }

  /** A matrix of sixteen numbers twice, and one of them 2^40 times. */
  private Path expanded(String folder, String name) throws Exception {
    PickleBytes pickle = PickleBytes.begin().ops("}(");
    pickle.text("same").matrix("0", 16, 4, 4).text("huge");
    pickle.global("torch._utils", "_rebuild_tensor_v2").ops("(").storage("0", 16).integer(0);
    pickle.ops("(").integer(1 << 20).integer(1 << 20).ops("t(").integer(0).integer(0).ops("t");
    pickle.raw(0x89).ops("NtR").text(name).matrix("0", 16, 4, 4).ops("u");
    ZipBytes zip = new ZipBytes();
    zip.stored("m/data.pkl", pickle.stop());
    zip.stored("m/data/0", new byte[64]);
    return Files.write(
        Files.createDirectories(directory.resolve(folder)).resolve("model.pt"), zip.finish());
  }

  /** Typed ONNX values are no range of their file. */
  @Test
  void valuesThatAreNoRangeAreRead() throws Exception {
    byte[] bytes;
    try (InputStream fixture = getClass().getResourceAsStream("/fixtures/typed.onnx")) {
      bytes = fixture.readAllBytes();
    }
    Path typed = Files.write(directory.resolve("typed.onnx"), bytes);
    ingest("first", "64 KiB", Map.of("typed", typed));
    String tensor;
    int place;
    try (Sql sql = server.connect()) {
      String row =
          sql.rows(
                  "SELECT TOP (1) TensorName, LayoutJson FROM dbo.Tensors WHERE ByteOffset IS NULL"
                      + " AND LayoutJson LIKE '%,false]%' AND LayoutJson LIKE '%TO_4_BYTES%'"
                      + " ORDER BY TensorId")
              .get(0);
      tensor = row.substring(0, row.indexOf('|'));
      place = MAPPER.readTree(row.substring(tensor.length() + 1)).get("runs").get(0).get(0).asInt();
    }
    bytes[place] ^= 1;
    ingest(
        "second",
        "64 KiB",
        Map.of("changed", Files.write(directory.resolve("changed.onnx"), bytes)));

    assertThat(diff("typed", "typed", ExitCode.DONE).get("equalTensors").asInt()).isPositive();
    JsonNode report = diff("typed", "changed", ExitCode.PROBLEM_FOUND);
    assertThat(report.get("changed")).hasSize(1);
    assertThat(report.get("changed").get(0).get("left").get("name").asText()).isEqualTo(tensor);
    assertThat(report.get("changed").get(0).get("differs").toString()).isEqualTo("[\"values\"]");
  }
}
