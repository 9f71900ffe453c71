package com.hartonomous.ingest.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Memory does not depend on the size of a file, nor on that of a chunk: three chunks of 64 MiB go
 * through a job whose whole heap is as large as two of them, while two readers and two writers are
 * at work. Held in memory, they would not fit.
 */
class LargeFileITCase {

  private static final int MIB = 1 << 20;
  private static final int CHUNK_MIB = 64;
  private static final int HEAP_MIB = 128;

  @TempDir Path directory;

  @Test
  void aFileLargerThanTheHeapIsStoredInLargestChunks() throws Exception {
    LargeFileRun.Result result =
        new LargeFileRun(
                new LargeFileRun.Options(
                    192L * MIB,
                    CHUNK_MIB * MIB,
                    2,
                    HEAP_MIB + "m",
                    "768m",
                    directory,
                    Duration.ofMinutes(6)))
            .run();
    // Three tensors of one chunk each, and the header.
    assertThat(result.chunks()).isEqualTo(4);
    assertThat(result.fileBytes()).isGreaterThan(192L * MIB);
    assertThat(result.job().heapLivePeak()).isLessThan(HEAP_MIB);
    assertThat(Files.list(directory)).isEmpty();
  }
}
