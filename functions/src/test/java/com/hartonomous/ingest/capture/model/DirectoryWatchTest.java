package com.hartonomous.ingest.capture.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import com.hartonomous.ingest.capture.model.DirectoryWatch.Found;
import com.hartonomous.ingest.capture.model.Unusable.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.fs.FileStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a scan finds, takes for ready, and says that it cannot use. */
class DirectoryWatchTest {

  @TempDir private Path directory;

  private DirectoryWatch watch(boolean recursive) {
    return new DirectoryWatch(
        new WatchedDirectory(
            directory.toString(),
            WatchedDirectory.PATTERN_DEFAULT,
            recursive,
            Duration.ofMillis(1)));
  }

  private DirectoryWatch limited(int entriesMax, int modelEntriesMax) {
    return new DirectoryWatch(watch(false).options(), entriesMax, modelEntriesMax);
  }

  private Path file(String path) throws IOException {
    Path file = directory.resolve(path);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, path);
  }

  private static List<String> ready(Found found) {
    return found.ready().stream().map(ModelFiles::name).sorted().toList();
  }

  private static List<Reason> reasons(Found found) {
    return found.unusable().stream().map(Unusable::reason).sorted().toList();
  }

  @Test
  void aFileIsReadyOnceItStaysAsItIs() throws Exception {
    DirectoryWatch watch = watch(false);
    Path file = file("a.onnx");
    file("b.onnx.part");
    assertThat(ready(watch.scan())).isEmpty();
    assertThat(ready(watch.scan())).containsExactly("a.onnx");
    assertThat(ready(watch.scan())).isEmpty();

    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L));
    assertThat(ready(watch.scan())).isEmpty();
    assertThat(ready(watch.scan())).containsExactly("a.onnx");
  }

  @Test
  void subdirectoriesCountWhenTheyAreModelsOrTheWatchIsRecursive() throws Exception {
    file("top.onnx");
    file("folder/config.json");
    file("folder/model.safetensors");
    file("below/deep/c.gguf");
    file(".hidden/d.gguf");
    DirectoryWatch flat = watch(false);
    flat.scan();
    assertThat(ready(flat.scan())).containsExactly("folder", "top.onnx");
    DirectoryWatch recursive = watch(true);
    recursive.scan();
    Found found = recursive.scan();
    assertThat(ready(found)).containsExactly("c.gguf", "folder", "top.onnx");
    assertThat(found.unusable()).isEmpty();
    assertThat(found.whole()).isTrue();
  }

  /** A model directory is ready when none of its files changes any more, and again afterwards. */
  @Test
  void aModelDirectoryIsReadyAsAWhole() throws Exception {
    DirectoryWatch watch = watch(true);
    file("folder/config.json");
    Path part = file("folder/.cache/model.safetensors.incomplete");
    watch.scan();
    assertThat(ready(watch.scan())).as("a file in it is being written").isEmpty();
    Files.delete(part);
    Path weights = file("folder/model.safetensors");
    watch.scan();
    assertThat(ready(watch.scan())).containsExactly("folder");
    Files.setLastModifiedTime(weights, FileTime.fromMillis(1_000_000_000_000L));
    watch.scan();
    assertThat(ready(watch.scan())).containsExactly("folder");
  }

  @Test
  void whatCannotBeUsedIsNamedAndTheRestIsReady() throws Exception {
    file("good.onnx");
    file("blank.onnx ");
    file("colon:name.onnx");
    file("blank.txt ");
    file("back\\slash.onnx");
    file("folder\\/inside.onnx");
    file("blank /inside.onnx");
    Files.createSymbolicLink(directory.resolve("link.onnx"), directory.resolve("nowhere"));
    DirectoryWatch watch =
        new DirectoryWatch(
            new WatchedDirectory(directory.toString(), "*.onnx{, }", true, Duration.ofMillis(1)));
    watch.scan();
    Found found = watch.scan();
    assertThat(ready(found))
        .containsExactly("blank.onnx ", "colon:name.onnx", "good.onnx", "inside.onnx");
    assertThat(found.whole()).isTrue();
    assertThat(found.unusable())
        .extracting(Unusable::reason, Unusable::position)
        .containsExactlyInAnyOrder(
            tuple(Reason.NAME_UNUSABLE, directory + "/back\\slash.onnx"),
            tuple(Reason.NAME_UNUSABLE, directory + "/folder\\"),
            tuple(Reason.FILE_UNREADABLE, directory + "/link.onnx"));
    assertThat(watch.scan().unusable()).as("told each time").hasSize(3);
  }

  @Test
  void aPathThatTheTablesDoNotHoldIsNamed() throws Exception {
    Path folder = directory;
    String name = "d".repeat(200);
    while (folder.toString().length() <= ModelLocation.PATH_LENGTH_MAX) {
      folder = folder.resolve(name);
    }
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("m.onnx"), "far away");
    Found found = watch(true).scan();
    assertThat(found.unusable())
        .singleElement()
        .satisfies(
            one -> {
              assertThat(one.reason()).isEqualTo(Reason.PATH_TOO_LONG);
              assertThat(one.message()).contains("expected a path of at most 2000 characters");
            });
  }

  @Test
  void directoriesTooFarBelowAreNamed() throws Exception {
    String path = "d/".repeat(DirectoryWatch.DEPTH_MAX + 1);
    file("d/".repeat(DirectoryWatch.DEPTH_MAX) + "seen.onnx");
    file(path + "unseen.onnx");
    DirectoryWatch watch = watch(true);
    watch.scan();
    Found found = watch.scan();
    assertThat(ready(found)).containsExactly("seen.onnx");
    assertThat(reasons(found)).containsExactly(Reason.DIRECTORY_TOO_DEEP);
  }

  @Test
  void aModelDirectoryOfTooManyFilesIsNamed() throws Exception {
    file("folder/config.json");
    file("folder/a/model.safetensors");
    DirectoryWatch watch = limited(10, 2);
    watch.scan();
    Found found = watch.scan();
    assertThat(found.ready()).isEmpty();
    assertThat(reasons(found)).containsExactly(Reason.DIRECTORY_TOO_LARGE);
    assertThat(found.whole()).isTrue();
  }

  @Test
  void aDirectoryOfTooManyEntriesOrNoneIsNamed() throws Exception {
    for (int i = 0; i < 4; i++) {
      file("f" + i);
    }
    Found found = limited(3, 3).scan();
    assertThat(reasons(found)).containsExactly(Reason.DIRECTORY_TOO_LARGE);
    assertThat(found.whole()).isFalse();
    Found gone =
        new DirectoryWatch(
                new WatchedDirectory(
                    directory.resolve("none").toString(), "*", false, Duration.ofMillis(1)))
            .scan();
    assertThat(reasons(gone)).containsExactly(Reason.DIRECTORY_UNREADABLE);
  }

  @Test
  void aPatternNamesWhatItCannotUse() throws Exception {
    file("a/good.onnx");
    file("a/bad\\name.onnx");
    file("a/other\\name.txt");
    file("b\\/good.onnx");
    Files.createSymbolicLink(directory.resolve("a/link.onnx"), directory.resolve("nowhere"));
    List<Unusable> unusable = new ArrayList<>();
    List<FileStatus> matches = PathPattern.of(directory + "/**/*.onnx").matches(unusable);
    assertThat(matches).hasSize(1);
    assertThat(unusable)
        .extracting(Unusable::position)
        .containsExactlyInAnyOrder(
            directory + "/a/bad\\name.onnx", directory + "/a/link.onnx", directory + "/b\\");
    assertThat(PathPattern.of(directory + "/none/*.onnx").matches()).isEmpty();
  }

  @Test
  void aDirectoryThatAPatternCannotEnterDoesNotHideTheOthers() throws Exception {
    file("a/good.onnx");
    file("d/".repeat(PathPattern.DEPTH_MAX + 1) + "unseen.onnx");
    List<Unusable> unusable = new ArrayList<>();
    assertThat(PathPattern.of(directory + "/**/*.onnx").matches(unusable)).hasSize(1);
    assertThat(unusable).extracting(Unusable::reason).containsExactly(Reason.DIRECTORY_TOO_DEEP);
  }

  @Test
  void aModelDirectoryWithALinkToNothingIsNamedAndNotTaken() throws Exception {
    file("folder/config.json");
    Files.createSymbolicLink(
        directory.resolve("folder/model.safetensors"), directory.resolve("nowhere"));
    DirectoryWatch watch = watch(false);
    watch.scan();
    Found found = watch.scan();
    assertThat(found.ready()).isEmpty();
    assertThat(found.unusable())
        .singleElement()
        .satisfies(one -> assertThat(one.message()).contains("model.safetensors"));
  }

  @Test
  void aNameThatJavaCannotWriteIsNamed() {
    // In the locale C that is any name beyond ASCII; NUL is one in every locale.
    assertThat(DirectoryEntries.whyNotThere(directory + "/a\0b").reason())
        .isEqualTo(Reason.NAME_UNUSABLE);
    assertThat(DirectoryEntries.whyNotThere(directory + "/gone")).isNull();
  }

  @Test
  void aWatchedDirectoryWithALinkToNothingCanBeListed() throws Exception {
    Files.createSymbolicLink(directory.resolve("link.onnx"), directory.resolve("nowhere"));
    new WatchedDirectory(directory.toString(), "*", false, Duration.ofMillis(1)).requireListable();
  }
}
