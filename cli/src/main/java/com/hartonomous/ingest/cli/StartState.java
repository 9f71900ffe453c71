package com.hartonomous.ingest.cli;

import com.hartonomous.ingest.job.CheckpointOptions;
import com.hartonomous.ingest.job.config.ConfigurationException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.api.common.JobID;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/** Finds the state that a job is to start from. */
public final class StartState {

  /** Stands for the newest checkpoint in the checkpoint directory. */
  static final String LATEST = "latest";

  private static final String METADATA = "_metadata";
  private static final Pattern CHECKPOINT_NAME = Pattern.compile("chk-(\\d{1,18})");

  /** A complete checkpoint; its time in milliseconds, as exact as the file system has it. */
  private record Found(String path, long completedAt, long number) {}

  private StartState() {}

  /**
   * The savepoint or checkpoint that the argument names, absolute.
   *
   * @param argument a path or URI, relative to the working directory, or {@link #LATEST}
   * @throws ConfigurationException when there is none
   */
  static String resolve(String argument, CheckpointOptions checkpoint)
      throws ConfigurationException {
    try {
      if (argument.equals(LATEST)) {
        return newest(checkpoint)
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        "--from-savepoint latest: no complete checkpoint in "
                            + checkpoint.directory()
                            + ". Start without state, or give the path of a savepoint."));
      }
      String location =
          argument.contains(":/")
              ? argument
              : java.nio.file.Path.of(argument).toAbsolutePath().normalize().toString();
      Path path = new Path(location);
      if (!path.getFileSystem().exists(new Path(path, METADATA))) {
        throw new ConfigurationException(
            "--from-savepoint "
                + argument
                + ": no savepoint or checkpoint there: expected a file "
                + METADATA
                + " in it. Give the directory that holds one, or 'latest'.");
      }
      return location;
    } catch (IOException e) {
      throw new ConfigurationException(
          "--from-savepoint " + argument + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * The newest complete checkpoint of all jobs that had this checkpoint directory; empty when there
   * is none. Checkpoints lie in {@code <directory>/<job id>/chk-<number>}; a process that dies
   * while it writes one leaves it without {@code _metadata}, which is written last and appears as a
   * whole.
   *
   * @throws IOException when the directory cannot be read
   */
  public static Optional<String> newest(CheckpointOptions checkpoint) throws IOException {
    Path root = new Path(checkpoint.directory());
    FileSystem fileSystem = root.getFileSystem();
    List<Path> jobs = new ArrayList<>();
    for (FileStatus job : list(fileSystem, root)) {
      jobs.add(job.getPath());
    }
    return newest(fileSystem, jobs);
  }

  /** The same of one job alone. */
  static Optional<String> newest(CheckpointOptions checkpoint, JobID job) throws IOException {
    Path directory = new Path(checkpoint.directory(), job.toHexString());
    return newest(directory.getFileSystem(), List.of(directory));
  }

  private static Optional<String> newest(FileSystem fileSystem, List<Path> jobs)
      throws IOException {
    List<Found> found = new ArrayList<>();
    for (Path job : jobs) {
      for (FileStatus entry : list(fileSystem, job)) {
        Matcher name = CHECKPOINT_NAME.matcher(entry.getPath().getName());
        Path metadata = new Path(entry.getPath(), METADATA);
        if (entry.isDir() && name.matches() && fileSystem.exists(metadata)) {
          found.add(
              new Found(
                  entry.getPath().toString(),
                  fileSystem.getFileStatus(metadata).getModificationTime(),
                  Long.parseLong(name.group(1))));
        }
      }
    }
    return found.stream()
        .max(Comparator.comparingLong(Found::completedAt).thenComparingLong(Found::number))
        .map(Found::path);
  }

  private static FileStatus[] list(FileSystem fileSystem, Path directory) throws IOException {
    if (!fileSystem.exists(directory) || !fileSystem.getFileStatus(directory).isDir()) {
      return new FileStatus[0];
    }
    FileStatus[] entries = fileSystem.listStatus(directory);
    return entries == null ? new FileStatus[0] : entries;
  }
}
