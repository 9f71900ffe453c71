package com.hartonomous.ingest.local;

import com.hartonomous.ingest.cli.Units;
import com.hartonomous.ingest.cli.status.Status;
import java.io.PrintWriter;
import java.util.Locale;

/** Shows how far the demo is: one changing line on a terminal, a line now and then otherwise. */
final class DemoProgress {

  private static final int BAR_WIDTH = 24;
  private static final long PLAIN_INTERVAL_NANOS = 5_000_000_000L;
  private static final String TO_LINE_START_AND_CLEAR = "\r\u001b[K";

  private final PrintWriter out;
  private final boolean terminal = System.console() != null;
  private long lastPlainAt = System.nanoTime();
  private boolean lineOpen;

  DemoProgress(PrintWriter out) {
    this.out = out;
  }

  /** Shows the state of now. */
  void show(Status status, DemoTable.Captured captured) {
    long expected = 0;
    long stored = 0;
    for (Status.Model model : status.models()) {
      expected += model.bytes() == null ? 0 : model.bytes();
      stored += model.storedBytes();
    }
    String line =
        String.format(
            Locale.ROOT,
            "models %s %s of %s | rows %d, references %d of %d | outbox %d",
            bar(stored, expected),
            Units.bytes(stored),
            Units.bytes(expected),
            captured.rows(),
            captured.found(),
            captured.expected(),
            status.outbox().unsynced());
    if (terminal) {
      out.print(TO_LINE_START_AND_CLEAR + line);
      lineOpen = true;
    } else if (System.nanoTime() - lastPlainAt >= PLAIN_INTERVAL_NANOS) {
      out.println(line);
      lastPlainAt = System.nanoTime();
    }
    out.flush();
  }

  /** Ends the changing line. */
  void end() {
    if (lineOpen) {
      out.println();
      lineOpen = false;
    }
  }

  private static String bar(long done, long all) {
    int filled = all == 0 ? 0 : (int) Math.min(BAR_WIDTH, BAR_WIDTH * done / all);
    return "[" + "#".repeat(filled) + ".".repeat(BAR_WIDTH - filled) + "]";
  }
}
