package com.hartonomous.ingest.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A command in a process of its own, which can be killed. */
final class CommandProcess implements AutoCloseable {

  private final Process process;
  private final Path output;

  private CommandProcess(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** The command; what it prints goes on. */
  public static void main(String[] arguments) {
    System.exit(Hartonomous.commandLine().execute(arguments));
  }

  /**
   * Starts it.
   *
   * @param directory for its logs and what it prints
   */
  static CommandProcess start(Path directory, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--add-opens"))
        .forEach(command::add);
    command.addAll(
        List.of(
            "-Xmx500m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Dhartonomous.home=" + directory,
            "-cp",
            System.getProperty("java.class.path"),
            CommandProcess.class.getName()));
    command.addAll(List.of(arguments));
    Path output = Files.createTempFile(directory, "process", ".txt");
    return new CommandProcess(
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start(),
        output);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** As kill -9: it has no chance to do anything. Returns when it is gone. */
  void kill() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What it printed so far. */
  String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    kill();
  }
}
