package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * What a {@link ModelFileSource} needs to know.
 *
 * @param jobName under which submissions are claimed: stable over restarts and savepoints, and used
 *     by one running job at a time; at most {@link #JOB_NAME_LENGTH_MAX} characters
 * @param tenantId tenant of these models
 * @param models files and directories that are submitted when the job starts; one that this job
 *     submitted before with the same length and modification time is not submitted again
 * @param patterns of further files, likewise; see {@link PathPattern}
 * @param watched directories whose files are submitted as they appear and change, likewise
 * @param chunkSize bytes, from {@link ChunkPlan#CHUNK_SIZE_MIN} to {@link ChunkPlan#CHUNK_SIZE_MAX}
 * @param splitSize bytes of consecutive chunks that a reader takes at a time at most, at least
 *     {@code chunkSize}
 * @param pollInterval pause between two looks at submissions and progress, at least one millisecond
 */
public record ModelSourceOptions(
    SqlServerOptions sqlServer,
    String jobName,
    int tenantId,
    List<ModelLocation> models,
    List<String> patterns,
    List<WatchedDirectory> watched,
    int chunkSize,
    long splitSize,
    Duration pollInterval)
    implements Serializable {

  /** Width of {@code dbo.ModelSubmissions.ClaimedBy} and {@code SourceName}. */
  public static final int JOB_NAME_LENGTH_MAX = 200;

  /** Split size unless the user says otherwise, in bytes. */
  public static final long SPLIT_SIZE_DEFAULT = 64L << 20;

  /** Poll interval unless the user says otherwise. */
  public static final Duration POLL_INTERVAL_DEFAULT = Duration.ofSeconds(1);

  /**
   * @throws IllegalArgumentException for a value that is out of its range
   */
  public ModelSourceOptions {
    Objects.requireNonNull(sqlServer, "sqlServer");
    if (jobName.isBlank() || jobName.length() > JOB_NAME_LENGTH_MAX) {
      throw new IllegalArgumentException(
          "job name: expected 1 to %d characters, found '%s'"
              .formatted(JOB_NAME_LENGTH_MAX, jobName));
    }
    models = List.copyOf(models);
    patterns = List.copyOf(patterns);
    patterns.forEach(PathPattern::of);
    watched = List.copyOf(watched);
    ChunkPlan.requireChunkSize(chunkSize);
    if (splitSize < chunkSize) {
      throw new IllegalArgumentException(
          "split size: expected at least the chunk size of %d bytes, found %d"
              .formatted(chunkSize, splitSize));
    }
    if (pollInterval.toMillis() < 1) {
      throw new IllegalArgumentException(
          "poll interval: expected at least one millisecond, found " + pollInterval);
    }
  }

  /** Options of a source that looks for no files by itself but those in {@code models}. */
  public ModelSourceOptions(
      SqlServerOptions sqlServer,
      String jobName,
      int tenantId,
      List<ModelLocation> models,
      int chunkSize,
      long splitSize,
      Duration pollInterval) {
    this(
        sqlServer,
        jobName,
        tenantId,
        models,
        List.of(),
        List.of(),
        chunkSize,
        splitSize,
        pollInterval);
  }
}
