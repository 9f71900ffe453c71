package com.hartonomous.ingest.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.cli.ExitCode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The demo as a newcomer runs it, in this process. */
class DemoITCase {

  private static final String HOME = "hartonomous.home";

  @TempDir private Path home;
  private String homeBefore;

  @BeforeEach
  void useTemporaryHome() {
    homeBefore = System.getProperty(HOME);
    System.setProperty(HOME, home.toString());
  }

  @AfterEach
  void restoreHome() {
    if (homeBefore == null) {
      System.clearProperty(HOME);
    } else {
      System.setProperty(HOME, homeBefore);
    }
  }

  @Test
  void endsByItselfWithEverythingStoredAndVerifiedAndGivesItsModelsBack() throws Exception {
    Path data = home.resolve("data");
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine =
        Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));

    int exitCode = commandLine.execute("demo", "--port", "0", "--data", data.toString());

    assertThat(err.toString()).isEmpty();
    assertThat(exitCode).as(out.toString()).isEqualTo(ExitCode.DONE);
    List<String> lines = out.toString().lines().toList();
    assertThat(lines)
        .anyMatch(line -> line.contains("Flink's web UI: http://127.0.0.1:"))
        .contains("dead letters  0", "outbox        0", "verification passed");
    assertThat(model(lines, "all-minilm-l6-v2.onnx")).startsWith("COMPLETE", "302");
    assertThat(model(lines, "all-minilm-l6-v2-q.onnx")).startsWith("COMPLETE", "326");
    long stored = 0;
    long largest = 0;
    for (String format : List.of("onnx", "safetensors", "gguf", "pt")) {
      List<String> model = model(lines, "all-minilm-l6-v2." + format);
      assertThat(model).startsWith("COMPLETE", "302");
      largest = Math.max(largest, Long.parseLong(model.get(5)));
      stored += Long.parseLong(model.get(6));
    }
    // They are read at once, so which of them brings an atom that they share is not determined.
    assertThat(stored)
        .as("the same weights in four formats are stored about once")
        .isBetween(largest * 99 / 100, largest * 101 / 100);
    assertThat(out.toString()).as("the password is told nowhere").doesNotContain(password());
    assertEveryModelComesBack(data);
  }

  /** The services once more, over what the demo left. */
  private void assertEveryModelComesBack(Path data) throws Exception {
    try (LocalServices services = LocalServices.start(0, 0, data);
        Stream<Path> models = Files.list(data.resolve("models"))) {
      List<Path> originals = models.sorted().toList();
      assertThat(originals).hasSize(5);
      for (Path original : originals) {
        String name = original.getFileName().toString();
        StringWriter err = new StringWriter();
        int exitCode =
            Main.commandLine()
                .setOut(new PrintWriter(Writer.nullWriter()))
                .setErr(new PrintWriter(err, true))
                .execute(
                    "export",
                    name,
                    "--out",
                    home.resolve("exported").toString(),
                    "--config",
                    data.resolve("ingest.yaml").toString(),
                    "--set",
                    "sqlserver.port=" + services.sqlServer().port());
        assertThat(err.toString()).isEmpty();
        assertThat(exitCode).as(name).isEqualTo(ExitCode.DONE);
        assertThat(Files.mismatch(original, home.resolve("exported").resolve(name)))
            .as(name)
            .isEqualTo(-1);
      }
    }
  }

  /** State, tensors, chunks, nodes, unique atoms, bytes in, bytes stored, shared bytes. */
  private static List<String> model(List<String> lines, String name) {
    String line =
        lines.stream().filter(text -> text.startsWith(name + " ")).findFirst().orElseThrow();
    return List.of(line.substring(name.length()).strip().split("\\s+"));
  }

  private String password() {
    try {
      return Files.readString(home.resolve(".local/sqlserver.password")).strip();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
