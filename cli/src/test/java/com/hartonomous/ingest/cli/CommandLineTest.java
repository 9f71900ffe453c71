package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Exit codes and error lines of what goes wrong before any server is asked. */
class CommandLineTest {

  @TempDir private Path directory;
  private Path configuration;

  @BeforeEach
  void writeConfiguration() throws IOException {
    Files.writeString(directory.resolve("password"), "irrelevant\n");
    configuration = directory.resolve("ingest.yaml");
    Files.writeString(
        configuration,
        """
        sqlserver:
          host: 127.0.0.1
          port: %d
          user: hartonomous
          password-file: password
        checkpoint:
          directory: checkpoints
        """
            .formatted(closedPort()));
  }

  private static int closedPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void assertOneLine(CommandRunner.Result result, int exitCode) {
    assertThat(result.err()).startsWith("hartonomous: ").hasLineCount(1);
    assertThat(result.exitCode()).isEqualTo(exitCode);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no-such-command",
        "status --no-such-option",
        "dead-letters",
        "dead-letters list --limit 0",
        "dead-letters list --limit many",
        "dead-letters replay --id x",
        "dead-letters replay --limit 0",
        "dead-letters replay everything",
        "dead-letters replay --reason",
        "inspect",
        "export model",
        "export --out directory",
        "diff model"
      })
  void wrongUsageIsOneLineThatPointsAtTheHelp(String line) {
    String[] arguments = line.isEmpty() ? new String[0] : line.split(" ", -1);
    CommandRunner.Result result = CommandRunner.run(arguments);

    assertOneLine(result, ExitCode.USAGE);
    assertThat(result.err()).contains("--help");
  }

  @ParameterizedTest
  @ValueSource(strings = {"migrate", "status", "ingest", "export m --out d", "diff m n"})
  void anUnreachableServerIsNamed(String command) {
    CommandRunner.Result result =
        CommandRunner.run((command + " --config " + configuration).split(" ", -1));

    assertOneLine(result, ExitCode.INFRASTRUCTURE);
    assertThat(result.err())
        .contains("127.0.0.1:")
        .contains("does not answer")
        .contains("Check sqlserver.host and sqlserver.port");
  }

  @ParameterizedTest
  @ValueSource(strings = {"migrate", "status", "ingest", "export m --out d", "diff m n"})
  void aWrongConfigurationIsNamed(String command) {
    CommandRunner.Result result =
        CommandRunner.run(
            (command + " --set sqlserver.prot=1433 --config " + configuration).split(" ", -1));

    assertOneLine(result, ExitCode.USAGE);
    assertThat(result.err())
        .contains("sqlserver.prot is not an option. Did you mean sqlserver.port?");
  }

  @Test
  void aPasswordThatIsNotThereIsNamed() throws IOException {
    Files.delete(directory.resolve("password"));

    CommandRunner.Result result = CommandRunner.run("status", "--config", configuration.toString());

    assertOneLine(result, ExitCode.USAGE);
    assertThat(result.err()).contains(directory.resolve("password") + ": there is no such file.");
  }

  @Test
  void debugAddsTheStackTrace() {
    CommandRunner.Result result =
        CommandRunner.run("--debug", "status", "--config", configuration.toString());

    assertThat(result.err()).contains("\tat com.hartonomous.ingest");
    assertThat(result.exitCode()).isEqualTo(ExitCode.INFRASTRUCTURE);
  }

  @Test
  void aSavepointThatIsNotThereIsRefusedBeforeAnythingElse() {
    CommandRunner.Result result =
        CommandRunner.run(
            "ingest",
            "--config",
            configuration.toString(),
            "--from-savepoint",
            directory.resolve("nowhere").toString());

    assertOneLine(result, ExitCode.USAGE);
    assertThat(result.err()).contains("no savepoint or checkpoint there");

    CommandRunner.Result latest =
        CommandRunner.run(
            "ingest", "--config", configuration.toString(), "--from-savepoint", "latest");
    assertOneLine(latest, ExitCode.USAGE);
    assertThat(latest.err()).contains("no complete checkpoint in " + directory);
  }

  @Test
  void inspectNamesABadFileAndGoesOn() throws IOException {
    Path bad = Files.writeString(directory.resolve("bad.safetensors"), "not a model");
    Path missing = directory.resolve("missing.onnx");

    CommandRunner.Result result =
        CommandRunner.run("inspect", "--json", bad.toString(), missing.toString());

    assertThat(result.exitCode()).isEqualTo(ExitCode.PROBLEM_FOUND);
    assertThat(result.out()).hasLineCount(2).contains("\"error\"");
  }

  @Test
  void everyCommandHasHelp() {
    for (String command : Hartonomous.commandLine().getSubcommands().keySet()) {
      CommandRunner.Result result = CommandRunner.run(command, "--help");
      assertThat(result.exitCode()).as(command).isZero();
      assertThat(result.out()).as(command).contains("Usage: hartonomous " + command);
    }
  }
}
