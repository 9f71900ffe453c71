package com.hartonomous.ingest.cli;

import com.hartonomous.ingest.job.CheckpointOptions;
import com.hartonomous.ingest.job.config.ConfigurationException;
import java.io.IOException;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/** Finds the state that a job is to start from. */
final class StartState {

  /** Stands for the newest checkpoint in the checkpoint directory. */
  static final String LATEST = "latest";

  private static final String METADATA = "_metadata";

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
        return latest(checkpoint.directory());
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

  /** Checkpoints lie in {@code <directory>/<job id>/chk-<number>}. */
  private static String latest(String directory) throws IOException, ConfigurationException {
    Path root = new Path(directory);
    FileSystem fileSystem = root.getFileSystem();
    FileStatus newest = null;
    for (FileStatus job : list(fileSystem, root)) {
      for (FileStatus checkpoint : list(fileSystem, job.getPath())) {
        Path metadata = new Path(checkpoint.getPath(), METADATA);
        if (checkpoint.isDir()
            && checkpoint.getPath().getName().startsWith("chk-")
            && fileSystem.exists(metadata)) {
          FileStatus status = fileSystem.getFileStatus(metadata);
          if (newest == null || status.getModificationTime() > newest.getModificationTime()) {
            newest = status;
          }
        }
      }
    }
    if (newest == null) {
      throw new ConfigurationException(
          "--from-savepoint latest: no complete checkpoint in "
              + directory
              + ". Start without state, or give the path of a savepoint.");
    }
    return newest.getPath().getParent().toString();
  }

  private static FileStatus[] list(FileSystem fileSystem, Path directory) throws IOException {
    if (!fileSystem.exists(directory) || !fileSystem.getFileStatus(directory).isDir()) {
      return new FileStatus[0];
    }
    FileStatus[] entries = fileSystem.listStatus(directory);
    return entries == null ? new FileStatus[0] : entries;
  }
}
