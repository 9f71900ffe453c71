package com.hartonomous.ingest.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.job.config.ConfigurationException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoDirectoryTest {

  @TempDir private Path home;

  @Test
  void aNewOneIsMadeAndOpenedAgain() throws Exception {
    Path path = home.resolve("a").resolve("demo");
    try (DemoDirectory directory = DemoDirectory.open(path)) {
      assertThat(directory.isPrepared()).isFalse();
      directory.markPrepared();
      Files.writeString(directory.models().resolve("model"), "x");
    }
    try (DemoDirectory directory = DemoDirectory.open(path)) {
      assertThat(directory.isPrepared()).isTrue();
      assertThat(directory.models().resolve("model")).exists();
    }
  }

  @Test
  void whatWasLeftBeforeTheTablesWereThereIsRemoved() throws Exception {
    try (DemoDirectory directory = DemoDirectory.open(home)) {
      Files.writeString(directory.models().resolve("model"), "x");
      Files.createDirectories(directory.path().resolve("sqlserver"));
    }
    try (DemoDirectory directory = DemoDirectory.open(home)) {
      assertThat(directory.path().resolve("models")).doesNotExist();
      assertThat(directory.path().resolve("sqlserver")).doesNotExist();
    }
  }

  @Test
  void anythingElseIsRefusedAndLeftAsItIs() throws Exception {
    Path file = Files.writeString(home.resolve("thesis.txt"), "precious");

    assertThatThrownBy(() -> DemoDirectory.open(home))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--data " + home)
        .hasMessageContaining("thesis.txt");
    assertThatThrownBy(() -> DemoDirectory.open(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("found a file");
    assertThat(home).isDirectoryContaining(file::equals);
    assertThat(home.resolve("hartonomous-demo")).doesNotExist();
  }

  @Test
  void onlyOneUsesItAtATime() throws Exception {
    try (DemoDirectory first = DemoDirectory.open(home)) {
      assertThatThrownBy(() -> DemoDirectory.open(first.path()))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("another demo is using it");
    }
    DemoDirectory.open(home).close();
  }

  @Test
  void aTemporaryOneIsRemoved() throws Exception {
    DemoDirectory directory = DemoDirectory.temporary();
    Files.writeString(directory.models().resolve("model"), "x");
    directory.close();
    directory.close();
    assertThat(directory.path()).doesNotExist();
  }
}
