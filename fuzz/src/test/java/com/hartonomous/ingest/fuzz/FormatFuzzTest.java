package com.hartonomous.ingest.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.hartonomous.ingest.format.DamagedFiles;
import com.hartonomous.ingest.format.Fixtures;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelFormat;
import com.hartonomous.ingest.format.ModelFormats;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One target for each format: any bytes are refused with a typed error or listed within the file.
 * In the normal tests each target runs over its seeds, which are the fixtures of the format, and
 * over what earlier runs found ({@code src/test/resources/.../FormatFuzzTestInputs}); {@code
 * fuzz/run} looks for more.
 */
class FormatFuzzTest {
  private static final ModelFormats FORMATS = ModelFormats.installed();

  @MethodSource("safeTensorsSeeds")
  @FuzzTest
  void safeTensors(byte[] bytes) throws IOException {
    check("safetensors", new MemoryInput("model.safetensors", bytes));
  }

  static Stream<byte[]> safeTensorsSeeds() throws IOException {
    return fixtures(".safetensors");
  }

  /** The bytes are the index; its shards are sound. */
  @MethodSource("shardedSeeds")
  @FuzzTest
  void sharded(byte[] bytes) throws IOException {
    byte[] shard = shard("a");
    check(
        "safetensors-sharded",
        new MemoryInput(
            "model.safetensors.index.json",
            bytes,
            Map.of("a.safetensors", shard, "b.safetensors", shard("b"))));
  }

  static Stream<byte[]> shardedSeeds() {
    return Stream.of(
            "{\"metadata\":{\"total_size\":2},\"weight_map\":{\"a\":\"a.safetensors\",\"b\":\"b.safetensors\"}}",
            "{\"weight_map\":{\"a\":\"a.safetensors\"},\"more\":[1.5,null,{\"x\":\"\\u0061\"}]}")
        .map(json -> json.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] shard(String tensor) {
    String header =
        "{\"%s\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}".formatted(tensor);
    byte[] file = new byte[Long.BYTES + header.length() + 1];
    file[0] = (byte) header.length();
    byte[] json = header.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(json, 0, file, Long.BYTES, json.length);
    return file;
  }

  /** Beside the model are the files of the fixture with external data. */
  @MethodSource("onnxSeeds")
  @FuzzTest
  void onnx(byte[] bytes) throws IOException {
    check("onnx", DamagedFiles.fixture("external/model.onnx", bytes));
  }

  static Stream<byte[]> onnxSeeds() throws IOException {
    return fixtures(".onnx");
  }

  /** Beside the file are the others of a split model. */
  @MethodSource("ggufSeeds")
  @FuzzTest
  void gguf(byte[] bytes) throws IOException {
    check("gguf", DamagedFiles.fixture("split/model-00001-of-00003.gguf", bytes));
  }

  static Stream<byte[]> ggufSeeds() throws IOException {
    return fixtures(".gguf");
  }

  private static void check(String formatName, MemoryInput input) throws IOException {
    FORMATS.detect(input);
    ModelFormat format =
        FORMATS.formats().stream()
            .filter(installed -> installed.name().equals(formatName))
            .findFirst()
            .orElseThrow();
    DamagedFiles.isListed(input, format);
  }

  private static Stream<byte[]> fixtures(String extension) throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (String name : Fixtures.ALL) {
      if (name.toLowerCase(Locale.ROOT).endsWith(extension)) {
        seeds.add(Fixtures.bytes(name));
      }
    }
    return seeds.stream();
  }
}
