package com.hartonomous.ingest.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Which server each integration test ran on, appended to {@code target/servers.txt} when the tests
 * of a process have ended: {@code class: server}, or {@code class#method: not run: reason}.
 * Thread-safe.
 */
final class ServersReport implements AutoCloseable {

  private static final Path FILE = Path.of("target", "servers.txt");

  private final Map<String, String> lines = new ConcurrentSkipListMap<>();

  private ServersReport() {}

  /** The one of the run that the context belongs to. */
  static ServersReport of(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(ExtensionContext.Namespace.create(ServersReport.class))
        .getOrComputeIfAbsent(ServersReport.class, key -> new ServersReport(), ServersReport.class);
  }

  void ran(ExtensionContext context, String server) {
    lines.put(context.getRequiredTestClass().getName(), server);
  }

  void skipped(ExtensionContext context, String reason) {
    String method = context.getTestMethod().map(m -> "#" + m.getName()).orElse("");
    lines.put(
        context.getRequiredTestClass().getName() + method,
        "not run: needs the stand-in: " + reason);
  }

  @Override
  public void close() throws IOException {
    List<String> text =
        lines.entrySet().stream().map(line -> line.getKey() + ": " + line.getValue()).toList();
    Files.createDirectories(FILE.getParent());
    // One write, so that lines of processes that end together do not mix.
    Files.writeString(
        FILE, String.join("\n", text) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}
