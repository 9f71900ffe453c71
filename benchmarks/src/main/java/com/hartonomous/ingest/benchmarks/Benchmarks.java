package com.hartonomous.ingest.benchmarks;

import com.hartonomous.ingest.format.ModelFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The main class of {@code benchmarks/run}. */
@Command(
    name = "run",
    description = "Measures the product; see benchmarks/README.md.",
    mixinStandardHelpOptions = true,
    subcommandsRepeatable = false)
public final class Benchmarks {

  private static final int CHUNK_KIB_DEFAULT = 1024;

  private final PrintWriter out = new PrintWriter(System.out, true);

  private Benchmarks() {}

  /** Runs the benchmark that the first argument names and exits with its code. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Benchmarks()).execute(arguments));
  }

  @Command(name = "generate", description = "Writes a SafeTensors file of generated values.")
  int generate(
      @Parameters(paramLabel = "FILE") Path file,
      @Option(names = "--mib", required = true, description = "Size of all values.") long mib,
      @Option(
              names = "--tensor-mib",
              defaultValue = "64",
              description = "Size of a tensor (${DEFAULT-VALUE}).")
          long tensorMib,
      @Option(names = "--tensor-kib", description = "The same in KiB, for many small tensors.")
          Long tensorKib,
      @Option(
              names = "--copies",
              defaultValue = "1",
              description = "How often each value occurs (${DEFAULT-VALUE}).")
          int copies,
      @Option(names = "--seed", defaultValue = "1", description = "(${DEFAULT-VALUE})") long seed)
      throws IOException {
    long tensorBytes = tensorKib == null ? tensorMib << 20 : tensorKib << 10;
    long bytes = new ModelFile(mib << 20, tensorBytes, copies, seed).write(file);
    out.printf("%s: %d bytes, seed %d%n", file, bytes, seed);
    return 0;
  }

  @Command(
      name = "large-file",
      description =
          "Ingests a generated file, job and database in processes of their own, and checks it.")
  int largeFile(
      @Option(names = "--mib", defaultValue = "6144", description = "(${DEFAULT-VALUE})") long mib,
      @Option(
              names = "--chunk-kib",
              defaultValue = "" + CHUNK_KIB_DEFAULT,
              description = "(${DEFAULT-VALUE})")
          int chunkKib,
      @Option(names = "--parallelism", defaultValue = "2", description = "(${DEFAULT-VALUE})")
          int parallelism,
      @Option(
              names = "--job-heap",
              defaultValue = "1g",
              description = "-Xmx of the job (${DEFAULT-VALUE}).")
          String jobHeap,
      @Option(
              names = "--server-heap",
              defaultValue = "2g",
              description = "-Xmx of the stand-in and Neo4j (${DEFAULT-VALUE}).")
          String serverHeap,
      @Option(
              names = "--directory",
              description =
                  "Existing directory with room for twice the file; temporary if not given.")
          Path directory,
      @Option(names = "--limit-minutes", defaultValue = "60", description = "(${DEFAULT-VALUE})")
          long limitMinutes)
      throws IOException, InterruptedException, SQLException {
    Path files = directory == null ? Files.createTempDirectory("large-file-") : directory;
    LargeFileRun.Result result =
        new LargeFileRun(
                new LargeFileRun.Options(
                    mib << 20,
                    chunkKib << 10,
                    parallelism,
                    jobHeap,
                    serverHeap,
                    files,
                    Duration.ofMinutes(limitMinutes)))
            .run();
    removeIfTemporary(files, directory);
    out.printf(
        Locale.ROOT,
        "file %d bytes, %d chunks, parallelism %d%n",
        result.fileBytes(),
        result.chunks(),
        parallelism);
    out.printf(
        Locale.ROOT,
        "submission to completion %.1f s, %.1f MB/s; with the job's start %.1f s%n",
        seconds(result.stored()),
        result.megabytesPerSecond(),
        seconds(result.ingest()));
    print("job", jobHeap, result.job());
    print("stand-in and Neo4j", serverHeap, result.server());
    out.printf(
        Locale.ROOT,
        "database files %d bytes; every chunk compared, all content read and hashed in %.1f s%n",
        result.databaseBytes(),
        seconds(result.verify()));
    return 0;
  }

  @Command(
      name = "hashing",
      description = "Reads and hashes files of the page cache, in turns with openssl.")
  int hashing(
      @Option(
              names = "--mib",
              defaultValue = "512",
              description = "Size of a reader's file (${DEFAULT-VALUE}).")
          long mib,
      @Option(
              names = "--chunk-kib",
              defaultValue = "" + CHUNK_KIB_DEFAULT,
              description = "(${DEFAULT-VALUE})")
          int chunkKib,
      @Option(names = "--pairs", defaultValue = "9", description = "(${DEFAULT-VALUE})") int pairs,
      @Option(
              names = "--readers",
              split = ",",
              defaultValue = "1,2",
              description = "Numbers of readers to measure (${DEFAULT-VALUE}).")
          int[] readers,
      @Option(names = "--directory", description = "Takes the files; temporary if not given.")
          Path directory)
      throws IOException, InterruptedException, ExecutionException {
    Path files = directory == null ? Files.createTempDirectory("hashing-") : directory;
    HashingRun run = new HashingRun(files, mib << 20, chunkKib << 10);
    for (int number : readers) {
      List<HashingRun.Pair> measured = run.run(number, pairs);
      out.printf(
          Locale.ROOT,
          "%d readers, chunks of %d KiB, median of %d pairs: %.0f MB/s, openssl %.0f MB/s, ratio"
              + " %.2f (%.2f to %.2f)%n",
          number,
          chunkKib,
          pairs,
          Median.of(measured, HashingRun.Pair::ours),
          Median.of(measured, HashingRun.Pair::theirs),
          Median.of(measured, HashingRun.Pair::ratio),
          measured.stream().mapToDouble(HashingRun.Pair::ratio).min().orElseThrow(),
          measured.stream().mapToDouble(HashingRun.Pair::ratio).max().orElseThrow());
    }
    return 0;
  }

  @Command(
      name = "listing",
      description = "Lists a model file in turns with its reference library in Python, both warm.")
  int listing(
      @Parameters(paramLabel = "FILE") Path file,
      @Option(
              names = "--library",
              defaultValue = "gguf",
              description = "gguf, safetensors or torch (${DEFAULT-VALUE}).")
          String library,
      @Option(
              names = "--make-tokens",
              description = "Writes FILE first: GGUF with so many tokens and merges.")
          Integer tokens,
      @Option(
              names = "--python",
              defaultValue = "python3",
              description = "Has the library (${DEFAULT-VALUE}).")
          String python,
      @Option(names = "--pairs", defaultValue = "11", description = "(${DEFAULT-VALUE})") int pairs)
      throws IOException, ModelFormatException, InterruptedException {
    ListingRun run = new ListingRun(python, file);
    if (tokens != null) {
      run.makeGguf(tokens);
    }
    List<ListingRun.Pair> measured = run.run(library, pairs);
    out.printf(
        Locale.ROOT,
        "%d bytes, median of %d pairs: %.2f ms, %s %.2f ms, ratio %.4f (%.4f to %.4f)%n",
        Files.size(file),
        pairs,
        Median.of(measured, ListingRun.Pair::ours),
        library,
        Median.of(measured, ListingRun.Pair::theirs),
        Median.of(measured, ListingRun.Pair::ratio),
        measured.stream().mapToDouble(ListingRun.Pair::ratio).min().orElseThrow(),
        measured.stream().mapToDouble(ListingRun.Pair::ratio).max().orElseThrow());
    return 0;
  }

  @Command(name = "state-size", description = "Keyed state in RocksDB, bytes a key.")
  int stateSize(
      @Option(names = "--keys", defaultValue = "1000000", description = "(${DEFAULT-VALUE})")
          long keys,
      @Option(
              names = "--directory",
              description = "Takes the checkpoints, which stay; temporary if not given.")
          Path directory)
      throws Exception {
    Path checkpoints =
        (directory == null ? Files.createTempDirectory("state-size-") : directory).toAbsolutePath();
    StateSizeRun run = new StateSizeRun(checkpoints);
    print("atoms", run.ofAtoms(keys));
    print("rows of one reference", run.ofRows(keys, 1));
    print("rows of three references", run.ofRows(keys, 3));
    return 0;
  }

  private void print(String what, StateSizeRun.Result result) {
    out.printf(
        Locale.ROOT,
        "%d %s: checkpoint of %d bytes, %.1f a key; %.0f keys/s new, %.0f keys/s known%n",
        result.keys(),
        what,
        result.bytes(),
        result.bytesPerKey(),
        result.writesPerSecond(),
        result.readsPerSecond());
  }

  @Command(
      name = "deduplication",
      description = "The pipeline with the stage that deduplicates by keyed state, and without.")
  int deduplication(
      @Option(names = "--mib", defaultValue = "512", description = "(${DEFAULT-VALUE})") long mib,
      @Option(
              names = "--chunk-kib",
              split = ",",
              defaultValue = "64,1024",
              description = "Chunk sizes to measure (${DEFAULT-VALUE}).")
          int[] chunkKib,
      @Option(
              names = "--copies",
              split = ",",
              defaultValue = "1,10",
              description = "How often each chunk occurs (${DEFAULT-VALUE}).")
          int[] copies,
      @Option(names = "--pairs", defaultValue = "5", description = "(${DEFAULT-VALUE})") int pairs,
      @Option(names = "--directory", description = "Existing; temporary if not given.")
          Path directory)
      throws Exception {
    Path files = directory == null ? Files.createTempDirectory("deduplication-") : directory;
    for (int chunk : chunkKib) {
      for (int number : copies) {
        List<DeduplicationRun.Pair> measured =
            new DeduplicationRun(files, mib << 20, chunk << 10, number).run(pairs);
        out.printf(
            Locale.ROOT,
            "%d MiB, chunks of %d KiB, each %d times, median of %d pairs: with the stage %.1f s,"
                + " without %.1f s, ratio %.2f (%.2f to %.2f); processor time %.1f s and %.1f s,"
                + " ratio %.2f (%.2f to %.2f)%n",
            mib,
            chunk,
            number,
            pairs,
            Median.of(measured, pair -> pair.with().seconds()),
            Median.of(measured, pair -> pair.without().seconds()),
            Median.of(measured, DeduplicationRun.Pair::ratio),
            measured.stream().mapToDouble(DeduplicationRun.Pair::ratio).min().orElseThrow(),
            measured.stream().mapToDouble(DeduplicationRun.Pair::ratio).max().orElseThrow(),
            Median.of(measured, pair -> pair.with().processorSeconds()),
            Median.of(measured, pair -> pair.without().processorSeconds()),
            Median.of(measured, DeduplicationRun.Pair::processorRatio),
            measured.stream()
                .mapToDouble(DeduplicationRun.Pair::processorRatio)
                .min()
                .orElseThrow(),
            measured.stream()
                .mapToDouble(DeduplicationRun.Pair::processorRatio)
                .max()
                .orElseThrow());
      }
    }
    return 0;
  }

  @Command(
      name = "bulk-copy",
      description = "Bulk copies of small rows into the stand-in, in turns with H2's own batches.")
  int bulkCopy(
      @Option(names = "--rows", defaultValue = "200000", description = "(${DEFAULT-VALUE})")
          int rows,
      @Option(names = "--pairs", defaultValue = "7", description = "(${DEFAULT-VALUE})") int pairs)
      throws IOException, SQLException {
    try (BulkCopyRun run = new BulkCopyRun(rows)) {
      List<BulkCopyRun.Pair> measured = run.run(pairs);
      out.printf(
          Locale.ROOT,
          "%d rows, median of %d pairs: %.0f rows/s (%.0f to %.0f), H2 %.0f rows/s, ratio %.2f"
              + " (%.2f to %.2f); processor time %.1f and %.1f us/row, ratio %.2f%n",
          rows,
          pairs,
          Median.of(measured, pair -> pair.ours().perSecond()),
          measured.stream().mapToDouble(pair -> pair.ours().perSecond()).min().orElseThrow(),
          measured.stream().mapToDouble(pair -> pair.ours().perSecond()).max().orElseThrow(),
          Median.of(measured, pair -> pair.theirs().perSecond()),
          Median.of(measured, BulkCopyRun.Pair::ratio),
          measured.stream().mapToDouble(BulkCopyRun.Pair::ratio).min().orElseThrow(),
          measured.stream().mapToDouble(BulkCopyRun.Pair::ratio).max().orElseThrow(),
          Median.of(measured, pair -> pair.ours().processorMicros()),
          Median.of(measured, pair -> pair.theirs().processorMicros()),
          Median.of(measured, BulkCopyRun.Pair::processorRatio));
    }
    return 0;
  }

  @Command(
      name = "change-polling",
      description = "From the return of COMMIT to the change in a poller's hands.")
  int changePolling(
      @Option(names = "--changes", defaultValue = "2000", description = "(${DEFAULT-VALUE})")
          int changes,
      @Option(
              names = "--kept",
              split = ",",
              defaultValue = "0,100000",
              description = "Changes that the change table holds before (${DEFAULT-VALUE}).")
          int[] kept)
      throws Exception {
    for (int before : kept) {
      try (ChangePollingRun run = new ChangePollingRun()) {
        ChangePollingRun.Result result = run.run(changes, before);
        out.printf(
            Locale.ROOT,
            "%d changes behind %d: median %.1f ms, p99 %.1f ms, greatest %.1f ms%n",
            result.changes(),
            before,
            result.median(),
            result.percentile99(),
            result.greatest());
      }
    }
    return 0;
  }

  @Command(
      name = "capture",
      description =
          "Captures tables: their snapshot, then one transaction; job and database in processes of"
              + " their own.")
  int capture(
      @Option(names = "--tables", defaultValue = "500", description = "(${DEFAULT-VALUE})")
          int tables,
      @Option(
              names = "--snapshot-rows",
              defaultValue = "10",
              description = "Of each table (${DEFAULT-VALUE}).")
          int snapshotRows,
      @Option(
              names = "--changed-tables",
              defaultValue = "0",
              description = "That the transaction inserts into (${DEFAULT-VALUE}).")
          int changedTables,
      @Option(
              names = "--changed-rows",
              defaultValue = "500000",
              description = "That it inserts into each (${DEFAULT-VALUE}).")
          int changedRows,
      @Option(
              names = "--characters",
              defaultValue = "1000",
              description = "Of a row (${DEFAULT-VALUE}).")
          int characters,
      @Option(
              names = "--job-heap",
              defaultValue = "1g",
              description = "-Xmx of the job (${DEFAULT-VALUE}).")
          String jobHeap,
      @Option(
              names = "--server-heap",
              defaultValue = "3g",
              description = "-Xmx of the stand-in and Neo4j (${DEFAULT-VALUE}).")
          String serverHeap,
      @Option(names = "--directory", description = "Existing directory; temporary if not given.")
          Path directory,
      @Option(names = "--limit-minutes", defaultValue = "60", description = "(${DEFAULT-VALUE})")
          long limitMinutes)
      throws IOException, InterruptedException, SQLException {
    Path files = directory == null ? Files.createTempDirectory("capture-") : directory;
    CaptureRun.Result result =
        new CaptureRun(
                new CaptureRun.Options(
                    tables,
                    snapshotRows,
                    changedTables,
                    changedRows,
                    characters,
                    jobHeap,
                    serverHeap,
                    files,
                    Duration.ofMinutes(limitMinutes)))
            .run();
    removeIfTemporary(files, directory);
    out.printf(
        Locale.ROOT,
        "%d tables of %d rows: start of the job's process to the first row %.1f s, to the last"
            + " %.1f s%n",
        tables,
        snapshotRows,
        seconds(result.firstRow()),
        seconds(result.snapshot()));
    if (changedTables > 0) {
      out.printf(
          Locale.ROOT,
          "transaction of %d x %d rows: written in %.1f s, stored %.1f s after its commit, %.0f"
              + " rows/s%n",
          changedTables,
          changedRows,
          seconds(result.written()),
          seconds(result.stored()),
          (double) changedTables * changedRows / seconds(result.stored()));
    }
    print("job", jobHeap, result.job());
    print("stand-in and Neo4j", serverHeap, result.server());
    out.printf("database files %d bytes; every row compared%n", result.databaseBytes());
    return 0;
  }

  private static void removeIfTemporary(Path files, Path given) throws IOException {
    if (given == null) {
      Directories.remove(files);
    }
  }

  private void print(String process, String heap, ChildProcess.Memory memory) {
    out.printf(
        Locale.ROOT,
        "%s: -Xmx%s, heap peak %d MiB, live at most %d MiB, resident peak %d MiB%n",
        process,
        heap,
        memory.heapPeak(),
        memory.heapLivePeak(),
        memory.residentPeak());
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1e3;
  }
}
