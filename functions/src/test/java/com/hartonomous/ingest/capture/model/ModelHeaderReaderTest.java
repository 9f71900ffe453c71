package com.hartonomous.ingest.capture.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.capture.model.ModelHeader.ModelFile;
import com.hartonomous.ingest.capture.model.RejectedModelException.Reason;
import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.testing.ModelFolders;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelHeaderReaderTest {

  @TempDir Path folder;

  private final ModelHeaderReader reader =
      new ModelHeaderReader(ModelFormats.installed(), LayoutLimits.DEFAULT);

  @Test
  void readsAModelOfOneFile() throws Exception {
    Path file = FixtureFiles.copy("types.safetensors", folder);
    ModelHeader header = reader.read(file.toString());
    assertThat(header.contents().formatName()).isEqualTo("safetensors");
    assertThat(header.files())
        .containsExactly(
            new ModelFile(
                "types.safetensors",
                file.toUri().toString(),
                Files.size(file),
                Files.getLastModifiedTime(file).toMillis()));
    reader.requireUnchanged(file.toString(), header.files());
  }

  @Test
  void readsAModelOfSeveralFiles() throws Exception {
    Path file = FixtureFiles.copy("external/model.onnx", folder);
    Path data = FixtureFiles.copy("external/data.bin", folder);
    Path more = FixtureFiles.copy("external/sub/more.bin", folder);
    ModelHeader header = reader.read(file.toString());
    assertThat(header.files())
        .extracting(ModelFile::relativePath)
        .containsExactlyInAnyOrder("model.onnx", "data.bin", "sub/more.bin")
        .startsWith("model.onnx");
    assertThat(header.byteLength())
        .isEqualTo(Files.size(file) + Files.size(data) + Files.size(more));
    int chunkSize = ChunkPlan.CHUNK_SIZE_MIN;
    long bytes = 0;
    long chunks = 0;
    for (ModelFile modelFile : header.files()) {
      bytes += header.plan(modelFile, chunkSize).fileLength();
      chunks += header.plan(modelFile, chunkSize).chunkCount();
    }
    assertThat(bytes).isEqualTo(header.byteLength());
    assertThat(header.chunkCount(chunkSize)).isEqualTo(chunks);
  }

  @Test
  void rejectsAFileThatAnotherFileIsMissingOf() throws IOException {
    Path file = FixtureFiles.copy("external/model.onnx", folder);
    FixtureFiles.copy("external/data.bin", folder);
    rejects(() -> reader.read(file.toString()), Reason.MALFORMED_FILE, "more.bin");
  }

  @Test
  void rejectsAnotherFileThatIsTooShort() throws IOException {
    Path file = FixtureFiles.copy("external/model.onnx", folder);
    FixtureFiles.copy("external/data.bin", folder);
    Files.write(FixtureFiles.copy("external/sub/more.bin", folder), new byte[1]);
    rejects(() -> reader.read(file.toString()), Reason.MALFORMED_FILE, "more.bin");
  }

  @Test
  void rejectsWhatIsNoModel() throws IOException {
    Path empty = Files.write(folder.resolve("empty.onnx"), new byte[0]);
    rejects(() -> reader.read(empty.toString()), Reason.FILE_EMPTY, "empty file");
    Path text = Files.write(folder.resolve("a.txt"), "hello".getBytes(StandardCharsets.UTF_8));
    rejects(() -> reader.read(text.toString()), Reason.UNSUPPORTED_FILE, "68 65 6c 6c 6f");
    rejects(
        () -> reader.read(folder.resolve("none.onnx").toString()),
        Reason.FILE_UNREADABLE,
        "none.onnx");
  }

  @Test
  void rejectsAFileThatIsCutShort() throws IOException {
    Path whole = FixtureFiles.copy("types.safetensors", folder);
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = folder.resolve("cut.safetensors");
    Files.write(cut, Arrays.copyOf(bytes, bytes.length - 1));
    rejects(() -> reader.read(cut.toString()), Reason.MALFORMED_FILE, "cut.safetensors");
  }

  @Test
  void noticesAChangedAndAVanishedFile() throws Exception {
    Path file = FixtureFiles.copy("types.safetensors", folder);
    List<ModelFile> files = reader.read(file.toString()).files();
    FileTime time = Files.getLastModifiedTime(file);

    Files.setLastModifiedTime(file, FileTime.fromMillis(time.toMillis() + 2000));
    rejects(
        () -> reader.requireUnchanged(file.toString(), files),
        Reason.FILE_CHANGED,
        "submit it again");
    Files.write(file, new byte[3]);
    Files.setLastModifiedTime(file, time);
    rejects(
        () -> reader.requireUnchanged(file.toString(), files),
        Reason.FILE_CHANGED,
        "found 3 bytes");
    Files.delete(file);
    rejects(
        () -> reader.requireUnchanged(file.toString(), files),
        Reason.FILE_UNREADABLE,
        "types.safetensors");
  }

  @Test
  void readsADirectory() throws Exception {
    Path directory = repository();
    ModelHeader header = reader.read(directory.toString());

    assertThat(header.files())
        .extracting(ModelFile::relativePath)
        .containsExactly(
            "config.json",
            "empty.txt",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
            "onnx/data.bin",
            "onnx/model.onnx");
    for (ModelFile file : header.files()) {
      assertThat(Path.of(URI.create(file.uri()))).isEqualTo(directory.resolve(file.relativePath()));
      assertThat(header.plan(file, ChunkPlan.CHUNK_SIZE_MIN).fileLength())
          .isEqualTo(file.byteLength());
    }
    assertThat(header.nodes()).hasSize(2);
    reader.requireUnchanged(directory.toString(), header.files());
  }

  /** The same on a file system that is not local, where links do not exist and names are opened. */
  @Test
  void readsADirectoryOfAnyFlinkFileSystem() throws Exception {
    Path directory = repository();
    ModelHeader local = reader.read(directory.toString());
    ModelHeader mirrored = reader.read("mirror:" + directory);

    assertThat(mirrored.contents()).isEqualTo(local.contents());
    assertThat(mirrored.files())
        .isEqualTo(
            local.files().stream()
                .map(
                    file ->
                        new ModelFile(
                            file.relativePath(),
                            file.uri().replace("file:", "mirror:"),
                            file.byteLength(),
                            file.modifiedAt()))
                .toList());
    reader.requireUnchanged("mirror:" + directory, mirrored.files());
    Files.delete(directory.resolve("config.json"));
    rejects(
        () -> reader.requireUnchanged("mirror:" + directory, mirrored.files()),
        Reason.FILE_UNREADABLE,
        "config.json");
    Files.createDirectory(folder.resolve("nothing"));
    rejects(
        () -> reader.read("mirror:" + folder.resolve("nothing")),
        Reason.MALFORMED_FILE,
        "an empty directory");
  }

  @Test
  void noticesAnyChangeInADirectory() throws Exception {
    Path directory = repository();
    String location = directory.toString();
    List<ModelFile> files = reader.read(location).files();

    Path added = Files.writeString(directory.resolve("onnx/new.txt"), "new");
    rejects(() -> reader.requireUnchanged(location, files), Reason.FILE_CHANGED, "'onnx/new.txt'");
    Files.delete(added);
    Files.writeString(directory.resolve("download.incomplete"), "no part of the model");
    reader.requireUnchanged(location, files);
    Path config = directory.resolve("config.json");
    FileTime time = Files.getLastModifiedTime(config);
    Files.setLastModifiedTime(config, FileTime.fromMillis(time.toMillis() + 2000));
    rejects(() -> reader.requireUnchanged(location, files), Reason.FILE_CHANGED, "config.json");
    Files.delete(config);
    rejects(() -> reader.requireUnchanged(location, files), Reason.FILE_UNREADABLE, "config.json");
  }

  @Test
  void rejectsDirectoriesThatAreNoModel() throws Exception {
    Path empty = Files.createDirectory(folder.resolve("nothing"));
    rejects(() -> reader.read(empty.toString()), Reason.MALFORMED_FILE, "nothing: malformed");
    Files.createFile(empty.resolve("a.txt"));
    rejects(() -> reader.read(empty.toString()), Reason.FILE_EMPTY, "empty files only");
    Path odd = Files.writeString(empty.resolve("b\\c"), "x");
    rejects(() -> reader.read(empty.toString()), Reason.FILE_UNREADABLE, "rename it");
    Files.delete(odd);
    Files.write(empty.resolve("x.safetensors"), new byte[3]);
    rejects(() -> reader.read(empty.toString()), Reason.MALFORMED_FILE, "x.safetensors");
  }

  private Path repository() throws IOException {
    Path directory = folder.resolve("a repository 100%");
    ModelFolders.sharded(Files.createDirectory(directory), ModelFolders.weights(3, 4, 70_000), 2);
    Files.createDirectory(directory.resolve("onnx"));
    Files.write(directory.resolve("onnx/data.bin"), new byte[100]);
    ModelFolders.onnx(
        directory.resolve("onnx/model.onnx"),
        List.of(new ModelFolders.External("w", 100, "data.bin", null, null)));
    Files.writeString(directory.resolve("config.json"), "{}");
    Files.createFile(directory.resolve("empty.txt"));
    return directory;
  }

  private static void rejects(ThrowingCallable call, Reason reason, String message) {
    assertThatThrownBy(call)
        .hasMessageContaining(message)
        .asInstanceOf(InstanceOfAssertFactories.type(RejectedModelException.class))
        .extracting(RejectedModelException::reason)
        .isEqualTo(reason);
  }
}
