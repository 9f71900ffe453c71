package com.hartonomous.ingest.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Shows how far work is that takes longer than two seconds: on a terminal one line that changes,
 * otherwise a line every ten seconds. For one thread.
 */
public final class Progress implements AutoCloseable {

  private static final long PATIENCE_NANOS = Duration.ofSeconds(2).toNanos();
  private static final long REDRAW_NANOS = Duration.ofMillis(200).toNanos();
  private static final long LINE_NANOS = Duration.ofSeconds(10).toNanos();

  private final PrintWriter out;
  private final boolean terminal;
  private final String what;
  private final long totalBytes;
  private final LongSupplier nanoClock;

  private long doneBytes;
  private long nextAt;
  private int drawn;

  /**
   * Begins now.
   *
   * @param what is being done, for people
   */
  public static Progress of(PrintWriter out, String what, long totalBytes) {
    return new Progress(out, System.console() != null, what, totalBytes, System::nanoTime);
  }

  Progress(
      PrintWriter out, boolean terminal, String what, long totalBytes, LongSupplier nanoClock) {
    this.out = out;
    this.terminal = terminal;
    this.what = what;
    this.totalBytes = totalBytes;
    this.nanoClock = nanoClock;
    this.nextAt = nanoClock.getAsLong() + (terminal ? PATIENCE_NANOS : LINE_NANOS);
  }

  /** Tells that so many bytes more are done. */
  public void add(long bytes) {
    doneBytes += bytes;
    long now = nanoClock.getAsLong();
    if (now - nextAt >= 0) {
      nextAt = now + (terminal ? REDRAW_NANOS : LINE_NANOS);
      show();
    }
  }

  private void show() {
    String line =
        "%s  %s of %s, %d %%"
            .formatted(
                what,
                Units.bytes(doneBytes),
                Units.bytes(totalBytes),
                totalBytes == 0 ? 100 : (int) (100.0 * doneBytes / totalBytes));
    if (terminal) {
      out.print("\r" + line + " ".repeat(Math.max(0, drawn - line.length())));
      drawn = line.length();
    } else {
      out.println(line);
    }
    out.flush();
  }

  /** Takes the line from the terminal. */
  @Override
  public void close() {
    if (drawn > 0) {
      out.print("\r" + " ".repeat(drawn) + "\r");
      out.flush();
    }
  }
}
