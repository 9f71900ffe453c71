package com.hartonomous.ingest.job.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.capture.model.WatchedDirectory;
import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.record.Segmentation;
import com.hartonomous.ingest.runtime.Secret;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IngestConfigurationTest {

  private static final String MINIMAL =
      """
      sqlserver:
        host: db.example
        user: ingest
        password-env: DB_PASSWORD
      checkpoint:
        directory: checkpoints
      """;

  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void namePath() {
    file = directory.resolve("ingest.yaml");
  }

  private IngestOptions read(String yaml, String... overrides)
      throws IOException, ConfigurationException {
    Files.writeString(file, yaml);
    return IngestConfiguration.read(file, List.of(overrides)).options();
  }

  private void assertRefused(String yaml, String message, String... overrides) {
    assertThatThrownBy(() -> read(yaml, overrides))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(message.replace("FILE", file.toString()));
  }

  @Test
  void defaultsApplyWhereNothingIsSet() throws Exception {
    IngestOptions options = read(MINIMAL);

    assertThat(options.sqlServer().port()).isEqualTo(1433);
    assertThat(options.sqlServer().encrypt()).isTrue();
    assertThat(options.sqlServer().password()).isEqualTo(Secret.fromEnvironment("DB_PASSWORD"));
    assertThat(options.capture().tables()).isEmpty();
    assertThat(options.models().chunkSize()).isEqualTo(1 << 20);
    assertThat(options.writer().batchRows()).isEqualTo(2_000);
    assertThat(options.writer().batchBytes()).isEqualTo(32L << 20);
    assertThat(options.checkpoint().interval()).isEqualTo(Duration.ofSeconds(5));
    assertThat(options.checkpoint().directory())
        .isEqualTo(directory.resolve("checkpoints").toString());
  }

  @Test
  void everyKindOfValueIsRead() throws Exception {
    IngestOptions options =
        read(
            MINIMAL
                + """
                capture:
                  poll-interval: 200 ms
                  server-time-zone: Europe/Berlin
                  tables:
                    - table: dbo.Documents
                      columns: {Title: text/plain, Body: text/markdown}
                    - table: "[my schema].[a.b]"
                      columns:
                        Note: text/plain
                    - table: "my.[a]]b]"
                      columns:
                        "c.d [e]": {type: text/x-log, segments: line}
                        Data: {type: application/pdf}
                models:
                  chunk-size: 256 KiB
                  paths:
                    - a/first.onnx
                    - {path: s3://models/second.onnx, name: other}
                """);

    assertThat(options.capture().pollInterval()).isEqualTo(Duration.ofMillis(200));
    assertThat(options.capture().serverTimeZone()).isEqualTo("Europe/Berlin");
    assertThat(options.capture().tables())
        .containsExactly(
            new IngestOptions.Table(
                "dbo",
                "Documents",
                List.of(
                    new IngestOptions.Column("Title", "text/plain"),
                    new IngestOptions.Column("Body", "text/markdown"))),
            new IngestOptions.Table(
                "my schema", "a.b", List.of(new IngestOptions.Column("Note", "text/plain"))),
            new IngestOptions.Table(
                "my",
                "a]b",
                List.of(
                    new IngestOptions.Column("c.d [e]", "text/x-log", Segmentation.LINE),
                    new IngestOptions.Column("Data", "application/pdf"))));
    assertThat(options.models().chunkSize()).isEqualTo(256 << 10);
    assertThat(options.models().paths())
        .containsExactly(
            new IngestOptions.ModelPath(directory.resolve("a/first.onnx").toString(), "first.onnx"),
            new IngestOptions.ModelPath("s3://models/second.onnx", "other"));
  }

  @Test
  void overridesWinAndTheLastOneCounts() throws Exception {
    IngestOptions options =
        read(
            MINIMAL + "job:\n  parallelism: 3\n",
            "job.parallelism=4",
            "job.parallelism=5",
            "models.paths=[/m/a.onnx, {path: /m/b.onnx, name: b}]",
            "writer.batch-bytes=64 MiB");

    assertThat(options.job().parallelism()).isEqualTo(5);
    assertThat(options.writer().batchBytes()).isEqualTo(64L << 20);
    assertThat(options.models().paths())
        .extracting(IngestOptions.ModelPath::name)
        .containsExactly("a.onnx", "b");
  }

  @Test
  void oneModelNeedsNoList() throws Exception {
    assertThat(read(MINIMAL, "models.paths=/m/a.onnx").models().paths())
        .containsExactly(new IngestOptions.ModelPath("/m/a.onnx", "a.onnx"));
  }

  @Test
  void pathsMayBePatternsOrLists() throws Exception {
    Files.writeString(
        directory.resolve("list.txt"), "# models\n\n/m/a.onnx\nsub/b.onnx\tsecond name\r\n");
    IngestOptions.Models models =
        read(MINIMAL, "models.paths=['" + directory + "/*.onnx', {path: '/m/*.bin'}]").models();
    assertThat(models.patterns()).containsExactly(directory + "/*.onnx");
    assertThat(models.paths()).containsExactly(new IngestOptions.ModelPath("/m/*.bin", "*.bin"));

    models =
        read(MINIMAL + "models:\n  paths: [sub/**/*.onnx, 's3://b/[ab]?.onnx', {list: list.txt}]\n")
            .models();
    assertThat(models.patterns())
        .containsExactly(directory + "/sub/**/*.onnx", "s3://b/[ab]?.onnx");
    assertThat(models.paths())
        .containsExactly(
            new IngestOptions.ModelPath("/m/a.onnx", "a.onnx"),
            new IngestOptions.ModelPath(directory.resolve("sub/b.onnx").toString(), "second name"));
  }

  @Test
  void badListsAndPatternsAreRefusedWithTheirLine() throws Exception {
    Path list = directory.resolve("list.txt");
    String yaml = MINIMAL + "models:\n  paths: {list: list.txt}\n";
    assertRefused(
        yaml, "FILE:8: models.paths.list: " + list + ": no such readable file. Correct the path.");
    Files.writeString(list, "# nothing\n");
    assertRefused(
        yaml, "FILE:8: models.paths.list: " + list + ": expected at least one path, found none.");
    Files.writeString(list, "/m/a\n/m/b\tb\tc\n");
    assertRefused(
        yaml, list + ":2: expected a path, perhaps a tab and a name, found '/m/b\tb\tc'.");
    Files.writeString(list, "/m/a\n#\n/m/a\n");
    assertRefused(yaml, list + ":3: /m/a is there twice. Remove one of the two.");
    Files.writeString(list, "/m/a\t\n");
    assertRefused(yaml, list + ":1: expected a model name of 1 to 400 characters, found ''.");
    Files.write(list, new byte[] {'/', 'm', (byte) 0xFF, '\n'});
    assertRefused(yaml, list + ":1: expected UTF-8 text, found other bytes.");
    assertRefused(
        MINIMAL + "models:\n  paths: ['/m/[ab.onnx']\n",
        "FILE:8: models.paths: not a pattern of files: found '[' without ']' in '[ab.onnx'.");
    assertRefused(
        MINIMAL + "models:\n  paths: ['/m/**']\n",
        "FILE:8: models.paths: not a pattern of files: expected a file name behind **, such as"
            + " **/*.onnx, found '/m/**'.");
  }

  @Test
  void watchedDirectoriesAreRead() throws Exception {
    List<WatchedDirectory> watched =
        read(MINIMAL
                + """
                    models:
                      watch:
                        - in
                        - {directory: s3://b/in, pattern: '*.onnx', recursive: true, interval: 1 min}
                    """)
            .models()
            .watched();
    assertThat(watched)
        .containsExactly(
            new WatchedDirectory(
                directory.resolve("in").toString(),
                "*.{safetensors,onnx,gguf,pt}",
                false,
                Duration.ofSeconds(10)),
            new WatchedDirectory("s3://b/in", "*.onnx", true, Duration.ofMinutes(1)));
    assertRefused(
        MINIMAL + "models:\n  watch: [in, ./in]\n",
        "FILE:8: models.watch: "
            + directory.resolve("in")
            + " is there twice. Remove one of the two.");
    assertRefused(
        MINIMAL + "models:\n  watch: {directory: in, pattern: a/b}\n",
        "FILE:8: models.watch.pattern: expected a pattern of file names such as *.onnx, found"
            + " 'a/b'.");
    assertRefused(
        MINIMAL + "models:\n  watch: {directory: in, patern: a}\n",
        "FILE:8: models.watch: 'patern' is not a key here. Did you mean 'pattern'?");
    assertRefused(
        MINIMAL + "models:\n  watch: {directory: in, interval: 5}\n",
        "FILE:8: models.watch.interval: expected a duration from '100 ms' to '1 h' with its unit"
            + " (ms, s, min, h, d), found '5'.");
  }

  @Test
  void sectionsWithoutChildrenCountAsNotWritten() throws Exception {
    assertThat(read(MINIMAL + "models:\n  # paths: []\n").models().paths()).isEmpty();
  }

  @Test
  void unknownKeysAreRefusedWithTheNearest() {
    assertRefused(
        MINIMAL + "writer:\n  batch-row: 2000\n",
        "FILE:8: writer.batch-row is not an option. Did you mean writer.batch-rows?");
    assertRefused(
        MINIMAL + "writr:\n  batch-rows: 2000\n",
        "FILE:8: writr is not an option. Did you mean writer?");
    assertRefused(
        MINIMAL,
        "--set: paralelism is not an option. Did you mean job.parallelism?",
        "paralelism=2");
    assertRefused(
        MINIMAL
            + """
            capture:
              tables:
                - table: dbo.A
                  colums: {B: text/plain}
            """,
        "FILE:10: capture.tables: 'colums' is not a key here. Did you mean 'columns'?");
  }

  @ParameterizedTest
  @CsvSource({"5", "5 sec", "five s", "-5 s", "5.5 s", "99999999999999999 s", "1 ms", "25 h"})
  void badDurationsAreRefused(String text) {
    assertRefused(
        MINIMAL.replace("directory: checkpoints", "directory: c\n  interval: " + text),
        "FILE:7: checkpoint.interval: expected a duration from '100 ms' to '1 h' with its unit"
            + " (ms, s, min, h, d), found '"
            + text
            + "'.");
  }

  @ParameterizedTest
  @CsvSource({"1048576", "1 MB", "1 KiB", "65 MiB", "1 GiB"})
  void badSizesAreRefused(String text) {
    assertRefused(
        MINIMAL,
        "--set: models.chunk-size: expected a size from '64 KiB' to '64 MiB' with"
            + " its unit (B, KiB, MiB, GiB), found '"
            + text
            + "'.",
        "models.chunk-size=" + text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "job.parallelism|129|a whole number from 1 to 128",
        "job.parallelism|0x10|a whole number from 1 to 128",
        "sqlserver.encrypt|yes|true or false",
        "capture.server-time-zone|Mars/Olympus|a time zone such as UTC or Europe/Berlin",
        "sqlserver.user|''|a login of 1 to 128 characters",
      })
  void valuesOutsideTheirTypeAreRefused(String key, String text, String expected) {
    assertRefused(
        MINIMAL,
        "--set: " + key + ": expected " + expected + ", found '" + text + "'.",
        key + "=" + text);
  }

  @Test
  void missingKeysAreNamed() {
    assertRefused(
        "sqlserver:\n  host: h\n  user: u\n  password-env: P\n",
        "FILE: checkpoint.directory is missing: expected a path or URI. Add it to the file or give"
            + " --set checkpoint.directory=VALUE.");
  }

  @Test
  void exactlyOneSourceOfTheSecretIsWanted() {
    assertRefused(
        MINIMAL.replace("  password-env: DB_PASSWORD\n", ""),
        "FILE: expected exactly one of sqlserver.password-file and sqlserver.password-env, found"
            + " neither. Set one of them.");
    assertRefused(
        MINIMAL,
        "FILE:4: expected exactly one of sqlserver.password-file and sqlserver.password-env, found"
            + " both. Set one of them.",
        "sqlserver.password-file=/run/password");
  }

  @Test
  void mistakesOfWritingAreNamedWithTheirLine() {
    assertRefused(
        MINIMAL + "sqlserver.host: other\n",
        "FILE:7: sqlserver.host is there twice. Remove one of the two.");
    assertRefused(
        MINIMAL + "job: 3\n", "FILE:7: job: expected the keys of this section, found '3'.");
    assertRefused("- a\n", "FILE:1: expected 'key: value' lines at the top level, found a list.");
    assertRefused(
        MINIMAL + "---\njob:\n", "FILE:8: expected one YAML document, found a second one.");
    assertRefused(
        MINIMAL + "job:\n  name: &n a\nweb:\n  bind-address: *n\n",
        "FILE:10: YAML aliases (*n) are not supported here.");
    assertRefused(
        MINIMAL,
        "--set: expected key=value such as job.parallelism=4, found 'nonsense'.",
        "nonsense");
    assertRefused(
        MINIMAL + "models:\n  paths: [a.onnx, ./a.onnx]\n",
        "FILE:8: models.paths: "
            + directory.resolve("a.onnx")
            + " is there twice. Remove one of the"
            + " two.");
    assertRefused(
        MINIMAL + "capture:\n  tables:\n    - {table: Documents, columns: {A: text/plain}}\n",
        "FILE:9: capture.tables.table: expected schema and table such as dbo.Documents, found"
            + " 'Documents'.");
    assertRefused(
        MINIMAL + "capture:\n  tables:\n    - {table: dbo.A, columns: {A: plain}}\n",
        "FILE:9: capture.tables.columns.A: expected a content type in lower case such as"
            + " text/plain, found 'plain'.");
    assertRefused(
        MINIMAL
            + "capture:\n  tables:\n    - {table: dbo.A, columns: {A: {type: a/b, segments: word}}}\n",
        "FILE:9: capture.tables.columns.A.segments: expected one of value, line, sentence,"
            + " paragraph, found 'word'.");
    assertRefused(
        MINIMAL + "capture:\n  tables:\n    - {table: dbo.A, columns: {A: {segments: line}}}\n",
        "FILE:9: capture.tables.columns.A: 'type' is missing in this entry.");
    assertRefused(
        MINIMAL
            + "capture:\n  tables:\n    - {table: dbo.A, columns: {A: {type: a/b, cut: line}}}\n",
        "FILE:9: capture.tables.columns.A: 'cut' is not a key here. Did you mean 'type'?");
  }

  @Test
  void brokenYamlIsOneLine() {
    assertThatThrownBy(() -> read("sqlserver: {host: [\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(file + ":")
        .hasMessageContaining("not valid YAML")
        .message()
        .hasLineCount(1);
  }

  @Test
  void unreadableFilesAreNamed() {
    assertThatThrownBy(() -> IngestConfiguration.read(file, List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(file + ": no such configuration file. Give one with --config FILE.");
    assertThatThrownBy(() -> IngestConfiguration.read(directory, List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(directory + ": ");
  }

  @Test
  void theEffectiveConfigurationSaysWhereEachValueComesFrom() throws Exception {
    Files.writeString(file, MINIMAL);

    assertThat(IngestConfiguration.read(file, List.of("job.parallelism=4")).description())
        .containsPattern("sqlserver\\.host += db\\.example +# .*ingest\\.yaml:2")
        .containsPattern("sqlserver\\.password-env += DB_PASSWORD +# ")
        .containsPattern("sqlserver\\.password-file += \\(unset\\) +# default")
        .containsPattern("checkpoint\\.interval += 5 s +# default")
        .containsPattern("job\\.parallelism += 4 +# --set");
  }

  @Test
  void optionsTravelInAJobGraph() throws Exception {
    IngestOptions options = read(MINIMAL, "models.paths=/m/a.onnx");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream stream = new ObjectOutputStream(bytes)) {
      stream.writeObject(options);
    }
    assertThat(bytes.size()).isPositive();
  }
}
