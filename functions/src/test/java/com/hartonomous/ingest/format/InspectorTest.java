package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.testing.ModelFolders;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectorTest {
  private final StringWriter output = new StringWriter();
  private final StringWriter errors = new StringWriter();

  @TempDir Path folder;

  @Test
  void aBadFileGivesOneLineAndDoesNotStopTheOthers() {
    String good = Fixtures.path("external/model.onnx").toString();
    String absent = folder.resolve("absent.onnx").toString();

    boolean allGood = inspect(Inspector.Style.JSON, false, absent, "nul\0name", good);

    List<JsonNode> lines = ReferenceFiles.jsonLines(output.toString());
    assertThat(allGood).isFalse();
    assertThat(lines).hasSize(2 + 5);
    assertThat(fieldNames(lines.get(0))).containsExactly("file", "error");
    assertThat(lines.get(0).get("file").textValue()).isEqualTo(absent);
    assertThat(lines.get(0).get("error").textValue()).isEqualTo(absent + ": no such file");
    assertThat(lines.get(1).get("error").textValue()).contains("expected a path");
    assertThat(fieldNames(lines.get(2)))
        .containsExactly(
            "file",
            "name",
            "path",
            "dtype",
            "shape",
            "location",
            "ext_offset",
            "ext_length",
            "nbytes");
    assertThat(fieldNames(lines.get(6)))
        .containsExactly("file", "name", "path", "dtype", "shape", "offset", "nbytes");
    assertThat(errors.toString()).isEmpty();
  }

  @Test
  void aStorageWithoutItsChecksumIsFoundWhenItIsRead() throws IOException {
    byte[] bytes = Fixtures.bytes("views.pt");
    JsonNode first =
        ReferenceFiles.jsonLines(Files.readString(Fixtures.path("views.pt.jsonl"))).get(0);
    bytes[first.get("offset").intValue() + 3] ^= 1;
    Path damaged = Files.write(folder.resolve("damaged.pt"), bytes);

    assertThat(inspect(Inspector.Style.JSON, false, damaged.toString())).isTrue();
    assertThat(inspect(Inspector.Style.JSON, true, damaged.toString())).isFalse();

    List<JsonNode> lines = ReferenceFiles.jsonLines(output.toString());
    assertThat(lines.get(lines.size() - 1).get("error").textValue())
        .contains("/data/0': expected bytes with the CRC-32 ", "as when it was written, found ");
  }

  @Test
  void tensorsOfOtherFilesNameTheirShard() throws IOException {
    Path index = ModelFolders.sharded(folder, ModelFolders.weights(1, 2, 10), 2);
    Files.createDirectory(folder.resolve("onnx"));
    Files.write(folder.resolve("onnx/data.bin"), new byte[7]);
    ModelFolders.onnx(
        folder.resolve("onnx/model.onnx"),
        List.of(new ModelFolders.External("w", 7, "data.bin", null, null)));

    assertThat(inspect(Inspector.Style.JSON, true, index.toString(), folder.toString())).isTrue();

    List<JsonNode> lines = ReferenceFiles.jsonLines(output.toString());
    assertThat(lines).hasSize(2 + 3);
    for (int i = 0; i < 4; i++) {
      assertThat(fieldNames(lines.get(i)))
          .containsExactly("file", "name", "dtype", "shape", "shard", "offset", "nbytes", "sha256");
      assertThat(lines.get(i).get("file").textValue())
          .isEqualTo((i < 2 ? index : folder).toString());
      assertThat(lines.get(i).get("shard").textValue()).isEqualTo(ModelFolders.shard(i % 2, 2));
    }
    assertThat(lines.get(4).get("shard").textValue()).isEqualTo("onnx/model.onnx");
    assertThat(lines.get(4).get("location").textValue()).isEqualTo("data.bin");
    assertThat(lines.get(4).get("ext_length").longValue()).isEqualTo(7);
    assertThat(lines.get(4).get("sha256").textValue()).isEqualTo(Sha256.of(new byte[7]).toHex());
  }

  @Test
  void warningsStandBesideTheTable() throws IOException {
    ModelFolders.sharded(folder, ModelFolders.weights(1, 1, 10), 1);
    Path index =
        ModelFolders.index(folder, Map.of("layer.0.weight", ModelFolders.shard(0, 1)), "11");

    assertThat(inspect(Inspector.Style.TABLE, false, index.toString())).isTrue();
    assertThat(output.toString()).contains("safetensors-sharded, 2 files, 1 tensors, 0 nodes");
    assertThat(errors.toString()).contains("expected a total_size of 10 bytes").hasLineCount(1);
  }

  @Test
  void jsonIsAsciiAndHasHashesOnRequest() {
    assertThat(inspect(Inspector.Style.JSON, true, path("types.safetensors"))).isTrue();
    assertThat(output.toString())
        .matches("\\A\\p{ASCII}*\\z")
        .contains("\"name\":\"na\\u00EFve.\\u91CD\\u307F.\\uD83D\\uDE00\"");
    assertThat(ReferenceFiles.jsonLines(output.toString()))
        .allSatisfy(
            line ->
                assertThat(fieldNames(line))
                    .containsExactly(
                        "file", "name", "dtype", "shape", "offset", "nbytes", "sha256"));
  }

  @Test
  void theTableIsForPeople() {
    boolean allGood =
        inspect(Inspector.Style.TABLE, false, path("typed.onnx"), path("external/data.bin"));

    assertThat(allGood).isFalse();
    assertThat(output.toString().lines().findFirst().orElseThrow())
        .endsWith("typed.onnx: onnx, 1644 bytes, 29 tensors, 0 nodes");
    assertThat(output.toString()).containsPattern("FLOAT +\\[3, 5\\] +60 bytes at +[0-9]+ ");
    assertThat(errors.toString()).contains("data.bin: unsupported at byte 0").hasLineCount(1);
  }

  @Test
  void theGlobalsThatAPickleNamesAreShown() throws IOException {
    assertThat(inspect(Inspector.Style.TABLE, false, path("legacy.pt"))).isTrue();
    assertThat(output.toString())
        .contains(
            "\"globals\":[\"collections.OrderedDict\",\"torch.FloatStorage\",\"torch._utils._rebuild_tensor_v2\"]")
        .contains("view of ");
    Path evil = folder.resolve("evil.pt");
    Files.write(evil, "\u0080\u0002cos\nsystem\n)R.".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(inspect(Inspector.Style.TABLE, false, evil.toString())).isFalse();
    assertThat(errors.toString()).contains("it names these globals: os.system (REFUSED)");
  }

  @Test
  void namesCannotSteerTheTerminal() throws IOException {
    Path file = folder.resolve("steering.safetensors");
    byte[] header =
        "{\"\\u001b[2J\\u202e\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"
            .getBytes(StandardCharsets.US_ASCII);
    byte[] bytes = new byte[Long.BYTES + header.length];
    bytes[0] = (byte) header.length;
    System.arraycopy(header, 0, bytes, Long.BYTES, header.length);
    Files.write(file, bytes);

    assertThat(inspect(Inspector.Style.TABLE, false, file.toString())).isTrue();
    assertThat(output.toString()).contains("\\u001b[2J\\u202e").doesNotContain("\u001b", "\u202e");
  }

  private boolean inspect(Inspector.Style style, boolean sha256, String... files) {
    return Inspector.ofLocalFiles()
        .inspect(List.of(files), style, sha256, new PrintWriter(output), new PrintWriter(errors));
  }

  private static String path(String fixture) {
    return Fixtures.path(fixture).toString();
  }

  private static List<String> fieldNames(JsonNode line) {
    return line.properties().stream().map(Map.Entry::getKey).toList();
  }
}
