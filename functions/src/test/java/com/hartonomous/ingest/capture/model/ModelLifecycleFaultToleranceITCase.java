package com.hartonomous.ingest.capture.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.capture.model.ModelLifecycle.PlannedModel;
import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.standin.engine.ConnectionLostException;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.testing.CanonicalDigest;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Models of every fate, with deadlocks, lost connections and commits of unknown outcome at random
 * statements, and instances that die and forget: the database ends as without them.
 */
class ModelLifecycleFaultToleranceITCase {

  private static final int RUNS = 5;

  /** What a run fills, referring tables first. */
  private static final List<String> TABLES =
      List.of(
          "ModelNodes",
          "FileChunks",
          "Tensors",
          "ModelProgress",
          "ModelFiles",
          "ModelSubmissions",
          "Models",
          "AtomizationErrors",
          "Neo4jSyncQueue",
          "Atoms");

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path folder;
  private Sql sql;

  @BeforeEach
  void connect() throws Exception {
    sql = server.connect();
  }

  @AfterEach
  void close() throws Exception {
    sql.close();
  }

  @Test
  @StandInOnly("injected faults")
  void theEndIsTheSameWithAndWithoutFaults() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    List<Path> files = files();
    List<String> expected = run(files, new Random(seed), false);
    assertThat(expected).anyMatch(line -> line.contains("COMPLETE"));
    int faults = 0;
    for (int round = 0; round < RUNS; round++) {
      RandomFaults injector = new RandomFaults(seed + round);
      server.injectFaults(injector);
      List<String> found;
      try {
        found = run(files, new Random(seed + round), true);
      } finally {
        server.injectFaults(FaultInjector.NONE);
      }
      faults += injector.injected();
      assertThat(found).as("-Dseed=" + (seed + round)).containsExactlyElementsOf(expected);
    }
    assertThat(faults).as("-Dseed=" + seed).isPositive();
  }

  /** A complete model, its duplicate, one that fails while it is read, one that is no model. */
  private List<Path> files() throws Exception {
    Path original = FixtureFiles.copy("nested.onnx", folder);
    Path duplicate = Files.createDirectory(folder.resolve("again")).resolve("nested.onnx");
    Files.copy(original, duplicate);
    Path failing = FixtureFiles.copy("types.safetensors", folder);
    Path cut = folder.resolve("cut.safetensors");
    byte[] whole = Files.readAllBytes(failing);
    Files.write(cut, Arrays.copyOf(whole, whole.length - 1));
    return List.of(original, duplicate, failing, cut);
  }

  private List<String> run(List<Path> files, Random random, boolean dying) throws Exception {
    for (String table : TABLES) {
      sql.update("DELETE FROM dbo." + table);
    }
    StoringWriter writer = new StoringWriter(sql);
    ModelSourceOptions options =
        new ModelSourceOptions(
            server.options(),
            "job",
            1,
            files.stream().map(file -> new ModelLocation(file.toString(), null)).toList(),
            ChunkPlan.CHUNK_SIZE_MIN,
            ChunkPlan.CHUNK_SIZE_MIN,
            Duration.ofSeconds(1));
    LifecycleDriver driver = new LifecycleDriver(options);
    List<PlannedModel> stored = new ArrayList<>();
    try {
      // One idle poll is not the end: a claim whose commit had an unknown outcome shows at the
      // next.
      int idle = 0;
      while (idle < 2) {
        idle = driver.step() ? 0 : idle + 1;
        for (PlannedModel model : driver.models()) {
          if (!stored.contains(model)) {
            stored.add(model);
            store(writer, model);
            idle = 0;
          }
        }
        if (dying && random.nextInt(4) == 0) {
          // As after a restore from before anything was planned.
          driver.close();
          driver = new LifecycleDriver(options);
          idle = 0;
        }
      }
    } finally {
      driver.close();
    }
    return CanonicalDigest.lines(sql);
  }

  private void store(StoringWriter writer, PlannedModel model) throws Exception {
    String name =
        sql.rows("SELECT ModelName FROM dbo.Models WHERE ModelId = ?", model.modelId()).get(0);
    writer.store(name.equals("types") ? model.splits().subList(0, 1) : model.splits());
    if (name.equals("types")) {
      DeadLetter letter =
          new DeadLetter("types", "offset 9", "FILE_UNREADABLE", "gone", null, model.modelId());
      sql.update(
          "INSERT INTO dbo.AtomizationErrors"
              + " (DeadLetterHash, SourceName, Position, Reason, ErrorMessage, ModelId)"
              + " VALUES (?, ?, ?, ?, ?, ?)",
          letter.hash().toBytes(),
          letter.source(),
          letter.position(),
          letter.reason(),
          letter.message(),
          letter.modelId());
    }
  }

  /**
   * Breaks some of the lifecycle's statements and commits, never so many in a row that it fails.
   */
  private static final class RandomFaults implements FaultInjector {
    private static final int PAUSE_MAX = 120;
    private final Random random;
    private int healthy;
    private int injected;

    RandomFaults(long seed) {
      random = new Random(seed);
    }

    synchronized int injected() {
      return injected;
    }

    @Override
    public synchronized void reached(Point point, String application, String kind, String batch)
        throws SqlServerError, ConnectionLostException {
      if (!application.equals(LifecycleDriver.APPLICATION) || healthy-- > 0) {
        return;
      }
      healthy = random.nextInt(PAUSE_MAX);
      injected++;
      if (point == Point.AFTER_COMMIT || random.nextBoolean()) {
        throw new ConnectionLostException("a fault that the test wants");
      }
      throw new SqlServerError(1205, 13, 51, "chosen as the deadlock victim");
    }
  }
}
