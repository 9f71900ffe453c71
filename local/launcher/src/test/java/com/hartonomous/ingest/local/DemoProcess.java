package com.hartonomous.ingest.local;

import com.hartonomous.ingest.capture.sqlserver.OnGap;
import com.hartonomous.ingest.cli.StartState;
import com.hartonomous.ingest.job.CheckpointOptions;
import com.hartonomous.ingest.job.GraphSyncOptions;
import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.JobOptions;
import com.hartonomous.ingest.job.WebOptions;
import com.hartonomous.ingest.job.preflight.Preflight;
import com.hartonomous.ingest.sink.graph.GraphLevel;
import com.hartonomous.ingest.sql.SchemaMigrations;
import com.hartonomous.ingest.testing.CanonicalDigest;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.GraphPicture;
import com.hartonomous.ingest.testing.Sql;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * The process of the fault test: the databases, both jobs and a small workload, in a directory with
 * which it goes on. It ends by itself when everything has arrived, and writes the canonical digest.
 */
final class DemoProcess {

  static final String REMAINED = "remained ";
  static final String CHECKPOINT = "checkpoint ";
  static final String RESTORED = "restored ";
  static final String NOTHING = "none";
  static final String CHUNKS = "chunks ";
  static final String SNAPSHOT_CHUNKS = "snapshot-chunks ";
  static final String DIGEST = "digest.txt";

  private static final int DOCUMENTS = 360;
  private static final Duration LIMIT = Duration.ofMinutes(8);
  private static final Duration CHECKPOINT_TIMEOUT = Duration.ofMinutes(1);
  private static final long LOOK_MILLIS = 100;

  private final DemoDirectory directory;
  private final Path model;
  private final long seed;
  private final KillPoint.Armed point;
  private final long end = System.nanoTime() + LIMIT.toNanos();

  private DemoProcess(DemoDirectory directory, Path model, long seed, KillPoint.Armed point) {
    this.directory = directory;
    this.model = model;
    this.seed = seed;
    this.point = point;
  }

  /** Directory, model file, kill point and its occurrence, seed. */
  public static void main(String[] arguments) throws Exception {
    try (DemoDirectory directory = DemoDirectory.open(Path.of(arguments[0]))) {
      KillPoint.Armed point =
          new KillPoint.Armed(
              KillPoint.valueOf(arguments[2]),
              Integer.parseInt(arguments[3]),
              checkpoints(directory, "ingest"));
      try (LocalServices services = LocalServices.start(0, 0, directory.path(), point)) {
        services.listen(point);
        new DemoProcess(directory, Path.of(arguments[1]), Long.parseLong(arguments[4]), point)
            .run(services);
      }
    }
    // Not all threads of the servers are daemons.
    System.exit(0);
  }

  private void run(LocalServices services) throws Exception {
    new SchemaMigrations(services.sqlServer().dataSource("process")).migrate();
    try (Sql sql = new Sql(services.sqlServer());
        Sql looking = new Sql(services.sqlServer());
        DemoCluster cluster =
            DemoCluster.start(new WebOptions(0, "127.0.0.1"), directory.flink())) {
      DemoTable table = new DemoTable(sql.connection());
      if (!directory.isPrepared()) {
        table.create();
        directory.markPrepared();
      }
      DemoWorkload workload = new DemoWorkload(table, documents());
      printRemaining(workload, looking);
      workload.before();
      IngestOptions ingest = ingest(services);
      startJobs(services, ingest, cluster);
      while (StartState.newest(ingest.checkpoint()).isEmpty()) {
        look(cluster);
      }
      workload.during();
      while (!hasArrived(looking)) {
        look(cluster);
      }
      List<String> wanted = GraphPicture.wanted(looking);
      List<String> found = GraphPicture.found(services.neo4j());
      if (!found.equals(wanted)) {
        throw new IllegalStateException("The graph is " + found + ", expected " + wanted);
      }
      System.out.println(SNAPSHOT_CHUNKS + point.snapshotChunks());
      Files.write(directory.path().resolve(DIGEST), CanonicalDigest.lines(looking));
    }
  }

  private List<DemoDocuments.Document> documents() {
    Random random = new Random(seed);
    List<DemoDocuments.Document> documents = new ArrayList<>();
    for (int i = 0; i < DOCUMENTS; i++) {
      documents.add(
          new DemoDocuments.Document(
              "title " + random.nextInt(20), "body " + random.nextInt(DOCUMENTS / 2)));
    }
    return documents;
  }

