package com.hartonomous.ingest.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.record.FileRange;
import com.hartonomous.ingest.record.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileRangeReaderTest {

  @TempDir Path directory;

  @Test
  void readsRanges() throws Exception {
    Path file = Files.write(directory.resolve("a b.bin"), new byte[] {1, 2, 3, 4, 5});
    try (FileRangeReader reader = new FileRangeReader()) {
      assertThat(reader.open(range(file, 1, 3)).readAllBytes()).containsExactly(2, 3, 4);
      assertThat(reader.open(range(file, 4, 1)).readAllBytes()).containsExactly(5);
      assertThat(reader.open(range(file, 0, 0)).readAllBytes()).isEmpty();
    }
  }

  @Test
  void hashesRangesOfAnyLength() throws Exception {
    byte[] content = new byte[300_001];
    new Random(7).nextBytes(content);
    Path file = Files.write(directory.resolve("model.bin"), content);
    try (FileRangeReader reader = new FileRangeReader()) {
      for (int length : new int[] {0, 1, 65_535, 65_536, 65_537, 131_072, 300_000}) {
        assertThat(reader.hash(range(file, 1, length)))
            .as("%d bytes", length)
            .isEqualTo(Sha256.of(content, 1, length));
      }
    }
  }

  @Test
  void aStreamEndsWithItsRange() throws Exception {
    Path file = Files.write(directory.resolve("model.bin"), new byte[] {1, 2, 3, -4, 5});
    try (FileRangeReader reader = new FileRangeReader();
        InputStream stream = reader.open(range(file, 2, 2))) {
      byte[] buffer = new byte[9];
      assertThat(stream.read()).isEqualTo(3);
      assertThat(stream.read(buffer, 5, 4)).isEqualTo(1);
      assertThat(buffer[5]).isEqualTo((byte) -4);
      assertThat(stream.read(buffer, 0, 0)).isZero();
      assertThat(stream.read()).isEqualTo(-1);
      assertThat(stream.read(buffer)).isEqualTo(-1);
    }
  }

  @Test
  void aFileThatShrinksWhileItIsReadIsUnusable() throws Exception {
    Path file = Files.write(directory.resolve("model.bin"), new byte[200_000]);
    try (FileRangeReader reader = new FileRangeReader();
        InputStream stream = reader.open(range(file, 0, 200_000))) {
      stream.readNBytes(100_000);
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(100);
      }
      assertThatThrownBy(stream::readAllBytes)
          .isInstanceOf(UnusableFileException.class)
          .hasMessageContaining("shrank");
    }
  }

  @Test
  void aFileThatWasReplacedAndSubmittedAgainIsReadAnew() throws Exception {
    Path file = Files.write(directory.resolve("model.bin"), new byte[] {1, 2, 3});
    try (FileRangeReader reader = new FileRangeReader()) {
      FileRange before = range(file, 0, 3);
      assertThat(reader.open(before).readAllBytes()).containsExactly(1, 2, 3);
      Path other = Files.write(directory.resolve("other.bin"), new byte[] {7, 8, 9, 10});
      Files.move(other, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      assertThat(reader.open(range(file, 0, 4)).readAllBytes()).containsExactly(7, 8, 9, 10);
      assertThatThrownBy(() -> reader.open(before).readAllBytes())
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
      assertThatThrownBy(() -> reader.open(range).readAllBytes())
          .isInstanceOf(UnusableFileException.class)
          .hasMessageContaining("submit it again");
      Files.delete(file);
      assertThatThrownBy(() -> reader.open(range).readAllBytes())
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
      assertThatThrownBy(() -> reader.open(range).readAllBytes())
          .isNotInstanceOf(UnusableFileException.class);
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
