package com.hartonomous.ingest.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.record.FileRange;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlinkPositionedInputTest {

  @TempDir Path folder;
  private Path file;
  private final byte[] content = new byte[100_000];

  @BeforeEach
  void write() throws IOException {
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i * 31 + i / 256);
    }
    file = Files.write(folder.resolve("m\u00F6del 100%.bin"), content);
  }

  @Test
  void readsAnyRangeInAnyOrder() throws IOException {
    try (FlinkPositionedInput input = FlinkPositionedInput.open(file.toString())) {
      assertThat(input.length()).isEqualTo(content.length);
      assertThat(input.modifiedAt()).isEqualTo(Files.getLastModifiedTime(file).toMillis());
      assertThat(input.name()).isEqualTo("m\u00F6del 100%.bin");
      for (int position : new int[] {99_000, 0, 50_000}) {
        byte[] buffer = new byte[1010];
        input.readFully(position, buffer, 5, 1000);
        assertThat(buffer).contains(content[position], 5).contains(content[position + 999], 1004);
      }
      input.readFully(content.length, new byte[0], 0, 0);
    }
  }

  @Test
  void refusesARangeOutsideTheFile() throws IOException {
    try (FlinkPositionedInput input = FlinkPositionedInput.open(file.toString())) {
      assertThatThrownBy(() -> input.readFully(content.length - 1, new byte[2], 0, 2))
          .isInstanceOf(EOFException.class)
          .hasMessageContaining("expected 2 bytes at 99999, found a file of 100000 bytes");
      assertThatThrownBy(() -> input.readFully(0, new byte[2], 1, 2))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void itsUriIsTheOneThatRangesAreReadBy() throws Exception {
    try (FlinkPositionedInput input = FlinkPositionedInput.open(file.toString());
        FileRangeReader reader = new FileRangeReader()) {
      byte[] range =
          reader
              .open(new FileRange(input.uri(), input.length(), input.modifiedAt(), 70_000, 30_000))
              .readAllBytes();
      assertThat(range).hasSize(30_000).startsWith(content[70_000], content[70_001]);
    }
  }

  @Test
  void refusesWhatIsNotARegularFile() {
    assertThatThrownBy(() -> FlinkPositionedInput.open(folder.toString()))
        .isInstanceOf(FileNotFoundException.class)
        .hasMessageContaining("expected a regular file, found a directory");
    assertThatThrownBy(() -> FlinkPositionedInput.open(folder.resolve("none").toString()))
        .isInstanceOf(FileNotFoundException.class)
        .hasMessageContaining("none");
    assertThatThrownBy(() -> FlinkPositionedInput.open(""))
        .isInstanceOf(FileNotFoundException.class);
  }

  @Test
  void opensFilesBesideAndBelowOnly() throws IOException {
    Files.createDirectory(folder.resolve("below"));
    Files.write(folder.resolve("below/a:b"), new byte[] {1, 2, 3});
    Path outside = Files.createTempFile("outside", ".bin");
    Files.createSymbolicLink(folder.resolve("link"), outside);
    try (FlinkPositionedInput input = FlinkPositionedInput.open(file.toString())) {
      try (FlinkPositionedInput other = input.openRelative("below/a:b")) {
        assertThat(other.length()).isEqualTo(3);
      }
      for (String location : new String[] {"../x", "/etc/passwd", "link", "below/../../x", "a:b"}) {
        assertThatThrownBy(() -> input.openRelative(location))
            .as(location)
            .isInstanceOf(FileNotFoundException.class)
            .hasMessageContaining(location);
      }
      assertThatThrownBy(() -> input.openRelative("below"))
          .isInstanceOf(FileNotFoundException.class)
          .hasMessageContaining("found a directory");
    } finally {
      Files.delete(outside);
    }
  }
}
