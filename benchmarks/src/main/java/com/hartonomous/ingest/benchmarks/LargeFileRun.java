package com.hartonomous.ingest.benchmarks;

import com.hartonomous.ingest.cli.verify.Verification;
import com.hartonomous.ingest.cli.verify.VerificationOptions;
import com.hartonomous.ingest.cli.verify.VerificationReport;
import com.hartonomous.ingest.content.DatabaseContentStore;
import com.hartonomous.ingest.format.LocalFileInput;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.Neo4jOptions;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.sink.graph.GraphLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;

/**
 * Ingests one file with the job in one Java process and the stand-in and Neo4j in another, and
 * checks every byte: each row of {@code dbo.FileChunks} against the file, and each atom's stored
 * content against its hash.
 */
final class LargeFileRun {

  private static final Duration TIMEOUT = Duration.ofSeconds(15);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int BUFFER_BYTES = 1 << 20;

  /**
   * What to run.
   *
   * @param fileBytes of the file's values
   * @param chunkSize bytes
   * @param parallelism of the job
   * @param jobHeap and {@code serverHeap} as for -Xmx
   * @param directory holds everything; removed at the end
   * @param limit for the ingest, beyond which it counts as failed
   */
  record Options(
      long fileBytes,
      int chunkSize,
      int parallelism,
      String jobHeap,
      String serverHeap,
      Path directory,
      Duration limit) {}

  /**
   * What came of it.
   *
   * @param fileBytes length of the file
   * @param ingest from the start of the job's process to the model's completion
   * @param stored from the model's submission to its completion, by the database's clock
   * @param verify reading and hashing everything again
   * @param databaseBytes of the stand-in's files at the end of the ingest
   */
  record Result(
      long fileBytes,
      long chunks,
      Duration ingest,
      Duration stored,
      Duration verify,
      ChildProcess.Memory job,
      ChildProcess.Memory server,
      long databaseBytes) {

    double megabytesPerSecond() {
      return fileBytes / 1e6 / (stored.toMillis() / 1e3);
    }
  }

  private final Options options;
  private final Path home;
  private final Path model;

  LargeFileRun(Options options) {
    this.options = options;
    this.home = options.directory().resolve("large-file-run").toAbsolutePath();
    this.model = home.resolve("model.safetensors");
  }

  /**
   * Runs it.
   *
   * @throws IOException when a process fails, the model does, or anything stored is not the file's
   */
  Result run() throws IOException, InterruptedException, SQLException {
    Files.createDirectories(home);
    try {
      long length = ModelFile.distinct(options.fileBytes(), 1).write(model);
      return ingest(length);
    } finally {
      Directories.remove(home);
    }
  }

  private Result ingest(long length) throws IOException, InterruptedException, SQLException {
    try (ServerProcess server = ServerProcess.start(home, options.serverHeap())) {
      SqlServerOptions sqlServer = server.options();
      Path configuration =
          Files.writeString(home.resolve("ingest.yaml"), server.configuration() + configuration());
      long begin = System.nanoTime();
      Duration ingest;
      ChildProcess.Memory jobMemory;
      try (ChildProcess job =
          ChildProcess.command(
              "ingest",
              options.jobHeap(),
              home,
              List.of("ingest", "--config", configuration.toString()))) {
        awaitComplete(sqlServer, job, server);
        ingest = Duration.ofNanos(System.nanoTime() - begin);
        jobMemory = job.memory();
      }
      long databaseBytes = server.databaseBytes();
      long verifyBegin = System.nanoTime();
      long chunks = compareWithFile(sqlServer, length);
      verify(sqlServer, server.boltPort());
      return new Result(
          length,
          chunks,
          ingest,
          stored(sqlServer),
          Duration.ofNanos(System.nanoTime() - verifyBegin),
          jobMemory,
          server.memory(),
          databaseBytes);
    }
  }

