package com.hartonomous.ingest.job.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.TestNeo4j;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The shaded jar is fit for {@code flink run}: it brings everything but Flink and logging. */
class JobJarITCase {

  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** What a Flink distribution has in its lib directory, as the test's class path names it. */
  private static final List<String> FLINK =
      List.of(
          "flink-annotations-",
          "flink-clients-",
          "flink-connector-base-",
          "flink-connector-datagen-",
          "flink-core-",
          "flink-datastream-",
          "flink-dstl-dfs-",
          "flink-file-sink-common-",
          "flink-hadoop-fs-",
          "flink-java-",
          "flink-metrics-core-",
          "flink-optimizer-",
          "flink-queryable-state-client-java-",
          "flink-rpc-",
          "flink-runtime-",
          "flink-shaded-",
          "flink-statebackend-",
          "flink-streaming-java-",
          "flink-table-common-",
          "slf4j-api-",
          "log4j-api-",
          "log4j-core-",
          "log4j-slf4j2-impl-",
          "commons-cli-",
          "commons-collections-",
          "commons-compress-",
          "commons-io-",
          "commons-lang3-",
          "commons-math3-",
          "commons-text-",
          "chill-java-",
          "kryo-",
          "minlog-",
          "objenesis-",
          "javassist-",
          "snappy-java-",
          "lz4-java-",
          "zstd-jni-",
          "jsr305-",
          "async-profiler-",
          "frocksdbjni-",
          "snakeyaml-engine-");

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @TempDir private Path directory;

  private static Path jobJar() throws Exception {
    try (Stream<Path> files = Files.list(Path.of("target"))) {
      List<Path> jars =
          files.filter(file -> file.getFileName().toString().endsWith("-job.jar")).toList();
      assertThat(jars).as("made by mvn package").hasSize(1);
      return jars.get(0).toAbsolutePath();
    }
  }

