package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {

  private final AtomicLong nanos = new AtomicLong();
  private final StringWriter text = new StringWriter();

  private Progress progress(boolean terminal) {
    return new Progress(new PrintWriter(text), terminal, "export", 4096, nanos::get);
  }

  @Test
  void shortWorkShowsNothing() {
    try (Progress progress = progress(true)) {
      nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(1_900));
      progress.add(4096);
    }
    assertThat(text.toString()).isEmpty();
  }

  @Test
  void aTerminalHasOneLineThatIsTakenAwayAtTheEnd() {
    try (Progress progress = progress(true)) {
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(3));
      progress.add(1023);
      progress.add(1);
      nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(200));
      progress.add(1024);
    }
    assertThat(text.toString().split("\r", -1))
        .containsExactly(
            "",
            "export  1023 B of 4.0 KiB, 24 %",
            "export  2.0 KiB of 4.0 KiB, 50 %",
            " ".repeat("export  2.0 KiB of 4.0 KiB, 50 %".length()),
            "");
  }

  @Test
  void elsewhereItIsALineNowAndThen() {
    try (Progress progress = progress(false)) {
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(9));
      progress.add(1024);
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(2));
      progress.add(1024);
    }
    assertThat(text.toString()).isEqualTo(String.format("export  2.0 KiB of 4.0 KiB, 50 %%%n"));
  }
}
