package com.hartonomous.ingest.format.gguf;

import static com.hartonomous.ingest.testing.GgufBytes.I8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.format.Fixtures;
import com.hartonomous.ingest.format.FolderLimits;
import com.hartonomous.ingest.format.Inspector;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.LocalFileInput;
import com.hartonomous.ingest.format.LocalModelFolder;
import com.hartonomous.ingest.format.ModelContents;
import com.hartonomous.ingest.format.ModelContents.WeightFile;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormatException.Kind;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelReader;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.runtime.FlinkModelFolder;
import com.hartonomous.ingest.runtime.FlinkPositionedInput;
import com.hartonomous.ingest.testing.GgufBytes;
import com.hartonomous.ingest.testing.ModelFolders;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models in several files. */
class SplitGgufTest {
  private static final String FIRST = "model-00001-of-00003.gguf";
  private static final String SECOND = "model-00002-of-00003.gguf";
  private static final String THIRD = "model-00003-of-00003.gguf";

  @TempDir Path folder;

  @Test
  void theFirstFileStandsForAll() throws Exception {
    ModelContents contents = read(Fixtures.path("split/" + FIRST), LayoutLimits.DEFAULT);

    assertThat(contents.formatName()).isEqualTo("gguf");
    assertThat(contents.paths()).containsExactly(FIRST, SECOND, THIRD);
    assertThat(contents.weights())
        .flatExtracting(weight -> weight.layout().tensors())
        .extracting(TensorEntry::name)
        .containsExactly("layer.0", "layer.1", "layer.2", "layer.3", "layer.4");
    assertThat(contents.warnings()).isEmpty();
    JsonNode metadata = new JsonMapper().readTree(contents.metadataJson());
    assertThat(metadata.get("split").toString())
        .isEqualTo("{\"files\":3,\"tensors\":5,\"tensor_bytes\":200}");
    assertThat(metadata.get("key_values").get("split.count").intValue()).isEqualTo(3);
  }

  @Test
  void anotherFileIsReadByItselfWithAWarning() throws Exception {
    ModelContents contents = read(Fixtures.path("split/" + SECOND), LayoutLimits.DEFAULT);

    assertThat(contents.paths()).containsExactly(SECOND);
    assertThat(contents.tensorCount()).isEqualTo(2);
    assertThat(contents.warnings())
        .singleElement()
        .asString()
        .contains(SECOND + ": file 2 of the 3 of a split model");
    Path renamed = Files.copy(Fixtures.path("split/" + SECOND), folder.resolve("part.gguf"));
    assertThat(read(renamed, LayoutLimits.DEFAULT).warnings()).hasSize(1);
  }

  @Test
  void aDirectoryHasEachFileOnce() throws Exception {
    Path directory = Fixtures.path("split/" + FIRST).getParent();

    ModelContents contents =
        reader(LayoutLimits.DEFAULT).readDirectory(LocalModelFolder.of(directory));

    assertThat(contents.weights())
        .extracting(WeightFile::path)
        .containsExactly(FIRST, SECOND, THIRD);
    assertThat(contents.tensorCount()).isEqualTo(5);
    assertThat(contents.warnings()).isEmpty();
  }

  @Test
  void behindTheLinksOfACacheTheNamesAreThoseOfTheLinks() throws Exception {
    Path plain = folder.resolve("plain");
    GgufBytes.write(plain, ModelFolders.weights(3, 4, 50), 3);
    Path snapshot = ModelFolders.hubCache(folder.resolve("hub"), plain);
    FlinkModelFolder cached =
        FlinkModelFolder.of(FlinkPositionedInput.qualified(snapshot.toString()));

    try (FlinkPositionedInput first = cached.open(FIRST)) {
      assertThat(first.identity()).contains("/blobs/");
      assertThat(reader(LayoutLimits.DEFAULT).readFile(first, FIRST).tensorCount()).isEqualTo(4);
    }
    assertThat(reader(LayoutLimits.DEFAULT).readDirectory(cached).paths())
        .containsExactly(FIRST, SECOND, THIRD);
    assertThat(read(snapshot.resolve(FIRST), LayoutLimits.DEFAULT).tensorCount()).isEqualTo(4);
  }

