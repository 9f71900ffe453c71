package com.hartonomous.ingest.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalPasswordTest {

  @TempDir private Path directory;

  @Test
  void isMadeOnceAndOnlyItsOwnerCanReadIt() throws IOException {
    Path file = directory.resolve("new").resolve("sqlserver.password");

    String first = LocalPassword.readOrCreate(file);

    assertThat(first).hasSizeGreaterThanOrEqualTo(32).doesNotContain("\n");
    assertThat(LocalPassword.readOrCreate(file)).isEqualTo(first);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void isAnotherOneOnEachMachine() throws IOException {
    assertThat(LocalPassword.readOrCreate(directory.resolve("a")))
        .isNotEqualTo(LocalPassword.readOrCreate(directory.resolve("b")));
  }

  @Test
  void anEmptyFileIsRefused() throws IOException {
    Path file = Files.createFile(directory.resolve("empty"));

    assertThatThrownBy(() -> LocalPassword.readOrCreate(file))
        .isInstanceOf(IOException.class)
        .hasMessage(file + ": expected a password, found an empty file. Remove it.");
  }
}
