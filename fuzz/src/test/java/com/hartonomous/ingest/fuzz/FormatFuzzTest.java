package com.hartonomous.ingest.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.hartonomous.ingest.format.DamagedFiles;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelFormat;
import com.hartonomous.ingest.format.ModelFormats;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
  @MethodSource("safeTensorsSeeds")
  @FuzzTest
  void safeTensors(byte[] bytes) throws IOException {
    check("safetensors", new MemoryInput("model.safetensors", bytes));
  }

  static Stream<byte[]> safeTensorsSeeds() throws IOException {
    return Seeds.named(".safetensors");
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
    check("onnx", new MemoryInput("model.onnx", bytes, Seeds.folder("external")));
  }

  static Stream<byte[]> onnxSeeds() throws IOException {
    return Seeds.named(".onnx");
  }

  /** Beside the file are the others of a split model. */
  @MethodSource("ggufSeeds")
  @FuzzTest
  void gguf(byte[] bytes) throws IOException {
    check("gguf", new MemoryInput("model-00001-of-00003.gguf", bytes, Seeds.folder("split")));
  }

  static Stream<byte[]> ggufSeeds() throws IOException {
    return Seeds.named(".gguf");
  }

  @MethodSource("npySeeds")
  @FuzzTest
  void npy(byte[] bytes) throws IOException {
    check("npy", new MemoryInput("array.npy", bytes));
  }

  static Stream<byte[]> npySeeds() throws IOException {
    return Seeds.named(".npy");
  }

  @MethodSource("npzSeeds")
  @FuzzTest
  void npz(byte[] bytes) throws IOException {
    check("npz", new MemoryInput("arrays.npz", bytes));
  }

  static Stream<byte[]> npzSeeds() throws IOException {
    return Seeds.named(".npz");
  }

  @MethodSource("pyTorchSeeds")
  @FuzzTest
  void pyTorch(byte[] bytes) throws IOException {
    check("pytorch", new MemoryInput("model.pt", bytes));
  }

  static Stream<byte[]> pyTorchSeeds() throws IOException {
    return Seeds.named(".pt");
  }

  private static void check(String formatName, MemoryInput input) throws IOException {
    ModelFormats formats = ModelFormats.installed();
    formats.detect(input);
    for (ModelFormat format : formats.formats()) {
      if (format.name().equals(formatName)) {
        DamagedFiles.isListed(input, format);
        return;
      }
    }
    throw new IllegalStateException("no format " + formatName);
  }
}