  private IngestOptions ingest(LocalServices services) {
    return new IngestOptions(
        services.sqlServer(),
        new IngestOptions.Capture(
            "main",
            List.of(
                new IngestOptions.Table(
                    "dbo",
                    "DemoDocuments",
                    List.of(
                        new IngestOptions.Column("Title", "text/plain"),
                        new IngestOptions.Column("Body", "text/plain")))),
            Duration.ofMillis(100),
            Duration.ofMillis(300),
            20,
            "UTC",
            OnGap.FAIL),
        new IngestOptions.Models(
            List.of(new IngestOptions.ModelPath(model.toUri().toString(), "model")),
            1,
            64 << 10,
            256 << 10),
        new IngestOptions.Writer(200, 256 << 10, 10, Duration.ofSeconds(15)),
        checkpoints(directory, "ingest"),
        new JobOptions("ingest", 1),
        new WebOptions(0, "127.0.0.1"));
  }

  private static CheckpointOptions checkpoints(DemoDirectory directory, String job) {
    return new CheckpointOptions(
        Duration.ofMillis(300), directory.checkpoints(job).toString(), CHECKPOINT_TIMEOUT);
  }

  private void startJobs(LocalServices services, IngestOptions ingest, DemoCluster cluster)
      throws Exception {
    GraphSyncOptions graphSync =
        new GraphSyncOptions(
            services.sqlServer(),
            services.neo4j(),
            new GraphSyncOptions.Graph(GraphLevel.TENSOR, Duration.ofMillis(100), 50, 4),
            checkpoints(directory, "graph-sync"),
            new JobOptions("graph-sync", 1),
            new WebOptions(0, "127.0.0.1"));
    Optional<String> state = StartState.newest(ingest.checkpoint());
    System.out.println(CHECKPOINT + state.orElse(NOTHING));
    cluster.submitIngest(ingest, Preflight.ingest(ingest, state.isPresent()), state);
    cluster.submitGraphSync(graphSync, StartState.newest(graphSync.checkpoint()));
    if (state.isPresent()) {
      while (cluster.restoredCheckpoint("ingest").isEmpty()) {
        look(cluster);
      }
      System.out.println(RESTORED + cluster.restoredCheckpoint("ingest").getAsLong());
    } else {
      System.out.println(RESTORED + NOTHING);
    }
  }

  /** What an earlier process left to do. */
  private static void printRemaining(DemoWorkload workload, Sql looking) throws SQLException {
    DemoTable.Captured captured = new DemoTable(looking.connection()).compare();
    Map<KillPoint.Remaining, Long> remaining = new EnumMap<>(KillPoint.Remaining.class);
    remaining.put(KillPoint.Remaining.STEPS, (long) workload.steps() - workload.done());
    remaining.put(KillPoint.Remaining.REFERENCES, captured.equal() ? 0L : 1L);
    remaining.put(
        KillPoint.Remaining.MODELS,
        1 - looking.number("SELECT COUNT_BIG(*) FROM dbo.Models WHERE State = 'COMPLETE'"));
    remaining.put(
        KillPoint.Remaining.MARKS,
        looking.number("SELECT COUNT_BIG(*) FROM dbo.Neo4jSyncQueue WHERE IsSynced = 0"));
    remaining.forEach((what, count) -> System.out.println(REMAINED + what + " " + count));
    System.out.println(CHUNKS + looking.number("SELECT COUNT_BIG(*) FROM dbo.FileChunks"));
  }

  private static boolean hasArrived(Sql sql) throws SQLException {
    return new DemoTable(sql.connection()).compare().equal()
        && CapturedRows.wrongCounts(sql).isEmpty()
        && sql.rows("SELECT State FROM dbo.Models").equals(List.of("COMPLETE"))
        && sql.number("SELECT COUNT_BIG(*) FROM dbo.Neo4jSyncQueue WHERE IsSynced = 0") == 0;
  }

  private void look(DemoCluster cluster) throws Exception {
    Optional<String> failure = cluster.failure();
    if (failure.isPresent()) {
      throw new IOException("job " + failure.get());
    }
    if (System.nanoTime() > end) {
      throw new IOException("not everything arrived within " + LIMIT);
    }
    Thread.sleep(LOOK_MILLIS);
  }
}
