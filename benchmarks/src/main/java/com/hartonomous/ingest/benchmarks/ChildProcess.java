package com.hartonomous.ingest.benchmarks;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Java process of its own with this one's class path; what it prints goes to a file. */
final class ChildProcess implements AutoCloseable {

  private static final Duration END_LIMIT = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(50);
  private static final List<String> OPENED_PACKAGES =
      List.of("java.nio", "java.io", "sun.nio.ch", "java.lang", "java.util");

  /** For example {@code Pause Young (Normal) (G1 Evacuation Pause) 614M->87M(1024M) 12.3ms}. */
  private static final Pattern COLLECTION =
      Pattern.compile("Pause .* (\\d+)M->(\\d+)M\\((\\d+)M\\)");

  private static final Pattern PEAK_RESIDENT = Pattern.compile("VmHWM:\\s+(\\d+) kB");

  /**
   * Memory of a process, in MiB.
   *
   * @param heapPeak used at the start of a collection, at most: includes garbage
   * @param heapLivePeak used at the end of one, at most
   * @param residentPeak of the whole process, off-heap memory included; 0 where the operating
   *     system does not tell
   */
  record Memory(long heapPeak, long heapLivePeak, long residentPeak) {}

  private final String name;
  private final Process process;
  private final Path output;
  private final Path collections;

  private ChildProcess(String name, Process process, Path output, Path collections) {
    this.name = name;
    this.process = process;
    this.output = output;
    this.collections = collections;
  }

  /**
   * Starts a command of {@code ./hartonomous}.
   *
   * @param name for messages and the names of its logs
   * @param heap as for -Xmx
   * @param home where it keeps password, logs and checkpoints
   */
  static ChildProcess command(String name, String heap, Path home, List<String> arguments)
      throws IOException {
    Path output = home.resolve(name + ".out");
    Path collections = home.resolve(name + ".gc");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + heap);
    command.add("-Xlog:gc:file=" + collections + "::filecount=0");
    OPENED_PACKAGES.forEach(p -> command.add("--add-opens=java.base/" + p + "=ALL-UNNAMED"));
    command.add("-Dhartonomous.home=" + home);
    command.add("-Dhartonomous.console.level=warn");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("com.hartonomous.ingest.local.Main");
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .redirectInput(new File("/dev/null"))
            .start();
    return new ChildProcess(name, process, output, collections);
  }

  /**
   * Waits until it has printed a line with that beginning.
   *
   * @throws IOException when it ends before, or the time is over; the message has its output
   */
  void awaitLine(String beginning, Duration limit) throws IOException, InterruptedException {
    Instant end = Instant.now().plus(limit);
    while (true) {
      try (BufferedReader lines = Files.newBufferedReader(output, StandardCharsets.UTF_8)) {
        if (lines.lines().anyMatch(line -> line.startsWith(beginning))) {
          return;
        }
      }
      requireRunning();
      if (Instant.now().isAfter(end)) {
        throw new IOException(
            "%s: expected a line '%s...' within %d s, found:%n%s"
                .formatted(name, beginning, limit.toSeconds(), printed()));
      }
      Thread.sleep(POLL.toMillis());
    }
  }

  /**
   * @throws IOException when it has ended; the message has its output
   */
  void requireRunning() throws IOException {
    if (!process.isAlive()) {
      throw new IOException(
          "%s: expected it to run, found that it ended with code %d:%n%s"
              .formatted(name, process.exitValue(), printed()));
    }
  }

  private String printed() throws IOException {
    return Files.readString(output);
  }

  /** Up to now; the process must still run. */
  Memory memory() throws IOException {
    long peak = 0;
    long livePeak = 0;
    for (String line : Files.readAllLines(collections)) {
      Matcher matcher = COLLECTION.matcher(line);
      if (matcher.find()) {
        peak = Math.max(peak, Long.parseLong(matcher.group(1)));
        livePeak = Math.max(livePeak, Long.parseLong(matcher.group(2)));
      }
    }
    return new Memory(peak, livePeak, residentPeak());
  }

  private long residentPeak() throws IOException {
    Path status = Path.of("/proc", Long.toString(process.pid()), "status");
    if (!Files.exists(status)) {
      return 0;
    }
    Matcher matcher = PEAK_RESIDENT.matcher(Files.readString(status));
    return matcher.find() ? Long.parseLong(matcher.group(1)) >> 10 : 0;
  }

  /** Asks it to end, and ends it when it does not. */
  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(END_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
