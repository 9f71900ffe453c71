package com.hartonomous.ingest.job.config;

import com.hartonomous.ingest.capture.model.WatchedDirectory;
import com.hartonomous.ingest.capture.sqlserver.OnGap;
import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.job.IngestOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Declares the options of the ingest job. */
public final class IngestConfiguration {

  private static final long MIB = 1L << 20;

  static final Option<String> CAPTURE_GROUP =
      Option.withDefault(
          "capture.group",
          OptionTypes.text("a name", 100),
          "main",
          "First capture group of the tables: a CDC source, part of its identity in savepoints.");
  static final Option<List<IngestOptions.Table>> CAPTURE_TABLES =
      Option.withDefault(
          "capture.tables",
          new CapturedTablesType(),
          List.of(),
          "Tables to capture, each with its content columns and their content types.");
  static final Option<Duration> CAPTURE_POLL_INTERVAL =
      Option.withDefault(
          "capture.poll-interval",
          OptionTypes.duration(Duration.ofMillis(10), Duration.ofMinutes(5)),
          Duration.ofMillis(500),
          "Pause between two polls of the change tables.");
  static final Option<Duration> CAPTURE_HEARTBEAT_INTERVAL =
      Option.withDefault(
          "capture.heartbeat-interval",
          OptionTypes.duration(Duration.ofMillis(100), Duration.ofHours(1)),
          Duration.ofSeconds(10),
          "How often dbo.Heartbeat is moved, so that the position moves while the tables are"
              + " idle.");
  static final Option<Integer> CAPTURE_SNAPSHOT_SPLIT_SIZE =
      Option.withDefault(
          "capture.snapshot-split-size",
          OptionTypes.integer(2, 1_000_000),
          8_096,
          "Rows in one chunk of a table's snapshot.");
  static final Option<String> CAPTURE_SERVER_TIME_ZONE =
      Option.withDefault(
          "capture.server-time-zone",
          OptionTypes.timeZone(),
          "UTC",
          "Time zone of the database server's clock.");
  static final Option<OnGap> CAPTURE_ON_GAP =
      Option.withDefault(
          "capture.on-gap",
          OptionTypes.choice(OnGap.class),
          OnGap.FAIL,
          "When changes were cleaned up before they were read: leave it to people, or have the"
              + " tables read anew by the next start, which ./hartonomous ingest makes itself.");

  static final Option<IngestOptions.ModelPaths> MODELS_PATHS =
      Option.withDefault(
          "models.paths",
          new ModelPathsType(),
          new IngestOptions.ModelPaths(List.of(), List.of()),
          "Model files to ingest, at the same path on every machine of the cluster.");
  static final Option<List<WatchedDirectory>> MODELS_WATCH =
      Option.withDefault(
          "models.watch",
          new WatchedDirectoriesType(),
          List.of(),
          "Directories whose model files are ingested as they appear and change.");
  static final Option<Integer> MODELS_TENANT =
      Option.withDefault(
          "models.tenant",
          OptionTypes.integer(0, Integer.MAX_VALUE),
          0,
          "Tenant that the models belong to.");
  static final Option<Long> MODELS_CHUNK_SIZE =
      Option.withDefault(
          "models.chunk-size",
          OptionTypes.size(ChunkPlan.CHUNK_SIZE_MIN, ChunkPlan.CHUNK_SIZE_MAX),
          (long) ChunkPlan.CHUNK_SIZE_DEFAULT,
          "Bytes in a chunk: the same for all models, or equal weights share no atoms.");
  static final Option<Long> MODELS_SPLIT_SIZE =
      Option.withDefault(
          "models.split-size",
          OptionTypes.size(MIB, 16_384 * MIB),
          64 * MIB,
          "Bytes of consecutive chunks that one reader takes at a time.");

