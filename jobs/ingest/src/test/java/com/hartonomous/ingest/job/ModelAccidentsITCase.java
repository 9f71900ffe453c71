package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.ModelFixtures;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files that do not stay what they were while they are read. */
class ModelAccidentsITCase {

  private static final String MODELS = "hartonomous-models";
  private static final String WRITER = "hartonomous-writer";

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  /** What happens to the file when the writer begins its first transaction. */
  enum Accident {
    VANISHES {
      @Override
      void happen(Path file) throws IOException {
        Files.delete(file);
      }
    },
    SHRINKS {
      @Override
      void happen(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
      }
    },
    GROWS {
      @Override
      void happen(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length + 1));
      }
    },
    CHANGES {
      @Override
      void happen(Path file) throws IOException {
        scramble(file);
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L));
      }
    },
    /** Same size, and the time set back: only the content tells. */
    IS_FORGED {
      @Override
      void happen(Path file) throws IOException {
        FileTime time = Files.getLastModifiedTime(file);
        scramble(file);
        Files.setLastModifiedTime(file, time);
      }
    };

    abstract void happen(Path file) throws IOException;

    static void scramble(Path file) throws IOException {
      byte[] bytes = new byte[Math.toIntExact(Files.size(file))];
      new Random(99).nextBytes(bytes);
      Files.write(file, bytes);
    }
  }

  @ParameterizedTest
  @EnumSource
  @StandInOnly("injected faults")
  void theModelFailsAndTheJobGoesOn(Accident accident) throws Exception {
    Path file = ModelFixtures.safeTensors(directory.resolve("bad"), 1, 6, 100_000);
    Path good = ModelFixtures.safeTensors(directory.resolve("good"), 2, 2, 20_000);
    AtomicBoolean happened = new AtomicBoolean();
    server.injectFaults(
        (point, client, kind, batch) -> {
          if (client.startsWith(WRITER)
              && batch.contains("sp_getapplock")
              && happened.compareAndSet(false, true)) {
            try {
              accident.happen(file);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        });
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options(file))) {
      awaitStates(sql, "bad|FAILED");
      assertThat(happened).isTrue();
      sql.rows("EXEC dbo.sp_IngestSafeTensors ?, N'good'", good.toString());
      awaitStates(sql, "bad|FAILED", "good|COMPLETE");
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () ->
                  assertThat(sql.rows("SELECT DISTINCT State FROM dbo.ModelSubmissions"))
                      .containsExactly("DONE"));

      assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
      assertThat(
              sql.number(
                  "SELECT COUNT(*) FROM dbo.FileChunks AS c INNER JOIN dbo.ModelFiles AS f"
                      + " ON f.ModelFileId = c.ModelFileId INNER JOIN dbo.Models AS m"
                      + " ON m.ModelId = f.ModelId WHERE m.State = 'FAILED'"))
          .isZero();
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      assertContentHasItsHash(sql);
      assertThat(sql.rows("SELECT DISTINCT Reason FROM dbo.AtomizationErrors"))
          .isNotEmpty()
          .allMatch(List.of("FILE_UNREADABLE", "FILE_CHANGED")::contains);
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(2L, 1L, 0L, 1L);
    }
  }

  /** A savepoint from before the completion knows splits of a model that is complete by now. */
  @Test
  @StandInOnly("injected faults")
  void aCompleteModelWhoseFileIsGoneStaysCompleteAfterAnOldSavepoint() throws Exception {
    Path file = ModelFixtures.safeTensors(directory.resolve("m"), 3, 6, 50_000);
    String savepoint;
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch reached = new CountDownLatch(1);
    server.injectFaults(
        (point, client, kind, batch) -> {
          if (client.equals(MODELS) && batch.contains("UPDATE e SET DuplicateOf")) {
            reached.countDown();
            waitFor(release);
          }
        });
    try (Sql sql = server.connect()) {
      try (RunningIngest job = RunningIngest.start(options(file))) {
        waitFor(reached);
        savepoint = job.stopWithSavepoint(directory.resolve("savepoints"));
      } finally {
        release.countDown();
        server.injectFaults(FaultInjector.NONE);
      }
      try (RunningIngest job = RunningIngest.start(options(file), savepoint)) {
        awaitStates(sql, "m|COMPLETE");
      }
      List<String> atoms = sql.rows("SELECT AtomHash, ReferenceCount FROM dbo.Atoms");
      Files.delete(file);

      IngestOptions others = options();
      try (RunningIngest job = RunningIngest.start(others, savepoint)) {
        // Something that comes later and ends shows that the restored job has looked at all.
        Path next = ModelFixtures.safeTensors(directory.resolve("n"), 4, 1, 100);
        sql.rows("EXEC dbo.sp_IngestSafeTensors ?, N'n'", next.toString());
        awaitStates(sql, "m|COMPLETE", "n|COMPLETE");
        assertThat(sql.rows("SELECT Reason FROM dbo.AtomizationErrors")).isEmpty();
        assertThat(sql.rows("SELECT AtomHash, ReferenceCount FROM dbo.Atoms")).containsAll(atoms);
        assertThat(Balance.awaitEven(server.options()).sums("submissions"))
            .containsExactly(2L, 2L, 0L, 0L);
      }
    }
  }

  private static void waitFor(CountDownLatch latch) {
    try {
      if (!latch.await(60, java.util.concurrent.TimeUnit.SECONDS)) {
        throw new AssertionError("the moment never came");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void assertContentHasItsHash(Sql sql) throws Exception {
    try (Statement statement = sql.connection().createStatement();
        ResultSet atoms = statement.executeQuery("SELECT AtomHash, Content FROM dbo.Atoms")) {
      while (atoms.next()) {
        assertThat(Sha256.of(atoms.getBytes(2)).toBytes()).isEqualTo(atoms.getBytes(1));
      }
    }
  }

  private IngestOptions options(Path... files) {
    return RunningIngest.options(
        server.options(),
        new IngestOptions.Models(
            Arrays.stream(files)
                .map(
                    file ->
                        new IngestOptions.ModelPath(file.toString(), file.getFileName().toString()))
                .toList(),
            1,
            64 << 10,
            256 << 10),
        directory.resolve("checkpoints"));
  }

  private static void awaitStates(Sql sql, String... states) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(sql.rows("SELECT ModelName, State FROM dbo.Models ORDER BY ModelName"))
                    .containsExactly(states));
  }
}
