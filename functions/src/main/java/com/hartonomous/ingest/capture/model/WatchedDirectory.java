package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.runtime.FlinkPositionedInput;
import java.io.IOException;
import java.io.Serializable;
import java.time.Duration;
import org.apache.flink.core.fs.Path;

/**
 * A directory whose model files are submitted as they appear and change.
 *
 * @param uri absolute path or URI of any Flink file system, not percent-encoded; at most {@link
 *     ModelLocation#PATH_LENGTH_MAX} characters
 * @param pattern which file names are taken, as {@link PathPattern} has it for one name
 * @param recursive whether files in subdirectories count too
 * @param interval pause between two scans; a file is taken when two scans found it the same
 */
public record WatchedDirectory(String uri, String pattern, boolean recursive, Duration interval)
    implements Serializable {

  /** Files of the formats that have a name of their own. */
  public static final String PATTERN_DEFAULT = "*.{safetensors,onnx,gguf,pt}";

  /** Scan interval unless the user says otherwise. */
  public static final Duration INTERVAL_DEFAULT = Duration.ofSeconds(10);

  /**
   * @throws IllegalArgumentException for a pattern that is none, a directory that is too long, or
   *     an interval of less than a millisecond
   */
  public WatchedDirectory {
    if (uri.length() > ModelLocation.PATH_LENGTH_MAX) {
      throw new IllegalArgumentException(
          "expected a directory of at most %d characters, found %d"
              .formatted(ModelLocation.PATH_LENGTH_MAX, uri.length()));
    }
    if (pattern.isBlank() || pattern.indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          "expected a pattern of file names such as *.onnx, found '" + pattern + "'");
    }
    PathPattern.expression(pattern);
    if (interval.toMillis() < 1) {
      throw new IllegalArgumentException(
          "scan interval: expected at least one millisecond, found " + interval);
    }
  }

  /**
   * Lists the directory once, as the job will; blocks on the file system.
   *
   * @throws java.io.FileNotFoundException if there is none
   * @throws IOException if it cannot be listed; single entries that cannot be used do not matter
   */
  public void requireListable() throws IOException {
    Path path = FlinkPositionedInput.qualified(uri);
    DirectoryEntries.list(path.getFileSystem(), path);
  }
}