  static final Option<Integer> WRITER_BATCH_ROWS =
      Option.withDefault(
          "writer.batch-rows",
          OptionTypes.integer(1_000, 10_000),
          2_000,
          "References that one transaction writes at most.");
  static final Option<Long> WRITER_BATCH_BYTES =
      Option.withDefault(
          "writer.batch-bytes",
          OptionTypes.size(MIB, 256 * MIB),
          32 * MIB,
          "Content that one transaction writes at most; a larger atom goes alone.");
  static final Option<Integer> WRITER_TRANSACTION_RETRIES =
      Option.withDefault(
          "writer.transaction-retries",
          OptionTypes.integer(0, 100),
          10,
          "How often a transaction is tried again after a deadlock or a lost connection.");
  static final Option<Duration> WRITER_TAKE_OVER_TIMEOUT =
      Option.withDefault(
          "writer.take-over-timeout",
          OptionTypes.duration(Duration.ofSeconds(1), Duration.ofMinutes(30)),
          Duration.ofSeconds(60),
          "How long a writer waits for an earlier one of its capture group to go.");

  static final Option<String> JOB_NAME = CommonOptions.jobName("hartonomous-ingest");

  static final List<Option<?>> OPTIONS =
      Stream.of(
              CommonOptions.SQLSERVER,
              List.<Option<?>>of(
                  CAPTURE_GROUP,
                  CAPTURE_TABLES,
                  CAPTURE_POLL_INTERVAL,
                  CAPTURE_HEARTBEAT_INTERVAL,
                  CAPTURE_SNAPSHOT_SPLIT_SIZE,
                  CAPTURE_SERVER_TIME_ZONE,
                  CAPTURE_ON_GAP,
                  MODELS_PATHS,
                  MODELS_WATCH,
                  MODELS_TENANT,
                  MODELS_CHUNK_SIZE,
                  MODELS_SPLIT_SIZE,
                  WRITER_BATCH_ROWS,
                  WRITER_BATCH_BYTES,
                  WRITER_TRANSACTION_RETRIES,
                  WRITER_TAKE_OVER_TIMEOUT),
              CommonOptions.CHECKPOINT,
              List.<Option<?>>of(JOB_NAME, CommonOptions.JOB_PARALLELISM),
              CommonOptions.WEB)
          .flatMap(List::stream)
          .toList();

  private IngestConfiguration() {}

  /**
   * Reads a configuration file and overrides.
   *
   * @param overrides {@code key=value} each
   * @throws ConfigurationException at the first thing that does not fit
   */
  public static Effective<IngestOptions> read(Path file, List<String> overrides)
      throws ConfigurationException {
    OptionValues values = OptionValues.read(OPTIONS, file, overrides);
    IngestOptions options =
        new IngestOptions(
            CommonOptions.sqlServer(values),
            new IngestOptions.Capture(
                values.get(CAPTURE_GROUP),
                values.get(CAPTURE_TABLES),
                values.get(CAPTURE_POLL_INTERVAL),
                values.get(CAPTURE_HEARTBEAT_INTERVAL),
                values.get(CAPTURE_SNAPSHOT_SPLIT_SIZE),
                values.get(CAPTURE_SERVER_TIME_ZONE),
                values.get(CAPTURE_ON_GAP)),
            new IngestOptions.Models(
                values.get(MODELS_PATHS).paths(),
                values.get(MODELS_PATHS).patterns(),
                values.get(MODELS_WATCH),
                values.get(MODELS_TENANT),
                Math.toIntExact(values.get(MODELS_CHUNK_SIZE)),
                values.get(MODELS_SPLIT_SIZE)),
            new IngestOptions.Writer(
                values.get(WRITER_BATCH_ROWS),
                values.get(WRITER_BATCH_BYTES),
                values.get(WRITER_TRANSACTION_RETRIES),
                values.get(WRITER_TAKE_OVER_TIMEOUT)),
            CommonOptions.checkpoint(values),
            CommonOptions.job(values, JOB_NAME),
            CommonOptions.web(values));
    return new Effective<>(options, values.describe());
  }
}