  private String configuration() {
    return """
        models:
          paths: [%s]
          chunk-size: %d KiB
          split-size: 64 MiB
        job:
          parallelism: %d
        """
        .formatted(model, options.chunkSize() >> 10, options.parallelism());
  }

  private void awaitComplete(SqlServerOptions sqlServer, ChildProcess job, ServerProcess server)
      throws IOException, InterruptedException, SQLException {
    long end = System.nanoTime() + options.limit().toNanos();
    try (Connection connection = sqlServer.open("benchmark");
        Statement statement = connection.createStatement()) {
      while (true) {
        try (ResultSet row = statement.executeQuery("SELECT State, Failure FROM dbo.Models")) {
          if (row.next()) {
            String state = row.getString(1);
            if (state.equals("COMPLETE")) {
              return;
            }
            if (!state.equals("INGESTING")) {
              throw new IOException(
                  "Expected the model to become COMPLETE, found %s: %s"
                      .formatted(state, row.getString(2)));
            }
          }
        }
        job.requireRunning();
        server.requireRunning();
        if (System.nanoTime() > end) {
          throw new IOException(
              "The model was not COMPLETE after %d s.".formatted(options.limit().toSeconds()));
        }
        Thread.sleep(POLL.toMillis());
      }
    }
  }

  /** Every chunk's hash against the file's own bytes, without gaps; returns their number. */
  private long compareWithFile(SqlServerOptions sqlServer, long length)
      throws IOException, SQLException {
    long chunks = 0;
    long next = 0;
    byte[] buffer = new byte[BUFFER_BYTES];
    try (LocalFileInput file = LocalFileInput.open(model);
        Connection connection = sqlServer.open("benchmark");
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT c.ByteOffset, c.ByteLength, a.AtomHash FROM dbo.FileChunks AS c"
                    + " JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId ORDER BY c.ByteOffset")) {
      while (rows.next()) {
        long offset = rows.getLong(1);
        long bytes = rows.getLong(2);
        if (offset != next || bytes > options.chunkSize()) {
          throw new IOException(
              "Expected a chunk of at most %d bytes at %d, found %d bytes at %d."
                  .formatted(options.chunkSize(), next, bytes, offset));
        }
        MessageDigest digest = Sha256.newDigest();
        for (long done = 0; done < bytes; ) {
          int count = (int) Math.min(buffer.length, bytes - done);
          file.readFully(offset + done, buffer, 0, count);
          digest.update(buffer, 0, count);
          done += count;
        }
        Sha256 expected = Sha256.fromBytes(digest.digest());
        Sha256 found = Sha256.fromBytes(rows.getBytes(3));
        if (!found.equals(expected)) {
          throw new IOException(
              "Expected atom %s for the bytes at %d, found %s.".formatted(expected, offset, found));
        }
        next = offset + bytes;
        chunks++;
      }
    }
    if (next != length) {
      throw new IOException("Expected chunks up to byte %d, found %d.".formatted(length, next));
    }
    return chunks;
  }

  private void verify(SqlServerOptions sqlServer, int boltPort) throws IOException, SQLException {
    VerificationReport report =
        new Verification(
                new VerificationOptions(
                    sqlServer,
                    new Neo4jOptions("bolt://127.0.0.1:" + boltPort, null, null, "neo4j", TIMEOUT),
                    GraphLevel.TENSOR,
                    100,
                    1,
                    Duration.ZERO),
                new DatabaseContentStore())
            .run();
    if (!report.passed()) {
      throw new IOException("Verification failed: " + report.shown());
    }
  }

  private static Duration stored(SqlServerOptions sqlServer) throws IOException, SQLException {
    try (Connection connection = sqlServer.open("benchmark");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT DATEDIFF(MILLISECOND, SubmittedAt, FinishedAt) FROM dbo.Models")) {
      row.next();
      return Duration.ofMillis(row.getLong(1));
    }
  }
}
