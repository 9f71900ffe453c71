package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.job.CheckpointOptions;
import com.hartonomous.ingest.job.config.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartStateTest {

  @TempDir private Path directory;

  private CheckpointOptions options() {
    return new CheckpointOptions(
        Duration.ofSeconds(1), directory.toString(), Duration.ofSeconds(1));
  }

  private void complete(String checkpoint, long millis) throws IOException {
    Path metadata = Files.createDirectories(directory.resolve(checkpoint)).resolve("_metadata");
    Files.createFile(metadata);
    Files.setLastModifiedTime(metadata, FileTime.fromMillis(millis));
  }

  @Test
  void theNewestOneOfAllJobsCounts() throws Exception {
    complete("job-a/chk-90", 1_000_000);
    complete("job-b/chk-3", 2_000_000);
    assertThat(StartState.newest(options()).orElseThrow()).endsWith("/job-b/chk-3");
  }

  @Test
  void anIncompleteOneAndWhatIsNoCheckpointAreLeftOut() throws Exception {
    complete("job/chk-1", 1_000_000);
    Files.createDirectories(directory.resolve("job/chk-2"));
    Files.createFile(directory.resolve("job/chk-2/._metadata.inprogress.1"));
    complete("job/shared", 3_000_000);
    complete("job/chk-x", 3_000_000);
    assertThat(StartState.newest(options()).orElseThrow()).endsWith("/job/chk-1");
    assertThat(StartState.resolve(StartState.LATEST, options())).endsWith("/job/chk-1");
  }

  @Test
  void ofTwoWithOneTimeTheHigherNumberCounts() throws Exception {
    complete("job/chk-9", 1_000_000);
    complete("job/chk-10", 1_000_000);
    complete("job/chk-8", 1_000_000);
    assertThat(StartState.newest(options()).orElseThrow()).endsWith("/job/chk-10");
  }

  @Test
  void ofOneJobAlone() throws Exception {
    JobID job = new JobID(1, 2);
    complete(job.toHexString() + "/chk-3", 1_000_000);
    complete(new JobID(1, 3).toHexString() + "/chk-9", 2_000_000);
    assertThat(StartState.newest(options(), job).orElseThrow()).endsWith(job + "/chk-3");
    assertThat(StartState.newest(options(), new JobID(1, 4))).isEmpty();
  }

  @Test
  void noneIsEmptyAndRefusedByName() throws Exception {
    assertThat(StartState.newest(options())).isEmpty();
    assertThatThrownBy(() -> StartState.resolve(StartState.LATEST, options()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("no complete checkpoint in " + directory);
  }
}
