package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.runtime.Secret;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.sql.SchemaMigrations;
import com.hartonomous.ingest.standin.SqlServerStandIn;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.ModelFixtures;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.StandInOnly;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Savepoints of older versions, with the databases that belong to them, are kept as {@code
 * upgrade/*.zip}: this version migrates the database, takes the savepoint over and goes on, with
 * the changes that were committed meanwhile and new ones.
 *
 * <p>A version adds its own by {@code -Dit.test=UpgradeITCase -Dwrite.savepoint=FILE.zip}, and one
 * that was taken while the tables were read for the first time with {@code -Din.snapshot=true}.
 */
@StandInOnly("databases that are kept as files")
class UpgradeITCase {

  private static final String WRITE = "write.savepoint";
  private static final String IN_SNAPSHOT = "in.snapshot";
  private static final long SEED = 20261201L;
  private static final String DATABASE = "database";
  private static final String SAVEPOINT = "savepoint";
  private static final String MODELS = "models";
  private static final String MODEL = "small.safetensors";

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(2);

  @TempDir Path directory;

  private Path kept;

  static Stream<Path> savepoints() throws Exception {
    URI upgrade = UpgradeITCase.class.getResource("/upgrade").toURI();
    try (Stream<Path> files = Files.list(Path.of(upgrade))) {
      return files.sorted().toList().stream();
    }
  }

  @BeforeEach
  void makeDirectory() throws IOException {
    kept = Files.createDirectory(directory.resolve("kept"));
  }

  @ParameterizedTest
  @MethodSource("savepoints")
  void anOlderVersionIsTakenOver(Path zip) throws Exception {
    try (FileSystem files = FileSystems.newFileSystem(zip)) {
      copy(files.getPath("/"), kept);
    }
    Path savepoint;
    try (Stream<Path> savepoints = Files.list(kept.resolve(SAVEPOINT))) {
      savepoint = savepoints.findFirst().orElseThrow();
    }
    try (SqlServerStandIn server = server()) {
      SqlServerOptions options = options(server);
      new SchemaMigrations(options.dataSource("test")).migrate();
      try (Sql sql = new Sql(options)) {
        assertThat(RandomTransactions.differences(sql))
            .as("changes since the savepoint")
            .isNotEmpty();
        try (RunningIngest job =
            RunningIngest.start(ingest(options), savepoint.toUri().toString())) {
          new RandomTransactions(options).start(SEED + 3, 50).call();
          awaitEqual(sql);
          Balance.awaitEven(options);
        }
      }
    }
  }

  @Test
  @EnabledIfSystemProperty(named = WRITE, matches = ".+")
  void writesTheSavepointOfThisVersion() throws Exception {
    ModelFixtures.safeTensors(
        Files.createDirectory(kept.resolve(MODELS)).resolve(MODEL), SEED, 5, 5_000);
    try (SqlServerStandIn server = server()) {
      SqlServerOptions options = options(server);
      new SchemaMigrations(options.dataSource("test")).migrate();
      try (Sql sql = new Sql(options)) {
        RandomTransactions.create(sql);
        if (Boolean.getBoolean(IN_SNAPSHOT)) {
          for (int keys = 1_000; keys < 64_000; keys *= 2) {
            sql.update(
                "INSERT INTO dbo.Orders (Id, Body) SELECT Id + ?, Body FROM dbo.Orders", keys);
          }
        }
        RandomTransactions transactions = new RandomTransactions(options);
        transactions.start(SEED, 60).call();
        RunningIngest job = RunningIngest.start(ingest(options));
        if (Boolean.getBoolean(IN_SNAPSHOT)) {
          Awaitility.await()
              .atMost(Duration.ofMinutes(1))
              .pollInterval(Duration.ofMillis(5))
              .until(() -> sql.number("SELECT COUNT_BIG(*) FROM dbo.RowAtoms") > 0);
        } else {
          transactions.start(SEED + 1, 100).call();
          awaitEqual(sql);
          Balance.awaitEven(options);
        }
        job.stopWithSavepoint(kept.resolve(SAVEPOINT));
        System.out.printf(
            "%d rows, %d references%n",
            RandomTransactions.rows(sql), sql.number("SELECT COUNT_BIG(*) FROM dbo.RowAtoms"));
        transactions.start(SEED + 2, 60).call();
      }
    }
    Path zip = Path.of(System.getProperty(WRITE));
    try (FileSystem files = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
      copy(kept, files.getPath("/"));
    }
  }

  private SqlServerStandIn server() throws IOException {
    return SqlServerStandIn.builder()
        .login("loader", "Secret-1")
        .database("Library")
        .dataDirectory(kept.resolve(DATABASE))
        .start();
  }

  private SqlServerOptions options(SqlServerStandIn server) throws IOException {
    Path password = Files.writeString(directory.resolve("password"), "Secret-1");
    return new SqlServerOptions(
        server.host(),
        server.port(),
        "Library",
        "loader",
        Secret.fromFile(password.toString()),
        false,
        true,
        Duration.ofSeconds(30));
  }

  private IngestOptions ingest(SqlServerOptions options) {
    return RunningIngest.options(
        options,
        RandomTransactions.configuration(),
        List.of(
            new IngestOptions.ModelPath(kept.resolve(MODELS).resolve(MODEL).toString(), "small")),
        directory.resolve("checkpoints"));
  }

  private static void awaitEqual(Sql sql) throws Exception {
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(() -> assertThat(RandomTransactions.differences(sql)).isEmpty());
    assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    assertThat(sql.rows("SELECT * FROM dbo.AtomizationErrors")).isEmpty();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        Files.createDirectories(target.getParent());
        Files.copy(file, target);
      }
    }
  }
}
