package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalFileInputTest {
  @TempDir Path folder;

  @BeforeEach
  void makeFiles() throws IOException {
    Files.write(folder.resolve("outside.bin"), new byte[] {9});
    Files.createDirectories(folder.resolve("model/weights"));
    Files.write(folder.resolve("model/model.onnx"), new byte[] {1, 2, 3});
    Files.write(folder.resolve("model/weights/a b.bin"), new byte[] {4, 5});
  }

  @Test
  void readsAtPositions() throws IOException {
    try (LocalFileInput input = model()) {
      assertThat(input.length()).isEqualTo(3);
      byte[] buffer = new byte[4];
      input.readFully(1, buffer, 2, 2);
      assertThat(buffer).containsExactly(0, 0, 2, 3);
      assertThatThrownBy(() -> input.readFully(2, buffer, 0, 2))
          .isInstanceOf(EOFException.class)
          .hasMessageContaining("model.onnx")
          .hasMessageContaining("expected 2 bytes at 2");
    }
  }

  @Test
  void opensFilesBelowItsFolder() throws IOException {
    try (LocalFileInput input = model();
        PositionedInput relative = input.openRelative("weights/a b.bin")) {
      assertThat(relative.length()).isEqualTo(2);
      assertThat(relative.identity()).endsWith("a b.bin");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "../outside.bin",
        "weights/../../outside.bin",
        "/etc/passwd",
        "weights//a b.bin",
        "weights\\a b.bin",
        "C:/model.bin",
        "file:model.bin",
        "weights/a\0b",
        "weights",
        "absent.bin"
      })
  void refusesWhatIsNotAFileBelowItsFolder(String location) throws IOException {
    try (LocalFileInput input = model()) {
      assertThatThrownBy(() -> input.openRelative(location))
          .isInstanceOf(FileNotFoundException.class)
          .hasMessageContaining("location '" + location + "'");
    }
  }

  @Test
  void refusesSymbolicLinks() throws IOException {
    Files.createSymbolicLink(folder.resolve("model/link.bin"), folder.resolve("outside.bin"));
    Files.createSymbolicLink(folder.resolve("model/up"), folder);
    try (LocalFileInput input = model()) {
      for (String location : new String[] {"link.bin", "up/outside.bin"}) {
        assertThatThrownBy(() -> input.openRelative(location))
            .isInstanceOf(FileNotFoundException.class)
            .hasMessageContaining("symbolic link");
      }
    }
  }

  @Test
  void opensRegularFilesOnly() {
    assertThatThrownBy(() -> LocalFileInput.open(folder))
        .isInstanceOf(FileNotFoundException.class)
        .hasMessageContaining("not a regular file");
    assertThatThrownBy(() -> LocalFileInput.open(folder.resolve("absent")))
        .isInstanceOf(FileNotFoundException.class)
        .hasMessageContaining("absent: no such file");
  }

  private LocalFileInput model() throws IOException {
    return LocalFileInput.open(folder.resolve("model/model.onnx"));
  }
}
