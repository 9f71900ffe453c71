package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import com.hartonomous.ingest.format.ModelContents.WeightFile;
import com.hartonomous.ingest.format.ModelFormatException.Kind;
import com.hartonomous.ingest.testing.ModelFolders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Directories as models, and ONNX models whose values are in several files. */
class ModelReaderTest {

  @TempDir Path temporary;

  private final Map<String, byte[]> weights = ModelFolders.weights(7, 4, 100);

  @Test
  void allFilesOfARepositoryBelongToTheModel() throws Exception {
    Path folder = repository();
    for (String left :
        new String[] {
          ".git/config",
          ".git/lfs/objects/model.safetensors",
          ".cache/huggingface/download/config.json.metadata",
          "onnx/.cache/x",
          "model.safetensors.incomplete",
          "notes.txt~",
          ".config.json.swp"
        }) {
      write(folder, left, "left out");
    }

    ModelContents contents = read(folder);

    assertThat(contents.isDirectory()).isTrue();
    assertThat(contents.formatName()).isEqualTo("directory");
    assertThat(contents.paths())
        .containsExactly(
            ".gitattributes",
            "README.md",
            "config.json",
            "empty.txt",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
            "onnx/model.onnx",
            "onnx/model.onnx_data",
            "tokenizer.bin");
    assertThat(contents.weights())
        .extracting(WeightFile::path)
        .containsExactly(
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
            "onnx/model.onnx");
    assertThat(contents.tensorCount()).isEqualTo(6);
    assertThat(contents.nodes())
        .extracting(NodeEntry::path)
        .containsExactly("onnx/model.onnx/graph/node[0]", "onnx/model.onnx/graph/node[1]");
    assertThat(contents.formats())
        .containsEntry("onnx/model.onnx_data", "onnx")
        .containsEntry("tokenizer.bin", "unparsed")
        .containsEntry("model-00001-of-00002.safetensors", "safetensors");
    assertThat(contents.tensorRanges())
        .containsOnlyKeys(
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "onnx/model.onnx_data");
    assertThat(contents.metadataJson())
        .contains("\"files\":10", "\"weightFiles\":4", "\"tensors\":6", "\"nodes\":2")
        .contains("\"path\":\"onnx/model.onnx\"");
  }

