package com.hartonomous.ingest.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.ModelFixtures;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Databases and jobs in one process, which is killed; the next one goes on with what is on the
 * disk, and in the end everything is as in a process that nobody disturbed. {@code -Dseed=N} moves
 * each point, and changes the content of the rows and of the model.
 */
class ProcessFaultToleranceITCase {

  private static final long SEED = Long.getLong("seed", 20261122L);
  private static final long LIMIT_SECONDS = 600;

  @TempDir static Path shared;

  private static Path model;
  private static List<String> undisturbed;
  private static long snapshotChunks;

  private final Random random = new Random(SEED);

  /** What a process printed, and how it ended; -1 when it was killed. */
  private record Run(List<String> lines, int exitCode) {
    String line(String prefix) {
      return lines.stream()
          .filter(line -> line.startsWith(prefix))
          .map(line -> line.substring(prefix.length()))
          .findFirst()
          .orElseThrow(() -> new AssertionError("no line '" + prefix + "' in " + lines));
    }

    long number(String prefix) {
      return Long.parseLong(line(prefix));
    }
  }

  @BeforeAll
  static void runUndisturbed() throws Exception {
    System.out.println("seed " + SEED);
    model = ModelFixtures.safeTensors(shared.resolve("model.safetensors"), SEED, 20, 50_000);
    Path directory = shared.resolve("undisturbed");
    Run run = run(directory, KillPoint.NONE, 1);
    assertThat(run.exitCode()).as("%s", run.lines()).isZero();
    snapshotChunks = run.number(DemoProcess.SNAPSHOT_CHUNKS);
    undisturbed = digest(directory);
    assertThat(undisturbed).anyMatch(line -> line.startsWith("chunk|")).hasSizeGreaterThan(500);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void goesOnAfterAKill(KillPoint point) throws Exception {
    String description = "seed " + SEED + ", " + point;
    Path directory = shared.resolve(point.name());

    Run killed = run(directory, point, 2 + random.nextInt(3));
    assertThat(killed.lines()).as(description).contains(KillPoint.REACHED + point);
    assertThat(killed.exitCode()).as(description).isEqualTo(-1);
    assertThat(directory.resolve(DemoProcess.DIGEST)).as(description).doesNotExist();

    Run second = run(directory, KillPoint.NONE, 1);
    assertThat(second.exitCode()).as("%s: %s", description, second.lines()).isZero();
    assertThat(point.remaining())
        .as("%s: work remained, of %s", description, second.lines())
        .anyMatch(what -> second.number(DemoProcess.REMAINED + what + " ") > 0);
    String checkpoint = second.line(DemoProcess.CHECKPOINT);
    assertThat(checkpoint).as(description).contains("chk-");
    assertThat(second.line(DemoProcess.RESTORED))
        .as(description)
        .isEqualTo(checkpoint.substring(checkpoint.lastIndexOf("chk-") + "chk-".length()));
    if (point == KillPoint.SNAPSHOT) {
      assertThat(second.number(DemoProcess.SNAPSHOT_CHUNKS))
          .as("%s: chunks of the snapshot that were not read before", description)
          .isBetween(1L, snapshotChunks - 1);
    }
    if (point == KillPoint.MODEL_SPLIT) {
      assertThat(second.number(DemoProcess.CHUNKS))
          .as("%s: chunks of the model that were stored before", description)
          .isBetween(
              1L, undisturbed.stream().filter(line -> line.startsWith("chunk|")).count() - 1);
    }
    assertThat(digest(directory)).as(description).isEqualTo(undisturbed);
  }

  private static List<String> digest(Path directory) throws IOException {
    return Files.readAllLines(directory.resolve(DemoProcess.DIGEST));
  }

  /** Runs the process to its end, or until it reaches the point, where it is killed. */
  private static Run run(Path directory, KillPoint point, int occurrence) throws Exception {
    Process process =
        new ProcessBuilder(command(directory, point, occurrence))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    CompletableFuture<Void> tooLate =
        CompletableFuture.runAsync(
            process::destroyForcibly,
            CompletableFuture.delayedExecutor(LIMIT_SECONDS, TimeUnit.SECONDS));
    List<String> lines = new ArrayList<>();
    boolean killed = false;
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line;
      while (!killed && (line = output.readLine()) != null) {
        lines.add(line);
        killed = line.startsWith(KillPoint.REACHED);
      }
    } finally {
      tooLate.cancel(false);
      if (killed) {
        // As kill -9: the process has no chance to do anything.
        process.destroyForcibly();
      }
    }
    int exitCode = process.waitFor();
    return new Run(lines, killed ? -1 : exitCode);
  }

  private static List<String> command(Path directory, KillPoint point, int occurrence) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--add-opens"))
        .forEach(command::add);
    command.addAll(
        List.of(
            "-Xmx700m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Dhartonomous.home=" + shared,
            "-cp",
            System.getProperty("java.class.path"),
            DemoProcess.class.getName(),
            directory.toString(),
            model.toString(),
            point.name(),
            Integer.toString(occurrence),
            Long.toString(SEED)));
    return command;
  }
}