  @Test
  void bringsOneDriverNoFlinkAndNoLogging() throws Exception {
    Map<String, Integer> entries = new TreeMap<>();
    try (JarFile jar = new JarFile(jobJar().toFile())) {
      for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
        entries.merge(entry.getName(), 1, Integer::sum);
      }
      assertThat(jar.getManifest().getMainAttributes().getValue("Main-Class"))
          .isEqualTo("com.hartonomous.ingest.job.IngestJob");
      assertThat(read(jar, "META-INF/services/java.sql.Driver").strip())
          .isEqualTo("com.microsoft.sqlserver.jdbc.SQLServerDriver");
      assertThat(read(jar, "META-INF/services/com.hartonomous.ingest.format.ModelFormat").lines())
          .hasSizeGreaterThanOrEqualTo(2);
      assertThat(read(jar, "META-INF/LICENSE")).contains("Apache License");
      assertThat(read(jar, "META-INF/NOTICE")).contains("Hartonomous Ingest", "mssql-jdbc");
    }
    assertThat(entries.entrySet()).allMatch(entry -> entry.getValue() == 1);
    assertThat(entries.keySet())
        .noneMatch(name -> name.startsWith("org/slf4j/") || name.startsWith("org/apache/log4j/"))
        .noneMatch(name -> name.startsWith("org/apache/logging/"))
        .noneMatch(name -> name.startsWith("org/apache/flink/streaming/"))
        .noneMatch(name -> name.startsWith("org/apache/flink/runtime/"))
        .noneMatch(name -> name.startsWith("org/apache/flink/api/"))
        .noneMatch(name -> name.startsWith("META-INF/") && name.endsWith(".SF"))
        .noneMatch(name -> name.contains("standin") || name.startsWith("org/neo4j/kernel/"));
  }

  private static String read(JarFile jar, String entry) throws Exception {
    return new String(
        jar.getInputStream(jar.getJarEntry(entry)).readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void bothJobsRunFromTheJarAlone() throws Exception {
    TestNeo4j neo4j = TestNeo4j.sharedAndEmpty();
    Path model = writeModel(directory.resolve("model.safetensors"));
    Path ingest = writeConfiguration("ingest.yaml", ingestSections(model));
    Path graphSync =
        writeConfiguration("graph-sync.yaml", "neo4j:\n  uri: " + neo4j.options().uri() + "\n");
    try (Sql sql = server.connect()) {
      createDocuments(sql);
      try (URLClassLoader loader = flinkAlone();
          AutoCloseable flink = start(loader)) {
        submit(flink, Map.of("jar", jobJar().toString()), ingest);
        submit(
            flink,
            Map.of(
                "jar", jobJar().toString(), "mainClass", "com.hartonomous.ingest.job.GraphSyncJob"),
            graphSync);
        await().atMost(LIMIT).until(() -> hasArrived(sql));
        assertThat(states(flink)).asString().isEqualTo("[RUNNING, RUNNING]");
      }
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
    assertThat(
            neo4j
                .query("MATCH (m:Model) RETURN m.state AS state", Map.of())
                .get(0)
                .get("state")
                .asString())
        .isEqualTo("COMPLETE");
  }

  private static boolean hasArrived(Sql sql) throws Exception {
    return CapturedRows.found(sql, "dbo", "Documents", "DocumentId")
            .equals(CapturedRows.expected(sql, "dbo.Documents", "DocumentId", "Body"))
        && sql.number("SELECT COUNT(*) FROM dbo.Models WHERE State = 'COMPLETE'") == 1
        && sql.number("SELECT COUNT(*) FROM dbo.Neo4jSyncQueue WHERE IsSynced = 0") == 0;
  }

  private static void createDocuments(Sql sql) throws Exception {
    sql.update(
        "CREATE TABLE dbo.Documents (DocumentId INT NOT NULL PRIMARY KEY, Body NVARCHAR(MAX) NULL)");
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Documents',"
            + " @role_name = NULL, @supports_net_changes = 0");
    for (int id = 1; id <= 20; id++) {
      sql.update("INSERT INTO dbo.Documents VALUES (?, ?)", id, "text " + id % 7);
    }
  }

  private static String ingestSections(Path model) {
    return """
        capture:
          poll-interval: 100 ms
          tables:
            - {table: dbo.Documents, columns: {Body: text/plain}}
        models:
          paths:
            - '%s'
        """
        .formatted(model);
  }

  private Path writeConfiguration(String name, String sections) throws Exception {
    return Files.writeString(
        directory.resolve(name),
        server.configuration()
            + "checkpoint: {interval: 500 ms, directory: checkpoints}\n"
            + sections);
  }

  /** A SafeTensors file with one tensor of four numbers. */
  private static Path writeModel(Path file) throws Exception {
    byte[] header =
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}"
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length).put(header).putFloat(1).putFloat(2).putFloat(3).putFloat(4);
    return Files.write(file, bytes.array());
  }

  private static URLClassLoader flinkAlone() throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      String name = path.getFileName().toString();
      if (FLINK.stream().anyMatch(name::startsWith) || name.equals("test-classes")) {
        urls.add(path.toUri().toURL());
      }
    }
    return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  private static AutoCloseable start(ClassLoader loader) throws Exception {
    Class<?> type = Class.forName(IsolatedFlink.class.getName(), true, loader);
    return withContext(loader, () -> (AutoCloseable) type.getDeclaredConstructor().newInstance());
  }

  private static void submit(
      AutoCloseable flink, Map<String, String> submission, Path configuration) throws Exception {
    withContext(
        flink.getClass().getClassLoader(),
        () ->
            flink
                .getClass()
                .getMethod("submit", Map.class, String[].class)
                .invoke(flink, submission, new String[] {"--config", configuration.toString()}));
  }

  private static List<?> states(AutoCloseable flink) throws Exception {
    return (List<?>) flink.getClass().getMethod("states").invoke(flink);
  }

  private interface Action<T> {
    T run() throws Exception;
  }

  private static <T> T withContext(ClassLoader loader, Action<T> action) throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      return action.run();
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
