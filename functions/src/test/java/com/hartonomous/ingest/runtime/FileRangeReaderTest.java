package com.hartonomous.ingest.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.record.FileRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileRangeReaderTest {

  @TempDir Path directory;

  @Test
  void readsRanges() throws Exception {
    Path file = Files.write(directory.resolve("a b.bin"), new byte[] {1, 2, 3, 4, 5});
    try (FileRangeReader reader = new FileRangeReader()) {
      assertThat(reader.read(range(file, 1, 3))).containsExactly(2, 3, 4);
      assertThat(reader.read(range(file, 4, 1))).containsExactly(5);
      assertThat(reader.read(range(file, 0, 0))).isEmpty();
    }
  }

  @Test
  void aFileThatWasReplacedAndSubmittedAgainIsReadAnew() throws Exception {
    Path file = Files.write(directory.resolve("model.bin"), new byte[] {1, 2, 3});
    try (FileRangeReader reader = new FileRangeReader()) {
      FileRange before = range(file, 0, 3);
      assertThat(reader.read(before)).containsExactly(1, 2, 3);
      Path other = Files.write(directory.resolve("other.bin"), new byte[] {7, 8, 9, 10});
      Files.move(other, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      assertThat(reader.read(range(file, 0, 4))).containsExactly(7, 8, 9, 10);
      assertThatThrownBy(() -> reader.read(before))
          .isInstanceOf(UnusableFileException.class)
          .hasMessageContaining("expected a file of 3 bytes")
          .hasMessageContaining("found 4 bytes");
    }
  }

  @Test
  void aFileThatVanishedOrChangedIsUnusable() throws Exception {
    Path file = Files.write(directory.resolve("model.bin"), new byte[] {1, 2, 3});
    FileRange range = range(file, 0, 3);
    Files.setLastModifiedTime(file, FileTime.fromMillis(range.modifiedAt() + 5_000));
    try (FileRangeReader reader = new FileRangeReader()) {
      assertThatThrownBy(() -> reader.read(range))
          .isInstanceOf(UnusableFileException.class)
          .hasMessageContaining("submit it again");
      Files.delete(file);
      assertThatThrownBy(() -> reader.read(range))
          .isInstanceOf(UnusableFileException.class)
          .hasMessageContaining("model.bin");
    }
  }

  @Test
  void interruptionIsNotTheFilesFault() throws Exception {
    Path file = Files.write(directory.resolve("model.bin"), new byte[] {1, 2, 3});
    FileRange range = range(file, 0, 3);
    try (FileRangeReader reader = new FileRangeReader()) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> reader.read(range)).isNotInstanceOf(UnusableFileException.class);
    } finally {
      Thread.interrupted();
    }
  }

  private static FileRange range(Path file, long offset, int length) throws IOException {
    return new FileRange(
        file.toUri().toString(),
        Files.size(file),
        Files.getLastModifiedTime(file).toMillis(),
        offset,
        length);
  }
}
