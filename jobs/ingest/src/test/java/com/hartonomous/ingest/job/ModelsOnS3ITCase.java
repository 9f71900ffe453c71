package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.job.CountingProxy.Request;
import com.hartonomous.ingest.record.FileRange;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.FileRangeReader;
import com.hartonomous.ingest.runtime.FlinkPositionedInput;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.ModelFolders;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Models on S3: read by ranges of a bounded size, as few as there are chunks, never an object as a
 * whole. The file system is the one that Flink has for S3, loaded as the plugin that it is.
 */
class ModelsOnS3ITCase {

  private static final int CHUNK = 1 << 20;

  /** What the file system asks for at least, unless configured otherwise. */
  private static final int READ_AHEAD = 64 << 10;

  @RegisterExtension
  static final MiniClusterExtension FLINK =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setNumberTaskManagers(1)
              .setNumberSlotsPerTaskManager(2)
              .build());

  @TempDir private static Path shared;
  private static S3Server s3;

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @TempDir private Path directory;

  @BeforeAll
  static void startServer() throws Exception {
    s3 = new S3Server(shared);
  }

  @AfterAll
  static void stopServer() throws Exception {
    s3.close();
  }

  @BeforeEach
  void forgetRequests() {
    s3.requests();
  }

  private static List<Request> gets(List<Request> requests) {
    return requests.stream().filter(request -> request.method().equals("GET")).toList();
  }

  /** Requests for parts of objects, each of a bounded one. */
  private static void assertBounded(List<Request> gets) {
    assertThat(gets).allMatch(get -> get.rangeLength() <= CHUNK);
  }

  private static long bytes(List<Request> requests) {
    return requests.stream().mapToLong(request -> request.bytes().get()).sum();
  }

  @Test
  void theHeaderOfALargeFileIsReadByAFewSmallRequests() throws Exception {
    Path file =
        ModelFolders.safeTensors(
            directory.resolve("large.safetensors"), ModelFolders.weights(1, 3, 10 * CHUNK));
    String uri = s3.put("large.safetensors", Files.readAllBytes(file));
    s3.requests();

    try (FlinkPositionedInput input = FlinkPositionedInput.open(uri)) {
      ModelLayout layout = ModelFormats.installed().read(input, LayoutLimits.DEFAULT);
      assertThat(layout.tensors()).hasSize(3);
    }

    List<Request> requests = s3.requests();
    assertThat(gets(requests))
        .hasSizeBetween(1, 6)
        .allMatch(get -> get.rangeLength() <= READ_AHEAD);
    assertThat(requests).hasSizeLessThanOrEqualTo(10);
  }

  @Test
  void aChunkIsOneRequestInWhateverOrderTheyAreRead() throws Exception {
    byte[] bytes = new byte[16 * CHUNK];
    new Random(1).nextBytes(bytes);
    String uri = s3.put("chunks.bin", bytes);
    long modifiedAt;
    try (FlinkPositionedInput input = FlinkPositionedInput.open(uri)) {
      modifiedAt = input.modifiedAt();
    }
    int[] order = {0, 1, 2, 9, 8, 15, 3, 5, 7, 14};
    s3.requests();
    try (FileRangeReader reader = new FileRangeReader()) {
      for (int chunk : order) {
        long offset = (long) chunk * CHUNK;
        Sha256 hash = reader.hash(new FileRange(uri, bytes.length, modifiedAt, offset, CHUNK));
        assertThat(hash)
            .isEqualTo(
                Sha256.of(
                    Arrays.copyOfRange(
                        bytes, Math.toIntExact(offset), Math.toIntExact(offset + CHUNK))));
      }
    }

    List<Request> requests = s3.requests();
    assertThat(gets(requests)).extracting(Request::rangeLength).hasSize(order.length);
    assertBounded(gets(requests));
    assertThat(bytes(gets(requests))).isEqualTo((long) order.length * CHUNK);
    assertThat(requests).hasSizeLessThanOrEqualTo(order.length + 4);
  }

  @Test
  void filesAndDirectoriesAreIngested() throws Exception {
    Map<String, byte[]> weights = ModelFolders.weights(8, 4, 2 * CHUNK + CHUNK / 2);
    Path single = ModelFolders.safeTensors(directory.resolve("one.safetensors"), weights);
    Path folder = Files.createDirectory(directory.resolve("repository"));
    ModelFolders.sharded(folder, ModelFolders.weights(9, 4, 2 * CHUNK), 2);
    Files.writeString(folder.resolve("config.json"), "{}");
    long size = Files.size(single);
    s3.put("one.safetensors", Files.readAllBytes(single));
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        size += Files.size(file);
        s3.put("repository/" + file.getFileName(), Files.readAllBytes(file));
      }
    }
    s3.requests();
    IngestOptions options =
        RunningIngest.options(
            server.options(),
            new IngestOptions.Models(
                List.of(
                    new IngestOptions.ModelPath("s3://models/one.safetensors", "one"),
                    new IngestOptions.ModelPath("s3://models/repository", "repository")),
                1,
                CHUNK,
                64 << 20),
            directory.resolve("checkpoints"));
    long chunks;
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options)) {
      Awaitility.await()
          .atMost(Duration.ofMinutes(3))
          .untilAsserted(
              () ->
                  assertThat(sql.rows("SELECT State, Failure FROM dbo.Models"))
                      .containsExactly("COMPLETE|\u2205", "COMPLETE|\u2205"));
      chunks = sql.number("SELECT COUNT_BIG(*) FROM dbo.FileChunks");
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      assertThat(stored(sql, "one.safetensors")).isEqualTo(Sha256.of(Files.readAllBytes(single)));
      for (int shard = 0; shard < 2; shard++) {
        String name = ModelFolders.shard(shard, 2);
        assertThat(stored(sql, name))
            .isEqualTo(Sha256.of(Files.readAllBytes(folder.resolve(name))));
      }
    }

    List<Request> requests = s3.requests();
    Map<String, Long> methods = new TreeMap<>();
    requests.forEach(request -> methods.merge(request.method(), 1L, Long::sum));
    List<Request> objects =
        gets(requests).stream().filter(get -> !get.path().equals("/models/")).toList();
    assertBounded(objects);
    // Every chunk is hashed by the reader, and read once more by the writer, as all are new.
    // Headers
    // are read several times; in the first mebibyte of a file, chunks of others are skipped by
    // reading.
    assertThat(bytes(objects)).as("%s", methods).isBetween(2 * size, 2 * size + 20L * CHUNK);
    assertThat(objects)
        .as("%s", methods)
        .hasSizeLessThanOrEqualTo(Math.toIntExact(2 * chunks) + 200);
    assertThat(requests).as("%s", methods).hasSizeLessThanOrEqualTo(objects.size() + 100);
  }

  /** The digest of a file as it is stored. */
  private static Sha256 stored(Sql sql, String path) throws Exception {
    MessageDigest digest = Sha256.newDigest();
    try (PreparedStatement statement =
        sql.connection()
            .prepareStatement(
                "SELECT a.Content FROM dbo.FileChunks AS c INNER JOIN dbo.Atoms AS a"
                    + " ON a.AtomId = c.AtomId INNER JOIN dbo.ModelFiles AS f"
                    + " ON f.ModelFileId = c.ModelFileId WHERE f.RelativePath = ?"
                    + " ORDER BY c.ChunkIndex")) {
      statement.setString(1, path);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          digest.update(row.getBytes(1));
        }
      }
    }
    return Sha256.fromBytes(digest.digest());
  }
}