  @Test
  void inADirectoryTooBytesWithAMagicNumberDecide() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("renamed"));
    Files.copy(Fixtures.path("types.safetensors"), folder.resolve("a.onnx"));
    Files.copy(Fixtures.path("types.safetensors"), folder.resolve("b.bin"));
    Files.copy(Fixtures.path("typed.onnx"), folder.resolve("c.safetensors"));
    // Protobuf without a magic number under a name of no format: it may be anything.
    Files.copy(Fixtures.path("typed.onnx"), folder.resolve("d.dat"));

    assertThat(read(folder).weights())
        .extracting(WeightFile::path, weight -> weight.layout().formatName())
        .containsExactly(
            tuple("a.onnx", "safetensors"),
            tuple("b.bin", "safetensors"),
            tuple("c.safetensors", "onnx"));
  }

  /** Known by its first byte whatever its name is; the second says what is wrong with it. */
  private static final class RefusingFormat implements ModelFormat {
    @Override
    public String name() {
      return "refusing";
    }

    @Override
    public int detectionOrder() {
      return 0;
    }

    @Override
    public boolean matches(PositionedInput input) throws IOException {
      byte[] first = new byte[1];
      if (input.length() != 2) {
        return false;
      }
      input.readFully(0, first, 0, 1);
      return first[0] == '!';
    }

    @Override
    public ModelLayout read(PositionedInput input, LayoutBudget budget)
        throws IOException, ModelFormatException {
      byte[] bytes = new byte[2];
      input.readFully(0, bytes, 0, 2);
      Kind kind = Kind.values()[bytes[1]];
      throw new ModelFormatException(kind, input.identity(), 1, "kind", "another", kind.name());
    }
  }

  @Test
  void whatOnlyItsBytesLeadToAFormatThatCannotReadItStaysBytes() throws Exception {
    List<ModelFormat> formats = new ArrayList<>(ModelFormats.installed().formats());
    formats.add(new RefusingFormat());
    ModelReader reader =
        new ModelReader(ModelFormats.of(formats), LayoutLimits.DEFAULT, FolderLimits.DEFAULT);
    Path folder = repository();
    Path unsupported = folder.resolve("notes.dat");
    Files.write(unsupported, new byte[] {'!', (byte) Kind.UNSUPPORTED.ordinal()});

    ModelContents contents = reader.readDirectory(LocalModelFolder.of(folder));

    assertThat(contents.tensorCount()).isEqualTo(6);
    assertThat(contents.formats()).containsEntry("notes.dat", ModelContents.UNPARSED);
    assertThat(contents.warnings())
        .containsExactly(
            unsupported
                + ": unsupported at byte 1, kind: expected another, found UNSUPPORTED;"
                + " no format claims its name, so it is kept as bytes");

    for (Map.Entry<String, Kind> refused :
        Map.of(
                "notes.refusing", Kind.UNSUPPORTED,
                "notes.onnx", Kind.UNSUPPORTED,
                "more.dat", Kind.MALFORMED,
                "most.dat", Kind.TOO_LARGE)
            .entrySet()) {
      Path file = folder.resolve(refused.getKey());
      Files.write(file, new byte[] {'!', (byte) refused.getValue().ordinal()});
      ModelFormatException error =
          catchThrowableOfType(
              ModelFormatException.class, () -> reader.readDirectory(LocalModelFolder.of(folder)));
      assertThat(error).hasMessageContaining(refused.getKey());
      assertThat(error.kind()).isEqualTo(refused.getValue());
      Files.delete(file);
    }
  }

  @Test
  void aSnapshotOfTheCacheIsTheSameModel() throws Exception {
    ModelContents plain = read(repository());
    Path snapshot = ModelFolders.hubCache(temporary.resolve("hub"), repository());

    ModelContents cached = read(snapshot);

    assertThat(cached).isEqualTo(plain);
    List<FolderFile> files = LocalModelFolder.of(snapshot).list(FolderLimits.DEFAULT);
    assertThat(files).allSatisfy(file -> assertThat(file.uri()).contains("/blobs/"));
    // The index of the snapshot alone finds its shards behind the links, too.
    try (LocalFileInput index = LocalFileInput.open(snapshot.resolve(ModelFolders.INDEX))) {
      assertThat(reader(LayoutLimits.DEFAULT).readFile(index, ModelFolders.INDEX).tensorCount())
          .isEqualTo(4);
    }
  }

  @Test
  void linksOutOfTheCacheRepositoryAreRefusedByName() throws Exception {
    Path snapshot = ModelFolders.hubCache(temporary.resolve("hub"), repository());
    Path secret = Files.writeString(temporary.resolve("secret"), "secret");
    Path other = Files.createDirectories(temporary.resolve("hub/models--org--name2/blobs"));
    for (Path target :
        List.of(secret, Files.writeString(other.resolve("x"), "x"), temporary.resolve("none"))) {
      Path link = Files.createSymbolicLink(snapshot.resolve("link.json"), target);
      assertRefused(snapshot, Kind.UNSUPPORTED, "link.json", "a symbolic link to", "regular file");
      Files.delete(link);
    }
    Path folderLink = Files.createSymbolicLink(snapshot.resolve("up"), snapshot.getParent());
    assertRefused(snapshot, Kind.UNSUPPORTED, "up'", "not a regular file inside");
    Files.delete(folderLink);
    assertThat(read(snapshot).tensorCount()).isEqualTo(6);
  }

  @Test
  void elsewhereNoLinkIsFollowed() throws Exception {
    Path folder = repository();
    Files.createSymbolicLink(folder.resolve("copy.json"), Path.of("config.json"));
    assertRefused(folder, Kind.UNSUPPORTED, "copy.json", "snapshots/REVISION");
  }

  @Test
  void theDirectoryItselfMayBeReachedByALink() throws Exception {
    Path link = Files.createSymbolicLink(temporary.resolve("current"), repository());
    assertThat(read(link).tensorCount()).isEqualTo(6);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"onnx/model.onnx", "model-00002-of-00002.safetensors", ModelFolders.INDEX})
  void aBadModelFileInsideFailsTheModelByName(String path) throws Exception {
    Path folder = repository();
    Files.write(folder.resolve(path), new byte[] {8, 8, 8});
    assertThat(assertRefused(folder, Kind.MALFORMED).file())
        .isEqualTo(folder.resolve(path).toString());
  }

  @Test
  void aGitLfsPointerIsRefusedByName() throws Exception {
    Path folder = repository();
    write(
        folder,
        "model-00001-of-00002.safetensors",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    assertRefused(folder, Kind.MALFORMED, "model-00001-of-00002", "git lfs pull");
  }

  @Test
  void anEmptyDirectoryIsRefusedByName() throws Exception {
    Path folder = Files.createDirectories(temporary.resolve("empty/below"));
    assertRefused(folder.getParent(), Kind.MALFORMED, "empty", "an empty directory");
    write(folder.getParent(), ".git/config", "x");
    assertRefused(folder.getParent(), Kind.MALFORMED, "empty", "an empty directory");
  }

  @Test
  void limitsOfADirectoryHoldExactly() throws Exception {
    Path folder = repository();
    write(folder, "a/b/c.txt", "c");
    LocalModelFolder model = LocalModelFolder.of(folder);

    assertThat(model.list(new FolderLimits(11, 2, 32))).hasSize(11);
    assertTooLarge(model, new FolderLimits(10, 2, 32), "up to 10 files");
    assertTooLarge(model, new FolderLimits(11, 1, 32), "up to 1 directories");
    assertTooLarge(model, new FolderLimits(11, 2, 31), "up to 31 characters, found 32");
  }

  /** Two weight files that are within the limit each, and beyond it together. */
  @Test
  void limitsOfLayoutsHoldForTheWholeDirectory() throws Exception {
    Path folder = temporary.resolve("two");
    ModelFolders.safeTensors(folder.resolve("a.safetensors"), weights);
    ModelFolders.safeTensors(folder.resolve("b.safetensors"), weights);
    LayoutLimits limits = new LayoutLimits(10_000, 8, 1, 4, 100, 10_000, 8, 1);
    assertThat(reader(limits).readDirectory(LocalModelFolder.of(folder)).tensorCount())
        .isEqualTo(8);
    LayoutLimits tighter = new LayoutLimits(10_000, 7, 1, 4, 100, 10_000, 8, 1);
    ModelFormatException error =
        catchThrowableOfType(
            ModelFormatException.class,
            () -> reader(tighter).readDirectory(LocalModelFolder.of(folder)));
    assertThat(error).hasMessageContaining("b.safetensors").hasMessageContaining("up to 7");
    assertThat(error.kind()).isEqualTo(Kind.TOO_LARGE);
  }

  @Test
  void externalRangesMayBeSharedOverlapAndLieInTheModelItself() throws Exception {
    Path folder = Files.createDirectories(temporary.resolve("external"));
    Files.createDirectories(folder.resolve("deep/er"));
    Files.write(folder.resolve("data.bin"), new byte[300_000]);
    Files.write(folder.resolve("deep/er/more.bin"), new byte[50]);
    Path model =
        ModelFolders.onnx(
            folder.resolve("model.onnx"),
            List.of(
                external("first", 200_000, "data.bin", 0L, 200_000L),
                external("shared", 200_000, "data.bin", 0L, 200_000L),
                external("inside", 1000, "data.bin", 100L, 1000L),
                external("overlap", 60_000, "data.bin", 150_000L, 60_000L),
                external("rest", 100_000, "data.bin", 200_000L, null),
                external("whole", 50, "deep/er/more.bin", null, null),
                external("itself", 2, "model.onnx", 0L, 2L)));
    ModelContents contents;
    try (LocalFileInput input = LocalFileInput.open(model)) {
      contents = reader(LayoutLimits.DEFAULT).readFile(input, "model.onnx");
    }

    assertThat(contents.paths()).containsExactly("model.onnx", "data.bin", "deep/er/more.bin");
    int size = ChunkPlan.CHUNK_SIZE_MIN;
    assertThat(ChunkPlan.of(300_000, contents.tensorRanges().get("data.bin"), size).sections())
        .containsExactly(
            new ChunkPlan.Section(0, 0, 200_000, "tensor/uint8"),
            new ChunkPlan.Section(4, 200_000, 10_000, "tensor/uint8"),
            new ChunkPlan.Section(5, 210_000, 90_000, "tensor/uint8"));
    assertThat(contents.tensorRanges().get("model.onnx"))
        .containsExactly(new ChunkPlan.TensorRange(0, 2, "tensor/uint8"));
  }

  @Test
  void aHardLinkIsRefusedAsExternalData() throws Exception {
    Path folder = Files.createDirectories(temporary.resolve("hard"));
    Path secret = Files.write(temporary.resolve("secret.bin"), new byte[10]);
    Path model =
        ModelFolders.onnx(
            folder.resolve("model.onnx"), List.of(external("w", 10, "w.bin", null, null)));
    Files.createLink(folder.resolve("w.bin"), secret);
    try (LocalFileInput input = LocalFileInput.open(model)) {
      ModelFormatException error =
          catchThrowableOfType(
              ModelFormatException.class,
              () -> reader(LayoutLimits.DEFAULT).readFile(input, "model.onnx"));
      assertThat(error).hasMessageContaining("hard link").hasMessageContaining("with 2 names");
      Files.delete(secret);
      assertThat(reader(LayoutLimits.DEFAULT).readFile(input, "model.onnx").tensorCount())
          .isEqualTo(1);
    }
  }

  private static ModelFolders.External external(
      String name, long bytes, String location, Long offset, Long length) {
    return new ModelFolders.External(name, bytes, location, offset, length);
  }

  /** Half a repository in shards, the other half as ONNX, and what stands beside them. */
  private Path repository() throws IOException {
    Path folder = temporary.resolve("repository");
    ModelFolders.sharded(Files.createDirectories(folder), weights, 2);
    Files.createDirectories(folder.resolve("onnx"));
    Files.write(folder.resolve("onnx/model.onnx_data"), new byte[300]);
    ModelFolders.onnx(
        folder.resolve("onnx/model.onnx"),
        List.of(
            external("a", 100, "model.onnx_data", 0L, 100L),
            external("b", 200, "model.onnx_data", 100L, 200L)));
    write(folder, ".gitattributes", "*.bin filter=lfs\n");
    write(folder, "README.md", "# A model\n");
    write(folder, "config.json", "{\"model_type\": \"bert\"}\n");
    write(folder, "empty.txt", "");
    // Bytes that look like the begin of an ONNX file, and are none.
    Files.write(folder.resolve("tokenizer.bin"), new byte[] {8, 8, 18, 1, 0});
    return folder;
  }

  private static void write(Path folder, String path, String text) throws IOException {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static ModelReader reader(LayoutLimits limits) {
    return new ModelReader(ModelFormats.installed(), limits, FolderLimits.DEFAULT);
  }

  private static ModelContents read(Path folder) throws IOException, ModelFormatException {
    return reader(LayoutLimits.DEFAULT).readDirectory(LocalModelFolder.of(folder));
  }

  private static ModelFormatException assertRefused(Path folder, Kind kind, String... messages) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(folder));
    assertThat(error).isNotNull().hasMessageContainingAll("expected ", "found ");
    assertThat(error).hasMessageStartingWith(folder.toString());
    for (String message : messages) {
      assertThat(error).hasMessageContaining(message);
    }
    assertThat(error.kind()).isEqualTo(kind);
    return error;
  }

  private static void assertTooLarge(LocalModelFolder folder, FolderLimits limits, String message) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> folder.list(limits));
    assertThat(error).hasMessageContaining(message);
    assertThat(error.kind()).isEqualTo(Kind.TOO_LARGE);
  }
}
