package com.hartonomous.ingest.benchmarks;

import com.hartonomous.ingest.record.FileRange;
import com.hartonomous.ingest.runtime.FileRangeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Reading and hashing as the job's readers do it, against {@code openssl dgst -sha256} in as many
 * processes on the same files, in turns, so that a machine whose speed changes treats both alike.
 * The files are read once before, and so come from the page cache.
 */
final class HashingRun {

  /**
   * What one turn took.
   *
   * @param ours and {@code theirs}: megabytes a second of all readers together
   */
  record Pair(double ours, double theirs) {
    double ratio() {
      return ours / theirs;
    }
  }

  private final Path directory;
  private final long fileBytes;
  private final int chunkSize;

  /**
   * @param directory takes the files, which are removed
   * @param fileBytes of one reader's file
   */
  HashingRun(Path directory, long fileBytes, int chunkSize) {
    this.directory = directory;
    this.fileBytes = fileBytes;
    this.chunkSize = chunkSize;
  }

  /**
   * Runs pairs of turns, and one before that does not count.
   *
   * @param readers threads of ours, processes of theirs, each with a file of its own
   */
  List<Pair> run(int readers, int pairs)
      throws IOException, InterruptedException, ExecutionException {
    List<Path> files = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(readers);
    try {
      for (int i = 0; i < readers; i++) {
        Path file = directory.resolve("hashing-%d.safetensors".formatted(i));
        files.add(file);
        ModelFile.distinct(fileBytes, i).write(file);
      }
      ours(files, threads);
      theirs(files);
      List<Pair> measured = new ArrayList<>();
      for (int i = 0; i < pairs; i++) {
        // Whoever is second finds the caches of the first: they take turns in that too.
        if (i % 2 == 0) {
          double ours = ours(files, threads);
          measured.add(new Pair(ours, theirs(files)));
        } else {
          double theirs = theirs(files);
          measured.add(new Pair(ours(files, threads), theirs));
        }
      }
      return measured;
    } finally {
      threads.shutdown();
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
  }

  private double ours(List<Path> files, ExecutorService threads)
      throws IOException, InterruptedException, ExecutionException {
    List<Callable<Void>> readers = new ArrayList<>();
    for (Path file : files) {
      List<FileRange> ranges = ranges(file);
      readers.add(
          () -> {
            try (FileRangeReader reader = new FileRangeReader()) {
              for (FileRange range : ranges) {
                reader.hash(range);
              }
            }
            return null;
          });
    }
    long begin = System.nanoTime();
    for (Future<Void> reader : threads.invokeAll(readers)) {
      reader.get();
    }
    return megabytesPerSecond(files, begin);
  }

  private double theirs(List<Path> files) throws IOException, InterruptedException {
    List<Process> processes = new ArrayList<>();
    long begin = System.nanoTime();
    for (Path file : files) {
      processes.add(
          new ProcessBuilder("openssl", "dgst", "-sha256", file.toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start());
    }
    for (Process process : processes) {
      if (process.waitFor() != 0) {
        throw new IOException("openssl dgst -sha256 ended with code " + process.exitValue());
      }
    }
    return megabytesPerSecond(files, begin);
  }

  private List<FileRange> ranges(Path file) throws IOException {
    long length = Files.size(file);
    long modifiedAt = Files.getLastModifiedTime(file).toMillis();
    List<FileRange> ranges = new ArrayList<>();
    for (long offset = 0; offset < length; offset += chunkSize) {
      int bytes = (int) Math.min(chunkSize, length - offset);
      ranges.add(new FileRange(file.toUri().toString(), length, modifiedAt, offset, bytes));
    }
    return ranges;
  }

  private static double megabytesPerSecond(List<Path> files, long begin) throws IOException {
    long bytes = 0;
    for (Path file : files) {
      bytes += Files.size(file);
    }
    return bytes / 1e6 / ((System.nanoTime() - begin) / 1e9);
  }
}
