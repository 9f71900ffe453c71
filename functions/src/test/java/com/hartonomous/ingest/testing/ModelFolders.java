package com.hartonomous.ingest.testing;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import com.hartonomous.ingest.record.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/** Models of several files, small and made from a seed. */
public final class ModelFolders {

  /** Name of an index. */
  public static final String INDEX = "model.safetensors.index.json";

  private static final int UINT8 = 2;

  private ModelFolders() {}

  /** A tensor of an ONNX model whose values are in another file. */
  public record External(String name, long length, String location, Long offset, Long given) {}

  /**
   * Makes values.
   *
   * @return by name {@code layer.N.weight}, in order
   */
  public static Map<String, byte[]> weights(long seed, int tensors, int bytes) {
    Random random = new Random(seed);
    Map<String, byte[]> weights = new LinkedHashMap<>();
    for (int i = 0; i < tensors; i++) {
      byte[] values = new byte[bytes + i];
      random.nextBytes(values);
      weights.put("layer." + i + ".weight", values);
    }
    return weights;
  }

  /** Writes a SafeTensors file of U8 vectors. */
  public static Path safeTensors(Path file, Map<String, byte[]> weights) throws IOException {
    StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
    long offset = 0;
    for (Map.Entry<String, byte[]> weight : weights.entrySet()) {
      long end = offset + weight.getValue().length;
      header.append(
          ",\"%s\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[%d,%d]}"
              .formatted(weight.getKey(), weight.getValue().length, offset, end));
      offset = end;
    }
    byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer content =
        ByteBuffer.allocate(Math.toIntExact(Long.BYTES + json.length + offset))
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json);
    weights.values().forEach(content::put);
    Files.createDirectories(file.getParent());
    return Files.write(file, content.array());
  }

  /** Writes the weights in shards, and their index, which is returned. */
  public static Path sharded(Path folder, Map<String, byte[]> weights, int shards)
      throws IOException {
    List<Map<String, byte[]>> parts = new ArrayList<>();
    for (int i = 0; i < shards; i++) {
      parts.add(new LinkedHashMap<>());
    }
    Map<String, String> map = new LinkedHashMap<>();
    long totalSize = 0;
    int index = 0;
    for (Map.Entry<String, byte[]> weight : weights.entrySet()) {
      int shard = index++ * shards / weights.size();
      parts.get(shard).put(weight.getKey(), weight.getValue());
      map.put(weight.getKey(), shard(shard, shards));
      totalSize += weight.getValue().length;
    }
    for (int i = 0; i < shards; i++) {
      safeTensors(folder.resolve(shard(i, shards)), parts.get(i));
    }
    return index(folder, map, Long.toString(totalSize));
  }

  /** The name of a shard, counted from 0. */
  public static String shard(int index, int count) {
    return "model-%05d-of-%05d.safetensors".formatted(index + 1, count);
  }

  /** Writes an index. */
  public static Path index(Path folder, Map<String, String> weightMap, String totalSize)
      throws IOException {
    List<String> entries = new ArrayList<>();
    weightMap.forEach((name, file) -> entries.add("\"" + name + "\": \"" + file + "\""));
    return Files.writeString(
        folder.resolve(INDEX),
        "{\"metadata\": {\"total_size\": "
            + totalSize
            + "}, \"weight_map\": {"
            + String.join(", ", entries)
            + "}}\n");
  }

  /** Writes an ONNX file of two nodes and initializers of UINT8 whose values are elsewhere. */
  public static Path onnx(Path file, List<External> externals) throws IOException {
    UnknownFieldSet.Builder graph = UnknownFieldSet.newBuilder();
    Field.Builder nodes = Field.newBuilder();
    for (String operator : new String[] {"MatMul", "Relu"}) {
      nodes.addLengthDelimited(
          message(Map.of(3, text("do" + operator), 4, text(operator))).toByteString());
    }
    graph.addField(1, nodes.build());
    Field.Builder initializers = Field.newBuilder();
    for (External external : externals) {
      initializers.addLengthDelimited(tensor(external).toByteString());
    }
    graph.addField(5, initializers.build());
    UnknownFieldSet model =
        message(
            Map.of(
                1, varint(8),
                7, Field.newBuilder().addLengthDelimited(graph.build().toByteString()).build()));
    Files.createDirectories(file.getParent());
    return Files.write(file, model.toByteArray());
  }

  private static UnknownFieldSet tensor(External external) {
    Field.Builder entries = Field.newBuilder();
    Map<String, String> data = new LinkedHashMap<>();
    data.put("location", external.location());
    if (external.offset() != null) {
      data.put("offset", external.offset().toString());
    }
    if (external.given() != null) {
      data.put("length", external.given().toString());
    }
    data.forEach(
        (key, value) ->
            entries.addLengthDelimited(
                message(Map.of(1, text(key), 2, text(value))).toByteString()));
    return message(
        Map.of(
            1, varint(external.length()),
            2, varint(UINT8),
            8, text(external.name()),
            13, entries.build(),
            14, varint(1)));
  }

  private static UnknownFieldSet message(Map<Integer, Field> fields) {
    UnknownFieldSet.Builder message = UnknownFieldSet.newBuilder();
    fields.forEach(message::addField);
    return message.build();
  }

  private static Field text(String value) {
    return Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8(value)).build();
  }

  private static Field varint(long value) {
    return Field.newBuilder().addVarint(value).build();
  }

  /**
   * Moves the files of a folder into a Hugging Face cache: bytes in {@code blobs}, links to them in
   * a snapshot.
   *
   * @return the snapshot
   */
  public static Path hubCache(Path cache, Path folder) throws IOException {
    Path repository = cache.resolve("models--org--name");
    Path snapshot = repository.resolve("snapshots/0123456789abcdef");
    Path blobs = Files.createDirectories(repository.resolve("blobs"));
    List<Path> files;
    try (Stream<Path> walk = Files.walk(folder)) {
      files = walk.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      Path blob = blobs.resolve(Sha256.of(Files.readAllBytes(file)).toHex());
      if (!Files.exists(blob)) {
        Files.move(file, blob);
      }
      Path link = snapshot.resolve(folder.relativize(file).toString());
      Files.createDirectories(link.getParent());
      Files.createSymbolicLink(link, link.getParent().relativize(blob));
    }
    return snapshot;
  }
}
