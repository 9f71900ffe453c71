package com.hartonomous.ingest.job;

import com.hartonomous.ingest.capture.model.WatchedDirectory;
import com.hartonomous.ingest.capture.sqlserver.OnGap;
import com.hartonomous.ingest.record.Segmentation;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;

/**
 * Everything that an operator can set for the ingest job. Values are within their ranges when they
 * come from {@code IngestConfiguration}, which also declares keys, units and defaults.
 */
public record IngestOptions(
    SqlServerOptions sqlServer,
    Capture capture,
    Models models,
    Writer writer,
    CheckpointOptions checkpoint,
    JobOptions job,
    WebOptions web)
    implements Serializable {

  /**
   * Change data capture.
   *
   * @param group name of the job's first capture group, part of its source's uid, and of the locks
   *     of its writers; further groups are named after it
   * @param tables empty when only models are ingested
   * @param pollInterval pause between two polls of the change tables
   * @param heartbeatInterval how often {@code dbo.Heartbeat} is moved
   * @param snapshotSplitSize rows in one snapshot chunk
   * @param serverTimeZone time zone id of the database server's clock
   * @param onGap what is done about changes that were cleaned up before they were read
   */
  public record Capture(
      String group,
      List<Table> tables,
      Duration pollInterval,
      Duration heartbeatInterval,
      int snapshotSplitSize,
      String serverTimeZone,
      OnGap onGap)
      implements Serializable {
    public Capture {
      tables = List.copyOf(tables);
    }
  }

  /** A table to capture, as the configuration names it. */
  public record Table(String schema, String table, List<Column> columns) implements Serializable {
    public Table {
      columns = List.copyOf(columns);
    }

    /** {@code schema.table}. */
    public String qualifiedName() {
      return schema + "." + table;
    }
  }

  /**
   * A content column, as the configuration names it.
   *
   * @param contentType of its atoms
   * @param segments where its values are cut
   */
  public record Column(String name, String contentType, Segmentation segments)
      implements Serializable {

    /** A column whose values are one segment each. */
    public Column(String name, String contentType) {
      this(name, contentType, Segmentation.VALUE);
    }

    /** As the configuration writes it: {@code Body: {type: text/markdown, segments: line}}. */
    @Override
    public String toString() {
      return segments == Segmentation.VALUE
          ? name + ": " + contentType
          : String.format("%s: {type: %s, segments: %s}", name, contentType, segments.label());
    }
  }

  /**
   * Model files.
   *
   * @param paths files and directories submitted when the job starts
   * @param patterns of further files submitted when the job starts, absolute
   * @param watched directories whose files are submitted as they appear and change
   * @param tenant {@code dbo.Models.TenantId} of these models
   * @param chunkSize bytes in a chunk, the last one of a tensor may be shorter
   * @param splitSize bytes of consecutive chunks that one reader takes at a time at most
   */
  public record Models(
      List<ModelPath> paths,
      List<String> patterns,
      List<WatchedDirectory> watched,
      int tenant,
      int chunkSize,
      long splitSize)
      implements Serializable {
    public Models {
      paths = List.copyOf(paths);
      patterns = List.copyOf(patterns);
      watched = List.copyOf(watched);
    }

    /** Models of paths alone. */
    public Models(List<ModelPath> paths, int tenant, int chunkSize, long splitSize) {
      this(paths, List.of(), List.of(), tenant, chunkSize, splitSize);
    }
  }

  /** What {@code models.paths} names: single paths, and patterns that stand for many. */
  public record ModelPaths(List<ModelPath> paths, List<String> patterns) {
    public ModelPaths {
      paths = List.copyOf(paths);
      patterns = List.copyOf(patterns);
    }
  }

  /**
   * A model file or directory.
   *
   * @param uri absolute path or URI, the same on every TaskManager
   * @param name the model's name; the file's name unless set
   */
  public record ModelPath(String uri, String name) implements Serializable {}

  /**
   * Writers of atoms and references.
   *
   * @param batchRows references in a batch at most
   * @param batchBytes content in a batch at most; a larger atom goes alone
   * @param transactionRetries how often a failed transaction is tried again
   * @param takeOverTimeout how long a writer waits for an earlier one of its capture group to go
   */
  public record Writer(
      int batchRows, long batchBytes, int transactionRetries, Duration takeOverTimeout)
      implements Serializable {}
}
