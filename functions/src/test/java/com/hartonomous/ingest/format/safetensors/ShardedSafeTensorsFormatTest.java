package com.hartonomous.ingest.format.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.hartonomous.ingest.format.FolderLimits;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.LocalFileInput;
import com.hartonomous.ingest.format.LocalModelFolder;
import com.hartonomous.ingest.format.ModelContents;
import com.hartonomous.ingest.format.ModelContents.WeightFile;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormatException.Kind;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelReader;
import com.hartonomous.ingest.format.TensorContent;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.testing.ModelFolders;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShardedSafeTensorsFormatTest {
  private static final String FIRST = ModelFolders.shard(0, 3);
  private static final String SECOND = ModelFolders.shard(1, 3);

  @TempDir Path folder;

  private final Map<String, byte[]> weights = ModelFolders.weights(1, 6, 10);

  @Test
  void tensorsAreThoseOfTheShards() throws Exception {
    Path index = ModelFolders.sharded(folder, weights, 3);

    ModelContents contents = read(index, LayoutLimits.DEFAULT);

    assertThat(contents.formatName()).isEqualTo("safetensors-sharded");
    assertThat(contents.paths())
        .containsExactly(ModelFolders.INDEX, FIRST, SECOND, ModelFolders.shard(2, 3));
    assertThat(contents.formats())
        .containsEntry(ModelFolders.INDEX, "safetensors-sharded")
        .containsEntry(FIRST, "safetensors");
    assertThat(contents.warnings()).isEmpty();
    assertThat(contents.metadataJson()).contains("\"shards\":3", "\"tensors\":6", "\"format\"");
    assertThat(contents.tensorCount()).isEqualTo(6);
    Map<String, byte[]> found = new LinkedHashMap<>();
    for (WeightFile weight : contents.weights()) {
      try (LocalFileInput input = LocalFileInput.open(folder.resolve(weight.path()))) {
        for (TensorEntry tensor : weight.layout().tensors()) {
          ByteArrayOutputStream values = new ByteArrayOutputStream();
          TensorContent.copy(input, tensor, values);
          found.put(tensor.name(), values.toByteArray());
        }
      }
    }
    assertThat(found).containsExactlyEntriesOf(weights);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "75.5", "99999999999999999999"})
  void anotherTotalSizeIsAWarning(String totalSize) throws Exception {
    ModelFolders.sharded(folder, weights, 3);
    Path index = ModelFolders.index(folder, map(), totalSize);

    assertThat(read(index, LayoutLimits.DEFAULT).warnings())
        .singleElement()
        .asString()
        .startsWith(index.toString())
        .contains("expected a total_size of 75 bytes", "found " + totalSize);
  }

  @Test
  void aTotalSizeIsComparedAsANumber() throws Exception {
    ModelFolders.sharded(folder, weights, 3);
    for (String totalSize : new String[] {"75", "75.0", "\"many\"", "null", "1e-99999999999"}) {
      Path index = ModelFolders.index(folder, map(), totalSize);
      assertThat(read(index, LayoutLimits.DEFAULT).warnings()).as(totalSize).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/passwd",
        "../outside.safetensors",
        "sub/model.safetensors",
        "..",
        ".",
        "",
        "C:model.safetensors",
        "https://host/model.safetensors",
        "a\\\\b.safetensors",
        "a\\u0000b.safetensors"
      })
  void aShardThatIsNoPlainNameIsRefused(String shard) throws Exception {
    ModelFolders.sharded(folder, weights, 3);
    Map<String, String> map = map();
    map.put("layer.3.weight", shard);

    assertRefused(
        ModelFolders.index(folder, map, "75"),
        Kind.MALFORMED,
        "weight_map, tensor 'layer.3.weight'",
        "expected the plain name");
  }

  @Test
  void whatTheIndexHasBeyondItsShardsIsRefused() throws Exception {
    ModelFolders.sharded(folder, weights, 3);
    Map<String, String> map = map();
    map.put("extra", SECOND);
    assertRefused(
        ModelFolders.index(folder, map, "75"),
        Kind.MALFORMED,
        "tensor 'extra' in the shard '" + SECOND + "'",
        "no tensor of that name there");
  }

  @Test
  void whatAShardHasBeyondTheIndexIsRefused() throws Exception {
    ModelFolders.sharded(folder, weights, 3);
    Map<String, String> map = map();
    map.remove("layer.2.weight");
    assertRefused(
        ModelFolders.index(folder, map, "75"),
        Kind.MALFORMED,
        "tensor 'layer.2.weight' of the shard '" + SECOND + "'",
        "no such entry");
  }

  @Test
  void aTensorOfAnotherShardThanTheIndexSaysIsRefused() throws Exception {
    ModelFolders.sharded(folder, weights, 3);
    Map<String, String> map = map();
    map.put("layer.2.weight", FIRST);
    assertRefused(
        ModelFolders.index(folder, map, "75"), Kind.MALFORMED, "it under '" + FIRST + "'");
  }

  @Test
  void aTensorInTwoShardsIsRefused() throws Exception {
    ModelFolders.sharded(folder, weights, 3);
    Map<String, byte[]> second = new LinkedHashMap<>(weights);
    second.keySet().retainAll(Set.of("layer.1.weight", "layer.2.weight", "layer.3.weight"));
    ModelFolders.safeTensors(folder.resolve(SECOND), second);
    assertRefused(
        folder.resolve(ModelFolders.INDEX),
        Kind.MALFORMED,
        "tensor 'layer.1.weight' of the shard '" + SECOND + "'",
        "it under '" + FIRST + "'");
  }

  @Test
  void missingAndUnusableShardsAreRefusedByName() throws Exception {
    Path index = ModelFolders.sharded(folder, weights, 3);
    Path second = folder.resolve(SECOND);
    byte[] bytes = Files.readAllBytes(second);
    Files.delete(second);
    assertRefused(index, Kind.MALFORMED, SECOND, "no such file");

    Path outside = Files.createTempFile("outside", ".safetensors");
    Files.write(outside, bytes);
    Files.createSymbolicLink(second, outside);
    assertRefused(index, Kind.MALFORMED, SECOND, "a symbolic link");
    Files.delete(outside);

    Files.delete(second);
    Files.createDirectory(second);
    assertRefused(index, Kind.MALFORMED, SECOND, "a directory");

    Files.delete(second);
    Files.write(second, Arrays.copyOf(bytes, bytes.length - 1));
    ModelFormatException cut = assertRefused(index, Kind.MALFORMED, "end of the data");
    assertThat(cut.file()).isEqualTo(second.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "{}|a weight_map",
        "[]|START_OBJECT",
        "|START_OBJECT",
        "{\"weight_map\":{}}|an empty one",
        "{\"weight_map\":[]}|START_OBJECT",
        "{\"weight_map\":{\"a\":1}}|VALUE_STRING",
        "{\"weight_map\":{\"a\":\"x\",\"\\u0061\":\"x\"}}|'a' twice",
        "{\"weight_map\":{\"a\":\"x\"},\"weight_map\":{}}|'weight_map' twice",
        "{\"metadata\":{},\"metadata\":{}}|'metadata' twice",
        "{\"metadata\":{\"total_size\":1,\"total_size\":1}}|'total_size' twice",
        "{\"metadata\":{\"total_size\":1e999}}|double precision",
        "{\"weight_map\":{\"\\ud800\":\"x\"}}|surrogate",
        "{\"weight_map\":{\"a\":\"x\"}} x|valid JSON",
        "{\"weight_map\":{\"a\":\"x\"|valid JSON"
      })
  void aBrokenIndexIsRefused(String json, String message) throws IOException {
    Path index = folder.resolve(ModelFolders.INDEX);
    Files.writeString(index, json == null ? "" : json);
    assertRefused(index, Kind.MALFORMED, message);
  }

  @Test
  void nothingRecurses() throws IOException {
    Path index = folder.resolve(ModelFolders.INDEX);
    Files.writeString(index, "{\"other\":" + "[".repeat(100_000));
    assertRefused(index, Kind.TOO_LARGE, "within the limits");
  }

  /** At the limit it is read; one beyond it is refused, though each shard alone is within. */
  @Test
  void limitsHoldForAllShardsTogether() throws Exception {
    Path index = ModelFolders.sharded(folder, weights, 3);

    assertThat(read(index, limits(10_000, 6, 2000)).tensorCount()).isEqualTo(6);
    assertRefused(index, limits(10_000, 5, 2000), Kind.TOO_LARGE, "tensors: expected up to 5");
    assertRefused(index, limits(100, 6, 2000), Kind.TOO_LARGE, "expected up to 100 bytes");
    // The names of two shards with their metadata fit, those of three do not.
    assertRefused(index, limits(10_000, 6, 500), Kind.TOO_LARGE, "in bytes: expected up to 500");
  }

  private Map<String, String> map() {
    Map<String, String> map = new LinkedHashMap<>();
    int index = 0;
    for (String name : weights.keySet()) {
      map.put(name, ModelFolders.shard(index++ / 2, 3));
    }
    return map;
  }

  private static LayoutLimits limits(long headerBytes, int tensors, long textBytes) {
    return new LayoutLimits(headerBytes, tensors, 1, 4, 100, textBytes, 8, 1);
  }

  private static ModelContents read(Path index, LayoutLimits limits)
      throws IOException, ModelFormatException {
    ModelReader reader = new ModelReader(ModelFormats.installed(), limits, FolderLimits.DEFAULT);
    ModelContents contents;
    try (LocalFileInput input = LocalFileInput.open(index)) {
      contents = reader.readFile(input, index.getFileName().toString());
    }
    // The directory of a sharded model has the same tensors.
    assertThat(
            reader.readDirectory(LocalModelFolder.of(index.getParent())).weights().stream()
                .flatMap(weight -> weight.layout().tensors().stream()))
        .containsExactlyElementsOf(
            contents.weights().stream()
                .flatMap(weight -> weight.layout().tensors().stream())
                .toList());
    return contents;
  }

  private static ModelFormatException assertRefused(Path index, Kind kind, String... messages) {
    return assertRefused(index, LayoutLimits.DEFAULT, kind, messages);
  }

  private static ModelFormatException assertRefused(
      Path index, LayoutLimits limits, Kind kind, String... messages) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(index, limits));
    assertThat(error).isNotNull().hasMessageContainingAll(messages);
    assertThat(error.kind()).isEqualTo(kind);
    assertThat(error).hasMessageContainingAll("expected ", "found ");
    return error;
  }
}