  @Test
  void theListingOfAFileIsOfThatFile() throws Exception {
    StringWriter listing = new StringWriter();
    String first = Fixtures.path("split/" + FIRST).toString();

    boolean allGood =
        Inspector.ofLocalFiles()
            .inspect(
                List.of(first),
                Inspector.Style.TABLE,
                false,
                new PrintWriter(listing),
                new PrintWriter(System.err));

    assertThat(allGood).isTrue();
    assertThat(listing.toString().lines().findFirst().orElseThrow())
        .endsWith(FIRST + ": gguf, 3 files, 5 tensors, 2 in this file, 0 nodes");
    assertThat(listing.toString()).contains("layer.0", "layer.1").doesNotContain("layer.2");
  }

  @Test
  void theOtherFilesMustBeThereAndSayTheSame() throws Exception {
    Path first = write(FIRST, part(0, 3, 3, "a"));
    write(THIRD, part(2, 3, 3, "c"));

    assertRefused(first, FIRST, "value of key 'split.count'", "the file '" + SECOND + "' beside");
    write(SECOND, part(0, 3, 3, "b"));
    assertRefused(first, SECOND, "'split.no' and 'split.count'", "1 and 3, as its name", "0 and 3");
    write(SECOND, part(1, 4, 3, "b"));
    assertRefused(first, SECOND, "'split.no' and 'split.count'", "1 and 3, as its name", "1 and 4");
    write(SECOND, GgufBytes.of(0, 0).build());
    assertRefused(first, SECOND, "'split.no' and 'split.count'", "found no split.no");
    write(SECOND, part(1, 3, 3, "a"));
    assertRefused(first, SECOND, "name of tensor 0", "'a' again");
    write(SECOND, part(1, 3, 3, "b"));
    assertThat(read(first, LayoutLimits.DEFAULT).tensorCount()).isEqualTo(3);
    write(FIRST, part(0, 3, 4, "a"));
    assertRefused(first, FIRST, "value of key 'split.tensors.count'", "expected 3", "found 4");
    write(FIRST, part(3, 3, 3, "a"));
    assertRefused(first, FIRST, "value of key 'split.no'", "below split.count, 3", "found 3");
    write(FIRST, GgufBytes.of(0, 1).key("split.count", GgufBytes.UINT16).u16(3).build());
    assertRefused(first, FIRST, "value of key 'split.no'", "found no such key");
  }

  @Test
  void theNameSaysWhatTheKeysSay() throws Exception {
    for (String name : new String[] {"model.gguf", SECOND, "model-00001-of-00002.gguf"}) {
      assertRefused(
          write(name, part(0, 3, 1, "a")),
          name,
          "'split.no' and 'split.count'",
          "a file name that ends with -00001-of-00003.gguf, found '" + name + "'");
    }
    assertRefused(write(FIRST, part(1, 3, 1, "a")), FIRST, "ends with -00002-of-00003.gguf");
    // One file is no split model, whatever it is called.
    assertThat(read(write(SECOND, part(0, 1, 1, "a")), LayoutLimits.DEFAULT).warnings()).isEmpty();
  }

  @Test
  void theLimitsHoldForAllFilesTogether() throws Exception {
    LayoutLimits limits = new LayoutLimits(1 << 20, 2, 1, 3, 100, 100_000, 5, 1);
    write(SECOND, part(1, 3, 3, "b"));
    write(THIRD, part(2, 3, 3, "c"));
    Path first = write(FIRST, part(0, 3, 3, "a"));

    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(first, limits));

    assertThat(error.kind()).isEqualTo(Kind.TOO_LARGE);
    assertThat(error.file()).endsWith(THIRD);
  }

  private static byte[] part(int number, int count, int tensors, String name) {
    return GgufBytes.of(1, 3)
        .split(number, count, tensors)
        .tensor(name, I8, 0, 3)
        .pad(32)
        .zeros(3)
        .build();
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static void assertRefused(Path file, String culprit, String... messages) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(file, LayoutLimits.DEFAULT));
    assertThat(error).isNotNull().hasMessageContainingAll(messages);
    assertThat(error.kind()).isEqualTo(Kind.MALFORMED);
    assertThat(error.file()).endsWith("/" + culprit);
  }

  private static ModelContents read(Path file, LayoutLimits limits)
      throws IOException, ModelFormatException {
    try (LocalFileInput input = LocalFileInput.open(file)) {
      return reader(limits).readFile(input, file.getFileName().toString());
    }
  }

  private static ModelReader reader(LayoutLimits limits) {
    return new ModelReader(ModelFormats.installed(), limits, FolderLimits.DEFAULT);
  }
}
